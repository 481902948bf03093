"""The gates of the rollout: criteria, least numbers of cases, and the trivial rule on the same cases.

Holds `readiness_rows`.
Add here: another gate.
Keep out: the figures themselves (metrics.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from proofsheet.review.blind_reviews import LEAST, proving
from proofsheet.review.metrics import CRITICAL, FULL_FRAME, OVERLAP, TIME_SAVED
from proofsheet.selection.timeline import counted
from schemas.review import ReviewDecision, ReviewMetric
from schemas.rollout import Readiness, Threshold
from schemas.selections import Selection

_SETS, _LARGE, _CUTS = 100, 1000, 30
_FEW = "not enough data"


@dataclass(frozen=True)
class Gate:
    """One gate.

    Attributes:
        name: of the gate.
        wanted: what it asks for.
        value: what there is.
        n: cases behind it.
        least: number of cases from which the gate gives a result.
        baseline: what the trivial rule gets.
        good: whether what there is is what it asks for.
    """

    name: str
    wanted: str
    value: str
    n: int
    least: int
    baseline: str
    good: bool


def readiness_rows(
    project: str,
    decisions: pl.DataFrame,
    selections: pl.DataFrame,
    thresholds: pl.DataFrame,
    metrics: pl.DataFrame,
    left_out: Mapping[str, str],
) -> pl.DataFrame:
    """The gates, from reviews that count.

    With too few cases a gate is open, unless it has failed already.

    Args:
        project: partition key.
        decisions: current review decisions.
        selections: rows of `selections`; they say what the stage rule takes.
        thresholds: rows of `threshold_report`.
        metrics: rows of `review_metrics`.
        left_out: blind verdicts that prove nothing.
    """
    figures = {
        r[ReviewMetric.metric]: r for r in metrics.filter(pl.col(ReviewMetric.period) == "all").to_dicts()
    }
    lock = str(thresholds[Threshold.auto_approval][0]) if thresholds.height else "locked"
    why = str(thresholds[Threshold.why][0]) if thresholds.height else "never run"
    gates = [*_agreement(counted(decisions), selections), *_work(counted(decisions).height, figures)]
    blind = proving(decisions, left_out)
    gates.append(
        Gate(
            "auto-approval",
            "unlocked by blind reviews",
            f"{lock}: {why}",
            blind.height,
            LEAST,
            _stage(blind, selections),
            lock == "unlocked",
        )
    )
    return Readiness.frame(_gate_row(project, one) for one in gates)


def _gate_row(project: str, gate: Gate) -> dict[str, object]:
    met, found = "yes" if gate.good else "no", gate.value
    if gate.n < gate.least:
        met, found = _FEW, f"{_FEW} ({gate.n} of {gate.least}); {gate.value}"
    return {
        Readiness.project: project,
        Readiness.gate_name: gate.name,
        Readiness.wanted: gate.wanted,
        Readiness.found: found,
        Readiness.n: gate.n,
        Readiness.least_n: gate.least,
        Readiness.baseline: gate.baseline,
        Readiness.met: met,
    }


def _agreement(seen: pl.DataFrame, selections: pl.DataFrame) -> Iterator[Gate]:
    n = seen.height
    approved, overridden = (
        seen.filter(pl.col(ReviewDecision.action) == a).height / max(n, 1) for a in ("approved", "overridden")
    )
    told = f"{approved:.1%} approved, {overridden:.1%} overridden" if n else "no review yet"
    rule = _stage(seen, selections)
    yield Gate("sandbox", "more than 60 % approved", told, n, _SETS, rule, approved > 0.6)
    wanted = "more than 80 % approved, less than 5 % overridden"
    yield Gate("tuning", wanted, told, n, _SETS, rule, approved > 0.8 and overridden < 0.05)
    yield Gate("large", "more than 90 % approved", told, n, _LARGE, rule, approved > 0.9)


def _work(reviewed: int, figures: Mapping[str, Mapping[str, Any]]) -> Iterator[Gate]:
    """Crops, time and errors.

    A critical error fails its gate however few sets were reviewed.
    """
    overlap, full, saved, critical = (
        _figure(figures, name) for name in (OVERLAP, FULL_FRAME, TIME_SAVED, CRITICAL)
    )
    told = "no crop reviewed yet" if overlap[0] is None else f"median overlap {overlap[0]:.2f}"
    frame = "the full frame: no crop reviewed yet" if full[0] is None else f"the full frame: {full[0]:.2f}"
    yield Gate(
        "cuts",
        "median overlap with the accepted crop above 0.7",
        told,
        overlap[1],
        _CUTS,
        frame,
        (overlap[0] or 0.0) > 0.7,
    )
    timed = "not recorded" if saved[0] is None else f"{saved[0]:.0%}"
    by_hand = str(figures.get(TIME_SAVED, {}).get(ReviewMetric.meaning_in_words, "sets by hand"))
    yield Gate("time saved", "50 % or more", timed, saved[1], _SETS, by_hand, (saved[0] or 0.0) >= 0.5)
    count = int(critical[0] or 0)
    least = 0 if count else _SETS
    yield Gate(
        "critical errors",
        "none",
        f"{count} written down",
        reviewed,
        least,
        "none: an absolute demand",
        not count,
    )


def _figure(figures: Mapping[str, Mapping[str, Any]], name: str) -> tuple[float | None, int]:
    row = figures.get(name, {})
    return row.get(ReviewMetric.value), int(row.get(ReviewMetric.n, 0))


def _stage(seen: pl.DataFrame, selections: pl.DataFrame) -> str:
    """In how many of these sets the highest stage alone is what the person chose."""
    own = selections.filter(pl.col(Selection.source) == "review")
    right = {
        r[Selection.set_id]: r[Selection.top_photo_id] == r[Selection.chosen_photo_id] for r in own.to_dicts()
    }
    known = []
    for row in seen.to_dicts():
        if row[ReviewDecision.chosen_photo_id] is None or len(row[ReviewDecision.photo_ids]) == 1:
            known.append(row[ReviewDecision.chosen_photo_id] is not None)
        elif row[ReviewDecision.group_id] in right:
            known.append(right[row[ReviewDecision.group_id]])
    share = f"{sum(known) / len(known):.1%} of {len(known)}" if known else "no review yet"
    return f"the highest stage alone: {share}"
