"""Which sets and pictures a filter of the review lets through.

Holds `MarkFilter`, `ALL`, `STATES`, `places_of` and `labels_of`.
Add here: another filter of the queue.
Keep out: the queue itself (queue.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from proofsheet.review.marking import marks_of_image
from proofsheet.review.queue import ReviewItem
from proofsheet.review.session import ReviewSession
from proofsheet.selection.timeline import Timeline, decides, timeline

STATES = ("open", "decided")


@dataclass(frozen=True)
class MarkFilter:
    """Marks that one picture of a set needs, both of them.

    Attributes:
        stars: least number of stars; 0 for any.
        label: the label, in any case of letters; empty for any.
    """

    stars: int = 0
    label: str = ""

    def fits(self, item: ReviewItem, line: Timeline) -> bool:
        """Whether a set has such a picture."""
        hidden = item.is_hidden(line.seen)
        found = (marks_of_image(image, line, hidden=hidden) for image in item.images)
        return not (self.stars or self.label) or any(
            m.stars >= self.stars and self.label.casefold() in ("", m.label.casefold()) for m in found
        )


ALL = MarkFilter()


def places_of(session: ReviewSession, marks: MarkFilter, state: str) -> tuple[list[int], list[str]]:
    """The places of the sets that a filter lets through, ascending, and every label in the review.

    Args:
        session: the review of the project.
        marks: stars and label.
        state: one of `STATES`; empty for both. Imported history decides a set.
    """
    line, queue = timeline(session.project.ledger), session.proposals()
    places = [
        place
        for place, item in enumerate(queue.sets)
        if (not state or (state == "decided") == _is_decided(item, line)) and marks.fits(item, line)
    ]
    return places, labels_of(queue.by_id.values(), line)


def _is_decided(item: ReviewItem, line: Timeline) -> bool:
    return item.history is not None or decides(line.of(item.group_id))


def labels_of(items: Iterable[ReviewItem], line: Timeline) -> list[str]:
    """Every label of these sets, also those of other programs."""
    found = (marks_of_image(image, line).label for item in items for image in item.images)
    return sorted({label for label in found if label})
