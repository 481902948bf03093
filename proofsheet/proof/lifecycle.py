"""The states of a text on its way to publication, and the steps between them.

Holds `TRANSITIONS`, `step` and `events`.
Add here: a state, with the steps to and from it.
Keep out: what causes a step (attempts.py, publishing).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import pairwise

from proofsheet.core.errors import GateRefused
from proofsheet.core.files import short_hash
from schemas.media_meta import LifecycleEvent

NEW = "new"
TRANSITIONS: dict[str, frozenset[str]] = {
    NEW: frozenset({"generated"}),
    "generated": frozenset({"repaired", "accepted", "draft", "rejected", "blocked"}),
    "repaired": frozenset({"accepted", "draft", "rejected", "blocked"}),
    "accepted": frozenset({"uploaded", "rejected", "generated"}),
    "rejected": frozenset({"generated"}),
    "draft": frozenset({"generated"}),
    "blocked": frozenset({"generated"}),
    "uploaded": frozenset({"generated"}),
}


def step(before: str, after: str) -> str:
    """The next state.

    Raises:
        GateRefused: if there is no such step.
    """
    if after not in TRANSITIONS[before]:
        raise GateRefused(
            f"A text cannot go from {before} to {after}.",
            f"From {before} it may become {', '.join(sorted(TRANSITIONS[before]))}.",
        )
    return after


def events(photo_id: str, attempt: int, states: Iterable[str], now: datetime) -> Iterator[dict[str, object]]:
    """One event a step of an attempt, each checked; the same step of the same attempt has the same id.

    Args:
        photo_id: the photo.
        attempt: number of the attempt.
        states: from the state before to the last one.
        now: when (UTC, no zone).
    """
    for before, after in pairwise(states):
        yield event(photo_id, "proof", f"attempt {attempt}: {before} → {step(before, after)}", now)


def event(photo_id: str, kind: str, detail: str, now: datetime) -> dict[str, object]:
    """A row of the ledger's events; what happened twice in the same words is noted once."""
    return {
        LifecycleEvent.event_id: short_hash(photo_id, kind, detail, length=24),
        LifecycleEvent.photo_id: photo_id,
        LifecycleEvent.event: kind,
        LifecycleEvent.detail: detail,
        LifecycleEvent.happened_at: now,
    }
