"""Ranker, crop proposer, protocol and promotion, on sets of which the rule is known."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from proofsheet.core.errors import ModelError, UsageError
from proofsheet.models import holdout_predictions, registry
from proofsheet.models.anchor_boxes import FEATURES, Pooling, anchor_features, anchors_of
from proofsheet.models.artifacts import load_crops, load_ranker, model_path, save_model
from proofsheet.models.boxes import iou, uncut
from proofsheet.models.calibration import expected_calibration_error
from proofsheet.models.features import NAMES, STAGE_COLUMNS
from proofsheet.models.intervals import bootstrap, clopper_pearson_low, wilson
from proofsheet.models.probabilities import operating_point, picks, softmax, temperature_of
from proofsheet.models.ranker import Ranker
from proofsheet.storage.ledger import Ledger
from proofsheet.training.augmentation import VIEWS
from proofsheet.training.box_losses import giou, sorted_corners
from proofsheet.training.evaluate_crops import auc, constant_boxes, judge_crops
from proofsheet.training.evaluate_ranker import HeldOut, coverage, held_out_rows, judge_ranker
from proofsheet.training.fit_crop_proposer import fit_crops, fit_source_mlp, mirrored
from proofsheet.training.fit_ranker import fit_ranker
from proofsheet.training.listwise import train_listwise
from proofsheet.training.onnx_export import BATCHES, TOLERANCE, export_model
from proofsheet.training.promotion_rule import crop_rule, ranker_rule
from proofsheet.training.splits import folds_of, frozen_test
from schemas.models import Fit, Promotion
from tests.support.kit import NOW
from tests.support.learning_kit import QUICK, made_crops, made_sets


def silent(_what: str, _done: int, _total: int) -> None:
    """Nobody listens."""


@pytest.fixture(scope="module")
def ranker() -> Ranker:
    """A ranker trained on sets in which a spoilt highest stage loses."""
    data = made_sets()
    return fit_ranker(
        data.features, data.winner, data.anomaly, data.groups, data.clusters, QUICK, data.encoder_id
    )


def test_intervals_are_those_of_the_tables() -> None:
    assert wilson(0, 0) == (0.0, 1.0)
    assert wilson(8, 10) == pytest.approx((0.4902, 0.9433), abs=1e-3)
    assert clopper_pearson_low(92, 93) >= 0.95 > clopper_pearson_low(91, 92)
    assert clopper_pearson_low(122, 124) >= 0.95 > clopper_pearson_low(121, 123)
    assert clopper_pearson_low(58, 58) < 0.95 <= clopper_pearson_low(59, 59)
    mean, low, high = bootstrap([np.full(5, 0.1), np.full(9, 0.1)])
    assert (mean, low, high) == pytest.approx((0.1, 0.1, 0.1))


def test_calibration_error_is_zero_for_perfect_and_large_for_boastful_answers() -> None:
    right = np.array([True] * 8 + [False] * 2)
    assert expected_calibration_error(np.full(10, 0.8), right) == pytest.approx(0)
    assert expected_calibration_error(np.full(10, 0.99), right) == pytest.approx(0.19)


def test_the_frozen_test_is_the_same_whatever_comes_along_and_projects_stay_whole() -> None:
    names = [f"c{k}" for k in range(400)]
    first = frozen_test(names)
    assert 0.1 < first.mean() < 0.2
    assert (frozen_test(names[200:] + names[:200]) == np.concatenate([first[200:], first[:200]])).all()
    groups = [f"p{k % 5}" for k in range(400)]
    for held in folds_of(groups, names, 4, 1):
        assert not {g for g, h in zip(groups, held, strict=True) if h} & {
            g for g, h in zip(groups, held, strict=True) if not h
        }


def test_features_compare_with_the_rest_of_the_set_alone() -> None:
    data = made_sets(projects=1, sets=4)
    x = data.features.x
    assert x.shape == (4, 3, len(NAMES))
    own, against = x[0, :, 0], x[0, :, 18]
    assert against[0] == pytest.approx(own[0] - (own[1] + own[2]) / 2, abs=1e-5)
    assert x[0, :, STAGE_COLUMNS[0]].tolist() == [0, 0, 1]
    assert np.array_equal(data.some(np.array([2])).features.x[0], x[2])


def test_the_ranker_finds_spoilt_stages_and_keeps_the_others(ranker: Ranker) -> None:
    fresh = made_sets(seed=9)
    p = ranker.probabilities(fresh.features)
    assert np.allclose(p.sum(axis=1), 1)
    pick = picks(p, fresh.features.top, ranker.overrule_at)
    assert (pick == fresh.winner)[fresh.anomaly].mean() > 0.9
    assert (pick == fresh.winner)[~fresh.anomaly].mean() > 0.97


def test_the_protocol_puts_trivial_rules_and_the_sources_ranker_beside() -> None:
    report, found, _by_set = judge_ranker(made_sets(sets=40), QUICK, silent)
    assert report["protocol"] == "leave one project out"
    assert report["baselines"]["highest stage"]["anomaly"]["share"] == 0
    assert report["gain over the highest stage"]["low"] > 0
    assert set(report["source's ranker"]) == {
        "v2, two projects, 10x",
        "v3, 1x",
        "v3, 5x",
        "v3, 10x",
        "v3, 20x",
    }
    assert report["within projects"]["sets"] == len(found.pick) == 160


@pytest.mark.long
def test_a_judge_that_throws_dice_leaves_no_gain() -> None:
    report, _found, _by_set = judge_ranker(made_sets(sets=60, dice=True, seed=4), QUICK, silent)
    gain = report["gain over the highest stage"]
    assert gain["low"] <= 0 <= gain["high"]


def test_the_operating_point_is_careful() -> None:
    top, winner = np.zeros(100, int), np.zeros(100, int)
    p = np.tile([0.45, 0.55], (100, 1))
    point = operating_point(p, top, winner, np.zeros(100, bool))
    assert (picks(p, top, point) == winner).all()
    assert softmax(np.zeros((1, 3), np.float32), np.array([[True, True, False]])).tolist() == [
        [0.5, 0.5, 0.0]
    ]


def test_the_temperature_cools_boastful_scores() -> None:
    rng = np.random.default_rng(0)
    scores = rng.normal(0, 1, (300, 3))
    p = softmax(scores, np.ones((300, 3), bool))
    winner = np.array([rng.choice(3, p=row) for row in p])
    assert temperature_of(scores * 3, np.ones((300, 3), bool), winner) > 2
    assert 0.8 < temperature_of(scores, np.ones((300, 3), bool), winner) < 1.25


@pytest.mark.parametrize("loss", ["listwise", "margin"])
def test_oversampling_moves_towards_anomalies(loss: str) -> None:
    data = made_sets(sets=40, anomalies=0.05)
    nets = [
        train_listwise(
            data.features.x,
            data.features.mask,
            data.winner,
            data.anomaly,
            dataclasses.replace(QUICK, loss=loss, oversampling=k, epochs=3),
        )
        for k in (1, 20)
    ]
    ahead = [
        (s := n.scores(data.features.x))[data.anomaly, 1].mean() - s[data.anomaly, 2].mean() for n in nets
    ]
    assert ahead[1] > ahead[0]


def test_coverage_counts_from_the_surest() -> None:
    confidence, right = np.array([0.9, 0.8, 0.7, 0.6]), np.array([True, True, False, True])
    assert coverage(confidence, right, 0.95)["share"] == 0.5
    assert coverage(confidence, right, 0.7)["share"] == 1.0


def test_a_ranker_comes_back_from_its_file_as_it_was(ranker: Ranker, tmp_path: Path) -> None:
    own = save_model(tmp_path, ranker)
    again, fresh = load_ranker(tmp_path, own), made_sets(seed=5)
    assert np.array_equal(again.probabilities(fresh.features), ranker.probabilities(fresh.features))
    assert save_model(tmp_path, ranker) == own
    assert not list(tmp_path.rglob("*.pkl"))


def test_damaged_missing_and_foreign_files_are_told_and_nothing_in_them_runs(
    ranker: Ranker, tmp_path: Path
) -> None:
    own = save_model(tmp_path, ranker)
    path = model_path(tmp_path, own)
    whole = path.read_bytes()
    for content in (whole[:-1], whole[:40], b"", b"\x80\x04]\x94."):
        path.write_bytes(content)
        with pytest.raises(ModelError, match="damaged"):
            load_ranker(tmp_path, own)
    path.write_bytes(whole)
    with pytest.raises(ModelError, match="is a ranker, not a crop"):
        load_crops(tmp_path, own)
    (trees,) = path.parent.glob("*.lightgbm.txt")
    trees.write_text(trees.read_text() + "\n")
    with pytest.raises(ModelError, match="damaged"):
        load_ranker(tmp_path, own)
    path.unlink()
    with pytest.raises(ModelError, match="cannot be read"):
        load_ranker(tmp_path, own)


def test_exports_are_equal_with_every_batch(ranker: Ranker, tmp_path: Path) -> None:
    crops = fit_crops(made_crops(pictures=30), 4, 1)
    rows = [
        row
        for model, kind in ((ranker, "ranker"), (crops, "crop"))
        for row in export_model(tmp_path, save_model(tmp_path, model), kind, tmp_path / kind)
    ]
    assert BATCHES == (1, 7, 64)
    assert [(r["part"], r["format"]) for r in rows] == [
        (part, form) for part in ("ranker", "crop boxes", "crop need") for form in ("ONNX", "TorchScript")
    ]
    assert all(
        r["status"] == "equal" and r["largest_difference"] <= TOLERANCE and r["same_best"] for r in rows
    )
    assert all(Path(r["path"]).stat().st_size > 0 for r in rows)


def test_boxes_overlap_and_whole_frames_are_told() -> None:
    one = np.array([[0, 0, 0.5, 1.0], [0, 0, 1, 1]])
    assert iou(one, np.array([0, 0, 1, 1.0])).tolist() == [0.5, 1.0]
    assert uncut((0, 0.005, 1, 1))
    assert not uncut((0, 0, 0.97, 1))


def test_the_generalised_overlap_pulls_boxes_that_do_not_touch() -> None:
    import torch

    far, near = torch.tensor([[0.8, 0.8, 1.0, 1.0]]), torch.tensor([[0.4, 0.4, 0.6, 0.6]])
    goal = torch.tensor([[0.0, 0.0, 0.2, 0.2]])
    assert giou(far, goal) < giou(near, goal) < 0
    assert giou(goal, goal).item() == pytest.approx(1)
    assert sorted_corners(torch.tensor([[0.9, 0.1, 0.2, 0.8]])).tolist() == [
        [pytest.approx(0.2), pytest.approx(0.1), pytest.approx(0.9), pytest.approx(0.8)]
    ]


def test_anchors_keep_the_aspect_or_take_another_and_stay_inside() -> None:
    kept, square = anchors_of(), anchors_of(0.5)
    assert np.allclose(kept[:, 2] - kept[:, 0], kept[:, 3] - kept[:, 1])
    assert np.allclose((square[:, 2] - square[:, 0]) * 2, square[:, 3] - square[:, 1])
    for boxes in (kept, square):
        assert boxes.min() >= 0
        assert boxes.max() <= 1 + 1e-9
    x = anchor_features(made_crops(pictures=1).grids, np.ones(3, np.float32), Pooling.of())
    assert x.shape == (3, len(kept), FEATURES)


def test_the_proposer_beats_every_constant_box_and_the_sources_network_stands_beside() -> None:
    report, found = judge_crops(made_crops(), 8, 1, silent)
    assert report["lift over the best constant box"]["low"] > 0.1
    assert report["lift over the full frame on all"]["low"] > 0
    assert {"median box", "mean box", "best centre box", "full frame", "source's network"} == set(
        report["baselines on cut pictures"]
    )
    assert report["cut needed, AUC"] > 0.9
    assert found.boxes.min() >= 0


def test_no_proposal_cuts_a_face_and_free_aspects_are_proposed_when_asked_for() -> None:
    data = made_crops(pictures=30)
    model = fit_crops(data, 6, 1)
    face = (0.05, 0.05, 0.3, 0.95)
    for one in model.propose(data.grids, data.aspects, [[face]] * len(data.grids)):
        box = one.box
        assert box is not None
        inside = (
            box[0] <= face[0] + 0.02
            and box[1] <= face[1] + 0.02
            and box[2] >= face[2] - 0.02
            and box[3] >= face[3] - 0.02
        )
        apart = box[0] >= face[2] - 0.02
        assert inside or apart
    everywhere = [[(0.0, 0.0, 1.0, 1.0)]] * len(data.grids)
    assert {one.box for one in model.propose(data.grids, data.aspects, everywhere)} == {None}
    free = model.propose(data.grids, data.aspects, None, "free")
    assert all(b.box and b.box[2] > b.box[0] for b in free)


def test_baselines_and_curves() -> None:
    boxes = made_crops().boxes
    known = boxes[np.isfinite(boxes[:, 0])]
    assert constant_boxes(known)["full frame"].tolist() == [0, 0, 1, 1]
    assert auc(np.array([0.1, 0.2, 0.8, 0.9]), np.array([False, False, True, True])) == 1.0
    assert auc(np.array([0.5, 0.5]), np.array([True, False])) == 0.5
    assert auc(np.array([0.5]), np.array([True])) is None
    assert fit_source_mlp(made_crops(pictures=10), 1, 1, "iou")[0].in_features == 10


def test_augmented_boxes_move_with_the_pixels() -> None:
    rgb = np.zeros((100, 100, 3), np.uint8)
    rgb[20:40, 10:30] = 255
    box = (0.1, 0.2, 0.3, 0.4)
    for view in VIEWS.values():
        shown, moved = view.pixels(rgb), view.box(box)
        assert moved is not None
        height, width = shown.shape[:2]
        part = shown[
            round(moved[1] * height) : round(moved[3] * height),
            round(moved[0] * width) : round(moved[2] * width),
        ]
        assert (part > 0).mean() > 0.95
    assert VIEWS["nearer"].box((0.0, 0.0, 0.04, 1.0)) is None
    data = made_crops(pictures=4)
    twice = mirrored(data)
    assert len(twice.grids) == 2 * len(data.grids)
    assert np.allclose(twice.boxes[len(data.boxes) :, 0], 1 - data.boxes[:, 2], equal_nan=True)


def test_a_worse_model_is_refused_by_the_rule_and_each_condition_is_told() -> None:
    groups = [f"p{k % 4}" for k in range(400)]
    old, anomaly = np.ones(400, bool), np.zeros(400, bool)
    worse = old.copy()
    worse[:8] = False
    allowed, reasons = ranker_rule(worse, old, anomaly, groups, 0.01, "the champion")
    assert not allowed
    assert sum(r.startswith("NOT MET") for r in reasons) >= 2
    better = old.copy()
    old[:40] = False
    assert ranker_rule(better, old, anomaly, groups, 0.01, "the champion")[0]
    assert not ranker_rule(better, old, anomaly, groups, 0.2, "the champion")[0]
    assert not ranker_rule(better[:50], old[:50], anomaly[:50], groups[:50], 0.01, "the champion")[0]
    assert not crop_rule(np.full(400, 0.5), np.full(400, 0.6), groups, 0.01, "the champion")[0]


def test_champions_follow_one_another_and_step_back_once_at_a_time(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "all.sqlite", "_all")
    fit = {n: "x" for n, c in Fit.columns().items() if str(c.dtype) == "String"} | {
        "kind": "ranker",
        "sets": 1,
        "projects": 1,
    }
    fit |= {"seconds": 1.0, "trained_at": NOW}
    for name in ("a1", "b2"):
        ledger.add(Fit, [{**fit, "fit_id": name}])
    assert registry.champion(ledger, "ranker") is None
    registry.promote(ledger, "a1", True, ["ok: better"], NOW)
    registry.promote(ledger, "b2", False, ["NOT MET: worse"], NOW)
    assert (registry.champion(ledger, "ranker") or {})["fit_id"] == "a1"
    registry.promote(ledger, "b2", True, ["ok"], NOW)
    assert registry.rollback(ledger, "ranker", NOW) == "a1"
    assert registry.rollback(ledger, "ranker", NOW) == ""
    assert ledger.rows(Promotion).height == 5
    for wrong in (lambda: registry.rollback(ledger, "ranker", NOW), lambda: registry.find_fit(ledger, "c")):
        with pytest.raises(UsageError):
            wrong()


def test_what_was_said_of_held_out_sets_is_kept_and_a_lost_file_is_empty(tmp_path: Path) -> None:
    data = made_sets(projects=1, sets=5)
    p = np.full((5, 3), 1 / 3)
    said = HeldOut(p, data.winner, p[:, 0])
    holdout_predictions.write_held_out(tmp_path, "m", held_out_rows(data, said, said, np.zeros(5, bool)))
    rows = holdout_predictions.read_held_out(tmp_path, "m")
    assert rows.height == 5
    assert holdout_predictions.probabilities(rows).shape == (5, 3)
    assert holdout_predictions.read_held_out(tmp_path, "gone").is_empty()
