"""History: earlier decisions, matched with the pictures of the project.

Holds the assets of the group "learn".
Add here: an asset over decisions.
Keep out: formats and matching (proofsheet/history/).
"""

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from assets.factory.row_checks import RowCheck
from assets.factory.table_asset import TableRows, table_asset
from assets.facts import REVIEW
from proofsheet.history.matching import match_history
from proofsheet.history.rating_pairs import rating_pairs
from proofsheet.history.training_pairs import anomaly_rows, pair_rows, statistic_rows
from proofsheet.library.identity_records import paths_of_photos
from proofsheet.selection.photo_marks import marks_by_photo
from proofsheet.selection.timeline import standing
from proofsheet.storage.workspace import Project
from schemas.groups import PhotoGroup
from schemas.history import HistoryRefusal, HistoryRow, ImportedVector
from schemas.identity import PhotoIdentity, PhotoPlace
from schemas.library import Photo
from schemas.selections import CropExample, HistoryMatch, Selection, VectorSelection
from schemas.table import Rows
from schemas.training import Anomaly, ProjectStatistic, TrainingPair
from schemas.vision import ImageQuality
from schemas.written import WrittenMetadata

SAID = (*REVIEW, HistoryRow, ImportedVector, PhotoIdentity, PhotoPlace)
USED = RowCheck(
    "history_used",
    "Every row of history could be used; the others say why not.",
    lambda rows: rows.filter(pl.col(HistoryMatch.status) == "quarantined"),
)


@table_asset(
    HistoryMatch,
    Selection,
    CropExample,
    VectorSelection,
    group="learn",
    reads=SAID,
    row_checks={HistoryMatch: [USED]},
)
def selections(photos: Rows[Photo], image_quality: Rows[ImageQuality], project: Project) -> TableRows:
    """Finds the pictures of history and reviews by name in the project, then by content or vectors."""
    facts = project.ledger.rows(HistoryRow), standing(project.ledger)
    others = project.ledger.rows(ImportedVector), paths_of_photos(project.ledger)
    found = match_history(project.key, *facts, photos, image_quality, *others)
    why = (
        found.matches.filter(pl.col(HistoryMatch.status) == "quarantined")[HistoryMatch.reason]
        .str.split(":")
        .list.first()
    )
    frames = [found.matches, found.selections, found.crops, found.vector_sets]
    return TableRows(frames, {"quarantined": str(dict(why.value_counts().iter_rows()))})


def rated_pairs(
    selections: Rows[Selection],
    photos: Rows[Photo],
    photo_groups: Rows[PhotoGroup],
    written_metadata: Rows[WrittenMetadata],
    project: Project,
) -> list[Mapping[str, Any]]:
    """Pairs from stars and flags of people; those of models and of Proofsheet teach nothing."""
    marks = marks_by_photo(project.ledger, written_metadata)
    return rating_pairs(project.key, photo_groups, photos, selections, marks)


@table_asset(
    TrainingPair,
    Anomaly,
    ProjectStatistic,
    group="learn",
    reads=(ImportedVector, HistoryRefusal, *REVIEW),
    inputs={"rated": rated_pairs},
)
def training_pairs(
    rated: Sequence[Mapping[str, Any]],
    selections: Rows[Selection],
    vector_selections: Rows[VectorSelection],
    crop_examples: Rows[CropExample],
    history_matches: Rows[HistoryMatch],
    photos: Rows[Photo],
    project: Project,
) -> TableRows:
    """Pairs a winner with each loser of its own set, lists anomalies, and counts with intervals."""
    imported = project.ledger.rows(ImportedVector)
    pairs = pair_rows(project.key, selections, photos, vector_selections, imported, rated)
    anomalies = anomaly_rows(project.key, selections, photos)
    refused = project.ledger.rows(HistoryRefusal).height
    counts = statistic_rows(project.key, history_matches, selections, crop_examples, pairs, refused)
    return TableRows(
        [pairs, anomalies, counts],
        {n: v for n, v in counts.row(0, named=True).items() if isinstance(v, int | float)},
    )
