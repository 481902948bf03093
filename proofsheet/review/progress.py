"""How far a review is, and what undo and redo would touch.

Holds `ACTIONS`, `review_progress` and `target_of`.
Add here: another count of the whole project.
Keep out: acts (session.py).
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from proofsheet.review.queue import ReviewQueue
from proofsheet.selection.choices import ReviewProgress
from proofsheet.selection.timeline import Timeline, decides
from schemas.marks import PhotoMark
from schemas.review import REVIEWED, ReviewDecision

ACTIONS = (*REVIEWED, "skipped")


def review_progress(found: ReviewQueue, line: Timeline, submitted: int) -> dict[str, Any]:
    """Counts of the whole project as of the last act.

    Args:
        found: everything that can be decided.
        line: the acts so far.
        submitted: number of the last act that was submitted.
    """
    actions = Counter(str(v[ReviewDecision.action]) for p in found.sets if (v := line.of(p.group_id)))
    history = sum(p.history is not None and not decides(line.of(p.group_id)) for p in found.sets)
    far = ReviewProgress(len(found.sets), sum(actions[a] for a in REVIEWED), history)
    return {
        "number": line.number,
        "total": far.total,
        "decided": far.decided,
        "reviewed": far.reviewed,
        "history": far.history,
        "singles": len(found.singles),
        "actions": {a: actions.get(a, 0) for a in ACTIONS},
        "text": str(far),
        "undo": target_of(found, line, line.done[-1][-1])[0] if line.done else None,
        "redo": target_of(found, line, line.undone[-1][-1])[0] if line.undone else None,
        "waiting": line.unsubmitted(submitted),
    }


def target_of(found: ReviewQueue, line: Timeline, act: str) -> tuple[str, str | None]:
    """The set that an act is about, and the photo if it is a mark.

    The set of a photo that is no longer in the review is named by the photo.
    """
    if act in line.marks:
        photo = str(line.marks[act][PhotoMark.photo_id])
        return found.group_of.get(photo, photo), photo
    return str(line.verdicts[act][ReviewDecision.group_id]), None
