"""Which pictures belong together, and why.

Holds `group_photos`.
Add here: another cause for a set.
Keep out: recognising shots that belong together (shot_sequences.py); which of a set is best
(selection/stage_rule.py).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

import numpy as np
import numpy.typing as npt
import polars as pl

from proofsheet.core.files import short_hash
from proofsheet.grouping.complete_linkage import complete_link
from proofsheet.grouping.grouping_input import GroupingInput, Member, is_document
from proofsheet.grouping.nearest_neighbors import cosine_pairs
from proofsheet.grouping.series import by_stage, named_series, raw_pairs, rising_stages, stated
from proofsheet.grouping.shot_sequences import GroupCandidate, kept_together
from schemas.groups import KEEP_ALL, PhotoGroup
from schemas.library import Photo
from schemas.selections import HistoryMatch
from schemas.settings.groups import GroupSettings

VERSION = "history, names, rising stages, shots, complete-link; version 3"
_MOST_CANDIDATES = 64
Indices = npt.NDArray[np.int64]


def group_photos(
    project: str, seen: GroupingInput, settings: GroupSettings, history_matches: pl.DataFrame | None = None
) -> pl.DataFrame:
    """Put every photo into exactly one set.

    The order of the rules is: 1. the sets that imported history names, whatever was decided on them later,
    with the other parts of their shots; 2. pictures that belong together by their names: a RAW file and the
    JPEG beside it, stage series, and rising stages with time stamps; 3. deliberate series of shots: exposure
    brackets, focus stacks, panoramas; 4. complete linkage by similarity among the rest. In complete linkage
    each pair of a set is similar enough and, with order, near enough by name and time, so a chain of small
    steps never joins strangers. A picture without a known time is near nothing. Documents are one set only if
    their fine layout is the same.

    Args:
        project: partition key.
        seen: of `seen_photos`.
        settings: thresholds.
        history_matches: rows of `history_matches`; None if there is no history.
    """
    found: list[GroupCandidate] = []
    left = set(range(len(seen.rows)))
    known, times, alike = seen.rows, seen.times, seen.likeness
    rules: list[Callable[[list[int]], Iterable[GroupCandidate]]] = [
        lambda rest: stated(known, rest, _sets_of_history(history_matches)),
        lambda rest: raw_pairs(known, rest),
        lambda rest: named_series(known, rest, settings.max_series),
        lambda rest: rising_stages(known, times, alike, rest, settings),
        lambda rest: _shots(seen, rest),
    ]
    for rule in rules:
        for made in rule(sorted(left)):
            found.append(made)
            left -= set(made.members)
    found += _similar(seen, sorted(left), settings.similarity, settings)
    version = f"{VERSION} {seen.encoder}".strip()
    return PhotoGroup.frame(row for made in found for row in _rows(project, seen, made, version))


def _sets_of_history(history_matches: pl.DataFrame | None) -> list[list[str]]:
    """Ids of the photos of each set of imported history, the latest choice first."""
    if history_matches is None:
        return []
    rows = history_matches.filter(pl.col(HistoryMatch.photo_ids).list.len() > 1)
    return rows.sort(HistoryMatch.happened_at, descending=True, nulls_last=True)[
        HistoryMatch.photo_ids
    ].to_list()


def _shots(seen: GroupingInput, left: Sequence[int]) -> Iterable[GroupCandidate]:
    folders: dict[str, list[int]] = defaultdict(list)
    for k in left:
        folders[str(seen.rows[k][Photo.folder])].append(k)
    for members in folders.values():
        yield from kept_together(seen.rows, seen.likeness, members)


def _similar(
    seen: GroupingInput, left: Sequence[int], least: float, settings: GroupSettings
) -> Iterable[GroupCandidate]:
    """Complete-link among the rest; without order every pair is a candidate, with order only neighbours."""
    near = _Near([seen.rows[k] for k in left], [seen.times[k] for k in left], settings)
    places = np.asarray(left, dtype=np.int64)
    a, b = near.pairs() if settings.order == "name" else _all_pairs(seen, places, least)
    value = seen.likeness.of(places[a], places[b]) if a.size else np.empty(0, np.float32)
    keep = value >= least
    keep[keep] = _comparable(seen, places[a[keep]], places[b[keep]])
    a, b, value = a[keep], b[keep], value[keep]

    def allowed(one: set[int], two: set[int]) -> bool:
        if not all(near.allowed(x, y) for x in one for y in two):
            return False
        across = [places[part] for part in seen.likeness.across(one, two)]
        return bool((seen.likeness.of(*across) >= least).all() and _comparable(seen, *across).all())

    for part in complete_link(len(left), a, b, value, allowed, settings.max_size):
        members = [left[k] for k in part]
        alone = len(part) == 1
        evidence = _alone(seen.rows[members[0]]) if alone else _told(seen, members)
        yield GroupCandidate("single" if alone else "similar", members, evidence)


def _all_pairs(seen: GroupingInput, places: Indices, least: float) -> tuple[Indices, Indices]:
    pairs = cosine_pairs(seen.likeness.vectors[places], least, _MOST_CANDIDATES)
    return pairs.i, pairs.j


class _Near:
    """Which pictures are near enough by order and time."""

    def __init__(
        self, rows: Sequence[Member], times: Sequence[datetime | None], settings: GroupSettings
    ) -> None:
        self._ordered, self._settings = settings.order == "name", settings
        self._folders = [str(r[Photo.folder]) for r in rows]
        self._times = times

    def pairs(self) -> tuple[Indices, Indices]:
        """Candidates: neighbours in one folder within the window."""
        folders, first = np.asarray(self._folders), list[Indices]()
        second: list[Indices] = []
        for step in range(1, min(self._settings.window, max(len(folders) - 1, 0)) + 1):
            i = np.flatnonzero(folders[:-step] == folders[step:]).astype(np.int64)
            first.append(i)
            second.append(i + step)
        i, j = (np.concatenate([np.empty(0, np.int64), *part]) for part in (first, second))
        keep = np.fromiter(
            (self.allowed(a, b) for a, b in zip(i.tolist(), j.tolist(), strict=True)), bool, i.size
        )
        return i[keep], j[keep]

    def allowed(self, a: int, b: int) -> bool:
        """Whether pairs may be in one set.

        Without order every pair may. With order, a pair is in one folder, with few neighbours and little time
        between them; both times must be known.
        """
        if not self._ordered:
            return True
        if self._folders[a] != self._folders[b] or abs(a - b) > self._settings.window:
            return False
        one, two = self._times[a], self._times[b]
        return (
            one is not None
            and two is not None
            and abs((one - two).total_seconds()) <= self._settings.window_s
        )


def _comparable(seen: GroupingInput, i: Indices, j: Indices) -> npt.NDArray[np.bool_]:
    """(n,) False for pairs that look alike only because both are writing, or an object on a plain ground.

    Pictures from a camera on a plain ground are compared as usual.
    """
    found = np.ones(i.size, dtype=np.bool_)
    judged = seen.plain[i] & seen.plain[j]
    found[judged] = seen.likeness.same_layout(i[judged], j[judged])
    return found


def _told(seen: GroupingInput, members: Sequence[int]) -> str:
    places = np.asarray(members, dtype=np.int64)
    i, j = (places[part] for part in np.triu_indices(len(members), 1))
    times = sorted(t for k in members if (t := seen.times[k]) is not None)
    span = (
        f", taken within {(times[-1] - times[0]).total_seconds():.0f} s" if len(times) == len(members) else ""
    )
    least, bits = seen.likeness.of(i, j).min(), seen.likeness.bits(i, j).max()
    return f"every pair at least {least:.2f} alike, at most {bits} of 64 bits apart{span}"


def _alone(row: Member) -> str:
    return (
        "a document or screenshot; none near it is the same" if is_document(row) else "nothing alike near it"
    )


def _rows(project: str, seen: GroupingInput, made: GroupCandidate, version: str) -> Iterable[Member]:
    ordered = sorted((seen.rows[k] for k in made.members), key=by_stage)
    ids = [str(m[Photo.photo_id]) for m in ordered]
    group_id = short_hash(project, *sorted(ids))
    for position, photo_id in enumerate(ids):
        yield {
            PhotoGroup.project: project,
            PhotoGroup.photo_id: photo_id,
            PhotoGroup.group_id: group_id,
            PhotoGroup.position: position,
            PhotoGroup.group_size: len(ids),
            PhotoGroup.cause: made.cause,
            PhotoGroup.evidence: made.evidence,
            PhotoGroup.keep_all: made.cause in KEEP_ALL,
            PhotoGroup.document: is_document(ordered[position]),
            PhotoGroup.grouped_by: version,
        }
