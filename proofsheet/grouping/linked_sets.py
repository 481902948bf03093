"""Sets by likeness: every pair is near and alike.

Holds `similar_sets`, `untimed_sets`, `bursts` and `alike_neighbours`.
Add here: another way in which alike pictures are found.
Keep out: the order of all rules (grouping.py), the words of the evidence (set_evidence.py).
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from proofsheet.grouping.complete_linkage import complete_link
from proofsheet.grouping.grouping_input import GroupingInput
from proofsheet.grouping.nearness import Nearness
from proofsheet.grouping.set_evidence import alike, cut_short
from proofsheet.grouping.shot_sequences import GroupCandidate
from schemas.library import ExifFact, GenerationFact, Photo
from schemas.settings.groups import GroupSettings

Indices = npt.NDArray[np.int64]
_LONGEST_RUN = 240  # shots that are linked at once; longer runs are parted, so that memory stays small


def similar_sets(
    seen: GroupingInput, left: Sequence[int], settings: GroupSettings
) -> Iterable[GroupCandidate]:
    """Sets of pictures near each other by name and time; without order, of any pictures."""
    timed = [k for k in left if settings.order == "none" or seen.times[k] is not None]
    yield from _linked(
        seen, timed, Nearness(seen, timed, settings), settings.similarity, "max_size", settings.max_size
    )


def untimed_sets(
    seen: GroupingInput, left: Sequence[int], settings: GroupSettings
) -> Iterable[GroupCandidate]:
    """With order, sets of pictures without a time in one folder; only likeness speaks for them."""
    if settings.order == "none":
        return
    untimed = [k for k in left if seen.times[k] is None]
    near = Nearness(seen, untimed, settings, timed=False)
    most = max(settings.max_burst, settings.max_size)
    yield from _linked(seen, untimed, near, settings.untimed_similarity, "max_burst", most)


def bursts(seen: GroupingInput, left: Sequence[int], settings: GroupSettings) -> Iterable[GroupCandidate]:
    """Sets of more than `max_size` alike photographs of one camera that follow each other in seconds.

    Smaller ones are found as other similar pictures are.
    """
    most = max(settings.max_burst, settings.max_size)
    for run in _runs(seen, left, settings.burst_gap_s):
        if len(run) <= settings.max_size:
            continue
        places = np.asarray(run, dtype=np.int64)
        a, b = (part.astype(np.int64) for part in np.triu_indices(len(run), 1))
        keep = _alike(seen, settings.similarity, places[a], places[b])
        a, b = a[keep], b[keep]
        value = seen.likeness.of(places[a], places[b])

        def allowed(one: set[int], two: set[int], places: Indices = places) -> bool:
            across = (places[part] for part in seen.likeness.across(one, two))
            return bool(_alike(seen, settings.similarity, *across).all())

        for part in complete_link(len(run), a, b, value, allowed, None):
            if len(part) > settings.max_size:
                yield from _in_order(seen, [run[k] for k in part], most)


def _runs(seen: GroupingInput, left: Sequence[int], gap_s: float) -> Iterable[list[int]]:
    """Photographs of one folder and camera in the order of time, parted at each pause."""
    cameras: dict[tuple[str, str], list[int]] = defaultdict(list)
    for k in left:
        row = seen.rows[k]
        if row[ExifFact.taken_at] and row[ExifFact.model] and not row[GenerationFact.generated]:
            cameras[str(row[Photo.folder]), str(row[ExifFact.model])].append(k)
    for members in cameras.values():
        taken = {k: seen.rows[k][ExifFact.taken_at] for k in members}
        ordered = sorted(members, key=lambda k: (taken[k], k))
        starts = [
            n
            for n, (a, b) in enumerate(itertools.pairwise(ordered), 1)
            if (taken[b] - taken[a]).total_seconds() > gap_s
        ]
        for start, end in itertools.pairwise([0, *starts, len(ordered)]):
            yield from _even_parts(ordered[start:end], _LONGEST_RUN)


def _even_parts(members: Sequence[int], most: int) -> Iterable[list[int]]:
    count = -(-len(members) // most)
    return (part.tolist() for part in np.array_split(np.asarray(members, dtype=np.int64), max(count, 1)))


def _in_order(seen: GroupingInput, members: Sequence[int], most: int) -> Iterable[GroupCandidate]:
    ordered = sorted(members, key=lambda k: (seen.rows[k][ExifFact.taken_at], k))
    parts = list(_even_parts(ordered, most))
    for n, part in enumerate(parts):
        more = ""
        if len(parts) > 1:
            beside = parts[n - 1] if n else parts[1]
            more = cut_short(seen, beside[0], "max_burst", most)
        yield GroupCandidate("similar", part, f"a burst of one camera: {alike(seen, part)}{more}")


def _linked(
    seen: GroupingInput, members: Sequence[int], near: Nearness, least: float, limit: str, most: int
) -> Iterable[GroupCandidate]:
    """Complete linkage; a set has at most the limit, and names what the limit left out."""
    places = np.asarray(members, dtype=np.int64)
    a, b = near.pairs(least)
    keep = _alike(seen, least, places[a], places[b])
    a, b = a[keep], b[keep]
    value = seen.likeness.of(places[a], places[b]) if a.size else np.empty(0, np.float32)

    def allowed(one: set[int], two: set[int]) -> bool:
        if not all(near.allowed(x, y) for x in one for y in two):
            return False
        across = (places[part] for part in seen.likeness.across(one, two))
        return bool(_alike(seen, least, *across).all())

    parts = [set(part) for part in complete_link(len(members), a, b, value, allowed, most)]
    own = {k: n for n, part in enumerate(parts) for k in part}
    beside: dict[int, int] = {}
    for one, two in {(own[x], own[y]) for x, y in zip(a.tolist(), b.tolist(), strict=True)}:
        if one != two and len(parts[one]) + len(parts[two]) > most and allowed(parts[one], parts[two]):
            beside.setdefault(one, two)
            beside.setdefault(two, one)
    for n, part in enumerate(parts):
        rows = [members[k] for k in sorted(part)]
        more = cut_short(seen, members[min(parts[beside[n]])], limit, most) if n in beside else ""
        told = alike(seen, rows) if len(rows) > 1 else ""
        yield GroupCandidate("similar" if told else "single", rows, told + more if told else more[2:])


def alike_neighbours(
    seen: GroupingInput, singles: Sequence[int], settings: GroupSettings
) -> dict[int, list[int]]:
    """Row numbers of alike pictures near each of these, in whatever set they are, the most alike first.

    Without order nothing is near, and pictures in sets of other rules are not looked at.
    """
    if settings.order == "none":
        return {}
    found: dict[int, list[tuple[float, int]]] = defaultdict(list)
    wanted = np.zeros(len(seen.rows), np.bool_)
    wanted[np.asarray(singles, dtype=np.int64)] = True
    for timed, least in ((True, settings.similarity), (False, settings.untimed_similarity)):
        members = [k for k in range(len(seen.rows)) if (seen.times[k] is not None) == timed]
        places = np.asarray(members, dtype=np.int64)
        a, b = (places[part] for part in Nearness(seen, members, settings, timed=timed).pairs(least))
        some = wanted[a] | wanted[b]
        a, b = a[some], b[some]
        keep = _alike(seen, least, a, b)
        a, b = a[keep], b[keep]
        for one, two, value in zip(a.tolist(), b.tolist(), seen.likeness.of(a, b).tolist(), strict=True):
            found[one].append((-value, two))
            found[two].append((-value, one))
    return {k: [other for _value, other in sorted(near)] for k, near in found.items()}


def _alike(seen: GroupingInput, least: float, i: Indices, j: Indices) -> npt.NDArray[np.bool_]:
    """(n,) whether pairs are alike enough, and not only because both are writing or objects on plain ground.

    Pictures from a camera on a plain ground are compared as usual.
    """
    found = seen.likeness.of(i, j) >= least
    judged = np.flatnonzero(found & seen.plain[i] & seen.plain[j])
    found[judged] = seen.likeness.same_layout(i[judged], j[judged])
    return np.asarray(found, dtype=np.bool_)
