"""How far proposals may be trusted: overrides, thresholds, the lock of auto-approval, the gates of the rollout.

Holds `override_rows`, `threshold_rows`, `auto_approval` and `readiness_rows`.
Add here: another gate.
Keep out: models.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from proofsheet.learn import heldout
from proofsheet.learn.intervals import clopper_pearson_low, wilson
from proofsheet.learn.metrics import CRITICAL, TIME_SAVED
from proofsheet.learn.points import picks, softmax
from proofsheet.verdicts import counted
from proofsheet.workspace import Project
from schemas.history import Selection
from schemas.learning import Override, RankerModel, Readiness, Threshold
from schemas.review import Decision, ReviewMetric, Verdict

THRESHOLDS = (0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.97, 0.99)
_BOUND = 0.95


def override_rows(project: str, decisions: pl.DataFrame, selections: pl.DataFrame, verdicts: pl.DataFrame) -> pl.DataFrame:
    """Sets in which a person chose another picture than is proposed; what was proposed to her stands in her verdict.

    Args:
        project: partition key.
        decisions: rows of `decisions`.
        selections: rows of `selections`.
        verdicts: the facts `verdicts`.
    """
    groups = {i: row for row in decisions.to_dicts() for i in row[Decision.photo_ids]}
    said = {r[Verdict.group_id]: r for r in counted(verdicts).sort(Verdict.number).to_dicts()}
    found: dict[str, dict[str, Any]] = {}
    for row in selections.to_dicts():
        group = groups.get(row[Selection.chosen_photo_id])
        if group is None:
            continue
        verdict = said.get(row[Selection.set_id]) if row[Selection.source] == "review" else None
        proposed = verdict[Verdict.proposed_photo_id] if verdict else group[Decision.chosen_photo_id]
        if proposed == row[Selection.chosen_photo_id] or proposed not in row[Selection.photo_ids]:
            continue
        found[group[Decision.group_id]] = {
            Override.project: project,
            Override.group_id: group[Decision.group_id],
            Override.set_key: row[Selection.set_key],
            Override.proposed_photo_id: proposed,
            Override.chosen_photo_id: row[Selection.chosen_photo_id],
            Override.confidence: verdict[Verdict.confidence] if verdict else group[Decision.confidence],
            Override.proposed_by: verdict[Verdict.proposed_by] if verdict else group[Decision.decided_by],
            Override.source: row[Selection.source],
            Override.decided_at: row[Selection.decided_at],
        }
    return Override.frame(found.values())


def auto_approval(verdicts: pl.DataFrame) -> tuple[str, str]:
    """Whether anything may be approved without a person, and why: blind reviews alone can unlock it.

    The lower bound of the share of right proposals (Clopper and Pearson, 95 %) must reach 0.95; 93 blind sets with one error do.
    """
    blind = counted(verdicts).filter(pl.col(Verdict.blind) & (pl.col(Verdict.action) != "rejected"))
    right = blind.filter(pl.col(Verdict.chosen_photo_id) == pl.col(Verdict.proposed_photo_id)).height
    bound = clopper_pearson_low(right, blind.height) if blind.height else 0.0
    why = f"{blind.height} blind reviews, {blind.height - right} errors: at least {bound:.3f} are right, {_BOUND} is wanted"
    return ("unlocked" if bound >= _BOUND else "locked"), why


def threshold_rows(project: Project, ranker_model: pl.DataFrame, verdicts: pl.DataFrame) -> pl.DataFrame:
    """What each threshold of confidence would let through, on sets of this project that the model was judged on unseen."""
    lock, why = auto_approval(verdicts)
    row = ranker_model.to_dicts()[0] if ranker_model.height else None
    rows = heldout.read_held_out(project.models, str(row[RankerModel.fit_id])) if row and row[RankerModel.fit_id] else None
    confidence, right = _held(rows.filter(pl.col(heldout.NAME) == project.name), row) if rows is not None and row else _NOTHING
    return Threshold.frame(_threshold(project.key, t, confidence, right, lock, why) for t in THRESHOLDS)


_NOTHING = (np.empty(0), np.empty(0, dtype=bool))


def _held(rows: pl.DataFrame, model: dict[str, Any]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    p = heldout.probabilities(rows)
    if rows.is_empty():
        return _NOTHING
    q = softmax(np.log(np.maximum(p, 1e-12)) / float(model[RankerModel.temperature]), p > 0)
    pick = picks(q, rows[heldout.TOP].to_numpy(), float(model[RankerModel.overrule_at]))
    return q[np.arange(len(q)), pick], pick == rows[heldout.CHOSEN].to_numpy()


def _threshold(
    project: str, threshold: float, confidence: npt.NDArray[np.float64], right: npt.NDArray[np.bool_], lock: str, why: str
) -> dict[str, Any]:
    inside = confidence >= threshold
    covered, good = int(inside.sum()), int(right[inside].sum())
    low, high = wilson(good, covered)
    return {
        Threshold.project: project,
        Threshold.threshold: threshold,
        Threshold.sets: len(confidence),
        Threshold.covered: covered,
        Threshold.right: good,
        Threshold.coverage: covered / len(confidence) if len(confidence) else 0.0,
        Threshold.precision: good / covered if covered else None,
        Threshold.low: low,
        Threshold.high: high,
        Threshold.auto_approval: lock,
        Threshold.why: why,
    }


def readiness_rows(project: str, verdicts: pl.DataFrame, thresholds: pl.DataFrame, metrics: pl.DataFrame) -> pl.DataFrame:
    """The gates of the rollout, from reviews that count; what nobody recorded is unknown and never taken as met."""
    figures = {r[ReviewMetric.metric]: r for r in metrics.filter(pl.col(ReviewMetric.period) == "all").to_dicts()}
    saved, critical = (figures.get(name, {}).get(ReviewMetric.value) for name in (TIME_SAVED, CRITICAL))
    seen = counted(verdicts)
    n = seen.height
    approved, overridden = (seen.filter(pl.col(Verdict.action) == a).height / n if n else 0.0 for a in ("approved", "overridden"))
    told = f"{approved:.1%} approved, {overridden:.1%} overridden" if n else "no review yet"
    lock = thresholds[Threshold.auto_approval][0] if thresholds.height else "locked"

    def gates() -> Iterator[tuple[str, str, str, str]]:
        yield "sandbox", "more than 60 % approved", told, _met(n, approved > 0.6)
        yield "tuning", "more than 80 % approved, less than 5 % overridden", told, _met(n, approved > 0.8 and overridden < 0.05)
        yield "large", "more than 90 % approved of 1,000 sets or more", told, _met(n, approved > 0.9 and n >= 1000)
        timed = "not recorded" if saved is None else f"{saved:.0%}, {figures[TIME_SAVED][ReviewMetric.meaning_in_words]}"
        yield "time saved", "50 % or more", timed, "unknown" if saved is None else _met(n, saved >= 0.5)
        yield "critical errors", "none", f"{critical or 0:.0f} written down", _met(n, not critical)
        yield "auto-approval", "unlocked by blind reviews", str(lock), _met(n, lock == "unlocked")

    return Readiness.frame(
        {
            Readiness.project: project,
            Readiness.gate_name: gate,
            Readiness.wanted: wanted,
            Readiness.found: found if n or met == "unknown" else "no review yet",
            Readiness.n: n,
            Readiness.met: met,
        }
        for gate, wanted, found, met in gates()
    )


def _met(n: int, met: bool) -> str:
    return "unknown" if n == 0 else "yes" if met else "no"
