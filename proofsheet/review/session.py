"""The review of one project: open sets, decisions, undo and redo.

Holds `ReviewSession`.
Add here: another act of the review.
Keep out: HTTP (dagster_project/review/) and what follows after submit (submission.py).

A decision is in the ledger, with full fsync, before `decide` returns. Every write is in one transaction with
the read that it depends on. If two people decide on one set, one wins and the other gets an error.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

from proofsheet.review.decision_request import (
    Conflict,
    DecisionRequest,
    decision_row,
    decision_told,
    note_row,
)
from proofsheet.review.marking import MarkRequest, mark_row, marked_image
from proofsheet.review.progress import review_progress, target_of
from proofsheet.review.queue import ReviewItem, ReviewQueue, mark_of, read_queue
from proofsheet.selection.timeline import Timeline, decides, proposed_crop
from proofsheet.storage.workspace import Project
from schemas.choices import Proposal
from schemas.library import IN_PLACE
from schemas.marks import PhotoMark
from schemas.review import Feedback, ReviewBatch, ReviewDecision, ReviewStep
from schemas.selections import Selection

Row = dict[str, Any]


class ReviewSession:
    """The review of one project; safe to be used by many threads.

    Args:
        project: the project of the sets.
        audit_share: share of the sets that are shown blind.
    """

    def __init__(self, project: Project, audit_share: float) -> None:
        self.project, self._share = project, audit_share
        self._lock = threading.Lock()
        self._timeline = Timeline()
        self._proposals: ReviewQueue | None = None

    def proposals(self) -> ReviewQueue:
        """The present proposals; read again when a run wrote others."""
        known = self._proposals
        if known is None or known.mark != mark_of(self.project):
            known = self._proposals = read_queue(self.project, self._share)
        return known

    def load(self, size: int, start: int | None = None) -> Row:
        """A batch: sets from a place on, or from the first open one.

        Args:
            size: how many.
            start: place of the first, from 0; None for the first open set; a skipped one comes after all that
                nobody looked at.

        Returns:
            The sets, with the number of the last act that they know of.
        """
        with self.project.ledger.kept_open():
            return self._batch(size, start)

    def _batch(self, size: int, start: int | None) -> Row:
        sets = self.proposals().sets
        with self._lock:
            self._timeline.catch_up(self.project.ledger)
            opened = [k for k, p in enumerate(sets) if self._open(p)]
            fresh = [k for k in opened if self._timeline.of(sets[k].group_id) is None]
            first = max(0, min([*fresh, *opened, 0][0] if start is None else start, len(sets) - 1))
            shown = [
                self._shown(p) | {"place": k} for k, p in enumerate(sets[first : first + size], start=first)
            ]
            number = self._timeline.number
        return {
            "project": self.project.key,
            "start": first,
            "size": size,
            "number": number,
            "sets": shown,
            "progress": self._progress(),
        }

    def one(self, group_id: str) -> Row:
        """A set as it is now; a single picture has no place.

        Raises:
            Conflict: if it is no longer proposed.
        """
        proposal = self._find(group_id)
        with self._lock:
            self._timeline.catch_up(self.project.ledger)
            return self._shown(proposal) | {"place": self.proposals().places.get(group_id)}

    def items_now(self, wanted: Callable[[Timeline], list[ReviewItem]]) -> list[Row]:
        """Sets or single pictures as they are now, picked by the present decisions."""
        with self._lock, self.project.ledger.kept_open():
            return [self._shown(p) for p in wanted(self._timeline.catch_up(self.project.ledger))]

    def progress(self) -> Row:
        """Counts of the whole project as of the act of a number, and what undo and redo would touch."""
        with self.project.ledger.kept_open():
            return self._progress()

    def _progress(self) -> Row:
        found = self.proposals()
        with self._lock:
            return review_progress(found, self._timeline.catch_up(self.project.ledger), self._handed_over())

    def _handed_over(self) -> int:
        """Number of the last act that was submitted; 0 without any."""
        batches = self.project.ledger.rows_after(ReviewBatch, ReviewBatch.number, 0)
        return max((int(r[ReviewBatch.up_to]) for r in batches), default=0)

    def decide(self, given: DecisionRequest, now: datetime) -> Row:
        """Keep a verdict; the set comes back as it is then.

        Raises:
            Unfit: if the verdict makes no sense.
            Conflict: if the set, its proposal or its verdict is not what was judged.
        """
        with self.project.ledger.kept_open():
            self._keep(given, now)
            return self.one(given.group_id)

    def _keep(self, given: DecisionRequest, now: datetime) -> None:
        proposal = self._find(given.group_id)
        with self._lock, self.project.ledger.exclusive() as inside:
            line = self._timeline.catch_up(inside)
            if given.verdict_id not in line.verdicts:
                if given.version != proposal.version:
                    raise Conflict(
                        "The proposal for this set has changed since it was shown.",
                        "Look at it again; nothing was saved.",
                    )
                stands = line.of(given.group_id)
                if (stands[ReviewDecision.verdict_id] if stands else None) != given.known_id:
                    raise Conflict(
                        "This set was decided elsewhere meanwhile.",
                        "Look at it again; your decision was not saved.",
                    )
                row = decision_row(given, proposal, self._is_blind(given, proposal), now) | {
                    ReviewDecision.number: line.number + 1
                }
                inside.add(ReviewDecision, [row])

    def approve_above(self, least: float, bulk_id: str, now: datetime, *, technical: bool = False) -> int:
        """Approve every open set at or above a confidence.

        Bulk approvals are left out of the statistics.

        Audit sets are left open, and so are skipped sets and what has no calibrated confidence.

        Args:
            least: confidence from which a set is approved.
            bulk_id: id of the sender; the same id twice is one act.
            now: when (UTC, no zone).
            technical: whether a technical confidence is enough; else only one that was calibrated on choices.
        """
        found = self.proposals()
        with self._lock, self.project.ledger.exclusive() as inside:
            line = self._timeline.catch_up(inside)
            if any(v[ReviewDecision.bulk_id] == bulk_id for v in line.verdicts.values()):
                return 0
            fresh = (p for p in found.sets if self._open(p) and line.of(p.group_id) is None)
            wanted = [p for p in fresh if not p.audit and p.is_sure(least) and (technical or not p.technical)]
            rows = []
            for k, p in enumerate(wanted, start=1):
                crop = proposed_crop(p.row)
                given = DecisionRequest(f"{bulk_id}-{k}", p.group_id, p.version, "approve", crop=crop)
                rows.append(
                    decision_row(given, p, self._is_blind(given, p), now)
                    | {
                        ReviewDecision.number: line.number + k,
                        ReviewDecision.bulk: True,
                        ReviewDecision.bulk_id: bulk_id,
                    }
                )
            inside.add(ReviewDecision, rows)
        return len(rows)

    def step(self, act: str, step_id: str, now: datetime) -> Row:
        """Undo or redo the last act; gives the set that it was about, or None if there is nothing.

        Args:
            act: undo or redo.
            step_id: id of the sender; the same id twice is one step.
            now: when (UTC, no zone).
        """
        with self._lock, self.project.ledger.exclusive() as inside:
            line = self._timeline.catch_up(inside)
            stack = line.done if act == "undo" else line.undone
            if step_id in line.steps or not stack:
                return {"group_id": None}
            last = stack[-1][-1]
            group, photo = target_of(self.proposals(), line, last)
            row = {
                ReviewStep.step_id: step_id,
                ReviewStep.verdict_id: last,
                ReviewStep.act: act,
                ReviewStep.done_at: now,
            }
            inside.add(ReviewStep, [row | {ReviewStep.number: line.number + 1}])
        shown = self.one(group) if group in self.proposals().by_id else None
        return {"group_id": group, "photo_id": photo, "set": shown}

    def submit(self, batch_id: str, now: datetime) -> int:
        """Submit every current decision.

        Gives the number of new decisions and steps.
        """
        with self._lock, self.project.ledger.exclusive() as inside:
            line = self._timeline.catch_up(inside)
            before = inside.rows_after(ReviewBatch, ReviewBatch.number, 0)
            last = before[-1] if before else {ReviewBatch.number: 0, ReviewBatch.up_to: 0}
            fresh = line.unsubmitted(int(last[ReviewBatch.up_to]))
            if not fresh or any(r[ReviewBatch.batch_id] == batch_id for r in before):
                return 0
            row = {
                ReviewBatch.batch_id: batch_id,
                ReviewBatch.up_to: line.number,
                ReviewBatch.submitted_at: now,
            }
            inside.add(ReviewBatch, [row | {ReviewBatch.number: last[ReviewBatch.number] + 1}])
        return fresh

    def mark(self, given: MarkRequest, now: datetime) -> Row:
        """Keep stars, a label or a flag of a picture; its set comes back as it is then.

        Raises:
            InvalidRequest: if the mark is empty, or has an unknown value.
            Conflict: if the picture is gone, or was marked elsewhere meanwhile.
        """
        group = self.proposals().group_of.get(given.photo_id)
        if group is None:
            raise Conflict("This picture is no longer in the review.", "Load the page again.")
        image = next(i for i in self._find(group).images if i["id"] == given.photo_id)
        with self._lock, self.project.ledger.exclusive() as inside:
            line = self._timeline.catch_up(inside)
            if given.mark_id not in line.marks:
                inside.add(PhotoMark, [mark_row(given, image, line, now)])
        return self.one(group)

    def note(self, note_id: str, kind: str, text: str, group_id: str | None, now: datetime) -> None:
        """Save a note about the tool."""
        self.project.ledger.add(Feedback, [note_row(note_id, kind, text, group_id, now)])

    def _find(self, group_id: str) -> ReviewItem:
        found = self.proposals().by_id.get(group_id)
        if found is None:
            raise Conflict(
                f"The set {group_id!r} is no longer proposed.",
                "Load the batch again; a run changed the sets.",
            )
        return found

    def _open(self, proposal: ReviewItem) -> bool:
        """Whether neither a verdict nor imported history decides it; a skipped set is open."""
        return proposal.history is None and not decides(self._timeline.of(proposal.group_id))

    def chosen(self, group_id: str) -> str | None:
        """The marked photo of a set: decided, else from history, else proposed.

        None if the set is rejected or the proposal hidden.
        """
        proposal = self._find(group_id)
        with self._lock:
            verdict = self._timeline.catch_up(self.project.ledger).of(group_id)
            if verdict is not None and decides(verdict):
                decided = verdict[ReviewDecision.chosen_photo_id]
                return None if decided is None else str(decided)
            if proposal.history is not None:
                return str(proposal.history[Selection.chosen_photo_id])
            return None if self._hidden(proposal) else str(proposal.row[Proposal.chosen_photo_id])

    def _hidden(self, proposal: ReviewItem) -> bool:
        """Whether the proposal was never shown."""
        return proposal.is_hidden(self._timeline.seen)

    def _is_blind(self, given: DecisionRequest, proposal: ReviewItem) -> bool:
        return (given.blind and proposal.history is None) or self._hidden(proposal)

    def _shown(self, proposal: ReviewItem) -> Row:
        told = decision_told(self._timeline.of(proposal.group_id))
        applied = any(i["state"] != IN_PLACE for i in proposal.images)
        hidden = self._hidden(proposal)
        images = [marked_image(i, self._timeline, hidden=hidden) for i in proposal.images]
        return proposal.as_dict(hidden=hidden) | {"verdict": told, "applied": applied, "images": images}
