"""Tables of the review: every decision, and figures of the work.

Holds the facts `ReviewDecision`, `ReviewStep`, `ReviewBatch` and `Feedback`, and the derived `ReviewMetric`.
Add here: what a reviewer does.
Keep out: what is chosen in the end (choices.py), and reviews of texts (edits.py).
"""

from __future__ import annotations

import polars as pl

from schemas.table import Table, column

REVIEWED = ("approved", "overridden", "rejected")  # what decides a set; a skipped one is open


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
    number = column(pl.Int64, "Order of decisions, marks and steps.", ge=1)
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
    """An undo or redo of a decision or a mark. They themselves are never changed."""

    step_id = column(pl.String, "Id given by the sender.", key=True)
    verdict_id = column(pl.String, "The decision or mark; for decisions that were made together, the last.")
    act = column(pl.String, "What happened.", isin=("undo", "redo"))
    number = column(pl.Int64, "Order of decisions, marks and steps.", ge=1)
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
