"""How far proposals may be trusted: overrides, and what each threshold lets through.

Holds `override_rows` and `threshold_rows`.
Add here: another report on proposals.
Keep out: models, blind reviews (blind_reviews.py), and the gates of the rollout (rollout_gates.py).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from proofsheet.models import holdout_predictions
from proofsheet.models.intervals import wilson
from proofsheet.models.probabilities import picks, softmax
from proofsheet.selection.timeline import counted
from proofsheet.storage.workspace import Project
from schemas.choices import Proposal
from schemas.models import RankerModel
from schemas.review import ReviewDecision
from schemas.rollout import Override, Threshold
from schemas.selections import Selection

THRESHOLDS = (0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.97, 0.99)


def override_rows(
    project: str, proposals: pl.DataFrame, selections: pl.DataFrame, decisions: pl.DataFrame
) -> pl.DataFrame:
    """Sets with another choice than the proposal.

    The decision holds the proposal of its time.

    Args:
        project: partition key.
        proposals: rows of `proposals`.
        selections: rows of `selections`.
        decisions: the facts `review_decisions`.
    """
    groups = {i: row for row in proposals.to_dicts() for i in row[Proposal.photo_ids]}
    said = {r[ReviewDecision.group_id]: r for r in counted(decisions).sort(ReviewDecision.number).to_dicts()}
    found: dict[str, dict[str, Any]] = {}
    for row in selections.to_dicts():
        group = groups.get(row[Selection.chosen_photo_id])
        if group is None:
            continue
        verdict = said.get(row[Selection.set_id]) if row[Selection.source] == "review" else None
        proposed = verdict[ReviewDecision.proposed_photo_id] if verdict else group[Proposal.chosen_photo_id]
        if proposed == row[Selection.chosen_photo_id] or proposed not in row[Selection.photo_ids]:
            continue
        found[group[Proposal.group_id]] = {
            Override.project: project,
            Override.group_id: group[Proposal.group_id],
            Override.set_key: row[Selection.set_key],
            Override.proposed_photo_id: proposed,
            Override.chosen_photo_id: row[Selection.chosen_photo_id],
            Override.confidence: verdict[ReviewDecision.confidence]
            if verdict
            else group[Proposal.confidence],
            Override.proposed_by: verdict[ReviewDecision.proposed_by]
            if verdict
            else group[Proposal.decided_by],
            Override.source: row[Selection.source],
            Override.decided_at: row[Selection.decided_at],
        }
    return Override.frame(found.values())


def threshold_rows(project: Project, ranker_model: pl.DataFrame, lock: str, why: str) -> pl.DataFrame:
    """How many sets each threshold of confidence would approve.

    Only held-out sets of this project count.

    Args:
        project: the project of the sets.
        ranker_model: the row of that table.
        lock: whether approval without review is allowed.
        why: what that rests on.
    """
    row = ranker_model.to_dicts()[0] if ranker_model.height else None
    rows = (
        holdout_predictions.read_held_out(project.models, str(row[RankerModel.fit_id]))
        if row and row[RankerModel.fit_id]
        else None
    )
    confidence, right = (
        _held(rows.filter(pl.col(holdout_predictions.NAME) == project.name), row)
        if rows is not None and row
        else _NOTHING
    )
    return Threshold.frame(_threshold(project.key, t, confidence, right, lock, why) for t in THRESHOLDS)


_NOTHING = (np.empty(0), np.empty(0, dtype=bool))


def _held(rows: pl.DataFrame, model: dict[str, Any]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    p = holdout_predictions.probabilities(rows)
    if rows.is_empty():
        return _NOTHING
    q = softmax(np.log(np.maximum(p, 1e-12)) / float(model[RankerModel.temperature]), p > 0)
    pick = picks(q, rows[holdout_predictions.TOP].to_numpy(), float(model[RankerModel.overrule_at]))
    return q[np.arange(len(q)), pick], pick == rows[holdout_predictions.CHOSEN].to_numpy()


def _threshold(
    project: str,
    threshold: float,
    confidence: npt.NDArray[np.float64],
    right: npt.NDArray[np.bool_],
    lock: str,
    why: str,
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
