"""The ranker before any training: a logistic comparison of two pictures of one set.

Holds `StarterRanker`, `starter_ranker`, `pair_features` and the table `DIFFERENCES` of what is compared.
Add here: another difference, by its column; then fit again with `python -m benchmarks.picks --fit`.
Keep out: which picture of a set is taken (selection/technical_comparison.py).

Every measurement is compared with the other picture, in steps of a just visible difference. It has four
weights: for a difference of up to one step (unless light alone causes it), for a larger difference, and for
values below and above the usual range of photographs. There are several sets of weights, called signatures,
because a kind of damage changes several measurements at once. The signature that fits best decides which
picture is favoured.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from schemas.vision import SCALES, TILES, ImageQuality

Row = Mapping[str, Any]
Floats = npt.NDArray[np.float64]
WEIGHTS = Path(__file__).parent / "starter_ranker.json"
_FARTHEST = 6.0  # steps
_SHARE = 0.002  # under which a share of pixels is not told from none
_CONTRAST_LEVELS = 14.0  # of a tile, from which its detail counts
_CORNERS = (0, TILES - 1, TILES * (TILES - 1), TILES * TILES - 1)


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
    """

    column: str
    step: float
    scaled: Callable[[float], float] = _plain
    dead_zone: bool = False


DIFFERENCES = (
    Difference(ImageQuality.grain, 0.6, _log_grain, dead_zone=True),
    Difference(ImageQuality.smooth, 0.08, dead_zone=True),
    Difference(ImageQuality.tails, 0.1, dead_zone=True),
    Difference(ImageQuality.halo, 0.06),
    Difference(ImageQuality.fringes, 0.2),
    Difference(ImageQuality.impulses, 0.8, _log_share, dead_zone=True),
    Difference(ImageQuality.comb, 0.05, dead_zone=True),
    Difference(ImageQuality.stripes, 0.3),
    Difference(ImageQuality.upright, 0.04),
    Difference(ImageQuality.blockiness, 0.15),
    Difference(ImageQuality.exposure_ev, 0.5, dead_zone=True),
    Difference(ImageQuality.entropy, 0.2, dead_zone=True),
    Difference(ImageQuality.contrast, 0.02, dead_zone=True),
    Difference(ImageQuality.clipped_highlights, 1.0, _log_share, dead_zone=True),
    Difference(ImageQuality.clipped_shadows, 1.0, _log_share, dead_zone=True),
    Difference(ImageQuality.burnt_colours, 2.0, _log_share, dead_zone=True),
    Difference(ImageQuality.crushed_colours, 1.0, _log_share, dead_zone=True),
    Difference(ImageQuality.spots, 0.3, _log_share),
    Difference(ImageQuality.cast, 2.0, dead_zone=True),
    Difference(ImageQuality.cast_of_neutrals, 1.5, dead_zone=True),
    Difference(ImageQuality.cast_of_lights, 2.5, dead_zone=True),
    Difference(ImageQuality.cast_of_shadows, 2.5, dead_zone=True),
    Difference(ImageQuality.chroma, 3.0, dead_zone=True),
    Difference(ImageQuality.haze, 0.04, dead_zone=True),
    Difference(ImageQuality.black_point, 4.0, dead_zone=True),
    Difference(ImageQuality.white_point, 8.0, dead_zone=True),
    Difference(ImageQuality.spectrum_slope, 0.2),
)
_SCALE_STEP, _TILE_STEP = 0.05, 0.1
_PLACES = ("sharper places", "sharpest places", "contrast of places", "light of corners", "pixels")
_COUNTS = np.array([1.0] * SCALES + [0.0 if d.dead_zone else 1.0 for d in DIFFERENCES])
TERMS = ("near", "far", "below", "above")
NAMES = (*(f"detail at 1/{2**k}" for k in range(SCALES)), *(d.column for d in DIFFERENCES), *_PLACES)


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
    """Differences place by place, in steps: both pictures show the same there."""
    detail, contrast = (
        [np.asarray(r[c], dtype=np.float64) for r in (one, other)]
        for c in (ImageQuality.detail_tiles, ImageQuality.contrast_tiles)
    )
    same = abs(np.log2(one[ImageQuality.detail_side_px] / other[ImageQuality.detail_side_px])) < 0.1
    weight = np.minimum(*contrast) > _CONTRAST_LEVELS
    steps = (detail[0] - detail[1])[weight] / _TILE_STEP if same and weight.any() else np.zeros(1)
    low, high = np.quantile(steps, [0.1, 0.9])
    levels = np.log2((contrast[0] + 2.0) / (contrast[1] + 2.0)) / 0.2
    light = np.asarray(one[ImageQuality.light_tiles]) - np.asarray(other[ImageQuality.light_tiles])
    pixels = [r[ImageQuality.width_px] * r[ImageQuality.height_px] for r in (one, other)]
    return [
        float(np.clip(steps * 2.0, -1.0, 1.0).mean() * 2.0),
        float(low + high),
        float(np.quantile(levels, 0.1) + np.quantile(levels, 0.9)),
        float((light[list(_CORNERS)].mean() - np.median(light)) / 0.5),
        float(np.log2(pixels[0] / pixels[1])),
    ]


