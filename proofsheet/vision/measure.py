"""Measurements of one picture, in units and never as verdicts.

Holds `image_quality` and the functions it is made of.
Add here: another measurement and its column in `ImageQuality`.
Keep out: scores and verdicts (publish/decide.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from proofsheet.pictures import Picture
from proofsheet.provenance import module_version
from proofsheet.vision.colors import named_colors
from schemas.vision import ImageQuality

Grey = npt.NDArray[np.float32]
Pixels = npt.NDArray[np.uint8]
_TILES = 8


def image_quality(picture: Picture) -> Mapping[str, object]:
    """Every column of `ImageQuality` but the ids."""
    import cv2

    rgb: Pixels = np.asarray(picture.image, dtype=np.uint8)
    grey: Grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.float32) / 255.0
    hsv = cv2.cvtColor(rgb, cv2.COLOR_RGB2HSV)
    return {
        ImageQuality.width_px: picture.width_px,
        ImageQuality.height_px: picture.height_px,
        ImageQuality.sharpness: sharpness(grey),
        ImageQuality.tile_sharpness: tile_sharpness(grey),
        ImageQuality.noise: noise(grey),
        ImageQuality.brightness: float(grey.mean()),
        ImageQuality.contrast: float(grey.std()),
        ImageQuality.clipped_highlights: float((rgb >= 250).all(axis=2).mean()),
        ImageQuality.clipped_shadows: float((rgb <= 5).all(axis=2).mean()),
        ImageQuality.saturation: float(hsv[:, :, 1].mean() / 255.0),
        ImageQuality.colorfulness: colorfulness(rgb),
        ImageQuality.colors: named_colors(rgb),
        ImageQuality.measured_by: module_version(__name__),
    }


def sharpness(grey: Grey) -> float:
    """Log10 of one plus the variance of the Laplacian on 0..255 (Pech-Pacheco et al., 2000)."""
    import cv2

    return float(np.log10(1.0 + cv2.Laplacian(grey * 255.0, cv2.CV_32F).var()))


def tile_sharpness(grey: Grey) -> float:
    """90th percentile of the tiles' sharpness: high if any part is in focus."""
    import cv2

    laplacian = cv2.Laplacian(grey * 255.0, cv2.CV_32F)
    tiles = [t.var() for band in np.array_split(laplacian, _TILES) for t in np.array_split(band, _TILES, axis=1) if t.size]
    return float(np.log10(1.0 + np.percentile(tiles, 90)))


def noise(grey: Grey) -> float:
    """Standard deviation of the noise by Immerkær's fast estimate (1996); 0 for pictures under 3 px."""
    import cv2

    height, width = grey.shape
    if min(height, width) < 3:
        return 0.0
    kernel = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], dtype=np.float32)
    response: Any = np.abs(cv2.filter2D(grey, -1, kernel))[1:-1, 1:-1]
    return float(response.sum() * np.sqrt(np.pi / 2) / (6.0 * (width - 2) * (height - 2)))


def colorfulness(rgb: Pixels) -> float:
    """Hasler and Süsstrunk's M3 (2003) on channels in 0..1."""
    red, green, blue = (rgb[:, :, i].astype(np.float32) / 255.0 for i in range(3))
    rg, yb = red - green, (red + green) / 2 - blue
    return float(np.hypot(rg.std(), yb.std()) + 0.3 * np.hypot(rg.mean(), yb.mean()))
