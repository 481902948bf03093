"""Tables of choices.

Holds `Proposal`, `Choice`, `ReviewMetric`, `Export`, and the facts `ReviewDecision`, `ReviewStep`,
`ReviewBatch`, `Feedback`.
Add here: verdicts and what follows from them.
Keep out: the measurements they rest on.
"""

from __future__ import annotations

import polars as pl

from schemas.table import Table, column

REVIEWED = ("approved", "overridden", "rejected")  # what decides a set; a skipped one is open
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


class ReviewDecision(Table, name="review_decisions", origin="fact", former="verdicts"):
    """Your decision on a proposal. Every decision is a row, and the last one on a set counts."""

    verdict_id = column(pl.String, "Id given by the sender; the same id is the same decision.", key=True)
    group_id = column(pl.String, "The set.")
    photo_ids = column(pl.List(pl.String), "Its photos as they were proposed.")
    action = column(pl.String, "The decision.", isin=(*REVIEWED, "skipped"))
    proposed_photo_id = column(pl.String, "What was proposed.")
    chosen_photo_id = column(pl.String, "The chosen photo; null if none.", nullable=True)
    crop = column(
        pl.List(pl.Float64), "The crop as left, top, right, bottom in 0..1; null if none.", nullable=True
    )
    confidence = column(
        pl.Float64,
        "Confidence of the proposal, if it was calibrated on choices of people; null for a technical one.",
        nullable=True,
        ge=0,
        le=1,
    )
    proposed_by = column(pl.String, "Rule or model of the proposal.")
    blind = column(pl.Boolean, "True if the proposal was hidden.")
    bulk = column(pl.Boolean, "True for a bulk approval of many sets; the statistics leave these out.")
    decided_at = column(pl.Datetime("us"), "When (UTC).")
    number = column(pl.Int64, "Order of decisions and steps.", ge=1)
    proposed_crop = column(pl.List(pl.Float64), "The proposed crop; null if none.", nullable=True)
    proposal = column(
        pl.String, "Version of the proposal that was reviewed; null if it came from a file.", nullable=True
    )
    seconds = column(
        pl.Float64,
        "Seconds from showing the set to the decision; null if not measured.",
        unit="s",
        nullable=True,
        ge=0,
    )
    bulk_id = column(
        pl.String, "Common id of decisions that were made together; they are undone together.", nullable=True
    )


class ReviewStep(Table, name="review_steps", origin="fact"):
    """An undo or redo of a decision. Decisions themselves are never changed."""

    step_id = column(pl.String, "Id given by the sender.", key=True)
    verdict_id = column(pl.String, "The decision; for decisions that were made together, the last.")
    act = column(pl.String, "What happened.", isin=("undo", "redo"))
    number = column(pl.Int64, "Order of decisions and steps.", ge=1)
    done_at = column(pl.Datetime("us"), "When (UTC).")


class ReviewBatch(Table, name="review_batches", origin="fact"):
    """Submitted decisions.

    Only these reach history files, other tools, files of the library and targets of publishing.
    """

    batch_id = column(pl.String, "Id given by the sender.", key=True)
    up_to = column(pl.Int64, "Number of the last decision or step in it.", ge=0)
    number = column(pl.Int64, "Order of the batches.", ge=1)
    submitted_at = column(pl.Datetime("us"), "When (UTC).")


class Feedback(Table, name="feedback_notes", origin="fact"):
    """A note about the tool, written during review."""

    note_id = column(pl.String, "Id given by the sender.", key=True)
    kind = column(pl.String, "What it is about.", isin=("note", "bug", "critical"))
    text = column(pl.String, "In the person's words.")
    group_id = column(pl.String, "The set that was open; null if none.", nullable=True)
    noted_at = column(pl.Datetime("us"), "When (UTC).")


class ReviewMetric(Table, name="review_metrics"):
    """Figures of the review, in total and by day. Bulk approvals are left out."""

    period = column(pl.String, "The day (UTC) as YYYY-MM-DD, or all.", key=True)
    metric = column(pl.String, "What is measured.", key=True)
    value = column(pl.Float64, "The figure; null if nothing was measured.", nullable=True)
    low = column(pl.Float64, "Lower end of its 95 % interval (Wilson), for shares.", nullable=True)
    high = column(pl.Float64, "Upper end.", nullable=True)
    n = column(pl.Int64, "Number of cases behind it.", ge=0)
    unit = column(pl.String, "Unit of the figure.", isin=("share", "s", "count", "IoU"))
    meaning_in_words = column(pl.String, "What it says.")


class Export(Table, name="exports"):
    """Rows that were written to the CSV in the home: accepted texts of pictures that were not rejected."""

    photo_id = column(pl.String, "The photo.", key=True)
    path = column(pl.String, "Path inside the project folder.")
    content_hash = column(pl.String, "SHA-256 of the picture's bytes.")
    title = column(pl.String, "Accepted title.")
    caption = column(pl.String, "Accepted caption.")
    alt_text = column(pl.String, "Accepted alternative text.")
    keywords = column(pl.List(pl.String), "Accepted keywords.")
    written_by = column(pl.String, "Model, prompt version and rules behind the texts.")
    export_file = column(pl.String, "CSV file inside the home.")
