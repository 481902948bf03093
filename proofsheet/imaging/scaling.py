"""Sizes and directions of pixels: smaller, and upright.

Holds `fit`, `rgb_array`, `upright_pixels` and `upright_box`.
Add here: another way to scale or turn.
Keep out: decoding (decode.py) and colours (colour_management.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
from PIL import Image

Pixels = npt.NDArray[np.uint8]


def rgb_array(image: Image.Image, side_px: int) -> Pixels:
    """Pixels of an RGB image, scaled down as `fit` does: (height, width, 3).

    Pillow keeps four bytes for each pixel. They are read where they are and scaled as they are: a copy of a
    large picture costs more than its scaling. Pixels that are not in one piece (over 16 MB) are copied.

    Args:
        image: of mode RGB.
        side_px: longest side of the result.
    """
    import cv2

    width, height = image.size
    if max(width, height) <= side_px:
        return np.asarray(image, dtype=np.uint8)
    try:
        four = pl.Series(image).to_numpy()  # by Arrow's interface for arrays
    except ValueError:
        return fit(np.asarray(image, dtype=np.uint8), side_px)
    return np.asarray(cv2.cvtColor(fit(four.reshape(height, width, 4), side_px), cv2.COLOR_RGBA2RGB))


def fit(pixels: Pixels, side_px: int) -> Pixels:
    """Scale down so that the longest side is at most `side_px`; smaller pictures are returned as they are.

    Halved by area as often as possible, then by less than a half linearly: close to scaling by area, at a
    quarter of its cost.
    """
    import cv2

    height, width = pixels.shape[:2]
    if max(width, height) <= side_px:
        return pixels
    scale = side_px / max(width, height)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    while pixels.shape[0] >= 2 * size[1] and pixels.shape[1] >= 2 * size[0]:
        halved = (pixels.shape[1] // 2, pixels.shape[0] // 2)
        pixels = np.asarray(cv2.resize(pixels, halved, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    if (pixels.shape[1], pixels.shape[0]) == size:
        return pixels
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_LINEAR), dtype=np.uint8)


def upright_pixels(pixels: npt.NDArray[Any], orientation: int) -> npt.NDArray[Any]:
    """Upright pixels by the EXIF orientation.

    2 to 4 mirror, turn by 180 degrees or both; 5 to 8 swap the sides as well.
    """
    if orientation == 1:
        return pixels
    if orientation >= 5:
        pixels = pixels.transpose(1, 0, 2)
    across, down = _FLIPS[orientation]
    return np.ascontiguousarray(pixels[:: -1 if down else 1, :: -1 if across else 1])


def upright_box(box: Sequence[float], orientation: int) -> tuple[float, float, float, float]:
    """The same part of the upright picture, by the EXIF orientation.

    Args:
        box: left, top, right, bottom in 0..1 of the picture as it is stored.
        orientation: 1 to 8.
    """
    left, top, right, bottom = box
    if orientation >= 5:
        left, top, right, bottom = top, left, bottom, right
    across, down = _FLIPS.get(orientation, (False, False))
    if across:
        left, right = 1 - right, 1 - left
    if down:
        top, bottom = 1 - bottom, 1 - top
    return left, top, right, bottom


# after the sides were swapped (5 to 8): mirror left and right, mirror up and down
_FLIPS = {
    2: (True, False),
    3: (True, True),
    4: (False, True),
    5: (False, False),
    6: (True, False),
    7: (True, True),
    8: (False, True),
}
