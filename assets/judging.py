"""Judging: the active models, and the reliability of their proposals in this project.

Holds the assets of the group "learn".
Add here: an asset that judges proposals.
Keep out: training (assets/training.py) and the choices themselves (choosing.py).
"""

import polars as pl

from assets.factory.row_checks import RowCheck
from assets.factory.table_asset import TableRows, table_asset
from assets.facts import REVIEW
from proofsheet.review.blind_reviews import Unproven, auto_approval, unproven_reviews
from proofsheet.review.drift import drifted
from proofsheet.review.metrics import metric_rows
from proofsheet.review.rollout import override_rows, threshold_rows
from proofsheet.review.rollout_gates import readiness_rows
from proofsheet.selection.active_models import crop_model_rows, ranker_model_rows
from proofsheet.selection.timeline import standing
from proofsheet.storage.workspace import Project
from schemas.choices import Proposal
from schemas.models import CropFit, CropModel, RankerFit, RankerModel
from schemas.review import Feedback, ReviewMetric
from schemas.rollout import Override, Readiness, Threshold
from schemas.selections import CropExample, Selection
from schemas.settings.crops import CropSettings
from schemas.settings.ranker import RankerSettings
from schemas.settings.review import ReviewSettings
from schemas.table import Rows
from schemas.vectors import Embedding
from schemas.vision import ImageQuality, SaliencyGrid

SERVED = "A model serves this project; the note says what is missing."
RANKED = RowCheck("ranker_serves", SERVED, lambda rows: rows.filter(pl.col(RankerModel.status) != "active"))
CROPPED = RowCheck(
    "crop_model_serves", SERVED, lambda rows: rows.filter(pl.col(CropModel.status) != "active")
)
TARGETS = RowCheck(
    "ranker_targets",
    "Right in 70 % of this project's held-out sets or more.",
    lambda rows: rows.filter(_weak()),
)
DRIFTED = RowCheck(
    "ranker_drift", "Stated confidences fit what people choose; else train again, or step back.", drifted
)
READY = RowCheck(
    "rollout_gates",
    "Every gate of the rollout is met.",
    lambda rows: rows.filter(pl.col(Readiness.met) != "yes"),
)


def _weak() -> pl.Expr:
    return pl.col(RankerModel.accuracy) < 0.7


@table_asset(
    RankerModel,
    CropModel,
    group="learn",
    always_run=True,
    row_checks={RankerModel: [RANKED, TARGETS], CropModel: [CROPPED]},
)
def ranker_model(
    ranker_fits: Rows[RankerFit],
    crop_fits: Rows[CropFit],
    embeddings: Rows[Embedding],
    crop_examples: Rows[CropExample],
    saliency_grids: Rows[SaliencyGrid],
    image_quality: Rows[ImageQuality],
    project: Project,
    ranking: RankerSettings,
    cropping: CropSettings,
) -> TableRows:
    """Reads the active models for this project: temperature, operating point, rate of crops."""
    ranker = ranker_model_rows(project, ranker_fits, embeddings, ranking)
    crops = crop_model_rows(project, crop_fits, crop_examples, saliency_grids, image_quality, cropping)
    return TableRows(
        [ranker, crops], {k: v for k, v in ranker.row(0, named=True).items() if isinstance(v, int | float)}
    )


@table_asset(
    Override,
    Threshold,
    ReviewMetric,
    Readiness,
    group="learn",
    reads=(*REVIEW, Feedback),
    inputs={"unproven_reviews": unproven_reviews},
    row_checks={Readiness: [READY], ReviewMetric: [DRIFTED]},
)
def overrides(
    proposals: Rows[Proposal],
    selections: Rows[Selection],
    ranker_model: Rows[RankerModel],
    unproven_reviews: Unproven,
    project: Project,
    reviewing: ReviewSettings,
) -> TableRows:
    """Compares proposals with decisions: overrides, coverage at precision, review figures, rollout gates."""
    decisions, left_out = standing(project.ledger), unproven_reviews
    over = override_rows(project.key, proposals, selections, decisions)
    thresholds = threshold_rows(project, ranker_model, *auto_approval(decisions, left_out))
    metrics = metric_rows(
        project.key, decisions, project.ledger.rows(Feedback), reviewing.baseline_s, left_out
    )
    ready = readiness_rows(project.key, decisions, selections, thresholds, metrics, left_out)
    shown = metrics.filter((pl.col(ReviewMetric.period) == "all") & pl.col(ReviewMetric.value).is_not_null())
    figures = dict(shown.select(ReviewMetric.metric, ReviewMetric.value).iter_rows())
    return TableRows([over, thresholds, metrics, ready], {"overrides": over.height, **figures})
