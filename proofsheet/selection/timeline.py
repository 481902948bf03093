"""Current review decisions and marks: decisions, marks, undo and redo, in their order.

Holds `Timeline`, `timeline`, `handed_over`, `decides`, `standing`, `last_words`, `counted` and
`proposed_crop`.
Add here: another act on verdicts or marks.
Keep out: how verdicts come in (review/, history/decision_import.py).
"""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Mapping
from typing import Any

import polars as pl

from proofsheet.storage.ledger import Ledger, Transaction
from schemas.choices import Proposal
from schemas.marks import PhotoMark
from schemas.review import REVIEWED, ReviewBatch, ReviewDecision, ReviewStep

Row = dict[str, Any]


class Timeline:
    """The acts of a review, replayed; it grows by what came since.

    Attributes:
        number: of the last decision, mark or step that was read.
        verdicts: each decision by its id, also if it is undone.
        marks: each mark of a photo by its id, also if it is undone.
        handed: numbers of the decisions and of the steps on them; marks need no submit.
        steps: every step, an undo or a redo, by its id.
        done: current acts, oldest first; an act is one mark, one decision, or those made together.
        undone: acts that can be given again, the next one last.
        seen: sets that were ever decided; their proposals are no secret any longer.
    """

    def __init__(self) -> None:
        self.number = 0
        self.verdicts: dict[str, Row] = {}
        self.marks: dict[str, Row] = {}
        self.handed: list[int] = []
        self.steps: set[str] = set()
        self.done: list[list[str]] = []
        self.undone: list[list[str]] = []
        self.seen: set[str] = set()
        self._of_set: dict[str, list[str]] = {}
        self._of_photo: dict[str, list[str]] = {}

    def catch_up(self, source: Ledger | Transaction, up_to: int | None = None) -> Timeline:
        """Read new decisions, marks and steps as of one moment.

        Args:
            source: a ledger, or a transaction of it.
            up_to: number of the last row to read; None for all.
        """
        if isinstance(source, Ledger):
            if source.path.exists():
                with source.snapshot() as moment:
                    self.catch_up(moment, up_to)
            return self
        decisions = source.rows_after(ReviewDecision, ReviewDecision.number, self.number)
        marks = source.rows_after(PhotoMark, PhotoMark.number, self.number)
        self.take(decisions, source.rows_after(ReviewStep, ReviewStep.number, self.number), up_to, marks)
        return self

    def take(
        self, decisions: Iterable[Row], steps: Iterable[Row], up_to: int | None, marks: Iterable[Row] = ()
    ) -> None:
        """Replay rows that were not read yet, in the order of their numbers.

        Args:
            decisions: rows of `review_decisions`.
            steps: rows of `review_steps`.
            up_to: number of the last row to read; None for all.
            marks: rows of `photo_marks`; without them, steps on marks change nothing.
        """
        rows: list[tuple[int, Row]] = [(int(r[ReviewDecision.number]), r) for r in decisions]
        rows += [(int(r[ReviewStep.number]), r) for r in steps]
        rows += [(int(r[PhotoMark.number]), r) for r in marks]
        for number, row in sorted(rows, key=_first):
            if up_to is not None and number > up_to:
                break
            if ReviewDecision.action in row:
                self._decide(row)
                self.handed.append(number)
            elif PhotoMark.mark_id in row:
                self._mark(row)
            else:
                self._step(row)
                if row[ReviewStep.verdict_id] in self.verdicts:
                    self.handed.append(number)
            self.number = max(self.number, number)

    def of(self, group_id: str) -> Row | None:
        """The current decision on a set, or None."""
        found = self._of_set.get(group_id)
        return self.verdicts[found[-1]] if found else None

    def unsubmitted(self, up_to: int) -> int:
        """How many decisions, and steps on them, came after a number."""
        return len(self.handed) - bisect.bisect_right(self.handed, up_to)

    def marks_of(self, photo_id: str) -> list[Row]:
        """The marks of a photo that were not undone, oldest first."""
        return [self.marks[own] for own in self._of_photo.get(photo_id, ())]

    def marked(self) -> list[str]:
        """The photos with marks that were not undone."""
        return [photo for photo, ids in self._of_photo.items() if ids]

    def standing(self) -> list[Row]:
        """The current decision on each set, in the order of the decisions."""
        found = [self.verdicts[ids[-1]] for ids in self._of_set.values() if ids]
        return sorted(found, key=lambda r: int(r[ReviewDecision.number]))

    def _decide(self, row: Row) -> None:
        own, together = str(row[ReviewDecision.verdict_id]), row[ReviewDecision.bulk_id]
        self.verdicts[own] = row
        self.seen.add(str(row[ReviewDecision.group_id]))
        self._of_set.setdefault(str(row[ReviewDecision.group_id]), []).append(own)
        last = self.verdicts.get(self.done[-1][-1]) if self.done else None
        if together and last and last[ReviewDecision.bulk_id] == together:
            self.done[-1].append(own)
        else:
            self.done.append([own])
        self.undone.clear()

    def _mark(self, row: Row) -> None:
        own = str(row[PhotoMark.mark_id])
        self.marks[own] = row
        self._of_photo.setdefault(str(row[PhotoMark.photo_id]), []).append(own)
        self.done.append([own])
        self.undone.clear()

    def _step(self, row: Row) -> None:
        """Move an act between the two stacks."""
        self.steps.add(str(row[ReviewStep.step_id]))
        source, target = (
            (self.done, self.undone) if row[ReviewStep.act] == "undo" else (self.undone, self.done)
        )
        if not source or row[ReviewStep.verdict_id] != source[-1][-1]:
            return
        target.append(source.pop())
        for own in target[-1]:
            stack = self._stack(own)
            if row[ReviewStep.act] == "redo":
                stack.append(own)
            elif own in stack:
                stack.remove(own)

    def _stack(self, own: str) -> list[str]:
        """The current acts on the set or photo of an act."""
        if own in self.marks:
            return self._of_photo[str(self.marks[own][PhotoMark.photo_id])]
        return self._of_set[str(self.verdicts[own][ReviewDecision.group_id])]


