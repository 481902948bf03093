"""Small histories, projects with a taste of their own, and vectors without pictures.

What is learnt, and what is not.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from proofsheet.models.artifacts import load_ranker, save_model
from proofsheet.models.calibration import boast, boast_by_chance
from proofsheet.models.features import MEASURED, Bank, bank_of_vectors, joined, set_features
from proofsheet.models.intervals import bootstrap, bootstrap_within, over_projects
from proofsheet.models.logistic import fit_direction, fit_logit, projected
from proofsheet.models.ranker import Ranker
from proofsheet.training.datasets import SelectionData
from proofsheet.training.evaluate_ranker import judge_ranker
from proofsheet.training.fit_ranker import fit_ranker, uses_measurements
from proofsheet.training.promotion_rule import LEAST_CROSSWISE, Answers, crosswise_rule
from tests.support.learning_kit import QUICK, chosen, made_sets, turned_vectors, without_pictures

Allowed = tuple[bool, list[str]]


def silent(_what: str, _done: int, _total: int) -> None:
    """Nobody listens."""


def fit(data: SelectionData) -> Ranker:
    return fit_ranker(
        data.features, data.winner, data.anomaly, data.groups, data.clusters, QUICK, data.encoder_id
    )


def judged(data: SelectionData) -> Allowed:
    """The rule for small histories beside the highest stage."""
    report, _found, by_set = judge_ranker(data, QUICK, silent)
    good, top = by_set.pick == data.winner, data.features.top == data.winner
    outside = report["gain over the highest stage"] if "within projects" in report else None
    said = Answers(good.astype(float), top.astype(float), data.groups, data.clusters, by_set.confidence, good)
    return crosswise_rule(said, "the highest stage", "sets", outside)


def test_forty_overrides_of_one_project_are_enough_to_overrule_the_stage_rule() -> None:
    data = made_sets(projects=1, sets=40, anomalies=0)
    data = chosen(data, np.full(40, 1))
    allowed, reasons = judged(data)
    assert allowed, reasons
    fresh = made_sets(projects=1, sets=20, anomalies=0, seed=5)
    _p, pick = fit(data).choose(fresh.features, fresh.groups)
    assert (pick == 1).mean() > 0.8


def test_one_project_of_three_may_have_a_taste_and_the_others_keep_theirs() -> None:
    data = made_sets(projects=3, sets=45)
    winner = data.winner.copy()
    winner[45:85] = 1  # of project1, all but five: the lower stage, whatever its measurements say
    data = chosen(data, winner)
    allowed, reasons = judged(data)
    assert allowed, reasons
    model, fresh = fit(data), made_sets(projects=3, sets=40, seed=9)
    assert "project1" in model.tastes
    _p, pick = model.choose(fresh.features, fresh.groups)
    here = np.array(fresh.groups) == "project1"
    assert (pick[here] == 1).mean() > 0.8
    assert (pick == fresh.winner)[~here].mean() > 0.95
    _p, stranger = model.choose(fresh.features, ["nobody"] * len(fresh.groups))
    assert (stranger[here] == 1).mean() < 0.6


def test_dice_and_a_worse_challenger_are_refused_and_the_interval_is_told() -> None:
    allowed, reasons = judged(made_sets(projects=1, sets=40, dice=True, seed=4))
    assert not allowed
    assert any(
        r.startswith("NOT MET: gain over the highest stage in these projects:") and " to " in r
        for r in reasons
    )


@pytest.mark.parametrize(
    ("right", "n", "allowed"),
    [(12, 40, True), (0, 40, False), (-3, 40, False), (1, 40, False), (12, LEAST_CROSSWISE - 1, False)],
)
def test_the_lower_end_of_the_gain_decides(right: int, n: int, allowed: bool) -> None:
    new, old = np.ones(n), np.ones(n)
    (old if right > 0 else new)[: abs(right)] = 0
    names = [str(k) for k in range(n)]
    said = Answers(new, old, ["p"] * n, names, np.full(n, 0.9), new > 0)
    assert crosswise_rule(said, "the champion", "sets")[0] is allowed


def test_a_gain_that_is_surely_lost_on_projects_held_out_is_refused() -> None:
    n = 60
    old = np.r_[np.zeros(30), np.ones(30)]
    said = Answers(np.ones(n), old, ["p"] * n, [str(k) for k in range(n)], np.full(n, 0.9), np.ones(n, bool))
    assert crosswise_rule(said, "the champion", "sets", {"mean": 0.0, "low": -0.1, "high": 0.1})[0]
    assert not crosswise_rule(said, "the champion", "sets", {"mean": -0.2, "low": -0.3, "high": -0.1})[0]


def test_boasting_is_told_from_scatter() -> None:
    n = 40
    right = np.arange(n) < 20
    assert boast(np.full(n, 0.5), right) == pytest.approx(0)
    assert boast(np.full(n, 0.4), right) == 0
    assert boast(np.full(n, 0.9), right) == pytest.approx(0.4)
    assert boast_by_chance(np.full(n, 0.9)) < 0.2
    assert boast_by_chance(np.full(4000, 0.9)) < 0.03 < boast_by_chance(np.full(n, 0.9))


def test_the_interval_within_projects_draws_clusters_whole() -> None:
    values = np.array([1.0, 1.0, 0.0, 0.0])
    apart = bootstrap_within(np.tile(values, 10), ["p"] * 40, [str(k) for k in range(40)])
    together = bootstrap_within(np.tile(values, 10), ["p"] * 40, [str(k % 4) for k in range(40)])
    assert apart[0] == together[0] == 0.5
    assert together[2] - together[1] > apart[2] - apart[1]
    assert bootstrap_within(np.empty(0), [], []) == (0.0, -1.0, 1.0)


@pytest.mark.parametrize("projects", [1, 2, 3])
def test_an_interval_has_a_width_and_says_what_it_was_drawn_over(projects: int) -> None:
    values = np.tile(np.array([1.0, 1.0, 0.0]), 10)
    groups = [f"p{k * projects // 30}" for k in range(30)]
    values[:3] = 0.0
    found = over_projects(values, groups, [str(k) for k in range(30)])
    assert float(found["low"]) < float(found["mean"]) < float(found["high"])
    assert found["over"] == (
        "projects" if projects == 3 else "sets within the projects, which are fewer than three"
    )


def test_one_thing_alone_says_nothing_of_others() -> None:
    for found in (
        bootstrap([np.array([1.0, 0.0, 1.0])]),
        bootstrap_within(np.array([1.0, 0.0, 1.0]), ["p"] * 3, ["c"] * 3),
    ):
        assert found == pytest.approx((2 / 3, -1.0, 1.0))
    assert bootstrap_within(np.array([1.0, 0.0]), ["p", "q"], ["c", "d"]) == (0.5, -1.0, 1.0)


def test_a_lost_picture_makes_its_whole_set_unmeasured_so_that_loss_tells_nothing() -> None:
    rng = np.random.default_rng(0)
    measures, tiles, vectors = (rng.normal(size=(3, d)).astype(np.float32) for d in (18, 64, 8))
    there = Bank(["a", "b", "c"], measures, tiles, vectors, np.array([1, 2, 3], np.float32), "e")
    bank = joined([there, bank_of_vectors(["gone"], vectors[:1], np.array([2.0], np.float32), "e")])
    features = set_features(bank, [[0, 1, 2], [0, 1, 3]], [2, 1])
    assert features.known.tolist() == [True, False]
    assert np.isfinite(features.x[0]).all()
    assert np.isnan(features.x[1, :, :MEASURED]).all()
    assert np.isfinite(features.x[1, :, MEASURED:]).all()
    assert bank.top_of([0, 3, 1]) == 2  # of equal stages the measured one is the sharper


def test_vectors_without_pictures_teach_and_the_model_says_what_was_missing(tmp_path: Path) -> None:
    data = turned_vectors(made_sets(sets=40, anomalies=0.3))
    data = without_pictures(data, np.ones(len(data.winner), bool))
    pictures = int(data.features.mask.sum())
    assert data.quality_told == (
        f"quality measurements missing for {pictures} of {pictures} pictures; trained from vector and stage"
    )
    model = fit(data)
    assert not model.members.measured
    assert model.members.direction is not None
    fresh = turned_vectors(
        made_sets(sets=40, anomalies=0.3, seed=8)
    )  # with pictures: their measurements are not looked at
    p, pick = model.choose(fresh.features, fresh.groups)
    assert (pick == fresh.winner)[fresh.anomaly].mean() > 0.5
    assert (pick == fresh.winner).mean() > (fresh.features.top == fresh.winner).mean() + 0.1
    again = load_ranker(tmp_path, save_model(tmp_path, model))
    assert np.array_equal(again.choose(fresh.features, fresh.groups)[0], p)


def test_measured_and_lost_sets_are_learnt_from_together() -> None:
    data = made_sets(sets=60)
    half = without_pictures(data, np.arange(len(data.winner)) % 2 == 0)
    assert half.quality_told.endswith("trained from vector and stage in 120 of 240 sets")
    model, fresh = fit(half), made_sets(sets=40, seed=9)
    assert model.members.measured
    _p, pick = model.choose(fresh.features, fresh.groups)
    assert (pick == fresh.winner)[fresh.anomaly].mean() > 0.8
    lost = without_pictures(fresh, np.ones(len(fresh.winner), bool))
    _p, blind = model.choose(lost.features, lost.groups)
    assert (blind == lost.features.top).mean() > 0.9  # nothing speaks against the highest stage
    assert not uses_measurements(np.arange(1000) < 40)
    assert data.quality_told == ""
    assert data.data_hash != half.data_hash


def test_random_vectors_add_no_direction() -> None:
    assert fit(made_sets()).members.direction is None


def test_the_logit_finds_weights_and_the_direction_points_at_winners() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(8000, 3, 2))
    scores = x @ np.array([1.5, -0.5]) + rng.gumbel(size=(8000, 3))
    found = fit_logit(x, np.ones((8000, 3), bool), scores.argmax(axis=1), np.zeros((8000, 3)), 0.1)
    assert found == pytest.approx([1.5, -0.5], abs=0.1)
    assert (
        np.abs(fit_logit(x, np.ones((8000, 3), bool), scores.argmax(axis=1), np.zeros((8000, 3)), 1e9)).max()
        < 1e-3
    )
    data = turned_vectors(made_sets(sets=40))
    direction = fit_direction(data.features, data.winner)
    said = projected(data.features, direction)
    assert (said.argmax(axis=1) == data.winner).mean() > 0.8
    assert int(np.abs(direction).argmax()) == 0


def test_models_of_the_former_version_serve_as_they_did(tmp_path: Path) -> None:
    """They have no column for what was measured, no direction and no tastes."""
    from proofsheet.models import ranker

    new = fit(made_sets(sets=30))
    net = new.members.net
    kept = {n: getattr(net, n)[..., :-1] for n in ("mean", "scale", "direct", "hidden")}
    members = dataclasses.replace(new.members, net=dataclasses.replace(net, **kept), trees=None, tells=False)
    old = Ranker(members, (1.0, 0.0, 0.0), 0.7, "test encoder")
    arrays, facts = ranker.to_arrays(old)
    former = {k: v for k, v in facts.items() if k not in {"measured", "tastes"}} | {"weights": [1.0, 0.0]}
    assert former["version"] == "ranker 1"
    again, fresh = ranker.from_arrays(arrays, former), made_sets(sets=5, seed=3)
    assert np.array_equal(again.probabilities(fresh.features), old.probabilities(fresh.features))
