"""Whether one picture is a crop of another, and which; found in the pixels or left open.

Holds `compare` and `Comparison`.
Add here: another change that a finished picture may have gone through.
Keep out: files and choices (folder_extraction.py).

The finished picture is looked for in the raw one by normalised correlation (Lewis, 1995), first at the scale
that the sizes in pixels imply, then at others. A box is given only if the correlation is high and no other
place comes near it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from proofsheet.models.boxes import Box

Grey = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]
Size = tuple[int, int]
_SURE = 0.98
_AHEAD = 0.005  # by which one reading must be better than the other
_APART = 0.02  # by which the next place must be worse
_STRANGE = 0.6
_ASPECT = 0.02
_CUT = 0.01
_LEAST_PX, _LEAST_SPREAD = 24, 4.0
_COARSE_PX = 192
_SHARES = np.arange(0.30, 1.0, 0.01)
_FINE = np.arange(-0.012, 0.0121, 0.002)


@dataclass(frozen=True)
class Comparison:
    """What became of a raw picture.

    Attributes:
        kind: whole (not cropped, perhaps resized or edited), cropped with a box, cropped without one, changed
            (a crop cannot be found), another picture.
        box: left, top, right, bottom in 0..1 of the raw picture, for cropped with a box.
        score: the best correlation.
    """

    kind: Literal["whole", "cropped", "cropped, box unknown", "changed", "another picture"]
    box: Box | None
    score: float


@dataclass(frozen=True)
class _Place:
    score: float
    box: Box | None


_NOWHERE = _Place(0.0, None)


def compare(raw: Grey, raw_px: Size, final: Grey, final_px: Size) -> Comparison:
    """Compare a finished picture with the raw one.

    Args:
        raw: (height, width) grey, upright, of any size.
        raw_px: its width and height at full size.
        final: the finished picture, likewise.
        final_px: its width and height at full size.
    """
    one, other = _soft(raw), _soft(final)
    whole = _whole(one, other)
    fits = final_px[0] <= raw_px[0] and final_px[1] <= raw_px[1]
    smaller = fits and min(final_px[0] / raw_px[0], final_px[1] / raw_px[1]) < 1 - _CUT
    if whole >= _SURE and not smaller:
        return Comparison("whole", None, whole)
    place = _at(one, other, final_px[0] / raw_px[0], final_px[1] / raw_px[1]) if smaller else _NOWHERE
    if max(whole, place.score) < _SURE:
        place = max(place, _at_any_scale(one, other), key=_score)
    score = max(whole, place.score)
    if whole >= _SURE and whole >= place.score + _AHEAD:
        return Comparison("whole", None, score)
    if place.score >= _SURE and place.box is not None and place.score >= whole + _AHEAD:
        return Comparison("cropped", place.box, score)
    if score < _STRANGE:
        return Comparison("another picture", None, score)
    aspect = (final_px[0] / final_px[1]) / (raw_px[0] / raw_px[1])
    cropped = smaller and abs(aspect - 1) > _ASPECT
    return Comparison("cropped, box unknown" if cropped else "changed", None, score)


def _score(place: _Place) -> float:
    return place.score


def _soft(grey: Grey) -> Floats:
    """Without the finest detail, which resampling and compression change."""
    import cv2

    return np.asarray(cv2.GaussianBlur(grey.astype(np.float32), (0, 0), 1.0), dtype=np.float32)


def _sized(picture: Floats, width: float, height: float) -> Floats:
    import cv2

    size = (max(1, round(width)), max(1, round(height)))
    smaller = size[0] < picture.shape[1]
    return np.asarray(
        cv2.resize(picture, size, interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR),
        dtype=np.float32,
    )


def _whole(raw: Floats, final: Floats) -> float:
    """Correlation of both as they are; 0 if their aspects differ."""
    height, width = raw.shape
    if abs(final.shape[1] / final.shape[0] * height / width - 1) > _ASPECT:
        return 0.0
    return _correlation(raw, _sized(final, width, height))


def _correlation(one: Floats, other: Floats) -> float:
    a, b = one - one.mean(), other - other.mean()
    return float((a * b).sum() / max(float(np.sqrt((a * a).sum() * (b * b).sum())), 1e-6))


def _at(raw: Floats, final: Floats, share_x: float, share_y: float) -> _Place:
    """The best place of a crop that has these shares of the raw picture's sides.

    There is no box if another place is nearly as good.
    """
    import cv2

    height, width = raw.shape
    template = _sized(final, share_x * width, share_y * height)
    rows, columns = template.shape
    if (
        rows > height
        or columns > width
        or min(rows, columns) < _LEAST_PX
        or float(template.std()) < _LEAST_SPREAD
    ):
        return _NOWHERE
    scores = np.nan_to_num(
        np.asarray(cv2.matchTemplate(raw, template, cv2.TM_CCOEFF_NORMED)), posinf=0.0, neginf=0.0
    )
    y, x = np.unravel_index(int(scores.argmax()), scores.shape)
    best = float(scores[y, x])
    near_y, near_x = max(3, rows // 12), max(3, columns // 12)
    scores[max(0, y - near_y) : y + near_y + 1, max(0, x - near_x) : x + near_x + 1] = -1.0
    if float(scores.max()) > best - _APART:
        return _Place(best, None)
    left, top = float(x) / width, float(y) / height
    return _Place(best, (left, top, min(left + share_x, 1.0), min(top + share_y, 1.0)))


def _at_any_scale(raw: Floats, final: Floats) -> _Place:
    """The best place at any scale, for crops that were resized afterwards.

    The search is coarse first, then finer about the best place.
    """
    factor = _COARSE_PX / max(raw.shape)
    height, width = raw.shape
    small = _sized(raw, width * factor, height * factor)
    aspect = final.shape[0] / final.shape[1] * width / height
    coarse = {float(s): _at(small, final, float(s), float(s) * aspect).score for s in _SHARES}
    best = max(coarse, key=coarse.__getitem__)
    if coarse[best] < _STRANGE:
        return _Place(coarse[best], None)
    return max((_at(raw, final, best + float(d), (best + float(d)) * aspect) for d in _FINE), key=_score)
