"""Sets of which pictures are gone and vectors are known: history still teaches by them.

Holds `vector_selections`.
Add here: another way to find the vector of a picture that is gone.
Keep out: sets with all of their pictures (matching.py) and the numbers of the vectors
(embedding/imported_vectors.py).
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from proofsheet.core.files import short_hash
from proofsheet.core.foreign_paths import file_name_of, normalised
from proofsheet.core.row_errors import RowRefused
from schemas.history import HistoryRow, ImportedVector
from schemas.library import Photo
from schemas.selections import HistoryMatch, VectorSelection

Row = Mapping[str, Any]
ALONE = "vectors alone"


@dataclass
class _Found:
    """Sets so far by their key, and the row of history for each.

    Of several rows on one set the last one counts.
    """

    sets: dict[str, Row] = field(default_factory=dict)
    by: dict[str, str] = field(default_factory=dict)
    superseded: set[str] = field(default_factory=set)
    left: dict[str, RowRefused] = field(default_factory=dict)


def vector_selections(
    project: str, history: Iterable[Row], matches: pl.DataFrame, imported: pl.DataFrame, photos: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The sets of rows of which a picture is not known, and the matches with their new fate.

    Args:
        project: partition key.
        history: these rows of `history_rows`, in the order of arrival.
        matches: rows of `history_matches`.
        imported: rows of `imported_vectors`.
        photos: rows of `photos`.

    Returns:
        Rows of `vector_selections` and of `history_matches`.
    """
    names = _by_name(imported)
    pictures = _photos_by_name(photos)
    found = _Found()
    for row in (r for r in history if r[HistoryRow.other_paths]):
        for encoder, of_encoder in names.items():
            try:
                members = _members([row[HistoryRow.chosen_path], *row[HistoryRow.other_paths]], of_encoder)
            except RowRefused as refusal:
                found.left[str(row[HistoryRow.row_hash])] = refusal
                continue
            if members:
                _say(project, encoder, members, row, pictures, found)
    return VectorSelection.frame(found.sets.values()), _told(matches, found)


def _by_name(imported: pl.DataFrame) -> dict[str, dict[str, dict[str, Row]]]:
    """Encoder to file name to path to vector, the newest of each path.

    Paths are in the order of arrival.
    """
    names: dict[str, dict[str, dict[str, Row]]] = defaultdict(lambda: defaultdict(dict))
    for row in imported.sort(ImportedVector.imported_at, ImportedVector.vector_id).to_dicts():
        of_name = names[str(row[ImportedVector.encoder_id])][str(row[ImportedVector.file_name])]
        path = normalised(str(row[ImportedVector.path]))
        of_name.pop(path, None)
        of_name[path] = row
    return names


def _photos_by_name(photos: pl.DataFrame) -> dict[str, Row]:
    alone = photos.filter(pl.col(Photo.file_name).is_unique())
    return {file_name_of(str(r[Photo.file_name])): r for r in alone.to_dicts()}


def _members(paths: Sequence[str], names: Mapping[str, Mapping[str, Row]]) -> list[Row]:
    """The vectors of the pictures, the winner's first; none unless all are known and differ.

    Raises:
        RowRefused: if it is not clear which vector is meant.
    """
    wanted = {p: file_name_of(p) for p in paths}
    if not all(n in names for n in wanted.values()):
        return []
    members = {r[ImportedVector.vector_id]: r for r in (_find(p, names[n]) for p, n in wanted.items())}
    if len(members) > len(set(wanted.values())):
        raise _ambiguous(next(n for n in wanted.values() if list(wanted.values()).count(n) > 1), paths)
    return list(members.values()) if len(members) > 1 else []


def _find(path: str, of_name: Mapping[str, Row]) -> Row:
    """The vector of a name that belongs to the picture at a path.

    It shares most folders with the path. Of one picture it is the newest.

    Raises:
        RowRefused: if several pictures share as many.
    """
    shared = {p: _shared_parts(p, normalised(path)) for p in of_name}
    best = [p for p in of_name if shared[p] == max(shared.values())]
    longest, contents = max(best, key=len), {of_name[p][ImportedVector.content_hash] for p in best}
    one_path = all(f"/{longest}".endswith(f"/{p}") for p in best)
    if not one_path and (len(contents) > 1 or None in contents):
        raise _ambiguous(file_name_of(path), best)
    return of_name[best[-1]]


def _shared_parts(one: str, two: str) -> int:
    """How many parts at their ends two paths have in common."""
    pairs = zip(reversed(one.split("/")), reversed(two.split("/")), strict=False)
    return sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], pairs))


def _ambiguous(name: str, paths: Sequence[str]) -> RowRefused:
    told = f"{name!r} has vectors of different pictures: {', '.join(paths[:4])}"
    return RowRefused(
        "ambiguous vector", told, "import the vectors again with the folders that the row names"
    )


def _say(
    project: str, encoder: str, members: Sequence[Row], row: Row, pictures: Mapping[str, Row], found: _Found
) -> None:
    ordered = sorted(members, key=lambda m: (_stage(m), m[ImportedVector.file_name]))
    ids = [str(m[ImportedVector.vector_id]) for m in ordered]
    key, stages = short_hash(project, encoder, *sorted(ids)), [_stage(m) for m in ordered]
    if key in found.by:
        found.superseded.add(found.by[key])
    found.by[key] = str(row[HistoryRow.row_hash])
    found.sets[key] = {
        VectorSelection.project: project,
        VectorSelection.set_key: key,
        VectorSelection.encoder_id: encoder,
        VectorSelection.chosen_vector_id: str(members[0][ImportedVector.vector_id]),
        VectorSelection.vector_ids: ids,
        VectorSelection.photo_ids: [_photo(m, pictures) for m in ordered],
        VectorSelection.top_vector_id: ids[stages.index(max(stages))],
        VectorSelection.anomaly: min(stages) >= 0 and _stage(members[0]) < max(stages),
        VectorSelection.session_id: row[HistoryRow.session_id],
        VectorSelection.set_id: row[HistoryRow.set_id],
        VectorSelection.decided_at: row[HistoryRow.happened_at],
    }


def _photo(member: Row, pictures: Mapping[str, Row]) -> str | None:
    """The photo of a vector: of its name, and of its content where that is known."""
    picture = pictures.get(str(member[ImportedVector.file_name]))
    content = member[ImportedVector.content_hash]
    if picture is None or (content and content != picture[Photo.content_hash]):
        return None
    return str(picture[Photo.photo_id])


def _stage(row: Row) -> float:
    stage = row[ImportedVector.stage]
    return -1.0 if stage is None else float(stage)


def _told(matches: pl.DataFrame, found: _Found) -> pl.DataFrame:
    fates = {own: ("quarantined", f"{r.reason}: {r.detail}", r.next_step) for own, r in found.left.items()}
    fates |= dict.fromkeys(found.superseded, ("superseded", "a later row decides the same set", ""))
    fates |= dict.fromkeys(found.by.values(), (ALONE, "", ""))
    names, own = (HistoryMatch.status, HistoryMatch.reason, HistoryMatch.next_step), HistoryMatch.row_hash
    told = {k: dict(zip(names, fate, strict=True)) for k, fate in fates.items()}
    return HistoryMatch.frame(row | told.get(row[own], {}) for row in matches.to_dicts())
