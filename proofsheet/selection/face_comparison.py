"""What faces say for one picture of a set against another, and the words for it.

Holds `FaceWeights`, `face_weights`, `evidence`, `face_differences` and `faults_of_faces`.
Add here: words for another difference of faces; another fault of a face.
Keep out: matching and measuring differences (face_features.py), other measurements
(models/starter_ranker.py).
"""

from __future__ import annotations

import functools
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from proofsheet.selection.face_features import (
    FEATURES,
    Floats,
    Pair,
    Row,
    closed,
    face_features,
    matched,
    sharper,
)
from schemas.faces import Face

WEIGHTS = Path(__file__).parent / "face_comparison.json"
_ASIDE, _FACING = 0.5, 0.3  # of `Face.turned`: from where it looks away, and up to where it does not
_SAID_RATIO = 1.15  # from which sharper eyes are a reason
_LEAST_LOG_ODDS = 0.15


@dataclass(frozen=True)
class FaceWeights:
    """What a difference of faces weighs, in log odds.

    Attributes:
        weights: (features,) in the order of `FEATURES`.
    """

    weights: Floats

    def gains(self, features: Floats) -> Floats:
        """The part of each feature in the log odds: (features,)."""
        return np.asarray(self.weights * features)


@functools.cache
def face_weights() -> FaceWeights:
    """The weights that the package holds."""
    card = json.loads(WEIGHTS.read_text("utf-8"))
    return FaceWeights(np.array([float(card["weights"][name]) for name in FEATURES]))


def evidence(one: Row, other: Row, log_odds: float, weights: FaceWeights) -> tuple[float, list[Pair], Floats]:
    """Log odds of one picture with its faces, the pairs of faces, and the gain of each feature.

    Args:
        one: columns of `image_quality`, and its faces.
        other: the same of its rival.
        log_odds: of the one by all other measurements.
        weights: of the features.
    """
    pairs = matched(one, other)
    if not pairs:
        return log_odds, pairs, np.zeros(len(FEATURES))
    gains = weights.gains(face_features(one, other, pairs, log_odds))
    return float(gains.sum()), pairs, gains


def face_differences(one: Row, other: Row, number: int, log_odds: float, weights: FaceWeights) -> list[str]:
    """What faces say for one picture against another, in words, the strongest first.

    Args:
        one: columns of `image_quality`, and its faces.
        other: the same of its rival.
        number: of the rival in its set, from 1.
        log_odds: of the one by all other measurements.
        weights: of the features.
    """
    _total, pairs, gains = evidence(one, other, log_odds, weights)
    if not pairs:
        return []
    shut = sum(closed(b, a) >= 1.0 for a, b in pairs)
    ratio = 10 ** (sharper(pairs[0]) / 2)
    words = {
        "sharper eyes": f"eyes {ratio:.1f}× sharper than {number}" if ratio >= _SAID_RATIO else "",
        "open eyes": f"eyes closed in {number}{_of(shut, pairs)}" if shut else "",
    }
    gained = dict(zip(FEATURES, gains.tolist(), strict=True))
    ranked = sorted(words, key=lambda name: -gained[name])
    return [words[name] for name in ranked if words[name] and gained[name] >= _LEAST_LOG_ODDS]


def _of(count: int, pairs: Sequence[Pair]) -> str:
    return f" ({count} of {len(pairs)} faces)" if len(pairs) > 1 else ""


def faults_of_faces(member: Row, members: Sequence[Row]) -> list[str]:
    """Faults of the faces of a picture that the same faces do not have in another picture of its set."""
    pairs = [p for other in members if other is not member for p in matched(member, other)]
    found = {
        "eyes closed": any(closed(own, rival) >= 1.0 for own, rival in pairs),
        "looks away": any(
            own[Face.turned] >= _ASIDE and rival[Face.turned] <= _FACING for own, rival in pairs
        ),
        "a face leaves the frame": any(
            own[Face.beyond_frame] and not rival[Face.beyond_frame] for own, rival in pairs
        ),
    }
    return [words for words, seen in found.items() if seen]
