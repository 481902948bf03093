"""Requests of the review, their checks, and their rows.

Holds `DecisionRequest`, `decision_row`, `decision_told`, `note_row`, `meaning`, `box_of`, `Conflict` and
`InvalidRequest`.
Add here: another act of the review.
Keep out: the content of the ledger (session.py) and HTTP (dagster_project/review/).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from proofsheet.core.errors import ProofsheetError
from proofsheet.review.queue import ReviewItem
from proofsheet.selection.timeline import proposed_crop
from schemas.choices import Proposal
from schemas.review import Feedback, ReviewDecision

_MOST_SECONDS = 600.0  # a longer time is a break


class Conflict(ProofsheetError):
    """The set has changed since it was shown. Nothing was written."""


class InvalidRequest(ProofsheetError):
    """A decision that cannot be saved. Nothing was written."""


@dataclass(frozen=True)
class DecisionRequest:
    """A verdict as it comes in.

    Attributes:
        verdict_id: id of the sender; the same id twice is one verdict.
        group_id: the set.
        version: of the proposal that was judged.
        action: approve, reject, skip or pick.
        choice: the picked photo.
        crop: the crop of the chosen photo in 0..1, or None.
        blind: whether the proposal was hidden until now.
        seconds: from showing the set to the verdict.
        known_id: id of the decision on the set when it was shown; None if it was open.
    """

    verdict_id: str
    group_id: str
    version: str
    action: str
    choice: str | None = None
    crop: Sequence[float] | None = None
    blind: bool = False
    seconds: float | None = None
    known_id: str | None = None


def meaning(given: DecisionRequest, proposal: ReviewItem, hidden: bool) -> tuple[str, str | None]:
    """The action as it is saved, and the chosen photo.

    Raises:
        InvalidRequest: for an unknown action, a picture of another set, or the approval of a hidden proposal.
    """
    proposed = str(proposal.row[Proposal.chosen_photo_id])
    if given.action in ("reject", "skip"):
        return {"reject": "rejected", "skip": "skipped"}[given.action], None
    if given.action == "approve":
        if hidden:
            raise InvalidRequest(
                "The proposal of this set is hidden, so it cannot be approved.",
                "Pick a picture by its number.",
            )
        return "approved", proposed
    if given.action != "pick":
        raise InvalidRequest(f"{given.action!r} is not a decision.", "Send approve, reject, skip or pick.")
    if given.choice not in proposal.row[Proposal.photo_ids]:
        raise InvalidRequest(f"{given.choice!r} is not a picture of the set.", "Pick one of its pictures.")
    return ("approved" if given.choice == proposed else "overridden"), given.choice


def box_of(crop: Sequence[float] | None) -> list[float] | None:
    """A box in 0..1: left, top, right, bottom.

    Raises:
        InvalidRequest: if it is not valid.
    """
    if crop is None:
        return None
    numbers = (
        [float(v) for v in crop] if len(crop) == 4 and all(isinstance(v, int | float) for v in crop) else []
    )
    if not numbers or not (0 <= numbers[0] < numbers[2] <= 1 and 0 <= numbers[1] < numbers[3] <= 1):
        raise InvalidRequest(
            f"{str(list(crop))[:80]} is not a box in 0..1.", "Send left, top, right, bottom."
        )
    return numbers


def decision_row(given: DecisionRequest, proposal: ReviewItem, hidden: bool, now: datetime) -> dict[str, Any]:
    """A row of `review_decisions`; arguments as in `meaning`."""
    action, choice = meaning(given, proposal, hidden)
    return {
        ReviewDecision.verdict_id: given.verdict_id,
        ReviewDecision.group_id: proposal.group_id,
        ReviewDecision.photo_ids: list(proposal.row[Proposal.photo_ids]),
        ReviewDecision.action: action,
        ReviewDecision.proposed_photo_id: proposal.row[Proposal.chosen_photo_id],
        ReviewDecision.chosen_photo_id: choice,
        ReviewDecision.crop: box_of(given.crop) if choice else None,
        ReviewDecision.confidence: None if proposal.technical else proposal.row[Proposal.confidence],
        ReviewDecision.proposed_by: proposal.row[Proposal.decided_by],
        ReviewDecision.blind: hidden,
        ReviewDecision.bulk: False,
        ReviewDecision.decided_at: now,
        ReviewDecision.proposed_crop: proposed_crop(proposal.row),
        ReviewDecision.proposal: proposal.version,
        ReviewDecision.seconds: None
        if given.seconds is None
        else min(max(float(given.seconds), 0.0), _MOST_SECONDS),
    }


def decision_told(row: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """A row of `review_decisions` for the browser; None if there is none."""
    if row is None:
        return None
    return {
        "verdict_id": row[ReviewDecision.verdict_id],
        "action": row[ReviewDecision.action],
        "choice": row[ReviewDecision.chosen_photo_id],
        "crop": row[ReviewDecision.crop],
        "blind": row[ReviewDecision.blind],
    }


def note_row(note_id: str, kind: str, text: str, group_id: str | None, now: datetime) -> dict[str, Any]:
    """A row of `feedback`.

    Raises:
        InvalidRequest: if the kind is unknown or the text is empty.
    """
    if kind not in ("note", "bug", "critical") or not text.strip():
        raise InvalidRequest(
            f"A note of kind {kind!r} with {len(text)} characters cannot be saved.",
            "Write a note, a bug or a critical error.",
        )
    return {
        Feedback.note_id: note_id,
        Feedback.kind: kind,
        Feedback.text: text,
        Feedback.group_id: group_id,
        Feedback.noted_at: now,
    }
