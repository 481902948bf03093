"""Tables of how far models may be trusted: overrides, thresholds, and the gates of the rollout.

Holds `Integration`, `Override`, `Threshold` and `Readiness`.
Add here: another measure of trust.
Keep out: the models (models.py), and figures of the work of people (review.py).
"""

from __future__ import annotations

import polars as pl

from schemas.history import SOURCES
from schemas.table import Table, column


class Integration(Table, name="integration_report", shared=True):
    """Twenty held-out sets drawn by a seed: ranked, cropped, and compared with the history."""

    set_key = column(pl.String, "The set.", key=True)
    project_name = column(pl.String, "Folder name of the project.")
    ranked_paths = column(pl.List(pl.String), "Its pictures, the most probable first.")
    probabilities = column(pl.List(pl.Float64), "Their probabilities, by a model that never saw the project.")
    chosen_path = column(pl.String, "What the person chose.")
    pick_path = column(pl.String, "The photo that the model takes at its operating point.")
    right = column(pl.Boolean, "Whether that is the photo that was chosen.")
    anomaly = column(pl.Boolean, "Whether a lower stage was chosen.")
    crop_proposed = column(
        pl.List(pl.Float64), "The proposed crop of the chosen picture; null if none.", nullable=True
    )
    crop_drawn = column(pl.List(pl.Float64), "The manual crop; null if none or unknown.", nullable=True)
    iou = column(pl.Float64, "Overlap of the two; null without both.", nullable=True, ge=0, le=1)


class Override(Table, name="overrides"):
    """A set with another choice than was proposed at the time, or than is proposed now."""

    group_id = column(pl.String, "The proposed set.", key=True)
    set_key = column(pl.String, "The set at the time of the decision.")
    proposed_photo_id = column(pl.String, "What is proposed.")
    chosen_photo_id = column(pl.String, "What was chosen.")
    confidence = column(
        pl.Float64, "Confidence of the proposal; null if uncalibrated.", nullable=True, ge=0, le=1
    )
    proposed_by = column(pl.String, "Rule or model.")
    source = column(pl.String, "Source of the choice.", isin=SOURCES)
    decided_at = column(pl.Datetime("us"), "When, or null.", nullable=True)


class Threshold(Table, name="threshold_report"):
    """How many proposals pass at a threshold of confidence, and how many are right.

    Measured on held-out sets of the project, with Wilson's 95 % intervals.
    """

    threshold = column(pl.Float64, "Least confidence.", key=True, ge=0, le=1)
    sets = column(pl.Int64, "Held-out sets of the project.", ge=0)
    covered = column(pl.Int64, "Number of these at or above the threshold.", ge=0)
    right = column(pl.Int64, "Number of those in which the proposal was chosen.", ge=0)
    coverage = column(pl.Float64, "Share that is covered.", ge=0, le=1)
    precision = column(
        pl.Float64,
        "Share of the covered sets that is right; null if none is covered.",
        nullable=True,
        ge=0,
        le=1,
    )
    low = column(pl.Float64, "Lower end of its interval.", ge=0, le=1)
    high = column(pl.Float64, "Upper end.", ge=0, le=1)
    auto_approval = column(
        pl.String, "Whether approval without review is allowed.", isin=("locked", "unlocked")
    )
    why = column(pl.String, "Number of blind reviews, of errors among them, and the resulting bound.")


class Readiness(Table, name="readiness"):
    """The gates of the rollout, one row each.

    Each has its criterion, its value, the number of cases, the trivial rule, and whether it is met.
    """

    gate_name = column(pl.String, "Name of the gate.", key=True)
    wanted = column(pl.String, "What it asks for.")
    found = column(pl.String, "What there is.")
    n = column(pl.Int64, "Number of cases behind it.", ge=0)
    least_n = column(pl.Int64, "Number of cases from which the gate gives a result.", ge=0)
    baseline = column(pl.String, "Result of the trivial rule on the same cases.")
    met = column(pl.String, "Whether it is met.", isin=("yes", "no", "not enough data"))
