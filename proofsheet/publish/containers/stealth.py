"""Texts that image generators write into the lowest bits of pixels.

Holds `hidden_text` and `without_it`.
Add here: another signature, or another order of bits.
Keep out: texts beside the pixels (the containers).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image

_SIGNATURES = (b"stealth_pnginfo", b"stealth_pngcomp", b"stealth_rgbinfo", b"stealth_rgbcomp")
_BITS = 8 * len(_SIGNATURES[0])

Pixels = npt.NDArray[np.uint8]


def hidden_text(image: Image.Image) -> str:
    """The channels with a text of a generator in their lowest bits: alpha, colours, or none (empty)."""
    if image.mode == "RGBA" and _signed(np.asarray(image)[:, :, 3]):
        return "alpha"
    if image.mode in ("RGB", "RGBA") and _signed(np.asarray(image)[:, :, :3]):
        return "colours"
    return ""


def without_it(image: Image.Image, where: str) -> Image.Image:
    """The same picture with those bits set alike.

    Alpha becomes odd, so opaque stays opaque, and colours even.
    """
    pixels = np.array(image)
    if where == "alpha":
        pixels[:, :, 3] |= 1
    else:
        pixels[:, :, :3] &= 0xFE
    return Image.fromarray(pixels)


def _signed(channels: Pixels) -> bool:
    """Whether the first bits, column by column, spell a signature."""
    columns = channels.swapaxes(0, 1).reshape(-1)[:_BITS]
    return len(columns) == _BITS and np.packbits(columns & 1).tobytes() in _SIGNATURES
