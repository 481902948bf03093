"""Faces of two pictures of a set against each other: eyes, looks, and what they weigh.

Holds `FaceWeights`, `face_weights`, `face_features`, `evidence`, `face_differences` and `faults_of_faces`.
Add here: another difference of faces, in `FEATURES` and `face_features`; then fit again with
`python -m benchmarks.portraits --fit`.
Keep out: finding faces (labeling/), everything else about pictures (models/starter_ranker.py).

A face of one picture is matched with the face of the other that has about the same place and size. Nobody is
recognised. Without a pair of faces nothing changes.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from schemas.faces import Face
from schemas.vision import ImageQuality

Row = Mapping[str, Any]
Pair = tuple[Row, Row]
Floats = npt.NDArray[np.float64]
WEIGHTS = Path(__file__).parent / "face_comparison.json"
FEATURES = ("other measurements", "sharper eyes", "open eyes")
_MOST_OF_OTHERS = 4.0  # log odds beyond which other measurements count no more where there are faces
_SHARP_STEP, _MOST_STEPS = 0.1, 8.0  # of `Face.eye_sharpness`
_CLOSED, _OPEN = 0.5, 0.8  # of the openness of the same eyes in the other picture
_LEAST_OPEN = 0.15  # openness from which an eye is known to open
_ASIDE, _FACING = 0.5, 0.3  # of `Face.turned`: from where it looks away, and up to where it does not
_APART, _LARGER = 0.7, 1.6  # of faces that match: distance in widths of the face, and ratio of their widths
_NOISIER, _NOISY = 2.0, 1.0  # ratio, and grey levels beyond it
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


def matched(one: Row, other: Row) -> list[Pair]:
    """Pairs of faces with about the same place and size in both pictures, the largest first.

    Args:
        one: columns of `image_quality`, and rows of `faces` under that name if there are any.
        other: the same of its rival.
    """
    left = list(other.get(Face.name) or ())
    found = []
    for face in one.get(Face.name) or ():
        near = [(d, k) for k, rival in enumerate(left) if (d := _distance(face, one, rival, other)) <= _APART]
        if near:
            found.append((face, left.pop(min(near)[1])))
    return found


def _distance(face: Row, one: Row, rival: Row, other: Row) -> float:
    """Distance of two faces in their widths; infinite if one is much larger."""
    first, second = _placed(face, one), _placed(rival, other)
    if max(first[2], second[2]) > _LARGER * min(first[2], second[2]):
        return float("inf")
    return float(np.hypot(*(first[:2] - second[:2])) / max(first[2], 1e-9))


def _placed(face: Row, picture: Row) -> Floats:
    """Middle and width of a face, in widths of its picture: (3,)."""
    width = float(picture[ImageQuality.width_px])
    x, y = (face[Face.left_px] + face[Face.right_px]) / 2, (face[Face.top_px] + face[Face.bottom_px]) / 2
    return np.array([x, y, face[Face.right_px] - face[Face.left_px]]) / width


def face_features(one: Row, other: Row, pairs: Sequence[Pair], log_odds: float) -> Floats:
    """What speaks for one picture against the other: (features,); swapping them changes every sign.

    Args:
        one: columns of `image_quality`.
        other: the same of its rival.
        pairs: of `matched`; at least one.
        log_odds: of the one picture by all other measurements.
    """
    widths = np.array([a[Face.right_px] - a[Face.left_px] for a, _b in pairs])
    share = widths / widths.max()
    sharper = float(share @ np.array([_steps(_sharper(p)) for p in pairs]))
    if _noisier(one, other) if sharper > 0 else _noisier(other, one):
        sharper = 0.0  # noise looks like detail
    return np.array(
        [
            np.clip(log_odds, -_MOST_OF_OTHERS, _MOST_OF_OTHERS),
            float(np.clip(sharper, -_MOST_STEPS, _MOST_STEPS)),
            float(share @ np.array([closed(b, a) - closed(a, b) for a, b in pairs])),
        ]
    )


def _noisier(one: Row, other: Row) -> bool:
    return bool(one[ImageQuality.grain] > _NOISIER * other[ImageQuality.grain] + _NOISY)


def _steps(sharper: float) -> float:
    """A difference of sharpness in steps; a step or less is nothing, two shots differ by as much."""
    steps = sharper / _SHARP_STEP
    return float(np.sign(steps) * np.clip(abs(steps) - 1.0, 0.0, _MOST_STEPS))


def _sharper(pair: Pair) -> float:
    """Detail of the eyes of one over the other; lids hide it, so that closed eyes are not compared."""
    one, other = (face[Face.eye_sharpness] for face in pair)
    if one is None or other is None:
        return 0.0
    return float(one - other) * (1.0 - max(closed(*pair), closed(*pair[::-1])))


def closed(face: Row, other: Row) -> float:
    """How far the eyes of a face are closed, against the same face in another picture: 0 open, 1 closed."""
    own, against = face[Face.eye_openness], other[Face.eye_openness]
    if own is None or against is None or against < _LEAST_OPEN:
        return 0.0
    return float(np.clip((_OPEN - own / against) / (_OPEN - _CLOSED), 0.0, 1.0))


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
    ratio = 10 ** (_sharper(pairs[0]) / 2)
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
