"""Which picture of a set is technically best, by comparing each with each, and the reason in words.

Holds `TechnicalChoice`, `compared`, `faults` and `differences`.
Add here: a fault that is seen by itself.
Keep out: weights (models/starter_ranker.py), words for differences (difference_words.py), faces
(face_comparison.py), trained rankers (predict.py), `proposals` (stage_rule.py).

One rule for bursts and series of stages: a higher stage has a fixed worth, and a picture of a lower
stage wins only if its measurements are worth more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from proofsheet.models.picture_differences import Floats
from proofsheet.models.starter_ranker import StarterRanker
from proofsheet.selection.difference_words import in_words
from proofsheet.selection.face_comparison import (
    FaceWeights,
    evidence,
    face_differences,
    face_weights,
    faults_of_faces,
)
from schemas.library import Photo
from schemas.vision import ImageQuality

Row = Mapping[str, Any]
_REASONS, _LEAST_LOG_ODDS = 3, 0.15
_CLOSE = 1.0  # difference of log confidence up to which a picture with a fault gives way to one without
_ALIKE = 0.8  # correlation of light; 98 of 100 damaged photographs reach 0.87 with their original
_LEAST_SIDE_PX = 320  # smaller pictures are not what the weights were fitted on
_EVEN = 1e-6  # product of spreads in EV below which there is nothing to compare
_ALIKE_EV, _ALIKE_COLOUR = 0.5, 10.0  # of two even pictures: difference of light, and of colour in Lab
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
    members: Sequence[Row],
    ranker: StarterRanker,
    faces: FaceWeights | None = None,
    *,
    stage_first: bool = False,
) -> TechnicalChoice:
    """The picture that most probably beats each of the others.

    One with a fault gives way to a close one without. It never gives way to a lower stage: the worth of a
    stage already weighs the fault.

    Args:
        members: at least two, with columns of `photos` and `image_quality`, and rows of `faces` under that
            name, in the order of the set.
        ranker: compares two.
        faces: what differences of faces weigh; the weights of the package by default.
        stage_first: take one of the highest stage, whatever the measurements of lower ones are worth.
    """
    weights = faces or face_weights()
    odds = np.array([[_odds(one, other, ranker, weights) for other in members] for one in members])
    sure = _log_confidences(odds)
    order = sorted(range(len(members)), key=lambda k: (-sure[k], str(members[k][Photo.content_hash])))
    marks = [faults(m, members) for m in members]
    highest = max(map(stage_of, members))
    able = [k for k in order if not stage_first or stage_of(members[k]) == highest]
    first = able[0]
    close = [
        k
        for k in able
        if sure[first] - sure[k] <= _CLOSE and stage_of(members[k]) >= stage_of(members[first])
    ]
    best = next((k for k in close if not marks[k]), first)
    rival = next(k for k in order if k != best)
    told = [] if best == first else [f"{first + 1} gives way: {'; '.join(marks[first])}"]
    if not stage_first or order[0] in close:  # else its stage alone speaks for it
        told += differences(members[best], members[rival], rival + 1, ranker, weights)
    return TechnicalChoice(best, float(np.exp(sure[best])), told, marks[best])


def _log_confidences(odds: Floats) -> Floats:
    """Log of the probability that none of the others is better, for each picture: (members,).

    The sum of a picture's odds does not serve: one rival that shows something else would outweigh all others.

    Args:
        odds: (members, members) log odds of each against each, 0 on the diagonal.
    """
    against = np.exp(-np.clip(odds, -_SURE, _SURE)).sum(axis=1)  # its own 1 is the 1 of the probability
    return np.asarray(-np.log(against))


def _odds(one: Row, other: Row, ranker: StarterRanker, faces: FaceWeights) -> float:
    """Log odds that one is better; a lower stage wins only where both show the same picture."""
    if one is other:
        return 0.0
    higher = float(np.sign(stage_of(one) - stage_of(other)))
    worth = ranker.stage_log_odds if not higher or _show_the_same(one, other) else _SURE
    return evidence(one, other, ranker.log_odds(one, other), faces)[0] + worth * higher


def _show_the_same(one: Row, other: Row) -> bool:
    """Whether two pictures are large enough to compare, and the light of 8 x 8 tiles is distributed alike.

    That is true of 3 of 2,701 pairs of unlike photographs (the 74 of `benchmarks/picks`). Two even pictures
    have no layout; they are alike if their light and colour are.
    """
    if min(one[ImageQuality.detail_side_px], other[ImageQuality.detail_side_px]) < _LEAST_SIDE_PX:
        return False
    first, second = (np.asarray(r[ImageQuality.light_tiles], dtype=np.float64) for r in (one, other))
    spread = float(first.std() * second.std())
    if spread < _EVEN:
        apart = np.hypot(*(one[c] - other[c] for c in (ImageQuality.tint, ImageQuality.warmth)))
        return bool(abs(first.mean() - second.mean()) <= _ALIKE_EV and apart <= _ALIKE_COLOUR)
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
        words = in_words(name, best, rival, number)
        by_words[words] = by_words.get(words, 0.0) + gain
    ranked = sorted((w for w in by_words if w and by_words[w] >= _LEAST_LOG_ODDS), key=lambda w: -by_words[w])
    of_faces = face_differences(best, rival, number, ranker.log_odds(best, rival), faces)
    return [*of_faces, *ranked][:_REASONS]