def _first(pair: tuple[int, Row]) -> int:
    return pair[0]


def timeline(ledger: Ledger, up_to: int | None = None) -> Timeline:
    """The whole review of a project, or what it was at a number."""
    return Timeline().catch_up(ledger, up_to)


def handed_over(ledger: Ledger) -> Timeline:
    """The review at the time of its last submit."""
    batches = ledger.rows_after(ReviewBatch, ReviewBatch.number, 0)
    return timeline(ledger, up_to=max((r[ReviewBatch.up_to] for r in batches), default=0))


def decides(verdict: Mapping[str, Any] | None) -> bool:
    """Whether a verdict decides its set; a skipped set is open."""
    return verdict is not None and verdict[ReviewDecision.action] in REVIEWED


def standing(ledger: Ledger) -> pl.DataFrame:
    """Rows of `review_decisions` that were not undone, in their order.

    Of several on one set all are there, see `last_words`.
    """
    found = timeline(ledger)
    ids = {own for act in found.done for own in act}
    rows = [row for own, row in found.verdicts.items() if own in ids]
    return ReviewDecision.frame(rows).sort(ReviewDecision.number)


def last_words(decisions: pl.DataFrame) -> pl.DataFrame:
    """The current decision on each set, in their order.

    A set that was skipped last is open, whatever came before.

    Args:
        decisions: of `standing`.
    """
    return decisions.sort(ReviewDecision.number).unique(
        ReviewDecision.group_id, keep="last", maintain_order=True
    )


def counted(decisions: pl.DataFrame) -> pl.DataFrame:
    """The current decision on each set, without bulk approvals, skipped sets and single pictures.

    On a single picture there is nothing to agree with.

    Args:
        decisions: of `standing`.
    """
    several = pl.col(ReviewDecision.photo_ids).list.len() > 1
    return last_words(decisions).filter(
        several & ~pl.col(ReviewDecision.bulk) & pl.col(ReviewDecision.action).is_in(list(REVIEWED))
    )


def proposed_crop(group: Mapping[str, Any]) -> list[float] | None:
    """The crop that a row of `proposals` proposes, or None."""
    sides = (Proposal.crop_x1, Proposal.crop_y1, Proposal.crop_x2, Proposal.crop_y2)
    return None if group[Proposal.crop_x1] is None else [float(group[s]) for s in sides]
