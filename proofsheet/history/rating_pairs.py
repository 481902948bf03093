"""Pairs from stars and flags of people: a picture with more of them beats one with fewer.

Holds `rating_pairs`.
Add here: another mark that puts pictures of a set in an order.
Keep out: choices (training_pairs.py), and which mark counts (selection/photo_marks.py).

Pictures of one choice are taught by the choice alone, whatever else is in their set now. Pictures that belong
together, such as brackets, and copies of one picture teach nothing. A picture without stars counts as one
with none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from proofsheet.core.files import short_hash
from proofsheet.selection.photo_marks import NO_MARKS, PictureMarks, beats
from schemas.groups import PhotoGroup
from schemas.history import RATING
from schemas.library import Photo
from schemas.selections import Selection
from schemas.training import TrainingPair

Row = Mapping[str, Any]
_PAIR = (TrainingPair.winner_photo_id, TrainingPair.loser_photo_id)


def rating_pairs(
    project: str,
    groups: pl.DataFrame,
    photos: pl.DataFrame,
    selections: pl.DataFrame,
    marks: Mapping[str, PictureMarks],
) -> list[Row]:
    """Rows of `training_pairs`: each picture that beats others of its set, with those others.

    Args:
        project: partition key.
        groups: rows of `photo_groups`.
        photos: rows of `photos`.
        selections: rows of `selections`.
        marks: photo to its marks; a missing one has none.
    """
    known = {str(r[Photo.photo_id]): r for r in photos.to_dicts()}
    choices: dict[str, set[int]] = {}
    for number, ids in enumerate(selections[Selection.photo_ids].to_list()):
        for photo in ids:
            choices.setdefault(str(photo), set()).add(number)
    rows = list[Row]()
    for group, members in _sets(groups, known).items():
        if any(m in marks for m in members):
            pairs = _pairs(project, group, [known[m] for m in members], marks)
            rows += [pair for pair in pairs if not _is_chosen(pair, choices)]
    return rows


def _is_chosen(pair: Row, choices: Mapping[str, set[int]]) -> bool:
    """Whether both pictures of a pair are in one choice."""
    one, other = (choices.get(str(pair[column]), set[int]()) for column in _PAIR)
    return not one.isdisjoint(other)


def _sets(groups: pl.DataFrame, known: Mapping[str, Row]) -> dict[str, list[str]]:
    """Set to its photos, without sets of which all pictures stay."""
    sets: dict[str, list[str]] = {}
    ordered = groups.filter(~pl.col(PhotoGroup.keep_all)).select(PhotoGroup.group_id, PhotoGroup.photo_id)
    for group, photo in ordered.iter_rows():
        if photo in known:
            sets.setdefault(str(group), []).append(str(photo))
    return sets


def _pairs(project: str, group: str, members: list[Row], marks: Mapping[str, PictureMarks]) -> Iterator[Row]:
    for winner in members:
        for loser in members:
            own, other = (marks.get(str(r[Photo.photo_id]), NO_MARKS) for r in (winner, loser))
            if winner[Photo.content_hash] == loser[Photo.content_hash] or not beats(own, other):
                continue
            low, high = winner[Photo.stage], loser[Photo.stage]
            yield {
                TrainingPair.project: project,
                TrainingPair.set_key: short_hash(project, RATING, group, str(winner[Photo.photo_id])),
                TrainingPair.winner_photo_id: winner[Photo.photo_id],
                TrainingPair.loser_photo_id: loser[Photo.photo_id],
                TrainingPair.winner_stage: low,
                TrainingPair.loser_stage: high,
                TrainingPair.anomaly: high is not None and low is not None and high > low,
                TrainingPair.source: RATING,
                TrainingPair.encoder_id: None,
            }
