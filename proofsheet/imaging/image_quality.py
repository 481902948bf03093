"""Measurements of one picture, in units and never as verdicts.

Holds `image_quality` and the functions it is made of.
Add here: another measurement and its column in `ImageQuality`.
Keep out: scores and verdicts (selection/stage_rule.py).

The pictures that are measured have the same longest side, so that the numbers of a small and a large version
can be compared.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from proofsheet.imaging.colors import named_colors
from proofsheet.imaging.decode import Picture
from proofsheet.imaging.scaling import Pixels, fit
from proofsheet.imaging.technical_measures import technical_measures
from proofsheet.imaging.tone_measures import tone_measures
from proofsheet.storage.code_version import module_version
from schemas.vision import TILES, ImageQuality

Grey = npt.NDArray[np.uint8]
Laplacian = npt.NDArray[np.int16]
Floats = npt.NDArray[np.floating]
_COLOR_PX = 192
_SPECTRUM_PX = 256
_MIDDLE_GREY = 0.18
_BRIGHT, _TOP = np.array([250]), np.array([255])
_BLACK, _DARK = np.array([0]), np.array([5])
PLAIN_GROUND = 0.3
_TONE = 6  # grey levels to either side of a tone: paper under a scanner's noise
_CELLS = 16
_STROKE_PX = 17  # of 768
_EVEN, _INK = 10.0, 45  # deviation of an even ground, depth of ink, in grey levels
_INKED = (0.03, 0.6)


def image_quality(picture: Picture) -> Mapping[str, object]:
    """Every column of `ImageQuality` but the ids."""
    import cv2

    grey: Grey = np.asarray(cv2.cvtColor(picture.rgb, cv2.COLOR_RGB2GRAY), dtype=np.uint8)
    laplacian = np.asarray(cv2.Laplacian(grey, cv2.CV_16S), dtype=np.int16)
    tiles = tile_variances(laplacian)
    levels = grey_levels(grey)
    darkest, brightest = np.searchsorted(np.cumsum(levels), [0.05, 0.95]) / 255.0
    highlights, shadows = clipped(picture.rgb)
    small = fit(picture.rgb, _COLOR_PX)
    hue = cv2.cvtColor(small, cv2.COLOR_RGB2HSV)
    lab = np.asarray(cv2.cvtColor(small.astype(np.float32) / 255.0, cv2.COLOR_RGB2LAB), np.float32)
    return {
        ImageQuality.width_px: picture.width_px,
        ImageQuality.height_px: picture.height_px,
        ImageQuality.sharpness: sharpness(laplacian),
        ImageQuality.tile_sharpness: _log(float(np.percentile(tiles, 90))),
        ImageQuality.center_sharpness: _log(float(tiles.reshape(TILES, TILES)[2:6, 2:6].mean())),
        ImageQuality.sharpness_tiles: np.log10(1.0 + tiles).astype(np.float32).tolist(),
        ImageQuality.noise: noise(grey),
        ImageQuality.blockiness: blockiness(picture.sample, picture.block_px),
        ImageQuality.spectrum_slope: spectrum_slope(grey),
        ImageQuality.brightness: float(levels @ np.arange(256)) / 255.0,
        ImageQuality.contrast: contrast(levels),
        ImageQuality.dark_level: float(darkest),
        ImageQuality.bright_level: float(brightest),
        ImageQuality.exposure_ev: exposure_ev(levels),
        ImageQuality.entropy: entropy(levels),
        ImageQuality.clipped_highlights: highlights,
        ImageQuality.clipped_shadows: shadows,
        ImageQuality.saturation: float(hue[:, :, 1].mean() / 255.0),
        ImageQuality.colorfulness: colorfulness(small),
        ImageQuality.tint: float(lab[:, :, 1].mean()),
        ImageQuality.warmth: float(lab[:, :, 2].mean()),
        ImageQuality.ground: (share := ground(levels)),
        ImageQuality.written: written(grey) if share >= PLAIN_GROUND else 0.0,
        **technical_measures(picture),
        **tone_measures(picture, grey, small, lab),
        ImageQuality.notes: list(picture.notes),
        ImageQuality.colors: named_colors(small),
        ImageQuality.measured_by: module_version(__name__),
    }


def _log(variance: float) -> float:
    return float(np.log10(1.0 + variance))


def sharpness(laplacian: Laplacian) -> float:
    """Log10 of one plus the variance of the Laplacian on 0..255 (Pech-Pacheco et al., 2000)."""
    import cv2

    _mean, deviation = cv2.meanStdDev(laplacian)
    return _log(float(deviation[0, 0]) ** 2)


def tile_variances(laplacian: Laplacian) -> npt.NDArray[np.float64]:
    """Variance of the Laplacian in each of 8 x 8 tiles, row by row: (64,)."""
    import cv2

    values = laplacian.astype(np.float32)
    means = cv2.resize(values, (TILES, TILES), interpolation=cv2.INTER_AREA)
    squares = cv2.resize(cv2.multiply(values, values), (TILES, TILES), interpolation=cv2.INTER_AREA)
    return np.asarray(np.maximum(squares.astype(np.float64) - means.astype(np.float64) ** 2, 0.0).ravel())


def noise(grey: Grey) -> float:
    """Standard deviation of the noise, full scale 1, by Immerkær's fast estimate (1996).

    It is 0 for pictures under 3 px.
    """
    import cv2

    height, width = grey.shape
    if min(height, width) < 3:
        return 0.0
    kernel = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], dtype=np.float32)
    response = cv2.filter2D(grey, cv2.CV_16S, kernel)[1:-1, 1:-1]
    total = float(cv2.norm(response, cv2.NORM_L1))
    scale: float = math.sqrt(math.pi / 2.0) / (6.0 * (width - 2) * (height - 2) * 255.0)
    return total * scale


def blockiness(sample: Grey, block_px: int) -> float | None:
    """Ratio of steps over the edges of JPEG blocks to steps inside, less one (Wang et al., 2002).

    None if edges cannot be separated from the inside: a small picture, or blocks under 2 px.
    """
    if block_px < 2 or min(sample.shape) < 2 * block_px:
        return None
    import cv2

    found = []
    for values in (sample, cv2.transpose(sample)):
        apart = cv2.absdiff(values[:, 1:], values[:, :-1])
        steps = cv2.reduce(apart, 0, cv2.REDUCE_SUM, dtype=cv2.CV_64F).ravel() / len(values)
        edges = np.arange(block_px - 1, steps.size, block_px)
        inside = np.delete(steps, edges).mean()
        found.append(float((steps[edges].mean() + 0.5) / (inside + 0.5)) - 1.0)
    return float(np.mean(found))


def spectrum_slope(grey: Grey) -> float:
    """Slope of the log power over the log frequency.

    Natural pictures are near -2 (Field, 1987), blurred ones below.
    """
    import cv2

    halved = cv2.resize(
        grey, (max(grey.shape[1] // 2, 1), max(grey.shape[0] // 2, 1)), interpolation=cv2.INTER_AREA
    )
    square = cv2.resize(halved, (_SPECTRUM_PX, _SPECTRUM_PX), interpolation=cv2.INTER_LINEAR).astype(
        np.float32
    )
    parts = cv2.dft((square - square.mean()) * _window(), flags=cv2.DFT_COMPLEX_OUTPUT)
    power = (parts[..., 0] ** 2 + parts[..., 1] ** 2).ravel()
    rings, counts, logs = _rings()
    mean = np.bincount(rings, power, minlength=counts.size)[2:] / counts[2:]
    return float(np.polyfit(logs[2:], np.log10(mean + 1e-3), 1)[0])


@functools.cache
def _window() -> Floats:
    along = np.hanning(_SPECTRUM_PX).astype(np.float32)
    return np.outer(along, along)


@functools.cache
def _rings() -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], Floats]:
    """Ring of every coefficient up to the Nyquist frequency, sizes of the rings, and log frequencies."""
    along = np.minimum(np.arange(_SPECTRUM_PX), _SPECTRUM_PX - np.arange(_SPECTRUM_PX))
    last = _SPECTRUM_PX // 2
    rings = np.minimum(np.rint(np.hypot(along[:, None], along[None, :])).astype(np.int64), last).ravel()
    return rings, np.bincount(rings), np.log10(np.maximum(np.arange(last + 1), 1))


def contrast(levels: Floats) -> float:
    """Standard deviation of a histogram of 256 grey levels, full scale 1."""
    values = np.arange(256) / 255.0
    mean = float(levels @ values)
    return float(np.sqrt(max(float(levels @ values**2) - mean**2, 0.0)))


def exposure_ev(levels: Floats) -> float:
    """Stops between the geometric mean of the linear light and middle grey (18 %).

    It is computed from a histogram of sRGB levels.
    """
    srgb = np.arange(256) / 255.0
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    return float(levels @ np.log2(np.maximum(linear, 1e-4)) - np.log2(_MIDDLE_GREY))


def entropy(levels: Floats) -> float:
    """Shannon entropy of the grey levels, 0 to 8 bits."""
    found = levels[levels > 0]
    return max(float(-(found * np.log2(found)).sum()), 0.0)


def clipped(rgb: Pixels) -> tuple[float, float]:
    """Shares of pixels with every channel at or above 250, and at or below 5."""
    import cv2

    red, green, blue = cv2.split(rgb)
    least, most = cv2.min(cv2.min(red, green), blue), cv2.max(cv2.max(red, green), blue)
    bright, dark = cv2.inRange(least, _BRIGHT, _TOP), cv2.inRange(most, _BLACK, _DARK)
    return cv2.countNonZero(bright) / least.size, cv2.countNonZero(dark) / least.size


def colorfulness(rgb: Pixels) -> float:
    """Hasler and Süsstrunk's M3 (2003) on channels in 0..1."""
    red, green, blue = (rgb[:, :, i].astype(np.float32) / 255.0 for i in range(3))
    rg, yb = red - green, (red + green) / 2 - blue
    return float(np.hypot(rg.std(), yb.std()) + 0.3 * np.hypot(rg.mean(), yb.mean()))


