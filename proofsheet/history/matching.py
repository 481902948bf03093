"""Matches rows of history with the pictures of a project.

Holds `match_history`.
Add here: another fact about pictures in a row.
Keep out: reading files (formats.py), finding a picture by name (photo_lookup.py), the verdicts of the review
(taken as they are).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl

from proofsheet.core.files import short_hash
from proofsheet.core.row_errors import RowRefused
from proofsheet.history.last_decisions import LastDecisions, match_row
from proofsheet.history.photo_lookup import PathsOfPhotos, PhotoLookup
from proofsheet.history.vector_sets import vector_selections
from proofsheet.models.boxes import Box, box_of, uncut
from proofsheet.selection.timeline import last_words
from schemas.history import HistoryRow
from schemas.library import Photo
from schemas.review import ReviewDecision
from schemas.selections import CropExample, HistoryMatch, Selection
from schemas.vision import ImageQuality

Row = Mapping[str, Any]
_ASPECT_ERROR = 0.02
_REVIEWED = ("approved", "overridden")


@dataclass
class Matched:
    """What a project's history comes to.

    Attributes:
        matches: rows of `history_matches`.
        selections: rows of `selections`.
        crops: rows of `crop_examples`.
        vector_sets: rows of `vector_selections`.
    """

    matches: pl.DataFrame
    selections: pl.DataFrame
    crops: pl.DataFrame
    vector_sets: pl.DataFrame


def match_history(
    project: str,
    history: pl.DataFrame,
    decisions: pl.DataFrame,
    photos: pl.DataFrame,
    quality: pl.DataFrame,
    imported: pl.DataFrame,
    paths: PathsOfPhotos,
) -> Matched:
    """Match rows of history and decisions with pictures.

    Of several rows on one set or picture the last counts.

    A set that the review rejected has no choice for training, whatever came before.

    Args:
        project: partition key.
        history: the facts `history_rows` of the project.
        decisions: the facts `review_decisions` of the project.
        photos: rows of `photos`.
        quality: rows of `image_quality`.
        imported: the facts `imported_vectors` of the project.
        paths: id to every path that the photo had (`paths_of_photos`).
    """
    known, said = PhotoLookup(photos, quality, paths), LastDecisions()
    rows = history.sort(HistoryRow.number).to_dicts()
    spoken = sorted(rows, key=_when)
    chosen = _take_rows(project, said, known, spoken)
    for verdict in last_words(decisions).to_dicts():
        _take_verdict(project, said, known, verdict)
    _never_cropped(project, said)
    matches = HistoryMatch.frame(match_row(project, r, chosen, said) for r in rows)
    lost = [r for r in spoken if r[HistoryRow.row_hash] in said.unknown]
    vector_sets, matched = vector_selections(project, lost, matches, imported, photos)
    return Matched(
        matched,
        Selection.frame(row for row, _by in said.selections.values()),
        CropExample.frame(row for row, _by in said.crops.values()),
        vector_sets,
    )


def _take_rows(project: str, said: LastDecisions, known: PhotoLookup, rows: Sequence[Row]) -> dict[str, str]:
    """The winner of every row with a known picture, by the hash of the row."""
    chosen: dict[str, str] = {}
    for row in rows:
        own = str(row[HistoryRow.row_hash])
        try:
            winner = known.find(row[HistoryRow.chosen_path], _written(row))
        except RowRefused as refusal:
            said.keep_back(own, refusal)
            continue
        chosen[own] = str(winner[Photo.photo_id])
        said.fates[own] = ("used", "", "")
        for take in (_crop, _select):  # a row may have both; one part is used if the other cannot be
            try:
                take(project, said, known, row, winner)
            except RowRefused as refusal:
                said.keep_back(own, refusal)
    return chosen


def _when(row: Row) -> tuple[str, int]:
    """Rows with a time come in its order after those without.

    Equal times keep the order of arrival.
    """
    return (str(row[HistoryRow.happened_at] or ""), int(row[HistoryRow.number]))


def _written(row: Row) -> datetime:
    """When a row was written, as far as is known: not after it was imported."""
    times: Iterable[datetime] = filter(None, (row[HistoryRow.happened_at], row[HistoryRow.imported_at]))
    return min(times)


def _select(project: str, said: LastDecisions, known: PhotoLookup, row: Row, winner: Row) -> None:
    if not row[HistoryRow.other_paths]:
        return
    members = [winner, *(known.find(p, _written(row)) for p in row[HistoryRow.other_paths])]
    facts = {
        Selection.source: "history",
        Selection.session_id: row[HistoryRow.session_id],
        Selection.set_id: row[HistoryRow.set_id],
        Selection.decided_at: row[HistoryRow.happened_at],
    }
    _say_selection(project, said, members, facts, str(row[HistoryRow.row_hash]))


def _say_selection(project: str, said: LastDecisions, members: Sequence[Row], facts: Row, by: str) -> None:
    distinct = {str(m[Photo.photo_id]): m for m in members}
    if len({m[Photo.content_hash] for m in distinct.values()}) < 2:
        raise RowRefused(
            "set of one", "all pictures of the row are one and the same", "nothing; it teaches nothing"
        )
    ordered = sorted(distinct.values(), key=lambda m: (_stage(m), str(m[Photo.path])))
    ids = [str(m[Photo.photo_id]) for m in ordered]
    key, said.members[by] = short_hash(project, *sorted(ids)), ids
    winner = members[0]
    top = max(ordered, key=lambda m: (_stage(m), m[ImageQuality.sharpness]))
    stages = [_stage(m) for m in ordered]
    if key in said.selections and (before := said.selections[key][1]) in said.fates:
        said.fates[before] = ("superseded", "a later row decides the same set", "")
    said.selections[key] = (
        {
            Selection.project: project,
            Selection.set_key: key,
            Selection.chosen_photo_id: str(winner[Photo.photo_id]),
            Selection.photo_ids: ids,
            Selection.top_photo_id: str(top[Photo.photo_id]),
            Selection.anomaly: min(stages) >= 0 and _stage(winner) < max(stages),
            **facts,
        },
        by,
    )


def _stage(row: Row) -> float:
    stage = row[Photo.stage]
    return -1.0 if stage is None else float(stage)


def _crop(project: str, said: LastDecisions, _known: PhotoLookup, row: Row, winner: Row) -> None:
    if str(row[HistoryRow.kind]) in {"selection", "anomaly"}:
        return
    if str(row[HistoryRow.kind]) == "cropped, box unknown":
        _say_crop(
            project,
            said,
            winner,
            None,
            "cropped, box unknown",
            "history",
            row[HistoryRow.happened_at],
            str(row[HistoryRow.row_hash]),
        )
        raise RowRefused(
            "box unknown",
            "the row has no coordinates: it shows that the picture was cropped, not where",
            "nothing",
        )
    given = row[HistoryRow.box]
    if given is None:
        raise RowRefused(
            "no coordinates", "the four coordinates are empty", "fill them, or leave it: the row is saved"
        )
    size = (row[HistoryRow.width_px], row[HistoryRow.height_px])
    stored = (int(winner[ImageQuality.width_px]), int(winner[ImageQuality.height_px]))
    box, evidence = box_of(
        (given["x1"], given["y1"], given["x2"], given["y2"]), size if all(size) else stored
    )
    _say_crop(
        project,
        said,
        winner,
        box,
        evidence,
        "history",
        row[HistoryRow.happened_at],
        str(row[HistoryRow.row_hash]),
    )


def _say_crop(
    project: str,
    said: LastDecisions,
    photo: Row,
    box: Box | None,
    evidence: str,
    source: str,
    when: object,
    by: str,
) -> None:
    own = str(photo[Photo.photo_id])
    whole = evidence != "cropped, box unknown" and (box is None or uncut(box))
    sides = (None,) * 4 if box is None or whole else box
    aspect = None
    if box is not None and not whole:
        ratio = (box[2] - box[0]) / (box[3] - box[1])
        aspect = abs(ratio - 1.0) <= _ASPECT_ERROR
    if own in said.crops and (before := said.crops[own][1]) in said.fates and said.fates[before][0] == "used":
        said.fates[before] = ("superseded", "a later row crops the same picture", "")
    said.crops[own] = (
        {
            CropExample.project: project,
            CropExample.photo_id: own,
            CropExample.cropped: not whole,
            **dict(zip((CropExample.x1, CropExample.y1, CropExample.x2, CropExample.y2), sides, strict=True)),
            CropExample.aspect_kept: aspect,
            CropExample.evidence: evidence,
            CropExample.source: source,
            CropExample.decided_at: when,
        },
        by,
    )


def _take_verdict(project: str, said: LastDecisions, known: PhotoLookup, verdict: Row) -> None:
    """A review decision.

    Bulk approvals and missing pictures are left out. A rejection removes the choice.
    """
    ids = [i for i in verdict[ReviewDecision.photo_ids] if i in known.by_id]
    if verdict[ReviewDecision.action] == "rejected":
        _, by = said.selections.pop(short_hash(project, *sorted(ids)), ({}, ""))
        if by in said.fates:
            said.fates[by] = ("superseded", "the review rejected the set", "")
        return
    chosen = verdict[ReviewDecision.chosen_photo_id]
    if verdict[ReviewDecision.action] not in _REVIEWED or verdict[ReviewDecision.bulk] or chosen not in ids:
        return
    winner, others = known.by_id[chosen], [known.by_id[i] for i in ids if i != chosen]
    by, when = str(verdict[ReviewDecision.verdict_id]), verdict[ReviewDecision.decided_at]
    facts = {
        Selection.source: "review",
        Selection.session_id: "review",
        Selection.set_id: verdict[ReviewDecision.group_id],
    }
    try:
        if others:
            _say_selection(project, said, [winner, *others], {**facts, Selection.decided_at: when}, by)
    except RowRefused:
        return  # copies of one picture: nothing was chosen
    box = verdict[ReviewDecision.crop]
    if box is None and not others:
        return  # a single picture was kept: its crop was not looked at
    sides: Box = (0.0, 0.0, 1.0, 1.0) if box is None else (box[0], box[1], box[2], box[3])
    _say_crop(project, said, winner, sides, "box in shares", "review", when, by)


def _never_cropped(project: str, said: LastDecisions) -> None:
    """In a project with logged crops, a winner without a crop is an example of no crop."""
    if not any(row[CropExample.cropped] for row, _by in said.crops.values()):
        return
    for row, by in list(said.selections.values()):
        own = str(row[Selection.chosen_photo_id])
        if own not in said.crops and row[Selection.source] == "history":
            photo = {Photo.photo_id: own}
            _say_crop(
                project,
                said,
                photo,
                None,
                "chosen and never cropped",
                "history",
                row[Selection.decided_at],
                by,
            )