def scaled(row: Row) -> Floats:
    """Values of `DIFFERENCES` of one picture in steps: (differences,)."""
    return np.array([d.scaled(row[d.column] or 0.0) / d.step for d in DIFFERENCES])


def steps_of(row: Row) -> Floats:
    """Detail at each of its own scales, and values of `DIFFERENCES`, in steps: (scales + differences,)."""
    return np.concatenate(
        [np.asarray(row[ImageQuality.detail_scales], dtype=np.float64) / _SCALE_STEP, scaled(row)]
    )


def pair_steps(one: Row, other: Row) -> tuple[Floats, Floats]:
    """Both pictures in steps, (2, scales + differences), and differences place by place, (places,).

    Args:
        one: columns of `image_quality`.
        other: the same of its rival.
    """
    detail = np.array(_scales(one, other)) / _SCALE_STEP
    values = np.concatenate([detail, np.array([scaled(one), scaled(other)])], axis=1)
    return values, np.array(_places(one, other))


def features_of(values: Floats, places: Floats, usual: Floats) -> Floats:
    """What speaks for one picture against the other: (pairs, names, terms); swapping them changes every sign.

    Args:
        values: (pairs, 2, scales + differences) in steps.
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
    return np.concatenate([terms, more], axis=1)


def pair_features(one: Row, other: Row, usual: Floats) -> Floats:
    """The same of one pair: (names, terms)."""
    values, places = pair_steps(one, other)
    return np.asarray(features_of(values[None], places[None], usual)[0])


def _near_and_far(steps: Floats) -> tuple[Floats, Floats]:
    near = np.clip(steps, -1.0, 1.0)
    return near, np.clip(steps - near, -_FARTHEST, _FARTHEST)


@dataclass(frozen=True)
class StarterRanker:
    """Weights of the comparison.

    Attributes:
        version: on every row that rests on it.
        weights: (signatures, names, terms).
        offsets: (signatures,) how usual each is.
        usual: (scales + differences, 2).
        temperature: divides the log odds; found on damage and photographs that no training saw.
        stage_log_odds: what a higher stage is worth.
    """

    version: str
    weights: Floats
    offsets: Floats
    usual: Floats
    temperature: float
    stage_log_odds: float

    def log_odds_of(self, features: Floats) -> Floats:
        """Log odds that the first of each pair is technically better: (pairs,).

        Args:
            features: (pairs, names, terms) of `features_of`.
        """
        fits = np.tensordot(features, self.weights, axes=([1, 2], [1, 2]))
        return np.asarray((_log_sum(fits + self.offsets) - _log_sum(self.offsets - fits)) / self.temperature)

    def log_odds(self, one: Row, other: Row) -> float:
        """The same of one pair."""
        return float(self.log_odds_of(pair_features(one, other, self.usual)[None])[0])

    def gains(self, one: Row, other: Row) -> Mapping[str, float]:
        """The part of each measurement, by name, in the log odds of one picture against another.

        The signatures that fit best count.
        """
        features = pair_features(one, other, self.usual)
        parts = (self.weights * features).sum(axis=2)
        fits = parts.sum(axis=1)
        both = np.concatenate([fits + self.offsets, self.offsets - fits])
        shares = np.exp(both - _log_sum(both[None])[0]).reshape(2, -1).sum(axis=0)
        return dict(
            zip(NAMES, ((shares[:, None] * parts).sum(axis=0) / self.temperature).tolist(), strict=True)
        )


def _log_sum(values: Floats) -> Floats:
    most = values.max(axis=1)
    return np.asarray(most + np.log(np.exp(values - most[:, None]).sum(axis=1)))


def of_card(card: Mapping[str, Any]) -> StarterRanker:
    """A ranker of a card's values."""
    rows: Sequence[Mapping[str, Any]] = [card["weights"][name] for name in NAMES]
    usual = np.array([r["usual"] for r in rows[: SCALES + len(DIFFERENCES)]], dtype=np.float64)
    weights = np.array([r["signatures"] for r in rows], dtype=np.float64).transpose(1, 0, 2)
    offsets = np.array(card["offsets"], dtype=np.float64)
    return StarterRanker(
        str(card["version"]),
        weights,
        offsets,
        usual,
        float(card["temperature"]),
        float(card["stage_log_odds"]),
    )


@functools.cache
def starter_ranker() -> StarterRanker:
    """The ranker that the package holds."""
    return of_card(json.loads(WEIGHTS.read_text("utf-8")))
