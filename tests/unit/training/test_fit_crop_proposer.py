"""Loss, passes and split of the crop proposer.

Each changes the fit, and a small challenger is compared crosswise.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from proofsheet.models import holdout_predictions
from proofsheet.models.artifacts import save_model
from proofsheet.models.boxes import iou
from proofsheet.models.registry import promote
from proofsheet.storage.workspace import Workspace
from proofsheet.training.box_losses import box_loss, overlap_of
from proofsheet.training.challengers import compare_crops
from proofsheet.training.evaluate_crops import judge_crops
from proofsheet.training.fit_crop_proposer import CropData, fit_crops, train_boxes
from proofsheet.training.model_cards import markdown
from proofsheet.training.splits import frozen_test
from schemas.models import Fit
from schemas.settings.crops import CropSettings
from schemas.settings.library import PlaceSettings
from tests.support.kit import NOW
from tests.support.learning_kit import made_crops

LOSSES = ("giou", "iou", "mse", "smooth_l1")


def silent(_what: str, _done: int, _total: int) -> None:
    """Nobody listens."""


def test_every_loss_is_its_own() -> None:
    import torch

    said, drawn = torch.tensor([[0.1, 0.1, 0.6, 0.6]]), torch.tensor([[0.2, 0.1, 0.7, 0.6]])
    usual = torch.full((4,), 0.1)
    found = {name: float(box_loss(name, said, drawn, usual)) for name in LOSSES}
    assert float(overlap_of(said, drawn)) == pytest.approx(2 / 3)
    assert found["iou"] == pytest.approx(1 / 3)
    assert found["giou"] == pytest.approx(1 / 3)  # the hull of the two is their union
    assert (found["mse"], found["smooth_l1"]) == (pytest.approx(0.5), pytest.approx(0.25))
    with pytest.raises(ValueError, match="loss"):
        CropSettings(loss="huber")


def test_loss_and_passes_change_the_fit_and_all_losses_learn() -> None:
    data = made_crops(pictures=30)
    nets = {loss: train_boxes(data, 4, 1, loss, "cpu") for loss in LOSSES}
    nets["more passes"] = train_boxes(data, 6, 1, "giou", "cpu")
    weights = [net.direct for net in nets.values()]
    for k, one in enumerate(weights):
        assert all(np.abs(one - other).max() > 1e-4 for other in weights[:k])
    rows = data.boxed
    full = iou(data.boxes[rows], np.array([0.0, 0.0, 1.0, 1.0])).mean()
    for loss in LOSSES:
        said = fit_crops(data, 4, 1, loss, "cpu").boxes_of(data.grids[rows], data.aspects[rows])
        assert iou(said, data.boxes[rows]).mean() > full + 0.2


def test_the_split_keeps_pictures_out_and_a_larger_share_keeps_fewer_of_the_same() -> None:
    names = [f"c{k}" for k in range(2000)]
    usual, small = frozen_test(names), frozen_test(names, 0.95)
    assert usual.mean() == pytest.approx(0.15, abs=0.02)
    assert small.mean() == pytest.approx(0.05, abs=0.02)
    assert (usual | small == usual).all()


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A champion of few pictures, and what a challenger's fits said of them."""
    place = tmp_path_factory.mktemp("crops")
    (place / "library").mkdir()
    workspace = Workspace(PlaceSettings(library=str(place / "library"), home=str(place / "home")))
    data = made_crops(projects=1, pictures=60)
    report, found = judge_crops(data, 6, 1, silent)
    return workspace, data, report, found


def champion(workspace: Workspace, data: CropData, boxes: np.ndarray, split: float) -> str:
    model = fit_crops(data, 1, 1)
    own = save_model(workspace.shared.models, model)
    holdout_predictions.write_held_out_crops(workspace.shared.models, own, data.ids, boxes)
    fit = {n: "x" for n, c in Fit.columns().items() if str(c.dtype) == "String"} | {
        Fit.kind: "crop",
        Fit.fit_id: own,
    }
    fit |= {
        Fit.sets: 1,
        Fit.projects: 1,
        Fit.seconds: 1.0,
        Fit.trained_at: NOW,
        Fit.card: json.dumps({"data": {"split": split}}),
    }
    workspace.shared.ledger.add(Fit, [fit])
    promote(workspace.shared.ledger, own, True, ["ok"], NOW)
    return own


def test_a_small_challenger_is_compared_with_what_the_champions_own_fits_had_said(judged: Any) -> None:
    workspace, data, _report, found = judged
    model = fit_crops(data, 6, 1)
    allowed, reasons = compare_crops(workspace, model, data, found, 0.85)
    assert allowed, reasons
    assert reasons[1].startswith(f"ok: gain over the {found.constant_name} in these projects")
    worse = np.tile([0.0, 0.0, 1.0, 1.0], (len(data.ids), 1))
    own = champion(workspace, data, worse, 0.85)
    allowed, reasons = compare_crops(workspace, model, data, found, 0.85)
    assert allowed, reasons
    assert f"gain over the champion {own[:12]} in these projects" in reasons[1]
    holdout_predictions.write_held_out_crops(
        workspace.shared.models, own, data.ids, np.where(np.isfinite(data.boxes), data.boxes, 0.5)
    )
    assert not compare_crops(workspace, model, data, found, 0.85)[0]


def test_a_card_names_loss_passes_and_split(judged: Any) -> None:
    _workspace, _data, report, _found = judged
    facts = {"loss": "smooth_l1", "epochs": 50, "split": 0.8}
    card = {"kind": "crop", "data": facts, "figures": report, "promotion": {"reasons": []}, "failures": []}
    text = markdown("f" * 32, card)
    assert all(f"* {name}: {value}" in text for name, value in facts.items())
