"""Tables of which photo of a set is chosen.

Holds `Proposal` and `Choice`.
Add here: what says which photo of a set counts.
Keep out: the decisions of people as facts (review.py), and choices before Proofsheet (selections.py).
"""

from __future__ import annotations

import polars as pl

from schemas.review import REVIEWED
from schemas.table import Table, column

TECHNICAL = "technical: calibrated on made damage"  # not on what people choose
CONFIDENCES = ("uncalibrated", TECHNICAL, "calibrated on all projects", "calibrated on this project")


class Proposal(Table, name="proposals", former="decisions"):
    """The photo that the rule prefers in each set; a proposal, nothing is moved."""

    group_id = column(pl.String, "The set.", key=True)
    chosen_photo_id = column(pl.String, "The preferred photo.")
    chosen_path = column(pl.String, "Its path inside the project folder.")
    photo_ids = column(pl.List(pl.String), "Every photo of the set, in the order of the set.")
    keep_all = column(
        pl.Boolean,
        "True for brackets, stacks, panoramas and RAW with JPEG: the other pictures of the set are "
        "not rejects.",
    )
    reasons = column(pl.List(pl.String), "Reasons for the choice, from measured values.")
    flags = column(pl.List(pl.String), "Reasons against it, from measured values.")
    anomaly = column(pl.Boolean, "True if a lower stage is preferred to a higher one.")
    confidence = column(
        pl.Float64,
        "Calibrated probability; `confidence_kind` names its basis. Null where there is nothing to choose.",
        nullable=True,
        ge=0,
        le=1,
    )
    confidence_kind = column(pl.String, "How to read the confidence.", isin=CONFIDENCES)
    decided_by = column(pl.String, "Name and version of the rule, and the model.")
    crop_needed = column(
        pl.Boolean, "Whether a crop is proposed; null if no model proposes any.", nullable=True
    )
    crop_x1 = column(
        pl.Float64,
        "Left side of the crop in 0..1 of the upright picture; null if none is proposed.",
        nullable=True,
        ge=0,
        le=1,
    )
    crop_y1 = column(pl.Float64, "Upper side.", nullable=True, ge=0, le=1)
    crop_x2 = column(pl.Float64, "Right side.", nullable=True, ge=0, le=1)
    crop_y2 = column(pl.Float64, "Lower side.", nullable=True, ge=0, le=1)
    crop_confidence = column(
        pl.Float64,
        "Calibrated probability that you agree with the proposal to crop or not.",
        nullable=True,
        ge=0,
        le=1,
    )
    crop_reasons = column(pl.List(pl.String), "Reasons for the crop, or against one.")
    crop_by = column(pl.String, "The model that proposed it; empty without a model.")


class Choice(Table, name="choices"):
    """The photo that counts in each set: your decision, else imported history, else the proposal.

    Everything after it reads this table.
    """

    group_id = column(pl.String, "The set.", key=True)
    photo_ids = column(pl.List(pl.String), "Every photo of the set, in the order of the set.")
    chosen_photo_id = column(
        pl.String,
        "The photo that represents the set and gets texts; null if the set was rejected.",
        nullable=True,
    )
    chosen_path = column(pl.String, "Its path inside the project folder.", nullable=True)
    chosen_photo_ids = column(
        pl.List(pl.String),
        "Every chosen photo: all photos of a set that belong together, else one; none if the set was "
        "rejected.",
    )
    decided_by = column(pl.String, "Who decided.", isin=("person", "history", "suggestion"))
    action = column(
        pl.String,
        "The current review decision; none without one.",
        isin=(*REVIEWED, "skipped", "none"),
    )
    decided_at = column(
        pl.Datetime("us"),
        "When (UTC); null without a decision, or if the history has no time.",
        nullable=True,
    )
    submitted = column(
        pl.Boolean,
        "False if a decision or an undo is not submitted yet; null without any.",
        nullable=True,
    )
    note = column(
        pl.String, "Further facts, such as an earlier decision on its photos in another set; empty otherwise."
    )
