"""Sets that history and names tell of: what was a set before, RAW with JPEG, and the stages of one generation.

Holds `stated`, `raw_pairs`, `named_series` and `rising_stages`.
Add here: another thing that names tell.
Keep out: shots of a camera (shots.py), sets by likeness alone (group.py).
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np

from proofsheet.companions import one_shot
from proofsheet.formats import RAW
from proofsheet.vision.linking import Likeness, complete_link
from proofsheet.vision.shots import Found
from schemas.library import ExifFact, Photo
from schemas.settings import GroupSettings

Member = Mapping[str, Any]


def stated(rows: Sequence[Member], left: Sequence[int], sets: Sequence[Sequence[str]]) -> Iterable[Found]:
    """Sets that imported history names, the latest first; a picture is in one of them.

    A RAW file that history does not name goes with the JPEG that it names, and the other way round.

    Args:
        rows: everything known of the photos.
        left: row numbers that are in no set yet.
        sets: ids of photos of each set of history.
    """
    place, taken = {str(rows[k][Photo.photo_id]): k for k in left}, set[int]()
    by_path = {str(rows[k][Photo.path]): k for k in left}
    shots = {by_path[p]: {by_path[q] for q in parts} for p, parts in one_shot(by_path).items()}
    named = {place[i] for ids in sets for i in ids if i in place}
    for ids in sets:
        members = sorted({place[i] for i in ids if i in place} - taken)
        if len(members) > 1:
            members = sorted({*members, *(k for m in members for k in shots.get(m, ()) if k not in named | taken)})
            taken.update(members)
            yield Found("history", members, f"a set of {len(ids)} in imported history")


def raw_pairs(rows: Sequence[Member], left: Sequence[int]) -> Iterable[Found]:
    """A RAW file and the pictures of another format with the same folder and name."""
    stems: dict[tuple[str, str], list[int]] = defaultdict(list)
    for k in left:
        stems[str(rows[k][Photo.folder]), str(rows[k][Photo.file_name]).rpartition(".")[0].lower()].append(k)
    for members in stems.values():
        formats = [str(rows[k][Photo.format]) for k in members]
        if RAW in formats and len(members) > 1:
            yield Found("RAW+JPEG", members, f"one name: {', '.join(formats)}")


def named_series(rows: Sequence[Member], left: Sequence[int], most: int) -> Iterable[Found]:
    """Stages with one name before the stage, whatever they show; longer series are split in order."""
    series: dict[tuple[str, str], list[int]] = defaultdict(list)
    for k in left:
        if rows[k][Photo.series] is not None:
            series[str(rows[k][Photo.folder]), str(rows[k][Photo.series])].append(k)
    for (_folder, name), members in series.items():
        ordered = sorted(members, key=lambda k: by_stage(rows[k]))
        for start in range(0, len(ordered), most):
            part = ordered[start : start + most]
            if len(part) > 1:
                yield Found("stage series", part, f"the name before the stage: {name}")


def rising_stages(
    rows: Sequence[Member], times: Sequence[datetime | None], likeness: Likeness, left: Sequence[int], settings: GroupSettings
) -> Iterable[Found]:
    """Stages with time stamps of their own: of one folder, without a camera, rising with time, near in time and alike.

    The most alike pairs are joined first. A set holds each stage once, no step between its pictures is longer than the window, and
    every pair is alike enough.

    Args:
        rows: everything known of the photos.
        times: when each was made; None where nothing tells.
        likeness: of the same.
        left: row numbers that are in no set yet.
        settings: window and thresholds.
    """
    staged = [k for k in left if rows[k][Photo.stage] is not None and not rows[k][ExifFact.model] and times[k] is not None]
    seconds = {k: _seconds(times[k]) for k in staged}
    staged.sort(key=lambda k: (str(rows[k][Photo.folder]), seconds[k], by_stage(rows[k])))
    pairs = [(a, b) for a, b in _near(rows, seconds, staged, settings.window_s) if _rises(rows, staged[a], staged[b])]
    i, j = (np.array([p[n] for p in pairs], dtype=np.int64) for n in (0, 1))
    places = np.asarray(staged, dtype=np.int64)
    value = likeness.of(places[i], places[j]) if pairs else np.empty(0, np.float32)
    keep = value >= settings.stage_similarity

    def allowed(one: set[int], two: set[int]) -> bool:
        members = [staged[k] for k in sorted(one | two)]
        steps = itertools.pairwise(members)
        if not all(_rises(rows, a, b) and seconds[b] - seconds[a] <= settings.window_s for a, b in steps):
            return False
        across = likeness.across(one, two)
        return bool((likeness.of(places[across[0]], places[across[1]]) >= settings.stage_similarity).all())

    for part in complete_link(len(staged), i[keep], j[keep], value[keep], allowed, settings.max_series):
        if len(part) > 1:
            members = [staged[k] for k in part]
            stages = ", ".join(f"{float(rows[k][Photo.stage]):g}" for k in members)
            span = seconds[members[-1]] - seconds[members[0]]
            yield Found("stage series", members, f"stages {stages} rise within {span:.0f} s and are alike")


def _near(
    rows: Sequence[Member], seconds: Mapping[int, float], staged: Sequence[int], window_s: float
) -> Iterable[tuple[int, int]]:
    """Places of pairs of one folder within the window, the earlier first."""
    for a, one in enumerate(staged):
        for b in range(a + 1, len(staged)):
            two = staged[b]
            if rows[one][Photo.folder] != rows[two][Photo.folder] or seconds[two] - seconds[one] > window_s:
                break
            yield a, b


def _rises(rows: Sequence[Member], earlier: int, later: int) -> bool:
    return float(rows[earlier][Photo.stage]) < float(rows[later][Photo.stage])


def _seconds(time: datetime | None) -> float:
    return (time - datetime(1970, 1, 1)).total_seconds() if time is not None else 0.0


def by_stage(row: Member) -> tuple[float, str]:
    """Sorts by stage, pictures without one first, then by name."""
    stage = row[Photo.stage]
    return (float(stage) if isinstance(stage, float) else -1.0, str(row[Photo.file_name]))
