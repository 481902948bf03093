"""Which pictures belong together, and why.

Holds `group_photos`.
Add here: another cause for a set.
Keep out: recognising shots that belong together (shot_sequences.py); which of a set is best
(selection/stage_rule.py).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import polars as pl

from proofsheet.core.files import short_hash
from proofsheet.grouping.grouping_input import GroupingInput, Member, is_document
from proofsheet.grouping.linked_sets import alike_neighbours, bursts, similar_sets, untimed_sets
from proofsheet.grouping.series import by_stage, named_series, raw_pairs, rising_stages, stated
from proofsheet.grouping.set_evidence import why_alone
from proofsheet.grouping.shot_sequences import GroupCandidate, kept_together
from schemas.groups import KEEP_ALL, PhotoGroup
from schemas.library import Photo
from schemas.selections import HistoryMatch
from schemas.settings.groups import GroupSettings

VERSION = "history, names, rising stages, shots, bursts, complete-link; version 4"


def group_photos(
    project: str, seen: GroupingInput, settings: GroupSettings, history_matches: pl.DataFrame | None = None
) -> pl.DataFrame:
    """Put every photo into exactly one set.

    The order of the rules is: 1. the sets that imported history names, whatever was decided on them later,
    with the other parts of their shots; 2. pictures that belong together by their names: a RAW file and the
    JPEG beside it, stage series, and rising stages with time stamps; 3. deliberate series of shots: exposure
    brackets, focus stacks, panoramas; 4. bursts: alike photographs of one camera within seconds; 5. complete
    linkage by similarity among the rest. In complete linkage each pair of a set is similar enough and, with
    order, near enough by name and time, so a chain of small steps never joins strangers. Pictures without a
    known time are joined with each other only, in one folder and if they are nearly the same. Documents are
    one set only if their fine layout is the same.

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
        lambda rest: bursts(seen, rest, settings),
    ]
    for rule in rules:
        for made in rule(sorted(left)):
            found.append(made)
            left -= set(made.members)
    found += [*similar_sets(seen, sorted(left), settings), *untimed_sets(seen, sorted(left), settings)]
    version = f"{VERSION} {seen.encoder}".strip()
    return PhotoGroup.frame(
        row for made in _judged_alone(seen, found, settings) for row in _rows(project, seen, made, version)
    )


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


def _judged_alone(
    seen: GroupingInput, found: Sequence[GroupCandidate], settings: GroupSettings
) -> Iterable[GroupCandidate]:
    """The same sets; the evidence of a single picture names alike pictures of other sets."""
    sets = {k: made for made in found for k in made.members}
    unsaid = [made.members[0] for made in found if not made.evidence]
    near = alike_neighbours(seen, unsaid, settings)
    for made in found:
        k = made.members[0]
        told = made.evidence or why_alone(seen, k, near.get(k, ()), sets, settings)
        yield replace(made, evidence=told)


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
