"""Faces of two pictures of a set against each other, in numbers.

Holds `FEATURES`, `faces_by_photo`, `matched`, `face_features`, `sharper` and `closed`.
Add here: another difference, in `FEATURES` and `face_features`; then fit with
`python -m benchmarks.portraits --fit`.
Keep out: finding faces (labeling/), weights and words (face_comparison.py).

A face of one picture is matched with the face of the other that has about the same place and size. Nobody is
recognised.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from schemas.faces import Face
from schemas.vision import ImageQuality

Row = Mapping[str, Any]
Pair = tuple[Row, Row]
Floats = npt.NDArray[np.float64]
FEATURES = ("other measurements", "sharper eyes", "open eyes")
_MOST_OF_OTHERS = 6.0  # log odds beyond which other measurements count no more where there are faces
_SHARP_STEP, _MOST_STEPS = 0.1, 12.0  # of `Face.eye_sharpness`
_SMALL_STEPS, _SMALL_STEPS_OF_LIDS = 3.0, 5.0  # chosen on the portraits of docs/picks.md
_CLOSED, _OPEN = 0.5, 0.8  # of the openness of the same eyes in the other picture
_LEAST_OPEN = 0.15  # openness from which an eye is known to open
_APART, _LARGER = 0.7, 1.6  # of faces that match: distance in widths of the face, and ratio of their widths
_NOISIER, _NOISY = 2.0, 1.0  # ratio, and grey levels beyond it


def faces_by_photo(faces: pl.DataFrame) -> dict[str, list[Row]]:
    """Rows of `faces` of each photo, the largest face first."""
    found: dict[str, list[Row]] = {}
    for row in faces.sort(Face.photo_id, Face.face).to_dicts():
        found.setdefault(str(row[Face.photo_id]), []).append(row)
    return found


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
    clearer = float(share @ np.array([_steps(p) for p in pairs]))
    if _noisier(one, other) if clearer > 0 else _noisier(other, one):
        clearer = 0.0  # noise looks like detail
    return np.array(
        [
            np.clip(log_odds, -_MOST_OF_OTHERS, _MOST_OF_OTHERS),
            float(np.clip(clearer, -_MOST_STEPS, _MOST_STEPS)),
            float(share @ np.array([closed(b, a) - closed(a, b) for a, b in pairs])),
        ]
    )


def _noisier(one: Row, other: Row) -> bool:
    return bool(one[ImageQuality.grain] > _NOISIER * other[ImageQuality.grain] + _NOISY)


def _steps(pair: Pair) -> float:
    """A difference of sharpness in steps beyond what exposure, or a closed lid with its lashes, may cause."""
    lids_known = all(face[Face.eye_openness] is not None for face in pair)
    steps = sharper(pair) / _SHARP_STEP
    beyond = abs(steps) - (_SMALL_STEPS if lids_known else _SMALL_STEPS_OF_LIDS)
    return float(np.sign(steps) * np.clip(beyond, 0.0, _MOST_STEPS))


def sharper(pair: Pair) -> float:
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
