"""Boxes in 0..1 of the upright picture: units, overlap, and full frames.

Holds `box_of`, `uncut` and `iou`.
Add here: geometry of boxes.
Keep out: proposing boxes (crop_proposer.py).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from proofsheet.core.row_errors import RowRefused

Box = tuple[float, float, float, float]
Floats = npt.NDArray[np.float64]
FULL: Box = (0.0, 0.0, 1.0, 1.0)
_ROUNDING = 1e-3
_WHOLE = 0.01


def box_of(given: Box, size: tuple[int, int]) -> tuple[Box, str]:
    """A box as written, in shares of the picture, and how it was read.

    Args:
        given: left, top, right, bottom, in pixels or in 0..1.
        size: width and height of the picture in pixels.

    Raises:
        RowRefused: if the units cannot be decided, or the box does not fit the picture.
    """
    told = ", ".join(f"{v:g}" for v in given)
    if max(given) <= 1.0 + _ROUNDING:
        x1, y1, x2, y2 = (min(v, 1.0) for v in given)
        return (x1, y1, x2, y2), "box in shares"
    if any(0.0 < v < 1.0 for v in given):
        raise RowRefused("units", f"the box {told} mixes shares and pixels", "write one of both")
    width, height = size
    if given[2] > width + 1 or given[3] > height + 1:
        raise RowRefused(
            "units",
            f"the box {told} does not fit the picture of {width} x {height} pixels",
            "correct the box",
        )
    x1 = given[0] / width
    y1 = given[1] / height
    x2 = min(given[2] / width, 1.0)
    y2 = min(given[3] / height, 1.0)
    if x1 >= x2 or y1 >= y2:
        raise RowRefused(
            "units",
            f"the box {told} is outside of the picture of {width} x {height} pixels",
            "correct the box",
        )
    return (x1, y1, x2, y2), "box in pixels"


def uncut(box: Box) -> bool:
    """Whether the box is the whole picture, within one per cent of each side."""
    return all(abs(v - w) <= _WHOLE for v, w in zip(box, FULL, strict=True))


def iou(one: Floats, other: Floats) -> Floats:
    """Intersection over union of boxes row by row (Jaccard, 1912).

    It is (n,) from two (n, 4), or one of them (4,).
    """
    left, top = np.maximum(one[..., 0], other[..., 0]), np.maximum(one[..., 1], other[..., 1])
    right, bottom = np.minimum(one[..., 2], other[..., 2]), np.minimum(one[..., 3], other[..., 3])
    both = np.clip(right - left, 0, None) * np.clip(bottom - top, 0, None)
    return np.asarray(both / (_area(one) + _area(other) - both))


def _area(boxes: Floats) -> Floats:
    return np.asarray((boxes[..., 2] - boxes[..., 0]) * (boxes[..., 3] - boxes[..., 1]))
