"""Which blind reviews count.

Sets that were decided before, or that a model was trained on, do not.

Holds `unproven_reviews`, `proving` and `auto_approval`.
Add here: another reason for which a blind review proves nothing.
Keep out: which sets are shown blind (session.py).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping
from pathlib import Path

import polars as pl

from proofsheet.models import holdout_predictions
from proofsheet.models.intervals import clopper_pearson_low
from proofsheet.selection.timeline import counted, standing
from proofsheet.storage.workspace import Project
from schemas.models import RankerModel
from schemas.review import ReviewDecision
from schemas.selections import HistoryMatch, Selection, VectorSelection
from schemas.table import Rows

Unproven = Mapping[str, str]
BOUND, LEAST = 0.95, 59  # with 59 sets and no error the lower bound reaches 0.95
_RANKER = re.compile(r"\branker ([0-9a-f]{12,32})")
_HISTORY, _LEARNT, _LOST = (
    "decided by imported history",
    "used to train a model",
    "of a model with unknown training data",
)


def decided_by_history(
    matches: pl.DataFrame, selections: pl.DataFrame, vector_sets: pl.DataFrame
) -> set[str]:
    """Photos of which imported history had spoken, whatever was decided since.

    Args:
        matches: rows of `history_matches`.
        selections: rows of `selections`.
        vector_sets: rows of `vector_selections`.
    """
    found = set(matches[HistoryMatch.chosen_photo_id].drop_nulls())
    for frame, ids in (
        (selections.filter(pl.col(Selection.source) == "history"), Selection.photo_ids),
        (vector_sets, VectorSelection.photo_ids),
    ):
        found |= set(frame[ids].explode().drop_nulls())
    return found


def unproven_reviews(
    history_matches: Rows[HistoryMatch],
    selections: Rows[Selection],
    vector_selections: Rows[VectorSelection],
    ranker_model: Rows[RankerModel],
    project: Project,
) -> Unproven:
    """Blind verdicts of a project that prove nothing; parameters are the tables of these names."""
    serving = next(iter(ranker_model[RankerModel.fit_id].to_list()), "")
    history = decided_by_history(history_matches, selections, vector_selections)
    return unproven(standing(project.ledger), history, project.models, str(serving))


def unproven(decisions: pl.DataFrame, history: Collection[str], models: Path, serving: str) -> Unproven:
    """Blind verdicts that prove nothing, by id, with the reason.

    Args:
        decisions: current review decisions.
        history: of `decided_by_history`.
        models: folder of models; beside each is a list of its training data.
        serving: the active ranker; empty without one.
    """
    learnt: dict[str, set[str] | None] = {}
    found, decided = {}, frozenset(history)
    for row in decisions.filter(pl.col(ReviewDecision.blind)).to_dicts():
        members = set(row[ReviewDecision.photo_ids])
        names = {*_RANKER.findall(row[ReviewDecision.proposed_by]), *([serving] if serving else [])}
        for name in names:
            if name not in learnt:
                learnt[name] = holdout_predictions.photos_trained_on(models, name)
        if members & decided:
            found[row[ReviewDecision.verdict_id]] = _HISTORY
        elif any(learnt[n] is None for n in names):
            found[row[ReviewDecision.verdict_id]] = _LOST
        elif any(members & (learnt[n] or set()) for n in names):
            found[row[ReviewDecision.verdict_id]] = _LEARNT
    return found


def proving(decisions: pl.DataFrame, left_out: Unproven) -> pl.DataFrame:
    """The last verdict on each set that was given blind and proves something."""
    blind = pl.col(ReviewDecision.blind) & (pl.col(ReviewDecision.action) != "rejected")
    return counted(decisions).filter(blind & ~pl.col(ReviewDecision.verdict_id).is_in(list(left_out)))


def left_out_told(left_out: Unproven) -> str:
    """How many blind reviews do not count, in words; empty if all do."""
    told = ", ".join(f"{count} {reason}" for reason, count in sorted(Counter(left_out.values()).items()))
    return f"; {len(left_out)} blind reviews do not count: {told}" if told else ""


def auto_approval(decisions: pl.DataFrame, left_out: Unproven) -> tuple[str, str]:
    """Whether approval without review is allowed, and why. Blind reviews alone can unlock it.

    The lower bound of the share of right proposals (Clopper and Pearson, 95 %) must reach 0.95; 93 blind sets
    with one error do.

    Args:
        decisions: current review decisions.
        left_out: of `unproven`.
    """
    blind = proving(decisions, left_out)
    right = blind.filter(
        pl.col(ReviewDecision.chosen_photo_id) == pl.col(ReviewDecision.proposed_photo_id)
    ).height
    bound = clopper_pearson_low(right, blind.height) if blind.height else 0.0
    why = (
        f"{blind.height} blind reviews, {blind.height - right} errors: at least {bound:.3f} are right, "
        f"{BOUND} is wanted"
    )
    return ("unlocked" if bound >= BOUND else "locked"), why + left_out_told(left_out)
