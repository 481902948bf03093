"""Differences between two pictures, in steps of a just visible difference.

Holds the table `DIFFERENCES`, `pair_steps`, `features_of`, `pair_features`, `steps_of` and their names.
Add here: another difference, by its column; then fit again with `python -m benchmarks.picks --fit`.
Keep out: weights (starter_ranker.py).

Each difference has four terms: up to one step (unless light alone causes it), a larger difference, and values
below and above the usual range of photographs.

Measurements of single pixels are compared only between pictures of about one size. Otherwise the number of
pixels speaks for the larger one, if they hold detail: an upscaled picture has more pixels, but empty ones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from schemas.vision import SCALES, TILES, ImageQuality

Row = Mapping[str, Any]
Floats = npt.NDArray[np.float64]
_FARTHEST = 6.0  # steps
_SHARE = 0.002  # under which a share of pixels is not told from none
_CONTRAST_LEVELS = 14.0  # of a tile, from which its detail counts
_LIKE_OCTAVES = 0.3  # by which sides differ at most where single pixels are compared
_LEAST_SHORT_PX = 8 * TILES  # of the short side, under which no tile has a window for fine detail
_EMPTY = (0.7, 0.85)  # steepest fall of detail to the next scale: of few photographs, and of upscaled ones
CORNERS = (0, TILES - 1, TILES * (TILES - 1), TILES * TILES - 1)


def _log_share(value: float) -> float:
    return float(np.log2(value + _SHARE))


def _log_grain(value: float) -> float:
    return float(np.log2(value + 0.3))


def _plain(value: float) -> float:
    return float(value)


@dataclass(frozen=True)
class Difference:
    """One measurement that is compared.

    Attributes:
        column: of `image_quality`.
        step: a just visible difference, on the scale of `scaled`.
        scaled: the value on a scale where equal steps look equal.
        dead_zone: whether a difference under a step counts for nothing; light moves these by itself.
        of_pixels: whether single pixels or edges are measured, so that it differs between two sizes.
    """

    column: str
    step: float
    scaled: Callable[[float], float] = _plain
    dead_zone: bool = False
    of_pixels: bool = False


DIFFERENCES = (
    Difference(ImageQuality.grain, 0.6, _log_grain, dead_zone=True, of_pixels=True),
    Difference(ImageQuality.smooth, 0.08, dead_zone=True, of_pixels=True),
    Difference(ImageQuality.tails, 0.1, dead_zone=True, of_pixels=True),
    Difference(ImageQuality.halo, 0.06, of_pixels=True),
    Difference(ImageQuality.fringes, 0.2, of_pixels=True),
    Difference(ImageQuality.impulses, 0.8, _log_share, dead_zone=True, of_pixels=True),
    Difference(ImageQuality.comb, 0.05, dead_zone=True, of_pixels=True),
    Difference(ImageQuality.stripes, 0.3, of_pixels=True),
    Difference(ImageQuality.upright, 0.04, of_pixels=True),
    Difference(ImageQuality.blockiness, 0.15, of_pixels=True),
    Difference(ImageQuality.exposure_ev, 0.5, dead_zone=True),
    Difference(ImageQuality.entropy, 0.2, dead_zone=True),
    Difference(ImageQuality.contrast, 0.02, dead_zone=True),
    Difference(ImageQuality.clipped_highlights, 1.0, _log_share, dead_zone=True),
    Difference(ImageQuality.clipped_shadows, 1.0, _log_share, dead_zone=True),
    Difference(ImageQuality.burnt_colours, 2.0, _log_share, dead_zone=True),
    Difference(ImageQuality.crushed_colours, 1.0, _log_share, dead_zone=True),
    Difference(ImageQuality.spots, 0.3, _log_share, of_pixels=True),
    Difference(ImageQuality.cast, 2.0, dead_zone=True),
    Difference(ImageQuality.cast_of_neutrals, 1.5, dead_zone=True),
    Difference(ImageQuality.cast_of_lights, 2.5, dead_zone=True),
    Difference(ImageQuality.cast_of_shadows, 2.5, dead_zone=True),
    Difference(ImageQuality.chroma, 3.0, dead_zone=True),
    Difference(ImageQuality.haze, 0.04, dead_zone=True),
    Difference(ImageQuality.black_point, 4.0, dead_zone=True),
    Difference(ImageQuality.white_point, 8.0, dead_zone=True),
    Difference(ImageQuality.spectrum_slope, 0.2, of_pixels=True),
)
_SCALE_STEP, _TILE_STEP = 0.05, 0.1
_PLACES = (
    "sharper places",
    "sharpest places",
    "contrast of places",
    "light of corners",
    "pixels",
    "empty pixels",
)
_COUNTS = np.array([1.0] * SCALES + [0.0 if d.dead_zone else 1.0 for d in DIFFERENCES])
_OF_PIXELS = np.array([True] * SCALES + [d.of_pixels for d in DIFFERENCES])
TERMS = ("near", "far", "below", "above")
NAMES = (*(f"detail at 1/{2**k}" for k in range(SCALES)), *(d.column for d in DIFFERENCES), *_PLACES)


def _comparable(one: Row, other: Row) -> bool:
    """Whether both were measured at about one size, and have windows for fine detail."""
    sides = [float(r[ImageQuality.detail_side_px]) for r in (one, other)]
    return min(map(_short_px, (one, other))) >= _LEAST_SHORT_PX and (
        abs(float(np.log2(sides[0] / sides[1]))) <= _LIKE_OCTAVES
    )


def _short_px(row: Row) -> float:
    """Short side of the picture in which fine detail was measured."""
    width, height = row[ImageQuality.width_px], row[ImageQuality.height_px]
    return float(row[ImageQuality.detail_side_px] * min(width, height) / max(width, height))


def _scales(one: Row, other: Row) -> tuple[Floats, Floats]:
    """Detail of both at the sides that both have: (scales,) each; the larger picture is scaled down."""
    sides = [float(r[ImageQuality.detail_side_px]) for r in (one, other)]
    octaves = np.log2(np.array(sides) / min(sides))
    places = np.arange(SCALES, dtype=np.float64)
    found = [
        np.interp(places + o, places, np.asarray(r[ImageQuality.detail_scales]))
        for r, o in zip((one, other), octaves, strict=True)
    ]
    return found[0], found[1]


def _places(one: Row, other: Row) -> list[float]:
    """Differences place by place, in steps: both pictures show the same there; and numbers of pixels."""
    light = np.asarray(one[ImageQuality.light_tiles]) - np.asarray(other[ImageQuality.light_tiles])
    pixels = [r[ImageQuality.width_px] * r[ImageQuality.height_px] for r in (one, other)]
    more = float(np.log2(pixels[0] / pixels[1]))
    empty = _empty(one if more > 0 else other)
    return [
        *_fine_places(one, other),
        float((light[list(CORNERS)].mean() - np.median(light)) / 0.5),
        more * (1.0 - empty),
        more * empty,
    ]


def _fine_places(one: Row, other: Row) -> list[float]:
    """Detail and contrast of the tiles; nan between two sizes."""
    if not _comparable(one, other):
        return [np.nan] * 3
    detail, contrast = (
        [np.asarray(r[c], dtype=np.float64) for r in (one, other)]
        for c in (ImageQuality.detail_tiles, ImageQuality.contrast_tiles)
    )
    same = abs(np.log2(one[ImageQuality.detail_side_px] / other[ImageQuality.detail_side_px])) < 0.1
    weight = np.minimum(*contrast) > _CONTRAST_LEVELS
    steps = (detail[0] - detail[1])[weight] / _TILE_STEP if same and weight.any() else np.zeros(1)
    low, high = np.quantile(steps, [0.1, 0.9])
    levels = np.log2((contrast[0] + 2.0) / (contrast[1] + 2.0)) / 0.2
    return [
        float(np.clip(steps * 2.0, -1.0, 1.0).mean() * 2.0),
        float(low + high),
        float(np.quantile(levels, 0.1) + np.quantile(levels, 0.9)),
    ]


def _empty(row: Row) -> float:
    """How far the pixels of a picture lack detail of their own, as after upscaling or blur: 0 to 1."""
    steepest = float(np.diff(np.asarray(row[ImageQuality.detail_scales], dtype=np.float64)).max())
    return float(np.interp(steepest, _EMPTY, (0.0, 1.0)))


def scaled(row: Row) -> Floats:
    """Values of `DIFFERENCES` of one picture in steps, nan where they were not measured: (differences,)."""
    return np.array(
        [np.nan if (value := row[d.column]) is None else d.scaled(value) / d.step for d in DIFFERENCES]
    )


def steps_of(row: Row) -> Floats:
    """Detail at each of its own scales, and values of `DIFFERENCES`, in steps: (scales + differences,)."""
    return np.concatenate(
        [np.asarray(row[ImageQuality.detail_scales], dtype=np.float64) / _SCALE_STEP, scaled(row)]
    )


def pair_steps(one: Row, other: Row) -> tuple[Floats, Floats]:
    """Both pictures in steps, (2, scales + differences), and differences place by place, (places,).

    A value that cannot be compared is nan.

    Args:
        one: columns of `image_quality`.
        other: the same of its rival.
    """
    detail = np.array(_scales(one, other)) / _SCALE_STEP
    values = np.concatenate([detail, np.array([scaled(one), scaled(other)])], axis=1)
    if not _comparable(one, other):
        values[:, _OF_PIXELS] = np.nan
    return values, np.array(_places(one, other))


def features_of(values: Floats, places: Floats, usual: Floats) -> Floats:
    """What speaks for one picture against the other: (pairs, names, terms); swapping them changes every sign.

    Args:
        values: (pairs, 2, scales + differences) in steps; nan speaks for neither.
        places: (pairs, places).
        usual: (scales + differences, 2) the range of photographs, in steps.
    """
    below = np.clip(usual[:, 0] - values, 0.0, _FARTHEST)
    above = np.clip(values - usual[:, 1], 0.0, _FARTHEST)
    outside = [part[:, 0] - part[:, 1] for part in (below, above)]
    near, far = _near_and_far(values[:, 0] - values[:, 1])
    terms = np.stack([near * _COUNTS, far, *outside], axis=2)
    more = np.zeros((*places.shape, len(TERMS)))
    more[:, :, :2] = np.stack(_near_and_far(places), axis=2)
    more[:, _PLACES.index("contrast of places"), 0] = 0.0
    return np.asarray(np.nan_to_num(np.concatenate([terms, more], axis=1)))


def pair_features(one: Row, other: Row, usual: Floats) -> Floats:
    """The same of one pair: (names, terms)."""
    values, places = pair_steps(one, other)
    return np.asarray(features_of(values[None], places[None], usual)[0])


def _near_and_far(steps: Floats) -> tuple[Floats, Floats]:
    near = np.clip(steps, -1.0, 1.0)
    return near, np.clip(steps - near, -_FARTHEST, _FARTHEST)
