"""Figures of the review: agreement, overrides, crops, seconds, time saved, notes.

Holds `metric_rows`.
Add here: another figure, with its meaning.
Keep out: training on decisions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from statistics import median
from typing import Any

import numpy as np
import polars as pl

from proofsheet.models.boxes import iou
from proofsheet.models.intervals import wilson
from proofsheet.review.blind_reviews import left_out_told
from proofsheet.review.drift import Figure, drift_figures
from proofsheet.selection.timeline import counted
from schemas.review import Feedback, ReviewDecision, ReviewMetric

Row = Mapping[str, Any]
TIME_SAVED, CRITICAL, OVERLAP = "time saved", "critical errors", "median crop IoU"
FULL_FRAME = "median crop IoU of the full frame"
_SAME = 0.95  # overlap from which a crop counts as accepted unchanged


def metric_rows(
    project: str,
    decisions: pl.DataFrame,
    notes: pl.DataFrame,
    baseline_s: float,
    left_out: Mapping[str, str] | None = None,
) -> pl.DataFrame:
    """The rows of `review_metrics`.

    Args:
        project: partition key.
        decisions: current review decisions; of several on one set the last counts.
        notes: the facts `feedback_notes`.
        baseline_s: seconds that a set took by hand before, as the settings state.
        left_out: blind verdicts that prove nothing, by id, with the reason.
    """
    rows = counted(decisions).to_dicts()
    days = sorted(
        {r[ReviewDecision.decided_at].date() for r in rows}
        | {r[Feedback.noted_at].date() for r in notes.to_dicts()}
    )
    found = []
    for period, day in (("all", None), *((d.isoformat(), d) for d in days)):
        some = [r for r in rows if day is None or r[ReviewDecision.decided_at].date() == day]
        noted = [r for r in notes.to_dicts() if day is None or r[Feedback.noted_at].date() == day]
        found += [_row(project, period, one) for one in _figures(some, noted, baseline_s, left_out or {})]
    return ReviewMetric.frame(found)


def _figures(
    rows: Sequence[Row], notes: Sequence[Row], baseline_s: float, left_out: Mapping[str, str]
) -> Iterator[Figure]:
    n = len(rows)
    yield _share(
        "agreement", sum(r[ReviewDecision.action] == "approved" for r in rows), n, "decided as proposed"
    )
    yield _share(
        "overrides",
        sum(r[ReviewDecision.action] == "overridden" for r in rows),
        n,
        "another picture was picked",
    )
    yield _share(
        "rejected", sum(r[ReviewDecision.action] == "rejected" for r in rows), n, "nothing to decide"
    )
    unseen = [r for r in rows if r[ReviewDecision.blind] and r[ReviewDecision.chosen_photo_id]]
    blind = [r for r in unseen if r[ReviewDecision.verdict_id] not in left_out]
    told = left_out_told(
        {i: left_out[i] for r in unseen if (i := str(r[ReviewDecision.verdict_id])) in left_out}
    )
    right = sum(r[ReviewDecision.chosen_photo_id] == r[ReviewDecision.proposed_photo_id] for r in blind)
    yield _share(
        "blind agreement", right, len(blind), "the same picture was picked without seeing the proposal" + told
    )
    yield from drift_figures(rows)
    yield from _crop_figures(rows)
    yield from _time_figures(rows, baseline_s)
    for name, kind in (("notes", "note"), ("bugs", "bug"), (CRITICAL, "critical")):
        count = sum(r[Feedback.kind] == kind for r in notes)
        yield name, float(count), None, count, "count", f"{name} written down while reviewing"


def _crop_figures(rows: Sequence[Row]) -> Iterator[Figure]:
    proposed = [
        r
        for r in rows
        if r[ReviewDecision.proposed_crop]
        and r[ReviewDecision.chosen_photo_id] == r[ReviewDecision.proposed_photo_id]
    ]
    overlaps = [_overlap(r) for r in proposed]
    yield _share(
        "crop acceptance",
        sum(o >= _SAME for o in overlaps),
        len(overlaps),
        "the proposed crop was accepted unchanged",
    )
    accepted = [o for o in overlaps if o > 0]
    yield (
        OVERLAP,
        median(accepted) if accepted else None,
        None,
        len(accepted),
        "IoU",
        "overlap of proposed crop and accepted crop",
    )
    whole = [_area(r[ReviewDecision.crop]) for r, o in zip(proposed, overlaps, strict=True) if o > 0]
    yield (
        FULL_FRAME,
        median(whole) if whole else None,
        None,
        len(whole),
        "IoU",
        "the same for the full frame without a crop",
    )


def _time_figures(rows: Sequence[Row], baseline_s: float) -> Iterator[Figure]:
    seconds = [r[ReviewDecision.seconds] for r in rows if r[ReviewDecision.seconds] is not None]
    yield (
        "seconds a decision",
        median(seconds) if seconds else None,
        None,
        len(seconds),
        "s",
        "median from showing to decision",
    )
    saved = 1.0 - sum(seconds) / (baseline_s * len(seconds)) if seconds else None
    told = f"against {baseline_s:g} s a set by hand, as set in [review] baseline_s"
    yield TIME_SAVED, saved, None, len(seconds), "share", told


def _share(name: str, part: int, n: int, told: str) -> Figure:
    return name, part / n if n else None, wilson(part, n) if n else None, n, "share", told


def _area(box: Sequence[float]) -> float:
    """Overlap of a box with the full frame."""
    return (box[2] - box[0]) * (box[3] - box[1])


def _overlap(row: Row) -> float:
    """Overlap of proposed and accepted crop; 0 if it was refused."""
    if not row[ReviewDecision.crop]:
        return 0.0
    return float(iou(np.array([row[ReviewDecision.proposed_crop]]), np.array([row[ReviewDecision.crop]]))[0])


def _row(project: str, period: str, figure: Figure) -> Row:
    name, value, interval, n, unit, told = figure
    low, high = interval or (None, None)
    return {
        ReviewMetric.project: project,
        ReviewMetric.period: period,
        ReviewMetric.metric: name,
        ReviewMetric.value: value,
        ReviewMetric.low: low,
        ReviewMetric.high: high,
        ReviewMetric.n: n,
        ReviewMetric.unit: unit,
        ReviewMetric.meaning_in_words: told,
    }
