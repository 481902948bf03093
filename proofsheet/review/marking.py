"""Stars, a label or a flag for a picture, as the review app sends it and shows it.

Holds `MarkRequest`, `mark_row`, `marks_of_image` and `marked_image`.
Add here: another mark that people may set.
Keep out: which of several marks counts (selection/photo_marks.py), and saving (session.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from proofsheet.review.decision_request import Conflict, InvalidRequest
from proofsheet.review.queue import ELSEWHERE, MODEL_STARS
from proofsheet.selection.photo_marks import PictureMarks, picture_marks
from proofsheet.selection.timeline import Timeline
from schemas.marks import LABELS, MOST_STARS, PhotoMark


@dataclass(frozen=True)
class MarkRequest:
    """A mark as it was sent; at least one of stars, label and flag.

    Attributes:
        mark_id: id given by the sender.
        photo_id: the picture.
        stars: 0 (none) to 5; None leaves them.
        label: one of the known colours, empty for none; None leaves it.
        flag: 1 picked, -1 rejected, 0 none; None leaves it.
        known_id: the last mark of the picture that the sender knows; None for none.
    """

    mark_id: str
    photo_id: str
    stars: int | None = None
    label: str | None = None
    flag: int | None = None
    known_id: str | None = None


def mark_row(given: MarkRequest, image: Mapping[str, Any], line: Timeline, now: datetime) -> dict[str, Any]:
    """A row of `photo_marks`, with what another program says at this time.

    Args:
        given: the mark.
        image: the picture, with what another program says of it.
        line: the acts so far.
        now: when (UTC, no zone).

    Raises:
        InvalidRequest: if it is empty, or has an unknown value.
        Conflict: if the last mark of the picture is not the one that the sender knows.
    """
    _check(given)
    stands, elsewhere = line.marks_of(given.photo_id), image[ELSEWHERE]
    if (str(stands[-1][PhotoMark.mark_id]) if stands else None) != given.known_id:
        raise Conflict(
            "This picture was marked elsewhere meanwhile.", "Look at it again; your mark was not saved."
        )
    return {
        PhotoMark.mark_id: given.mark_id,
        PhotoMark.photo_id: given.photo_id,
        PhotoMark.stars: given.stars,
        PhotoMark.label: given.label,
        PhotoMark.flag: given.flag,
        PhotoMark.stars_elsewhere: elsewhere.rating,
        PhotoMark.label_elsewhere: elsewhere.label,
        PhotoMark.flag_elsewhere: elsewhere.pick,
        PhotoMark.number: line.number + 1,
        PhotoMark.marked_at: now,
    }


def _check(given: MarkRequest) -> None:
    if given.stars is None and given.label is None and given.flag is None:
        raise InvalidRequest("The mark is empty.", "Send stars, a label or a flag.")
    if given.stars is not None and not 0 <= given.stars <= MOST_STARS:
        raise InvalidRequest(f"stars is {given.stars}.", f"Send 0 to {MOST_STARS}.")
    if given.label and given.label not in LABELS:
        raise InvalidRequest(
            f"label is {given.label[:40]!r}.", f"Send {', '.join(LABELS)}, or an empty text."
        )
    if given.flag not in (None, -1, 0, 1):
        raise InvalidRequest(f"flag is {given.flag}.", "Send 1 (picked), -1 (rejected) or 0.")


def marks_of_image(image: Mapping[str, Any], line: Timeline, *, hidden: bool = False) -> PictureMarks:
    """The marks of now of an image of the queue.

    Args:
        image: of a set.
        line: the acts so far.
        hidden: whether the proposal of its set is hidden; stars of a model would show it.
    """
    by_model = None if hidden else image[MODEL_STARS]
    return picture_marks(line.marks_of(str(image["id"])), image[ELSEWHERE], by_model)


def marked_image(image: Mapping[str, Any], line: Timeline, *, hidden: bool) -> dict[str, Any]:
    """An image of a set for the browser, with its marks of now; see `marks_of_image`."""
    marks = marks_of_image(image, line, hidden=hidden)
    shown = {n: v for n, v in image.items() if n not in (ELSEWHERE, MODEL_STARS)}
    return shown | {"marks": marks.as_dict()}
