"""Tables of choices.

Holds `Proposal`, `Choice`, `ReviewMetric`, `Export`, and the facts `ReviewDecision`, `ReviewStep`, `ReviewBatch`, `Feedback`.
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
        "True for brackets, stacks, panoramas and RAW with JPEG: the others of the set are no rejects.",
    )
    reasons = column(pl.List(pl.String), "What spoke for the choice, from measured values.")
    flags = column(pl.List(pl.String), "What speaks against it, from measured values.")
    anomaly = column(pl.Boolean, "True if a lower stage is preferred to a higher one.")
    confidence = column(
        pl.Float64,
        "Calibrated probability, of what `confidence_kind` says; null where there is nothing to choose.",
        nullable=True,
        ge=0,
        le=1,
    )
    confidence_kind = column(pl.String, "How to read the confidence.", isin=CONFIDENCES)
    decided_by = column(pl.String, "Name and version of the rule, and the model.")
    crop_needed = column(
        pl.Boolean, "Whether a cut is proposed; null if no model proposes any.", nullable=True
    )
    crop_x1 = column(
        pl.Float64,
        "Left side of the cut in 0..1 of the upright picture; null if none is proposed.",
        nullable=True,
        ge=0,
        le=1,
    )
    crop_y1 = column(pl.Float64, "Upper side.", nullable=True, ge=0, le=1)
    crop_x2 = column(pl.Float64, "Right side.", nullable=True, ge=0, le=1)
    crop_y2 = column(pl.Float64, "Lower side.", nullable=True, ge=0, le=1)
    crop_confidence = column(
        pl.Float64,
        "Calibrated probability that a person cuts it or not, as proposed.",
        nullable=True,
        ge=0,
        le=1,
    )
    crop_reasons = column(pl.List(pl.String), "What spoke for the cut, or for none.")
    crop_by = column(pl.String, "The model that proposed it; empty if there is none.")


class Choice(Table, name="choices"):
    """What counts in each set: a person's decision, else imported history, else the suggestion. Everything after it reads this."""

    group_id = column(pl.String, "The set.", key=True)
    photo_ids = column(pl.List(pl.String), "Every photo of the set, in the order of the set.")
    chosen_photo_id = column(
        pl.String,
        "The photo that stands for the set and gets texts; null if a person rejected the set.",
        nullable=True,
    )
    chosen_path = column(pl.String, "Its path inside the project folder.", nullable=True)
    chosen_photo_ids = column(
        pl.List(pl.String),
        "Every chosen photo: all of a set that is kept whole, else the one; none of a rejected set.",
    )
    decided_by = column(pl.String, "Who decided.", isin=("person", "history", "suggestion"))
    action = column(
        pl.String,
        "The verdict that stands in the review; none if there is none.",
        isin=(*REVIEWED, "skipped", "none"),
    )
    decided_at = column(
        pl.Datetime("us"), "When (UTC); null if nobody decided, or the history names no time.", nullable=True
    )
    submitted = column(
        pl.Boolean,
        "False while a decision, or one taken back, waits for submit; null if there never was one.",
        nullable=True,
    )
    note = column(
        pl.String, "What else is known: that its photos were decided in another set before; empty otherwise."
    )


