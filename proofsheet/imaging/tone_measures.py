"""Measurements of tones, colour and layout that show a technical fault.

Holds `tone_measures` and the functions it is made of.
Add here: another measurement of a small picture, and its column in `ImageQuality`.
Keep out: fine detail (technical_measures.py).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from proofsheet.imaging.decode import Picture
from proofsheet.imaging.scaling import Pixels, fit
from schemas.vision import TILES, ImageQuality

Floats = npt.NDArray[np.floating]
Bytes = npt.NDArray[np.uint8]
_DARK, _BRIGHT = 3, 250
_SPOTS_PX = 384
_EDGES_PX = 512
_NEAR_AXIS_DEG, _ABOUT_AXIS_DEG = 1.0, 8.0
_STRONG = 60  # grey levels
_SPOT, _SPOT_LEVELS, _GROUND = 9, 12, 16  # px of 384, grey levels


def tone_measures(picture: Picture, grey: Bytes, small: Pixels, lab: Floats) -> dict[str, object]:
    """Columns of `ImageQuality` from `light_tiles` and `comb` on.

    Args:
        picture: as it was opened.
        grey: (height, width) of `picture.rgb`.
        small: (height, width, 3) of the same, at most 192 px.
        lab: (height, width, 3) CIE Lab of `small`.
    """
    return {
        ImageQuality.light_tiles: light(grey).tolist(),
        ImageQuality.comb: comb(picture.sample),
        ImageQuality.stripes: stripes(grey),
        ImageQuality.upright: upright(fit(grey, _EDGES_PX)),
        ImageQuality.spots: spots(fit(grey, _SPOTS_PX)),
        **_tones(small, lab),
    }


def light(grey: Bytes) -> Floats:
    """Mean light of each tile in stops from white, row by row: (64,)."""
    import cv2

    means = cv2.resize(grey, (TILES, TILES), interpolation=cv2.INTER_AREA).astype(np.float32) / 255.0
    return np.asarray(np.log2(np.maximum(means**2.2, 1e-4)).ravel())


def comb(sample: Bytes) -> float:
    """How ragged the histogram is: 0 smooth, 1 where every second level is empty."""
    import cv2

    counts = cv2.calcHist([sample], [0], None, [256], [0, 256]).ravel()
    levels = counts[_DARK : _BRIGHT + 1].astype(np.float64)
    around = (levels[:-2] + levels[2:]) / 2
    return float(np.abs(levels[1:-1] - around).sum() / max(levels[1:-1].sum() + around.sum(), 1.0))


def stripes(grey: Bytes) -> float:
    """Log10 of the fine change that whole rows or columns share, over that of single pixels."""
    import cv2

    found = [0.0]
    for values in (grey, cv2.transpose(grey)):
        if min(values.shape) < 3:
            continue
        lines = cv2.reduce(values, 1, cv2.REDUCE_AVG, dtype=cv2.CV_32F).ravel()
        own = np.diff(values[:, :: max(values.shape[1] // 48, 1)].astype(np.float32), n=2, axis=0)
        shared = float(np.square(np.diff(lines, n=2)).mean())
        found.append((shared + 1e-3) / (float(np.square(own).mean()) + 1.0))
    return float(np.log10(max(found) + 1e-6))


def upright(grey: Bytes) -> float:
    """Share of strong edges within a degree of the horizontal or vertical, of those within eight degrees."""
    import cv2

    across, down = (np.abs(cv2.Sobel(grey, cv2.CV_16S, *way)) for way in ((1, 0), (0, 1)))
    most, least = np.maximum(across, down).ravel(), np.minimum(across, down).ravel()
    strong = np.flatnonzero(most > _STRONG)
    weight = most[strong].astype(np.float32)
    slope = least[strong] / weight
    about = weight[slope < np.tan(np.radians(_ABOUT_AXIS_DEG))].sum()
    near = weight[slope < np.tan(np.radians(_NEAR_AXIS_DEG))].sum()
    return float(near / about) if about > 0 else 0.0


def spots(grey: Bytes) -> float:
    """Share of pixels in small dark or bright spots on an even ground, such as dust on the sensor leaves."""
    import cv2

    near, around = np.ones((_SPOT, _SPOT), np.uint8), np.ones((2 * _SPOT + 1, 2 * _SPOT + 1), np.uint8)
    filled = cv2.morphologyEx(grey, cv2.MORPH_CLOSE, near)
    levelled = cv2.morphologyEx(filled, cv2.MORPH_OPEN, near)
    even = cv2.subtract(cv2.dilate(levelled, around), cv2.erode(levelled, around)) < _GROUND
    return float((even & (cv2.absdiff(grey, levelled) > _SPOT_LEVELS)).mean())


def _tones(small: Pixels, lab: Floats) -> dict[str, object]:
    """Colour and light of a small picture and its CIE Lab: (height, width, 3)."""
    import cv2

    lightness, *ab = (plane.ravel() for plane in cv2.split(lab))
    chroma = cv2.magnitude(*ab).ravel()
    tenth = max(lightness.size // 10, 1)
    order = np.argpartition(lightness, (tenth - 1, lightness.size - tenth))
    red, green, blue = cv2.split(small)
    most, least = cv2.max(cv2.max(red, green), blue), cv2.min(cv2.min(red, green), blue)
    dark = cv2.erode(least, np.ones((7, 7), np.uint8))
    low, high = _percentiles(lightness, 1, 99)
    return {
        ImageQuality.cast: float(np.hypot(*(p.mean() for p in ab))),
        ImageQuality.cast_of_neutrals: _percentiles(chroma, 10)[0],
        ImageQuality.cast_of_lights: float(np.hypot(*(p[order[-tenth:]].mean() for p in ab))),
        ImageQuality.cast_of_shadows: float(np.hypot(*(p[order[:tenth]].mean() for p in ab))),
        ImageQuality.chroma: float(chroma.mean()),
        ImageQuality.burnt_colours: float(((most >= _BRIGHT) & (least < _BRIGHT)).mean()),
        ImageQuality.crushed_colours: float(((least <= _DARK) & (most > _DARK)).mean()),
        ImageQuality.haze: float(dark.mean() / 255.0),
        ImageQuality.black_point: float(max(low, 0.0)),
        ImageQuality.white_point: high,
    }


def _percentiles(values: Floats, *percent: float) -> list[float]:
    """What `numpy.percentile` gives, at a fourth of its cost."""
    places = [p / 100.0 * (values.size - 1) for p in percent]
    lower = [int(p) for p in places]
    upper = [min(k + 1, values.size - 1) for k in lower]
    found = np.partition(values, sorted({*lower, *upper}))
    return [
        float(found[k] + (place - k) * (found[n] - found[k]))
        for place, k, n in zip(places, lower, upper, strict=True)
    ]
