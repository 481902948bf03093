"""Sets from history and names: earlier sets, RAW with JPEG, and the stages of one generation.

Holds `stated`, `raw_pairs`, `named_series` and `rising_stages`.
Add here: another relation that names show.
Keep out: shots of a camera (shot_sequences.py), sets by likeness alone (grouping.py).
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from proofsheet.grouping.complete_linkage import Likeness, complete_link
from proofsheet.grouping.nearest_neighbors import Within, cosine_pairs
from proofsheet.grouping.shot_sequences import GroupCandidate
from proofsheet.imaging.formats import RAW
from proofsheet.library.companions import one_shot
from schemas.library import ExifFact, Photo
from schemas.settings.groups import GroupSettings

Member = Mapping[str, Any]


def stated(
    rows: Sequence[Member], left: Sequence[int], sets: Sequence[Sequence[str]]
) -> Iterable[GroupCandidate]:
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
            members = sorted(
                {*members, *(k for m in members for k in shots.get(m, ()) if k not in named | taken)}
            )
            taken.update(members)
            yield GroupCandidate("history", members, f"a set of {len(ids)} in imported history")


def raw_pairs(rows: Sequence[Member], left: Sequence[int]) -> Iterable[GroupCandidate]:
    """A RAW file and the pictures of another format with the same folder and name."""
    stems: dict[tuple[str, str], list[int]] = defaultdict(list)
    for k in left:
        stems[str(rows[k][Photo.folder]), str(rows[k][Photo.file_name]).rpartition(".")[0].lower()].append(k)
    for members in stems.values():
        formats = [str(rows[k][Photo.format]) for k in members]
        if RAW in formats and len(members) > 1:
            yield GroupCandidate("RAW+JPEG", members, f"one name: {', '.join(formats)}")


def named_series(rows: Sequence[Member], left: Sequence[int], most: int) -> Iterable[GroupCandidate]:
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
                yield GroupCandidate("stage series", part, f"the name before the stage: {name}")


def rising_stages(
    rows: Sequence[Member],
    times: Sequence[datetime | None],
    likeness: Likeness,
    left: Sequence[int],
    settings: GroupSettings,
) -> Iterable[GroupCandidate]:
    """Stages with time stamps of their own.

    They are in one folder and without a camera, rise with time, and are near in time and similar.

    The most alike pairs are joined first. A set holds each stage once, no step between its pictures is longer
    than the window, and every pair is alike enough.

    Args:
        rows: everything known of the photos.
        times: time of each picture; None if it is not known.
        likeness: of the same.
        left: row numbers that are in no set yet.
        settings: window and thresholds.
    """
    seconds = {k: _seconds(times[k]) for k in left if _is_timed_stage(rows[k]) and times[k] is not None}
    staged = sorted(seconds, key=lambda k: (str(rows[k][Photo.folder]), seconds[k], by_stage(rows[k])))
    places = np.asarray(staged, dtype=np.int64)
    stages = np.array([float(rows[k][Photo.stage]) for k in staged])
    near = Within(
        _reach([str(rows[k][Photo.folder]) for k in staged], [seconds[k] for k in staged], settings.window_s),
        stages,
    )
    pairs = cosine_pairs(
        likeness.vectors[places], settings.stage_similarity, within=near
    )  # likeness is never above the cosine
    value = likeness.of(places[pairs.i], places[pairs.j])
    keep = value >= settings.stage_similarity

    def allowed(one: set[int], two: set[int]) -> bool:
        members = [staged[k] for k in sorted(one | two)]
        steps = itertools.pairwise(members)
        if not all(_rises(rows, a, b) and seconds[b] - seconds[a] <= settings.window_s for a, b in steps):
            return False
        across = likeness.across(one, two)
        return bool((likeness.of(places[across[0]], places[across[1]]) >= settings.stage_similarity).all())

    for part in complete_link(
        len(staged), pairs.i[keep], pairs.j[keep], value[keep], allowed, settings.max_series
    ):
        if len(part) > 1:
            members = [staged[k] for k in part]
            span = seconds[members[-1]] - seconds[members[0]]
            yield GroupCandidate("stage series", members, _rising([rows[k] for k in members], span))


def _is_timed_stage(row: Member) -> bool:
    return row[Photo.stage] is not None and not row[ExifFact.model]


def _rising(rows: Sequence[Member], span: float) -> str:
    stages = ", ".join(f"{float(row[Photo.stage]):g}" for row in rows)
    return f"stages {stages} rise within {span:.0f} s and are alike"


def _reach(folders: Sequence[str], seconds: Sequence[float], window_s: float) -> npt.NDArray[np.int64]:
    """(n,) for each picture the place behind the last one of its folder within the window.

    Args:
        folders: of pictures in the order of folder and time.
        seconds: their times.
        window_s: how long.
    """
    times, found = np.asarray(seconds), [np.empty(0, np.int64)]
    for _folder, places in itertools.groupby(range(len(folders)), key=folders.__getitem__):
        start, *rest = places
        own = times[start : start + 1 + len(rest)]
        found.append(start + np.searchsorted(own, own + window_s, side="right"))
    return np.concatenate(found)


def _rises(rows: Sequence[Member], earlier: int, later: int) -> bool:
    return float(rows[earlier][Photo.stage]) < float(rows[later][Photo.stage])


def _seconds(time: datetime | None) -> float:
    return (time - datetime(1970, 1, 1)).total_seconds() if time is not None else 0.0


def by_stage(row: Member) -> tuple[float, str]:
    """Sorts by stage, pictures without one first, then by name."""
    stage = row[Photo.stage]
    return (float(stage) if isinstance(stage, float) else -1.0, str(row[Photo.file_name]))
