"""Blind reviews and the gates of the rollout: what proves something, on how many cases, beside which rule."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from proofsheet.models import holdout_predictions
from proofsheet.models.intervals import clopper_pearson_low
from proofsheet.review.blind_reviews import LEAST, auto_approval, decided_by_history, unproven
from proofsheet.review.metrics import metric_rows
from proofsheet.review.rollout_gates import readiness_rows
from proofsheet.training.evaluate_ranker import HeldOut, held_out_rows
from schemas.review import Feedback, ReviewDecision, ReviewMetric
from schemas.rollout import Readiness, Threshold
from schemas.selections import HistoryMatch, Selection, VectorSelection
from tests.support.kit import NOW
from tests.support.learning_kit import made_sets

MODEL = "a" * 32


def verdicts(count: int, wrong: int = 0, **more: Any) -> pl.DataFrame:
    """Blind reviews of sets of two pictures; the first ones chose the other."""
    base = dict.fromkeys(ReviewDecision.polars_schema()) | {
        ReviewDecision.project: "p",
        ReviewDecision.bulk: False,
        ReviewDecision.blind: True,
    }
    base |= {
        ReviewDecision.decided_at: NOW,
        ReviewDecision.proposed_by: "highest stage, then sharpest; version 3",
    } | more
    rows = []
    for k in range(count):
        pair = [f"g{k}-low", f"g{k}-high"]
        own = {
            ReviewDecision.verdict_id: f"v{k}",
            ReviewDecision.group_id: f"g{k}",
            ReviewDecision.number: k + 1,
            ReviewDecision.photo_ids: pair,
        }
        chosen = {ReviewDecision.proposed_photo_id: pair[1], ReviewDecision.chosen_photo_id: pair[k >= wrong]}
        rows.append(base | own | chosen | {ReviewDecision.action: "approved" if k >= wrong else "overridden"})
    return ReviewDecision.frame(rows)


def selections(said: pl.DataFrame, source: str = "review") -> pl.DataFrame:
    """What `selections` says of these verdicts; the stage rule takes the second picture."""
    return Selection.frame(
        {
            Selection.project: "p",
            Selection.set_key: f"k{r[ReviewDecision.group_id]}",
            Selection.chosen_photo_id: r[ReviewDecision.chosen_photo_id],
            Selection.photo_ids: r[ReviewDecision.photo_ids],
            Selection.top_photo_id: r[ReviewDecision.photo_ids][1],
            Selection.anomaly: r[ReviewDecision.chosen_photo_id] == r[ReviewDecision.photo_ids][0],
            Selection.source: source,
            Selection.session_id: "review",
            Selection.set_id: r[ReviewDecision.group_id],
            Selection.decided_at: NOW,
        }
        for r in said.to_dicts()
    )


def trained(models: Path, fit_id: str, members: Sequence[str], frozen: Sequence[str] = ()) -> None:
    """What lies beside a model that was trained on these sets of two, and kept the others out."""
    data = made_sets(projects=1, sets=len(members) + len(frozen))
    names = [[f"{m}-low", f"{m}-high", f"{m}-third"] for m in (*members, *frozen)]
    data = type(data)(data.features, data.winner, data.anomaly, data.groups, data.keys, data.keys, names, "e")
    p = np.full((len(names), 3), 1 / 3)
    said = HeldOut(p, data.winner, p[:, 0])
    holdout_predictions.write_held_out(
        models, fit_id, held_out_rows(data, said, said, np.arange(len(names)) >= len(members))
    )


def test_the_least_number_of_blind_sets_is_the_one_that_can_unlock() -> None:
    assert clopper_pearson_low(LEAST, LEAST) >= 0.95 > clopper_pearson_low(LEAST - 1, LEAST - 1)
    assert auto_approval(verdicts(93, 1), {})[0] == "unlocked"
    assert auto_approval(verdicts(92, 1), {})[0] == "locked"


def test_sets_that_history_had_decided_prove_nothing(tmp_path: Path) -> None:
    said = verdicts(100)
    match = dict.fromkeys(HistoryMatch.polars_schema()) | {
        HistoryMatch.project: "p",
        HistoryMatch.kind: "selection",
    }
    match |= {
        HistoryMatch.file: "f",
        HistoryMatch.line: 1,
        HistoryMatch.chosen_path: "x",
        HistoryMatch.status: "superseded",
    }
    match |= {HistoryMatch.reason: "", HistoryMatch.next_step: ""}
    matches = HistoryMatch.frame(
        match | {HistoryMatch.row_hash: str(k), HistoryMatch.chosen_photo_id: f"g{k}-low"} for k in range(20)
    )
    old = selections(said.slice(20, 20), "history")
    lost = dict.fromkeys(VectorSelection.polars_schema()) | {
        VectorSelection.project: "p",
        VectorSelection.set_key: "s",
    }
    lost |= dict.fromkeys(("encoder_id", "chosen_vector_id", "top_vector_id", "session_id", "set_id"), "x")
    vectors = VectorSelection.frame(
        [lost | {"vector_ids": ["x", "y"], "photo_ids": [None, "g40-high"], "anomaly": False}]
    )
    left_out = unproven(said, decided_by_history(matches, old, vectors), tmp_path, "")
    assert sorted(left_out) == sorted(f"v{k}" for k in range(41))
    lock, why = auto_approval(said, left_out)
    assert (lock, why.split(",")[0]) == ("unlocked", "59 blind reviews")
    assert "41 blind reviews do not count: 41 decided by imported history" in why
    rows = metric_rows("p", said, Feedback.frame(), 20.0, left_out)
    (one,) = rows.filter(
        (pl.col(ReviewMetric.metric) == "blind agreement") & (pl.col(ReviewMetric.period) == "all")
    ).to_dicts()
    assert one[ReviewMetric.n] == 59
    assert "41 blind reviews do not count" in one[ReviewMetric.meaning_in_words]


def test_sets_that_a_model_was_trained_on_prove_nothing_and_its_frozen_ones_do(tmp_path: Path) -> None:
    said = verdicts(30, proposed_by=f"highest stage, then sharpest; version 3; ranker {MODEL[:12]}")
    trained(tmp_path, MODEL, [f"g{k}" for k in range(10)], [f"g{k}" for k in range(10, 20)])
    left_out = unproven(said, (), tmp_path, MODEL)
    assert sorted(left_out) == sorted(f"v{k}" for k in range(10))
    assert "10 used to train a model" in auto_approval(said, left_out)[1]
    later = "b" * 32  # the active model learnt from others, the one that proposed still counts
    trained(tmp_path, later, [f"g{k}" for k in range(25, 30)])
    assert len(unproven(said, (), tmp_path, later)) == 15
    rule = verdicts(30)
    assert len(unproven(rule, (), tmp_path, later)) == 5
    assert unproven(rule, (), tmp_path, "") == {}


def test_a_model_of_which_is_not_known_what_it_learnt_proves_nothing(tmp_path: Path) -> None:
    said = verdicts(3, proposed_by="ranker 0123456789ab")
    assert len(unproven(said, (), tmp_path, "")) == 3
    assert auto_approval(verdicts(100), unproven(verdicts(100), (), tmp_path, "c" * 32))[0] == "locked"


def gates(said: pl.DataFrame, notes: pl.DataFrame | None = None) -> dict[str, dict[str, Any]]:
    lock, why = auto_approval(said, {})
    row = dict.fromkeys(("threshold", "low", "high", "coverage"), 0.5) | dict.fromkeys(
        ("sets", "covered", "right"), 0
    )
    thresholds = Threshold.frame(
        [{"project": "p", "precision": None, "auto_approval": lock, "why": why, **row}]
    )
    metrics = metric_rows("p", said, Feedback.frame() if notes is None else notes, 20.0)
    rows = readiness_rows("p", said, selections(said), thresholds, metrics, {})
    return {r[Readiness.gate_name]: r for r in rows.to_dicts()}


@pytest.mark.parametrize(
    ("count", "wrong", "sandbox", "large"),
    [
        (0, 0, "not enough data", "not enough data"),
        (99, 0, "not enough data", "not enough data"),
        (100, 0, "yes", "not enough data"),
        (100, 60, "no", "not enough data"),
        (1000, 50, "yes", "yes"),
    ],
)
def test_a_gate_says_nothing_below_its_least_number(count: int, wrong: int, sandbox: str, large: str) -> None:
    found = gates(verdicts(count, wrong))
    assert (found["sandbox"][Readiness.met], found["large"][Readiness.met]) == (sandbox, large)
    assert (found["sandbox"][Readiness.n], found["sandbox"][Readiness.least_n]) == (count, 100)
    if count < 100:
        assert found["sandbox"][Readiness.found].startswith(f"not enough data ({count} of 100)")


def test_the_highest_stage_and_the_full_frame_stand_beside_the_gates() -> None:
    said = verdicts(120, 30, proposed_crop=[0.0, 0.0, 0.5, 1.0], crop=[0.0, 0.0, 0.5, 0.8])
    found = gates(said)
    assert found["sandbox"][Readiness.baseline] == "the highest stage alone: 75.0% of 120"
    assert found["auto-approval"][Readiness.baseline] == "the highest stage alone: 75.0% of 120"
    assert found["cuts"][Readiness.baseline] == "the full frame: 0.40"
    assert (found["cuts"][Readiness.n], found["cuts"][Readiness.met]) == (90, "yes")
    assert found["time saved"][Readiness.met] == "not enough data"
    assert "by hand" in found["time saved"][Readiness.baseline]


def test_a_critical_error_fails_its_gate_however_few_sets_there_are() -> None:
    note = {
        "project": "p",
        "note_id": "n",
        "kind": "critical",
        "text": "it lost a file",
        "group_id": None,
        "noted_at": NOW,
    }
    assert gates(verdicts(3), Feedback.frame([note]))["critical errors"][Readiness.met] == "no"
    assert gates(verdicts(3))["critical errors"][Readiness.met] == "not enough data"
    assert gates(verdicts(100))["critical errors"][Readiness.met] == "yes"
