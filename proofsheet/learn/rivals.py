"""A challenger beside what serves: on frozen examples where there are enough, else crosswise.

Holds `compare_rankers` and `compare_crops`.
Add here: another way to compare two models.
Keep out: the rule itself (promotion.py) and who serves (champions.py).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from proofsheet.errors import ProofsheetError
from proofsheet.learn import champions, heldout
from proofsheet.learn.boxes import iou
from proofsheet.learn.calibration import expected_calibration_error
from proofsheet.learn.crop_evaluation import HeldOutCrops
from proofsheet.learn.crop_model import CropProposer
from proofsheet.learn.crop_training import CropData
from proofsheet.learn.evaluation import HeldOut
from proofsheet.learn.features import Bools, Ints
from proofsheet.learn.gather import SelectionData
from proofsheet.learn.model_files import load_crops, load_ranker
from proofsheet.learn.points import Doubles
from proofsheet.learn.promotion import LEAST_SETS, Answers, crop_rule, crosswise_rule, ranker_rule
from proofsheet.learn.ranker import Ranker
from proofsheet.learn.splits import USUAL_SPLIT, frozen_test
from proofsheet.workspace import Workspace
from schemas.learning import Fit

Judgement = tuple[bool, list[str]]
_STAGE, SPLIT = "the highest stage", "split"


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

    The champion is the rival; where none serves, the highest stage. With 100 frozen sets or more these decide. With fewer the
    answers of fits without each set do, beside what the champion's own fits without it had said.

    Args:
        workspace: library and home.
        model: the challenger.
        data: all sets.
        found: what fits without their project said of them.
        by_set: what fits without the set said.
        test: the frozen sets.
        report: figures of the card.
    """
    part = data.some(np.flatnonzero(test))
    p, pick = model.choose(part.features, part.groups)
    right, stage = pick == part.winner, part.features.top == part.winner
    ece = expected_calibration_error(p[np.arange(len(pick)), pick], right)
    told: dict[str, Any] = {"sets": len(right), "right": int(right.sum()), "highest stage right": int(stage.sum()), "ece": ece}
    rival = champions.champion(workspace.shared.ledger, "ranker")
    old, name = None, _STAGE
    if rival is not None:
        own = str(rival[Fit.fit_id])
        try:
            old, name = load_ranker(workspace.shared.models, own), f"the champion {own[:12]}"
        except ProofsheetError as error:
            return False, [f"NOT MET: the champion cannot be compared: {error.what} {error.next_step}"], told
        if old.encoder_id != data.encoder_id:
            old, name = None, _STAGE
    if old is not None and len(right) >= LEAST_SETS:
        before = old.choose(part.features, part.groups)[1] == part.winner
        told["champion right"] = int(before.sum())
        return (*ranker_rule(right, before, part.anomaly, part.groups, ece, name), told)
    if old is None and len(data.winner) >= LEAST_SETS:
        whole = expected_calibration_error(found.confidence, found.pick == data.winner)
        top = data.features.top == data.winner
        return (*ranker_rule(found.pick == data.winner, top, data.anomaly, data.groups, whole, name), told)
    before = (data.features.top if old is None or rival is None else _said(workspace, rival, old, data)) == data.winner
    outside = report["gain over the highest stage"] if "within projects" in report else None
    return (*crosswise_rule(_answers(by_set, before, data), name, "sets", outside), told)


def _answers(by_set: HeldOut, before: Bools, data: SelectionData) -> Answers:
    good = by_set.pick == data.winner
    return Answers(good.astype(float), before.astype(float), data.groups, data.clusters, by_set.confidence, good)


def _said(workspace: Workspace, rival: Mapping[str, Any], old: Ranker, data: SelectionData) -> Ints:
    """What the champion takes in each set: by its fits without the set where it was judged on it, else by itself."""
    pick = old.choose(data.features, data.groups)[1]
    rows = heldout.read_held_out(workspace.shared.models, str(rival[Fit.fit_id])).drop_nulls(heldout.BY_SET)
    said = {k: m[p] for k, m, p in rows.select(heldout.KEY, heldout.MEMBERS, heldout.BY_SET).iter_rows()}
    for k, (key, members) in enumerate(zip(data.keys, data.members, strict=True)):
        if said.get(key) in members:
            pick[k] = list(members).index(said[key])
    return pick


def compare_crops(workspace: Workspace, model: CropProposer, data: CropData, found: HeldOutCrops, split: float) -> Judgement:
    """The same for crop proposers, by the overlap with drawn boxes; where none serves, beside the best constant box.

    Args:
        workspace: library and home.
        model: the challenger.
        data: all pictures.
        found: what fits without them said.
        split: share of the pictures that the challenger was trained on; neither model was trained on what is compared.
    """
    models, rival = workspace.shared.models, champions.champion(workspace.shared.ledger, "crop")
    own = np.maximum(found.p, 1 - found.p), (found.p >= 0.5) == data.cut
    rows = data.boxed
    groups, clusters = ([names[k] for k in rows] for names in (data.groups, data.clusters))
    old, name = None, f"the {found.constant_name}"
    if rival is not None:
        fit_id = str(rival[Fit.fit_id])
        try:
            old, name = load_crops(models, fit_id), f"the champion {fit_id[:12]}"
        except ProofsheetError as error:
            return False, [f"NOT MET: the champion cannot be compared: {error.what} {error.next_step}"]
        larger = max(split, float(json.loads(str(rival[Fit.card]))["data"].get(SPLIT, USUAL_SPLIT)))
        frozen = np.intersect1d(rows, np.flatnonzero(frozen_test(data.clusters, larger)))
        if len(frozen) >= LEAST_SETS:
            part = data.some(frozen)
            new, before = (iou(m.boxes_of(part.grids, part.aspects), part.boxes) for m in (model, old))
            return crop_rule(new, before, part.groups, expected_calibration_error(*own), name)
    proposed = iou(found.boxes[rows], data.boxes[rows])
    if old is None:
        before = iou(found.constant[rows], data.boxes[rows])
        if len(rows) >= LEAST_SETS:
            return crop_rule(proposed, before, groups, expected_calibration_error(*own), name)
    else:
        before = iou(_boxes_said(workspace, str(rival[Fit.fit_id] if rival else ""), old, data)[rows], data.boxes[rows])
    return crosswise_rule(Answers(proposed, before, groups, clusters, *own), name, "boxes")


def _boxes_said(workspace: Workspace, fit_id: str, old: CropProposer, data: CropData) -> Doubles:
    """What the champion proposes for each picture: by its fits without the picture where it was judged on it, else by itself."""
    boxes = old.boxes_of(data.grids, data.aspects)
    said = heldout.read_held_out_crops(workspace.shared.models, fit_id)
    for k, own in enumerate(data.ids):
        if own in said:
            boxes[k] = said[own]
    return boxes