def grey_levels(grey: Grey) -> Floats:
    """(256,) share of the pixels at each grey level."""
    import cv2

    return np.asarray(cv2.calcHist([grey], [0], None, [256], [0, 256]).ravel().astype(np.float64) / grey.size)


def ground(levels: Floats) -> float:
    """Largest share of pixels within six levels of one tone.

    It is over 0.5 for paper, screens and plain backdrops.

    Args:
        levels: (256,) share of the pixels at each grey level.
    """
    return min(float(np.convolve(levels, np.ones(2 * _TONE + 1), "same").max()), 1.0)


def written(grey: Grey) -> float:
    """Share of 16 x 16 tiles with thin strokes on an even ground.

    Dark on light and light on dark are measured; the larger share counts.

    The ground is the morphological closing, which fills strokes; ink is what it fills by more than 45 levels.

    Args:
        grey: (height, width).
    """
    return max(_inked(grey), _inked(255 - grey))


def _inked(grey: Grey) -> float:
    import cv2

    side = max(9, round(max(grey.shape) * _STROKE_PX / 768) | 1)
    filled = cv2.morphologyEx(grey, cv2.MORPH_CLOSE, np.ones((side, side), np.uint8))
    values = filled.astype(np.float32)
    spread = np.sqrt(np.maximum(_cells(values * values) - _cells(values) ** 2, 0))
    ink = _cells((cv2.subtract(filled, grey) > _INK).astype(np.float32))
    return float(((spread < _EVEN) & (ink > _INKED[0]) & (ink < _INKED[1])).mean())


def _cells(values: Floats) -> Floats:
    import cv2

    return np.asarray(cv2.resize(values, (_CELLS, _CELLS), interpolation=cv2.INTER_AREA))
