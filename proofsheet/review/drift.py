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
_LEAST = 30  # sets from which drift is told


def drift_figures(rows: Sequence[Mapping[str, Any]]) -> Iterator[Figure]:
    """What calibrated proposals stated, what people chose, and how far the first is from the interval of the second.

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
    told = "of these, what was proposed was chosen"
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
    """The row that says that stated confidences no longer fit what people choose, if there is one; few sets say nothing."""
    beyond = (
        (pl.col(ReviewMetric.metric) == DRIFT)
        & (pl.col(ReviewMetric.value) > 0)
        & (pl.col(ReviewMetric.n) >= _LEAST)
    )
    return metrics.filter(beyond & (pl.col(ReviewMetric.period) == "all"))