class ReviewDecision(Table, name="review_decisions", origin="fact", former="verdicts"):
    """What a person decided on a proposal; every row is a decision, the last one on a set counts."""

    verdict_id = column(pl.String, "Id that the sender gave; the same id is the same verdict.", key=True)
    group_id = column(pl.String, "The set.")
    photo_ids = column(pl.List(pl.String), "Its photos as they were proposed.")
    action = column(pl.String, "The decision.", isin=(*REVIEWED, "skipped"))
    proposed_photo_id = column(pl.String, "What was proposed.")
    chosen_photo_id = column(pl.String, "What was chosen; null if nothing was.", nullable=True)
    crop = column(
        pl.List(pl.Float64), "The cut as left, top, right, bottom in 0..1; null if none.", nullable=True
    )
    confidence = column(
        pl.Float64,
        "How sure the proposal was, if that was calibrated on what people choose; null for technical confidence.",
        nullable=True,
        ge=0,
        le=1,
    )
    proposed_by = column(pl.String, "Rule or model of the proposal.")
    blind = column(pl.Boolean, "True if the person did not see what was proposed.")
    bulk = column(
        pl.Boolean, "True if many sets were approved at once; such verdicts count in no statistics."
    )
    decided_at = column(pl.Datetime("us"), "When (UTC).")
    number = column(pl.Int64, "Order in which verdicts and steps came.", ge=1)
    proposed_crop = column(pl.List(pl.Float64), "The cut that was proposed; null if none.", nullable=True)
    proposal = column(
        pl.String, "Version of the proposal that was judged; null if it came from a file.", nullable=True
    )
    seconds = column(
        pl.Float64,
        "From showing the set to the verdict; null if nobody measured.",
        unit="s",
        nullable=True,
        ge=0,
    )
    bulk_id = column(
        pl.String, "What verdicts given at once have in common; they are undone at once.", nullable=True
    )


class ReviewStep(Table, name="review_steps", origin="fact"):
    """A verdict taken back, or given again; verdicts themselves are never changed."""

    step_id = column(pl.String, "Id that the sender gave.", key=True)
    verdict_id = column(pl.String, "The verdict; of verdicts given at once, the last.")
    act = column(pl.String, "What happened.", isin=("undo", "redo"))
    number = column(pl.Int64, "Order in which verdicts and steps came.", ge=1)
    done_at = column(pl.Datetime("us"), "When (UTC).")


class ReviewBatch(Table, name="review_batches", origin="fact"):
    """Verdicts handed over: only these reach history files, other tools, files of the library and targets of publishing."""

    batch_id = column(pl.String, "Id that the sender gave.", key=True)
    up_to = column(pl.Int64, "Number of the last verdict or step in it.", ge=0)
    number = column(pl.Int64, "Order of the batches.", ge=1)
    submitted_at = column(pl.Datetime("us"), "When (UTC).")


class Feedback(Table, name="feedback_notes", origin="fact"):
    """What a person wrote about the tool while reviewing."""

    note_id = column(pl.String, "Id that the sender gave.", key=True)
    kind = column(pl.String, "What it is about.", isin=("note", "bug", "critical"))
    text = column(pl.String, "In the person's words.")
    group_id = column(pl.String, "The set that was open; null if none.", nullable=True)
    noted_at = column(pl.Datetime("us"), "When (UTC).")


class ReviewMetric(Table, name="review_metrics"):
    """Figures of the review, over everything and by day; bulk approvals count in none of them."""

    period = column(pl.String, "The day (UTC) as YYYY-MM-DD, or all.", key=True)
    metric = column(pl.String, "What is measured.", key=True)
    value = column(pl.Float64, "The figure; null if nothing was measured.", nullable=True)
    low = column(pl.Float64, "Lower end of its 95 % interval (Wilson), for shares.", nullable=True)
    high = column(pl.Float64, "Upper end.", nullable=True)
    n = column(pl.Int64, "Number of cases behind it.", ge=0)
    unit = column(pl.String, "Unit of the figure.", isin=("share", "s", "count", "IoU"))
    meaning_in_words = column(pl.String, "What it says.")


class Export(Table, name="exports"):
    """What was written to the CSV in the home: accepted rows of pictures that nobody decided against."""

    photo_id = column(pl.String, "The photo.", key=True)
    path = column(pl.String, "Path inside the project folder.")
    content_hash = column(pl.String, "SHA-256 of the picture's bytes.")
    title = column(pl.String, "Accepted title.")
    caption = column(pl.String, "Accepted caption.")
    alt_text = column(pl.String, "Accepted alternative text.")
    keywords = column(pl.List(pl.String), "Accepted keywords.")
    written_by = column(pl.String, "Model, prompt version and rules that the texts come from.")
    export_file = column(pl.String, "CSV file inside the home.")
