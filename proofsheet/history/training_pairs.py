"""What a history teaches: pairs of winner and loser, anomalies, and counts with intervals.

Holds `pair_rows`, `anomaly_rows` and `statistic_rows`.
Add here: another count of a project's history.
Keep out: matching with pictures (matching.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import polars as pl

from proofsheet.models.intervals import wilson
from schemas.history import RATING, ImportedVector
from schemas.library import Photo
from schemas.selections import CropExample, HistoryMatch, Selection, VectorSelection
from schemas.training import Anomaly, ProjectStatistic, TrainingPair

Row = Mapping[str, Any]


def pair_rows(
    project: str,
    selections: pl.DataFrame,
    photos: pl.DataFrame,
    vector_sets: pl.DataFrame,
    imported: pl.DataFrame,
    rated: Iterable[Row] = (),
) -> pl.DataFrame:
    """A row for each loser of each set.

    Args:
        project: partition key.
        selections: rows of `selections`.
        photos: rows of `photos`.
        vector_sets: rows of `vector_selections`.
        imported: the facts `imported_vectors`.
        rated: pairs from stars and flags, see rating_pairs.py.
    """
    of_photos = dict(photos.select(Photo.photo_id, Photo.stage).iter_rows())
    of_vectors = dict(imported.select(ImportedVector.vector_id, ImportedVector.stage).iter_rows())
    rows = list[Row]()
    for one in selections.to_dicts():
        facts = {TrainingPair.set_key: one[Selection.set_key], TrainingPair.source: one[Selection.source]}
        facts |= {TrainingPair.project: project, TrainingPair.encoder_id: None}
        rows += _pairs(one[Selection.chosen_photo_id], one[Selection.photo_ids], of_photos, facts)
    for one in vector_sets.to_dicts():
        facts = {TrainingPair.set_key: one[VectorSelection.set_key], TrainingPair.source: "history"}
        facts |= {TrainingPair.project: project, TrainingPair.encoder_id: one[VectorSelection.encoder_id]}
        rows += _pairs(
            one[VectorSelection.chosen_vector_id], one[VectorSelection.vector_ids], of_vectors, facts
        )
    return TrainingPair.frame([*rows, *rated])


def _pairs(
    winner: str, members: Iterable[str], stages: Mapping[str, float | None], facts: Row
) -> Iterator[Row]:
    low = stages.get(winner)
    for loser in members:
        high = stages.get(loser)
        if loser != winner:
            yield {
                **facts,
                TrainingPair.winner_photo_id: winner,
                TrainingPair.loser_photo_id: loser,
                TrainingPair.winner_stage: low,
                TrainingPair.loser_stage: high,
                TrainingPair.anomaly: high is not None and low is not None and high > low,
            }


def anomaly_rows(project: str, selections: pl.DataFrame, photos: pl.DataFrame) -> pl.DataFrame:
    """A row for each set in which a lower stage was chosen over a higher one."""
    known = {r[Photo.photo_id]: r for r in photos.select(Photo.photo_id, Photo.path, Photo.stage).to_dicts()}
    rows = []
    for chosen in selections.filter(pl.col(Selection.anomaly)).to_dicts():
        winner = known[chosen[Selection.chosen_photo_id]]
        losers = [known[i] for i in chosen[Selection.photo_ids] if i != winner[Photo.photo_id]]
        rows.append(
            {
                Anomaly.project: project,
                Anomaly.set_key: chosen[Selection.set_key],
                Anomaly.session_id: chosen[Selection.session_id],
                Anomaly.set_id: chosen[Selection.set_id],
                Anomaly.chosen_stage: winner[Photo.stage],
                Anomaly.max_rejected_stage: max(r[Photo.stage] for r in losers),
                Anomaly.chosen_path: winner[Photo.path],
                Anomaly.rejected_paths: [r[Photo.path] for r in losers],
                Anomaly.decided_at: chosen[Selection.decided_at],
            }
        )
    return Anomaly.frame(rows)


def statistic_rows(
    project: str,
    matches: pl.DataFrame,
    selections: pl.DataFrame,
    crops: pl.DataFrame,
    pairs: pl.DataFrame,
    refused: int,
) -> pl.DataFrame:
    """One row: amount of history, rate of anomalies, rate of crops."""
    rated = pl.col(TrainingPair.source) == RATING
    of_photos = pairs.filter(pl.col(TrainingPair.encoder_id).is_null() & ~rated)
    unstaged = of_photos.filter(
        pl.col(TrainingPair.winner_stage).is_null() | pl.col(TrainingPair.loser_stage).is_null()
    )
    without = unstaged[TrainingPair.set_key].n_unique()
    staged, odd = selections.height - without, int(selections[Selection.anomaly].sum())
    cut, known = int(crops[CropExample.cropped].sum()), crops.height
    low, high = wilson(odd, staged)
    row = {
        ProjectStatistic.project: project,
        ProjectStatistic.history_rows: matches.height,
        ProjectStatistic.quarantined_rows: matches.filter(
            pl.col(HistoryMatch.status) == "quarantined"
        ).height,
        ProjectStatistic.refused_rows: refused,
        ProjectStatistic.sets: selections.height,
        ProjectStatistic.vector_sets: pairs.filter(pl.col(TrainingPair.encoder_id).is_not_null())[
            TrainingPair.set_key
        ].n_unique(),
        ProjectStatistic.pairs: pairs.height,
        ProjectStatistic.rating_pairs: pairs.filter(rated).height,
        ProjectStatistic.without_stage: without,
        ProjectStatistic.anomalies: odd,
        ProjectStatistic.anomaly_rate: odd / staged if staged else None,
        ProjectStatistic.anomaly_low: low if staged else None,
        ProjectStatistic.anomaly_high: high if staged else None,
        ProjectStatistic.crop_decisions: known,
        ProjectStatistic.crops: cut,
        ProjectStatistic.crop_rate: cut / known if known else None,
        ProjectStatistic.boxes: crops.filter(pl.col(CropExample.x1).is_not_null()).height,
    }
    return ProjectStatistic.frame([row])
