"""What a history teaches: pairs of winner and loser, anomalies, and counts with intervals.

Holds `pair_rows`, `anomaly_rows` and `statistic_rows`.
Add here: another count of a project's history.
Keep out: matching with pictures (matching.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from proofsheet.learn.intervals import wilson
from schemas.history import CropExample, HistoryMatch, Selection
from schemas.learning import Anomaly, ProjectStatistic, TrainingPair
from schemas.library import Photo

Row = Mapping[str, Any]


def pair_rows(project: str, selections: pl.DataFrame, photos: pl.DataFrame) -> pl.DataFrame:
    """A row for each loser of each set.

    Args:
        project: partition key.
        selections: rows of `selections`.
        photos: rows of `photos`.
    """
    stages = dict(photos.select(Photo.photo_id, Photo.stage).iter_rows())
    rows = []
    for chosen in selections.to_dicts():
        winner = chosen[Selection.chosen_photo_id]
        for loser in chosen[Selection.photo_ids]:
            if loser == winner:
                continue
            high, low = stages.get(loser), stages.get(winner)
            rows.append(
                {
                    TrainingPair.project: project,
                    TrainingPair.set_key: chosen[Selection.set_key],
                    TrainingPair.winner_photo_id: winner,
                    TrainingPair.loser_photo_id: loser,
                    TrainingPair.winner_stage: low,
                    TrainingPair.loser_stage: high,
                    TrainingPair.anomaly: high is not None and low is not None and high > low,
                    TrainingPair.source: chosen[Selection.source],
                }
            )
    return TrainingPair.frame(rows)


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
    """One row: how much history there is, the rate of anomalies, the rate of cuts."""
    unstaged = pairs.filter(pl.col(TrainingPair.winner_stage).is_null() | pl.col(TrainingPair.loser_stage).is_null())
    without = unstaged[TrainingPair.set_key].n_unique()
    staged, odd = selections.height - without, int(selections[Selection.anomaly].sum())
    cut, known = int(crops[CropExample.cropped].sum()), crops.height
    low, high = wilson(odd, staged)
    row = {
        ProjectStatistic.project: project,
        ProjectStatistic.history_rows: matches.height,
        ProjectStatistic.quarantined_rows: matches.filter(pl.col(HistoryMatch.status) == "quarantined").height,
        ProjectStatistic.refused_rows: refused,
        ProjectStatistic.sets: selections.height,
        ProjectStatistic.pairs: pairs.height,
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
