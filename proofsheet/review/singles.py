"""The pictures that are in no set of two or more, page by page.

Holds `SinglesPage` and `singles_page`.
Add here: another way to narrow them down.
Keep out: decisions on them, which are those of sets (session.py).

A keeper is approved and goes where the winner of a set goes; a rejected picture stays in its place and is
not described or published. Neither counts as agreement with a proposal.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from proofsheet.review.filters import ALL, MarkFilter, labels_of
from proofsheet.review.queue import ReviewItem
from proofsheet.review.session import ReviewSession
from proofsheet.selection.timeline import Timeline, decides
from schemas.review import ReviewDecision

OPEN = "open"
ACTIONS = (OPEN, "approved", "rejected")


@dataclass(frozen=True)
class SinglesPage:
    """Some of the single pictures.

    Attributes:
        start: place of the first among those with the wanted decision.
        total: number of those.
        labels: every label of a single picture.
        counts: pictures by decision, of all.
        sets: a row for the browser each.
    """

    start: int
    total: int
    counts: dict[str, int]
    labels: list[str]
    sets: list[dict[str, Any]]


def singles_page(
    session: ReviewSession, action: str | None, start: int, size: int, marks: MarkFilter = ALL
) -> SinglesPage:
    """A page of them.

    Args:
        session: the review of the project.
        action: one of `ACTIONS`; None for all.
        marks: stars and label that they need.
        start: the first one, from 0.
        size: how many.
    """
    counts, some, labels = Counter[str](), list[ReviewItem](), list[str]()

    def wanted(line: Timeline) -> list[ReviewItem]:
        for one in session.proposals().singles:
            own = action_of(line, one.group_id)
            counts[own] += 1
            if action in (None, own) and marks.fits(one, line):
                some.append(one)
        labels.extend(labels_of(session.proposals().singles, line))
        return some[start : start + size]

    shown = session.items_now(wanted)
    return SinglesPage(start, len(some), dict(counts), labels, shown)


def action_of(line: Timeline, group_id: str) -> str:
    """What was decided on a single picture; open without a decision."""
    verdict = line.of(group_id)
    return str(verdict[ReviewDecision.action]) if verdict is not None and decides(verdict) else OPEN
