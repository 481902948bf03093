"""Series of shots: exposure brackets, focus stacks, panoramas.

None of the shots is a worse version of another.

Holds `kept_together` and `GroupCandidate`.
Add here: another kind of shots, by what was measured and what the camera wrote.
Keep out: sets of similar pictures (grouping.py).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from proofsheet.grouping.complete_linkage import Likeness
from schemas.library import ExifFact, Photo
from schemas.vision import TILES, ImageQuality

Member = Mapping[str, Any]
_LEAST, _MOST = 3, 60
_GAP_S = {"bracket": 3.0, "focus stack": 3.0, "panorama": 15.0}
_STEP_EV = 0.3
_SAME_EV = 0.1
_OVERLAP = (2, 6)  # tiles of 8 by which the next picture of a panorama is shifted
_SEAM = 0.75  # correlation of the tiles that two neighbours share
_MOVED = 0.35  # above this correlation of sharpness, the focus did not move
_STILL_BITS = 12


@dataclass(frozen=True)
class GroupCandidate:
    """A set: its cause, the row numbers of its members, and the measured values behind it."""

    cause: str
    members: Sequence[int]
    evidence: str


def kept_together(
    rows: Sequence[Member], likeness: Likeness, members: Sequence[int]
) -> Iterable[GroupCandidate]:
    """Runs of at least three shots of one camera in quick order.

    Args:
        rows: everything known of the photos.
        likeness: of the same.
        members: row numbers of one folder.
    """
    timed = [k for k in members if rows[k][ExifFact.taken_at] is not None and rows[k][ExifFact.model]]
    ordered = sorted(timed, key=lambda k: (rows[k][ExifFact.taken_at], str(rows[k][Photo.path])))
    start = 0
    while start <= len(ordered) - _LEAST:
        made = next((f for f in _candidates(rows, likeness, ordered[start : start + _MOST])), None)
        if made is not None:
            yield made
        start += len(made.members) if made else 1


def _candidates(
    rows: Sequence[Member], likeness: Likeness, ordered: Sequence[int]
) -> Iterable[GroupCandidate]:
    for cause, rule in (("bracket", _bracket), ("focus stack", _focus_stack), ("panorama", _panorama)):
        run = _quick_run(rows, ordered, _GAP_S[cause])
        if len(run) >= _LEAST and (made := rule(rows, likeness, run)):
            yield made


def _quick_run(rows: Sequence[Member], ordered: Sequence[int], gap_s: float) -> list[int]:
    """The longest run from the first on without a pause or another camera or focal length.

    Exposures do not count as a pause.
    """
    run = [ordered[0]]
    for k in ordered[1:]:
        before, now = rows[run[-1]], rows[k]
        pause = (now[ExifFact.taken_at] - before[ExifFact.taken_at]).total_seconds() - (
            before[ExifFact.exposure_s] or 0.0
        )
        same = all(before[c] == now[c] for c in (ExifFact.model, ExifFact.focal_length_mm))
        if pause > gap_s or not same:
            break
        run.append(k)
    return run


def exposure_value(row: Member) -> float | None:
    """EV at ISO 100 of the camera's settings, log2(N² / t) - log2(ISO / 100); None if it is not known."""
    number, seconds, iso = row[ExifFact.f_number], row[ExifFact.exposure_s], row[ExifFact.iso]
    if not number or not seconds or not iso:
        return None
    return math.log2(number**2 / seconds) - math.log2(iso / 100)


def _bracket(rows: Sequence[Member], likeness: Likeness, run: Sequence[int]) -> GroupCandidate | None:
    """3, 5, 7 or 9 shots of one scene with as many different exposures.

    The first series of equal steps wins.
    """
    values = [exposure_value(rows[k]) for k in run[:9]]
    for count in (9, 7, 5, 3):
        part = [v for v in values[:count] if v is not None]
        if len(part) < count or not _still(likeness, run[:count], bits=32):
            continue
        ordered = sorted(part)
        steps = [b - a for a, b in itertools.pairwise(ordered)]
        if min(steps) >= _STEP_EV and max(steps) - min(steps) <= max(_STEP_EV, 0.35 * max(steps)):
            told = ", ".join(f"{v - ordered[count // 2]:+.1f}" for v in part)
            return GroupCandidate("bracket", list(run[:count]), f"{count} shots in quick order at {told} EV")
    return None


