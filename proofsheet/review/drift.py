"""Whether a model has aged: what it states against what people choose.

Holds `drift_figures` and `drifted`.
Add here: another sign of age.
Keep out: when to train again (training/retraining_trigger.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import polars as pl

from proofsheet.models.intervals import wilson
from schemas.review import ReviewDecision, ReviewMetric

Figure = tuple[str, float | None, tuple[float, float] | None, int, str, str]
DRIFT = "drift"
_LEAST = 30  # least number of sets for a warning of drift


def drift_figures(rows: Sequence[Mapping[str, Any]]) -> Iterator[Figure]:
    """Mean confidence of calibrated proposals, agreement, and their distance.

    The distance is that of the mean from the interval of the agreement.

    Args:
        rows: the last verdict on each set, of those that count.
    """
    sure = [r for r in rows if r[ReviewDecision.confidence] is not None and r[ReviewDecision.chosen_photo_id]]
    n, right = (
        len(sure),
        sum(r[ReviewDecision.chosen_photo_id] == r[ReviewDecision.proposed_photo_id] for r in sure),
    )
    low, high = wilson(right, n)
    stated = sum(r[ReviewDecision.confidence] for r in sure) / n if n else None
    distance = max(0.0, stated - high, low - stated) if stated is not None else None
    yield (
        "stated confidence",
        stated,
        None,
        n,
        "share",
        "mean confidence of the calibrated proposals that were decided",
    )
    told = "share of these in which the proposal was chosen"
    yield "agreement with the model", right / n if n else None, (low, high) if n else None, n, "share", told
    yield (
        DRIFT,
        distance,
        None,
        n,
        "share",
        "distance of the stated confidence from the interval of the agreement with the model",
    )


def drifted(metrics: pl.DataFrame) -> pl.DataFrame:
    """The row for confidences that no longer fit the decisions, if there is one.

    With few sets there is no row.
    """
    beyond = (
        (pl.col(ReviewMetric.metric) == DRIFT)
        & (pl.col(ReviewMetric.value) > 0)
        & (pl.col(ReviewMetric.n) >= _LEAST)
    )
    return metrics.filter(beyond & (pl.col(ReviewMetric.period) == "all"))
