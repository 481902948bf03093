"""Sets of which pictures are gone and vectors are known: history still teaches by them.

Holds `vector_selections`.
Add here: another way to find the vector of a picture that is gone.
Keep out: sets with all of their pictures (matching.py) and the numbers of the vectors (imported_vectors.py).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from proofsheet.files import short_hash
from proofsheet.learn.registry import file_name_of
from schemas.history import HistoryMatch, HistoryRow, ImportedVector, VectorSelection
from schemas.library import Photo

Row = Mapping[str, Any]
ALONE = "vectors alone"


@dataclass
class _Found:
    """Sets so far by their key, and which row of history speaks for each; of several rows on one set the last one counts."""

    sets: dict[str, Row] = field(default_factory=dict)
    by: dict[str, str] = field(default_factory=dict)
    superseded: set[str] = field(default_factory=set)


def vector_selections(
    project: str, history: Iterable[Row], matches: pl.DataFrame, imported: pl.DataFrame, photos: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The sets of rows that could not be matched with pictures, and the matches with their new fate.

    Args:
        project: partition key.
        history: rows of `history_rows` in the order in which they were said.
        matches: rows of `history_matches`.
        imported: rows of `imported_vectors`.
        photos: rows of `photos`.

    Returns:
        Rows of `vector_selections` and of `history_matches`.
    """
    open_rows = set(matches.filter(pl.col(HistoryMatch.status) == "quarantined")[HistoryMatch.row_hash])
    names = _by_name(imported)
    pictures = _photos_by_name(photos)
    found = _Found()
    for row in history:
        if row[HistoryRow.row_hash] not in open_rows or not row[HistoryRow.other_paths]:
            continue
        for encoder, of_encoder in names.items():
            members = _members([row[HistoryRow.chosen_path], *row[HistoryRow.other_paths]], of_encoder)
            if members:
                _say(project, encoder, members, row, pictures, found)
    return VectorSelection.frame(found.sets.values()), _told(matches, found)


def _by_name(imported: pl.DataFrame) -> dict[str, dict[str, Row]]:
    """Encoder to file name to vector; a name that stands for several vectors is left out."""
    alone = imported.filter(pl.struct(ImportedVector.encoder_id, ImportedVector.file_name).is_unique())
    names: dict[str, dict[str, Row]] = defaultdict(dict)
    for row in alone.sort(ImportedVector.vector_id).to_dicts():
        names[str(row[ImportedVector.encoder_id])][str(row[ImportedVector.file_name])] = row
    return names


def _photos_by_name(photos: pl.DataFrame) -> dict[str, Row]:
    alone = photos.filter(pl.col(Photo.file_name).is_unique())
    return {file_name_of(str(r[Photo.file_name])): r for r in alone.to_dicts()}


def _members(paths: Sequence[str], names: Mapping[str, Row]) -> list[Row]:
    """The vectors of the pictures, the winner's first; none unless all are known and differ."""
    members = {r[ImportedVector.vector_id]: r for p in paths if (r := names.get(file_name_of(p)))}
    return list(members.values()) if len(members) == len(set(map(file_name_of, paths))) >= 2 else []


def _say(project: str, encoder: str, members: Sequence[Row], row: Row, pictures: Mapping[str, Row], found: _Found) -> None:
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
    used = set(found.by.values())
    own = pl.col(HistoryMatch.row_hash)
    is_used, is_old = own.is_in(used), own.is_in(found.superseded - used)

    def fate(column: str, alone: str, old: str) -> pl.Expr:
        return pl.when(is_used).then(pl.lit(alone)).when(is_old).then(pl.lit(old)).otherwise(pl.col(column)).alias(column)

    return matches.with_columns(
        fate(HistoryMatch.status, ALONE, "superseded"),
        fate(HistoryMatch.reason, "", "a later row decides the same set"),
        fate(HistoryMatch.next_step, "", ""),
    )
