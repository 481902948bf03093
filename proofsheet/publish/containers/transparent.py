"""Colours of pixels that are fully transparent: nobody sees them, and anybody can read them.

Holds `COVERED`, `covers`, `uncovered` and `shown_pixels`.
Add here: another kind of pixels with transparency.
Keep out: how a container stores rows (the modules beside this one).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

COVERED = "colours under transparent pixels"
_TO_CONVERT = ("P", "LA", "PA", "La", "RGBa")

Pixels = npt.NDArray[Any]


def covers(pixels: Pixels, alpha: int = -1) -> bool:
    """Whether a transparent pixel has a colour.

    Args:
        pixels: (height, width, channels) of whole numbers.
        alpha: the channel of transparency; 0 in it is fully transparent.
    """
    return bool(pixels[pixels[..., alpha] == 0].any())


def uncovered(pixels: Pixels, alpha: int = -1) -> Pixels:
    """The same pixels; those that are transparent have no colour (all channels are 0).

    Args:
        pixels: (height, width, channels) of whole numbers.
        alpha: the channel of transparency.
    """
    return np.where((pixels[..., alpha] == 0)[..., None], pixels.dtype.type(0), pixels)


def shown_pixels(image: Image.Image) -> Pixels:
    """What of a picture is seen: its pixels, without the colours of transparent ones."""
    shown = image.convert("RGBA") if image.mode in _TO_CONVERT else image
    pixels = np.asarray(shown)
    return uncovered(pixels) if shown.mode == "RGBA" else pixels
