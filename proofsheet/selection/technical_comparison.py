"""Which picture of a set is technically best, by comparing each with each, and the reason in words.

Holds `TechnicalChoice`, `compared`, `faults` and the words for differences.
Add here: words for another difference; a fault that is seen by itself.
Keep out: weights (models/starter_ranker.py), faces (face_comparison.py), trained rankers (predict.py),
`proposals` (stage_rule.py).

One rule for bursts and series of stages: a higher stage has a fixed worth, and a picture of a lower
stage wins only if its measurements are worth more.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from proofsheet.models.starter_ranker import StarterRanker
from proofsheet.selection.face_comparison import (
    FaceWeights,
    evidence,
    face_differences,
    face_weights,
    faults_of_faces,
)
from schemas.library import Photo
from schemas.vision import SCALES, ImageQuality

Row = Mapping[str, Any]
_REASONS, _LEAST_LOG_ODDS = 3, 0.15
_LEAST_PERCENT = 5
_CLOSE = 1.0  # log odds up to which a picture with a fault gives way to one without
_ALIKE = 0.8  # correlation of light; 98 of 100 damaged photographs reach 0.87 with their original
_LEAST_SIDE_PX = 320  # smaller pictures are not what the weights were fitted on
_EVEN = 1e-6  # product of spreads in EV below which there is nothing to compare
_SURE = 30.0  # log odds beyond which a probability is 1 for every purpose


@dataclass(frozen=True)
class TechnicalChoice:
    """What the comparison says of one set.

    Attributes:
        place: of the picture among the members.
        confidence: probability that none of the others is technically better.
        reasons: differences to the next best, the strongest first.
        flags: what speaks against it.
    """

    place: int
    confidence: float
    reasons: Sequence[str]
    flags: Sequence[str]


@dataclass(frozen=True)
class Fault:
    """A fault that is seen without comparing, and is one of a picture only where a rival has far less of it.

    Attributes:
        column: of `image_quality`.
        least: value from which it is seen.
        words: with the value.
    """

    column: str
    least: float
    words: str


FAULTS = (
    Fault(ImageQuality.clipped_highlights, 0.05, "clipped highlights: {:.1%} of the pixels"),
    Fault(ImageQuality.clipped_shadows, 0.10, "clipped shadows: {:.1%} of the pixels"),
    Fault(ImageQuality.impulses, 0.01, "single bright or dark pixels: {:.1%}"),
)
_FAR_LESS = 2.0


def faults(member: Row, members: Sequence[Row]) -> list[str]:
    """Faults of a picture of which another of its set has less than half.

    Args:
        member: columns of `image_quality` of the picture, and rows of `faces` under that name if it has any.
        members: of the whole set.
    """
    found = []
    for fault in FAULTS:
        value = member[fault.column] or 0.0
        if value >= fault.least and value > _FAR_LESS * min(m[fault.column] or 0.0 for m in members):
            found.append(fault.words.format(value))
    return found + faults_of_faces(member, members)


def stage_of(member: Row) -> float:
    """Stage of a picture; -1 where its name has none."""
    stage = member[Photo.stage]
    return -1.0 if stage is None else float(stage)


def compared(
    members: Sequence[Row], ranker: StarterRanker, faces: FaceWeights | None = None
) -> TechnicalChoice:
    """The picture with the highest sum of odds; one with a fault gives way to a close one without.

    It never gives way to a lower stage: the worth of a stage already weighs the fault.

    Args:
        members: at least two, with columns of `photos` and `image_quality`, and rows of `faces` under that
            name, in the order of the set.
        ranker: compares two.
        faces: what differences of faces weigh; the weights of the package by default.
    """
    weights = faces or face_weights()
    odds = np.array([[_odds(one, other, ranker, weights) for other in members] for one in members])
    order = sorted(range(len(members)), key=lambda k: (-odds[k].sum(), str(members[k][Photo.content_hash])))
    marks = [faults(m, members) for m in members]
    first = order[0]
    close = [
        k for k in order if odds[first, k] <= _CLOSE and stage_of(members[k]) >= stage_of(members[first])
    ]
    best = next((k for k in close if not marks[k]), first)
    rival = next(k for k in order if k != best)
    told = [] if best == first else [f"{first + 1} gives way: {'; '.join(marks[first])}"]
    told += differences(members[best], members[rival], rival + 1, ranker, weights)
    others = np.delete(odds[best], best)
    confidence = 1.0 / (1.0 + float(np.exp(-np.clip(others, -_SURE, _SURE)).sum()))
    return TechnicalChoice(best, confidence, told, marks[best])


def _odds(one: Row, other: Row, ranker: StarterRanker, faces: FaceWeights) -> float:
    """Log odds that one is better; a lower stage wins only where both show the same picture."""
    if one is other:
        return 0.0
    higher = float(np.sign(stage_of(one) - stage_of(other)))
    worth = ranker.stage_log_odds if not higher or _show_the_same(one, other) else _SURE
    return evidence(one, other, ranker.log_odds(one, other), faces)[0] + worth * higher


def _show_the_same(one: Row, other: Row) -> bool:
    """Whether two pictures are large enough to compare, and the light of 8 x 8 tiles is distributed alike.

    That is true of 1 in 100 pairs of unlike photographs.
    """
    if min(one[ImageQuality.detail_side_px], other[ImageQuality.detail_side_px]) < _LEAST_SIDE_PX:
        return False
    first, second = (np.asarray(r[ImageQuality.light_tiles], dtype=np.float64) for r in (one, other))
    spread = float(first.std() * second.std())
    if spread < _EVEN:
        return True
    return float(((first - first.mean()) * (second - second.mean())).mean()) / spread >= _ALIKE


def differences(best: Row, rival: Row, number: int, ranker: StarterRanker, faces: FaceWeights) -> list[str]:
    """What spoke most for a picture against another, with its units.

    Args:
        best: columns of `image_quality` of the one, and its faces.
        rival: the same of the other.
        number: of the other in its set, from 1.
        ranker: how much each difference weighs.
        faces: the same for differences of faces.
    """
    by_words: dict[str, float] = {}
    for name, gain in ranker.gains(best, rival).items():
        words = _words(name, best, rival, number)
        by_words[words] = by_words.get(words, 0.0) + gain
    ranked = sorted((w for w in by_words if w and by_words[w] >= _LEAST_LOG_ODDS), key=lambda w: -by_words[w])
    of_faces = face_differences(best, rival, number, ranker.log_odds(best, rival), faces)
    return [*of_faces, *ranked][:_REASONS]


def _words(name: str, best: Row, rival: Row, number: int) -> str:
    """One difference in words; empty if it is too small, or photographers have no name for it."""
    if name.startswith(("detail", "sharp")):
        return _sharper(best, rival, number)
    if name not in WORDS:
        return ""
    more, less, form = WORDS[name]
    one, other = (float(r[name] or 0.0) for r in (best, rival))
    if name in _FAULTY and one > other:
        return ""  # no reason for a choice, whatever it weighs together with others
    shown, against = form.format(one), form.format(other)
    return (
        f"{more if one > other else less} than {number}: {shown} against {against}"
        if shown != against
        else ""
    )


def _sharper(best: Row, rival: Row, number: int) -> str:
    """Fine detail of one against the other at the first scale that both have, in percent."""
    smaller = min(best[ImageQuality.detail_side_px], rival[ImageQuality.detail_side_px])
    one, other = (_detail_at(r, smaller) for r in (best, rival))
    percent = round(100 * (10 ** ((one - other) / 2) - 1))
    if percent < _LEAST_PERCENT:
        return ""  # a softer picture wins by other things
    return f"{percent} % sharper than {number}"


def _detail_at(row: Row, side_px: float) -> float:
    octave = math.log2(row[ImageQuality.detail_side_px] / side_px)
    return float(np.interp(octave, np.arange(SCALES), np.asarray(row[ImageQuality.detail_scales])))


WORDS: Mapping[str, tuple[str, str, str]] = {
    ImageQuality.grain: ("more noise", "less noise", "{:.1f} of 255 levels"),
    ImageQuality.smooth: ("more smeared", "less smeared", "{:.0%} without fine detail"),
    ImageQuality.halo: ("stronger halos at edges", "weaker halos at edges", "{:.0%} of the edges' height"),
    ImageQuality.impulses: (
        "more single bright or dark pixels",
        "fewer single bright or dark pixels",
        "{:.2%}",
    ),
    ImageQuality.comb: ("more gaps between tones", "fewer gaps between tones", "{:.2f}"),
    ImageQuality.blockiness: ("more JPEG blocks", "fewer JPEG blocks", "{:.2f}"),
    ImageQuality.exposure_ev: ("brighter", "darker", "{:+.1f} EV"),
    ImageQuality.contrast: ("more contrast", "less contrast", "{:.2f}"),
    ImageQuality.clipped_highlights: ("more clipped highlights", "fewer clipped highlights", "{:.1%}"),
    ImageQuality.clipped_shadows: ("more clipped shadows", "fewer clipped shadows", "{:.1%}"),
    ImageQuality.burnt_colours: ("more burnt colours", "fewer burnt colours", "{:.1%}"),
    ImageQuality.crushed_colours: ("more crushed colours", "fewer crushed colours", "{:.1%}"),
    ImageQuality.cast: ("a stronger colour cast", "a weaker colour cast", "{:.0f} in Lab"),
    ImageQuality.cast_of_neutrals: ("greys more coloured", "greys less coloured", "{:.0f} in Lab"),
    ImageQuality.cast_of_lights: ("lights more coloured", "lights less coloured", "{:.0f} in Lab"),
    ImageQuality.chroma: ("stronger colours", "quieter colours", "{:.0f} in Lab"),
    ImageQuality.haze: ("more haze", "less haze", "{:.2f}"),
    ImageQuality.black_point: ("lighter blacks", "deeper blacks", "L {:.0f}"),
    ImageQuality.white_point: ("brighter whites", "duller whites", "L {:.0f}"),
    ImageQuality.upright: ("more upright", "less upright", "{:.0%} of the edges"),
}
_FAULTY = {  # more of it never speaks for a picture
    ImageQuality.grain,
    ImageQuality.smooth,
    ImageQuality.halo,
    ImageQuality.impulses,
    ImageQuality.comb,
    ImageQuality.blockiness,
    ImageQuality.clipped_highlights,
    ImageQuality.clipped_shadows,
    ImageQuality.burnt_colours,
    ImageQuality.crushed_colours,
    ImageQuality.cast,
    ImageQuality.cast_of_neutrals,
    ImageQuality.cast_of_lights,
    ImageQuality.haze,
}