def _same_exposure(rows: Sequence[Member], run: Sequence[int]) -> list[int]:
    """The part of the run with the exposure of its first shot."""
    first = exposure_value(rows[run[0]])
    if first is None:
        return []
    for n, k in enumerate(run):
        value = exposure_value(rows[k])
        if value is None or abs(value - first) > _SAME_EV:
            return list(run[:n])
    return list(run)


def _focus_stack(rows: Sequence[Member], likeness: Likeness, run: Sequence[int]) -> GroupCandidate | None:
    """The same scene from the same place, sharp in another part each time."""
    part = _same_exposure(rows, run)
    while len(part) >= _LEAST and not _still(likeness, part, bits=_STILL_BITS):
        part = part[:-1]
    if len(part) < _LEAST:
        return None
    tiles = np.array([rows[k][ImageQuality.sharpness_tiles] for k in part])
    sharpest = np.bincount(tiles.argmax(axis=0), minlength=len(part)) / tiles.shape[1]
    relative = tiles - tiles.mean(axis=0)
    moved = [_correlation(relative[n], relative[n + 1]) for n in range(len(part) - 1)]
    if (sharpest > 1 / (4 * len(part))).sum() < _LEAST or max(moved) > _MOVED or relative.std() < 0.1:
        return None
    shares = ", ".join(f"{s:.0%}" for s in sharpest)
    return GroupCandidate(
        "focus stack", part, f"{len(part)} shots of one exposure; sharpest in {shares} of the tiles"
    )


def _panorama(rows: Sequence[Member], likeness: Likeness, run: Sequence[int]) -> GroupCandidate | None:
    """Shots of one exposure, each overlapping the one before by a shift to the same side."""
    part = _same_exposure(rows, run)
    grids = [np.array(rows[k][ImageQuality.sharpness_tiles]).reshape(TILES, TILES) for k in part]
    shifts: list[tuple[int, float]] = []
    for one, two in itertools.pairwise(grids):
        side, value = max(((s, _seam(one, two, s)) for s in _sides()), key=lambda found: found[1])
        if value < _SEAM or (shifts and (side > 0) != (shifts[0][0] > 0)):
            break
        shifts.append((side, value))
    taken = part[: len(shifts) + 1]
    if len(taken) < _LEAST or _still(likeness, taken, bits=_STILL_BITS):
        return None
    told = ", ".join(f"{abs(s)}/8" for s, _v in shifts)
    where = "right" if shifts[0][0] > 0 else "left"
    return GroupCandidate(
        "panorama",
        taken,
        f"{len(taken)} shots of one exposure, each shifted to the {where} by {told} of its width",
    )


def _sides() -> list[int]:
    return [sign * step for step in range(_OVERLAP[0], _OVERLAP[1] + 1) for sign in (1, -1)]


def _seam(one: npt.NDArray[np.float64], two: npt.NDArray[np.float64], side: int) -> float:
    """Correlation of the shared tiles if the second picture is shifted by `side` tiles.

    One row up or down is allowed.
    """
    if side < 0:
        return _seam(two, one, -side)
    found = [-1.0]
    for rise in (-1, 0, 1):
        a = one[max(rise, 0) : TILES + min(rise, 0), side:]
        b = two[max(-rise, 0) : TILES + min(-rise, 0), : TILES - side]
        found.append(_correlation(a.ravel(), b.ravel()))
    return max(found)


def _correlation(a: npt.NDArray[np.float64], b: npt.NDArray[np.float64]) -> float:
    x, y = a - a.mean(), b - b.mean()
    length = float(np.linalg.norm(x) * np.linalg.norm(y))
    return float(x @ y) / length if length > 1e-9 else 0.0


def _still(likeness: Likeness, members: Sequence[int], bits: int) -> bool:
    """Whether no shot differs from the first by more than these bits."""
    rest = np.asarray(members[1:], dtype=np.int64)
    return bool((likeness.bits(np.full(rest.size, members[0]), rest) <= bits).all())
