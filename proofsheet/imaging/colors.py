"""Names for colours, and where in the picture they are.

Holds `named_colors`.
Add here: a colour with its sRGB value.
Keep out: sentences about colours (texts/).
"""

from __future__ import annotations

import functools

import numpy as np
import numpy.typing as npt

NAMES: dict[str, tuple[int, int, int]] = {
    "black": (12, 12, 12),
    "dark grey": (70, 70, 70),
    "grey": (128, 128, 128),
    "light grey": (195, 195, 195),
    "white": (248, 248, 248),
    "red": (205, 30, 35),
    "dark red": (110, 20, 25),
    "orange": (240, 130, 30),
    "brown": (110, 70, 40),
    "tan": (200, 165, 120),
    "cream": (240, 225, 195),
    "yellow": (240, 215, 50),
    "olive": (115, 115, 45),
    "green": (60, 150, 60),
    "dark green": (30, 70, 35),
    "light green": (150, 205, 130),
    "teal": (25, 125, 125),
    "turquoise": (80, 205, 200),
    "light blue": (150, 195, 235),
    "blue": (45, 95, 200),
    "dark blue": (25, 35, 95),
    "purple": (115, 50, 140),
    "pink": (240, 160, 185),
    "magenta": (205, 50, 140),
}
_SIDE, _BITS = 64, 5
_MOST = 3
_LEAST_SHARE = 0.08


def named_colors(rgb: npt.NDArray[np.uint8]) -> list[dict[str, object]]:
    """Up to three named colours that cover at least 8 % each, largest first.

    Args:
        rgb: (height, width, 3) in 0..255.

    Returns:
        Color, share in 0..1 and place: top, bottom, left, right, centre, edges or throughout.
    """
    import cv2

    small = np.asarray(cv2.resize(rgb, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA), dtype=np.uint8)
    coarse = (small >> (8 - _BITS)).astype(np.int64)
    nearest = _nearest()[coarse[..., 0], coarse[..., 1], coarse[..., 2]]
    shares = np.bincount(nearest.ravel(), minlength=len(NAMES)) / nearest.size
    names = list(NAMES)
    return [
        {"color": names[i], "share": round(float(shares[i]), 4), "place": _place(nearest == i)}
        for i in np.argsort(-shares, kind="stable")[:_MOST]
        if shares[i] >= _LEAST_SHARE
    ]


@functools.cache
def _nearest() -> npt.NDArray[np.int64]:
    """Index of the nearest name (CIE Lab) for every colour of 5 bits a channel: (32, 32, 32)."""
    steps = ((np.arange(2**_BITS) << (8 - _BITS)) + 2 ** (7 - _BITS)).astype(np.uint8)
    lab = _lab(np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1).reshape(-1, 3))
    palette = _lab(np.array(list(NAMES.values()), dtype=np.uint8))
    distances = (lab**2).sum(axis=1)[:, None] - 2 * lab @ palette.T + (palette**2).sum(axis=1)[None, :]
    return np.asarray(distances.argmin(axis=1).reshape((2**_BITS,) * 3))


def _lab(rgb: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    import cv2

    scaled = (rgb.astype(np.float32) / 255.0).reshape(1, -1, 3)
    return np.asarray(cv2.cvtColor(scaled, cv2.COLOR_RGB2LAB), dtype=np.float32).reshape(-1, 3)


def _place(mask: npt.NDArray[np.bool_]) -> str:
    """The part of the picture where the colour is clearly more common than elsewhere."""
    half, quarter = _SIDE // 2, _SIDE // 4
    centre = np.zeros_like(mask)
    centre[quarter:-quarter, quarter:-quarter] = True
    parts = {
        "top": mask[:half].mean() - mask[half:].mean(),
        "bottom": mask[half:].mean() - mask[:half].mean(),
        "left": mask[:, :half].mean() - mask[:, half:].mean(),
        "right": mask[:, half:].mean() - mask[:, :half].mean(),
        "centre": mask[centre].mean() - mask[~centre].mean(),
        "edges": mask[~centre].mean() - mask[centre].mean(),
    }
    best = max(parts, key=lambda name: float(parts[name]))
    return best if parts[best] > 0.6 * mask.mean() else "throughout"
