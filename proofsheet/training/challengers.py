"""A challenger beside what serves: on frozen examples where there are enough, else crosswise.

Holds `compare_rankers` and `compare_crops`.
Add here: another way to compare two models.
Keep out: the rule itself (promotion_rule.py) and who serves (models/registry.py).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from proofsheet.core.errors import ProofsheetError
from proofsheet.models import holdout_predictions, registry
from proofsheet.models.artifacts import load_crops, load_ranker
from proofsheet.models.boxes import iou
from proofsheet.models.calibration import expected_calibration_error
from proofsheet.models.crop_proposer import CropProposer
from proofsheet.models.features import Bools, Ints
from proofsheet.models.probabilities import Doubles
from proofsheet.models.ranker import Ranker
from proofsheet.storage.workspace import Workspace
from proofsheet.training.datasets import SelectionData
from proofsheet.training.evaluate_crops import HeldOutCrops
from proofsheet.training.evaluate_ranker import HeldOut
from proofsheet.training.fit_crop_proposer import CropData
from proofsheet.training.promotion_rule import LEAST_SETS, Answers, crop_rule, crosswise_rule, ranker_rule
from proofsheet.training.splits import USUAL_SPLIT, frozen_test
from schemas.models import Fit

Judgement = tuple[bool, list[str]]
_STAGE, SPLIT = "the highest stage", "split"
_NOT_COMPARED = "NOT MET: the champion cannot be compared: {} {}"


def compare_rankers(
    workspace: Workspace,
    model: Ranker,
    data: SelectionData,
    found: HeldOut,
    by_set: HeldOut,
    test: Bools,
    report: Mapping[str, Any],
) -> tuple[bool, list[str], dict[str, Any]]:
    """Whether a ranker may serve, every finding, and its figures on the frozen sets.

    The champion is the rival; without one, the highest stage. With 100 frozen sets or more both are compared
    on these, and the highest stage on held-out projects. With fewer, the answers of fits without each set
    decide. A champion of another encoder is not a rival: it cannot serve projects under the encoder of the
    settings, which is that of the challenger.

    Args:
        workspace: library and home.
        model: the challenger.
        data: all sets.
        found: answers of fits without their project.
        by_set: answers of fits without the set.
        test: the frozen sets.
        report: figures of the card.
    """
    part = data.some(np.flatnonzero(test))
    p, pick = model.choose(part.features, part.groups)
    right, stage = pick == part.winner, part.features.top == part.winner
    ece = expected_calibration_error(p[np.arange(len(pick)), pick], right)
    told: dict[str, Any] = {"sets": len(right), "right": int(right.sum())}
    told |= {"highest stage right": int(stage.sum()), "ece": ece}
    rival = registry.champion(workspace.shared.ledger, "ranker") or {}
    own = str(rival.get(Fit.fit_id, ""))
    try:
        same_encoder = bool(rival) and rival[Fit.encoder_id] == data.encoder_id
        old = load_ranker(workspace.shared.models, own) if same_encoder else None
    except ProofsheetError as error:
        return False, [_NOT_COMPARED.format(error.what, error.next_step)], told
    name, top = f"the champion {own[:12]}" if old else _STAGE, data.features.top == data.winner
    if len(right) >= LEAST_SETS and old is not None:
        before = old.choose(part.features, part.groups)[1] == part.winner
        told["champion right"] = int(before.sum())
        return (*ranker_rule(right, before, part.anomaly, part.groups, ece, name), told)
    if len(right) >= LEAST_SETS:
        whole = expected_calibration_error(found.confidence, found.pick == data.winner)
        return (*ranker_rule(found.pick == data.winner, top, data.anomaly, data.groups, whole, name), told)
    before = (_said(workspace, own, old, data) == data.winner) if old else top
    outside = report["gain over the highest stage"] if "within projects" in report else None
    return (*crosswise_rule(_answers(by_set, before, data), name, "sets", outside), told)


def _answers(by_set: HeldOut, before: Bools, data: SelectionData) -> Answers:
    good = by_set.pick == data.winner
    return Answers(
        good.astype(float), before.astype(float), data.groups, data.clusters, by_set.confidence, good
    )


def _said(workspace: Workspace, fit_id: str, old: Ranker, data: SelectionData) -> Ints:
    """The champion's choice in each set.

    If it was judged on the set, the choice comes from its fits without the set.
    """
    pick = old.choose(data.features, data.groups)[1]
    rows = holdout_predictions.read_held_out(workspace.shared.models, fit_id).drop_nulls(
        holdout_predictions.BY_SET
    )
    said = {
        k: m[p]
        for k, m, p in rows.select(
            holdout_predictions.KEY, holdout_predictions.MEMBERS, holdout_predictions.BY_SET
        ).iter_rows()
    }
    for k, (key, members) in enumerate(zip(data.keys, data.members, strict=True)):
        if said.get(key) in members:
            pick[k] = list(members).index(said[key])
    return pick


def compare_crops(
    workspace: Workspace, model: CropProposer, data: CropData, found: HeldOutCrops, split: float
) -> Judgement:
    """The same for crop proposers, by the overlap with drawn boxes.

    Without a champion the best constant box is the rival.

    Args:
        workspace: library and home.
        model: the challenger.
        data: all pictures.
        found: answers of fits without them.
        split: share of the pictures that the challenger was trained on; neither model was trained on what is
            compared.
    """
    models, rows = workspace.shared.models, data.boxed
    rival = registry.champion(workspace.shared.ledger, "crop") or {}
    own = str(rival.get(Fit.fit_id, ""))
    try:
        old = load_crops(models, own) if rival else None
    except ProofsheetError as error:
        return False, [_NOT_COMPARED.format(error.what, error.next_step)]
    name = f"the champion {own[:12]}" if old else f"the {found.constant_name}"
    larger = max(
        split, float(json.loads(str(rival[Fit.card]))["data"].get(SPLIT, USUAL_SPLIT)) if rival else split
    )
    frozen = np.intersect1d(rows, np.flatnonzero(frozen_test(data.clusters, larger)))
    stated = np.maximum(found.p, 1 - found.p), (found.p >= 0.5) == data.cut
    if len(frozen) >= LEAST_SETS and old is not None:
        part = data.some(frozen)
        new, before = (iou(m.boxes_of(part.grids, part.aspects), part.boxes) for m in (model, old))
        return crop_rule(new, before, part.groups, expected_calibration_error(*stated), name)
    before = iou((_boxes_said(workspace, own, old, data) if old else found.constant)[rows], data.boxes[rows])
    new, groups, clusters = (
        iou(found.boxes[rows], data.boxes[rows]),
        *([n[k] for k in rows] for n in (data.groups, data.clusters)),
    )
    if len(frozen) >= LEAST_SETS:
        return crop_rule(new, before, groups, expected_calibration_error(*stated), name)
    return crosswise_rule(Answers(new, before, groups, clusters, *stated), name, "boxes")


def _boxes_said(workspace: Workspace, fit_id: str, old: CropProposer, data: CropData) -> Doubles:
    """The champion's proposal for each picture.

    If it was judged on the picture, the proposal comes from its fits without the picture.
    """
    boxes = old.boxes_of(data.grids, data.aspects)
    said = holdout_predictions.read_held_out_crops(workspace.shared.models, fit_id)
    for k, own in enumerate(data.ids):
        if own in said:
            boxes[k] = said[own]
    return boxes
