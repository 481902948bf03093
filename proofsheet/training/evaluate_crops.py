"""The protocol for crops: whole projects are held out, and constant boxes are the baseline.

Holds `judge_crops`.
Add here: another figure of the card.
Keep out: training (fit_crop_proposer.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from proofsheet.models.boxes import iou
from proofsheet.models.calibration import expected_calibration_error, reliability
from proofsheet.models.intervals import over_projects
from proofsheet.training.box_losses import sorted_corners
from proofsheet.training.evaluate_ranker import Tell, share
from proofsheet.training.fit_crop_proposer import CropData, fit_crops, fit_source_mlp
from proofsheet.training.splits import folds_of
from proofsheet.training.torch_mlp import import_torch

Doubles = npt.NDArray[np.float64]
_FULL = np.array([0.0, 0.0, 1.0, 1.0])
_FOLDS = 5
_SOURCE_EPOCHS = 50


@dataclass
class HeldOutCrops:
    """Answers of a proposer for held-out pictures.

    Attributes:
        boxes: (n, 4) proposed.
        p: (n,) probability of a crop.
        proposed: (n,) whether a crop was proposed.
        constant: (n, 4) the best constant box, found without these pictures.
        constant_name: which one that is.
    """

    boxes: Doubles
    p: Doubles
    proposed: npt.NDArray[np.bool_]
    constant: Doubles
    constant_name: str = ""


def constant_boxes(boxes: Doubles) -> dict[str, Doubles]:
    """Boxes that ignore the picture: the median, the mean, and the best one around the middle.

    They are fitted on these boxes.
    """
    centred = [
        np.array([(1 - s) / 2, (1 - s) / 2, (1 + s) / 2, (1 + s) / 2]) for s in np.arange(0.3, 1.0, 0.02)
    ]
    best = max(centred, key=lambda c: float(iou(boxes, c).mean()))
    return {
        "median box": np.median(boxes, axis=0),
        "mean box": boxes.mean(axis=0),
        "best centre box": best,
        "full frame": _FULL,
    }


def judge_crops(
    data: CropData, epochs: int, seed: int, tell: Tell, loss: str = "giou"
) -> tuple[dict[str, Any], HeldOutCrops]:
    """Every figure of the card, and the answer for each picture by a model that never saw its project."""
    groups, names = np.array(data.groups), sorted(set(data.groups))
    outer = (
        [groups == n for n in names]
        if len(names) >= 3
        else list(folds_of(data.groups, data.clusters, _FOLDS, seed))
    )
    n = len(groups)
    found = HeldOutCrops(np.tile(_FULL, (n, 1)), np.zeros(n), np.zeros(n, bool), np.tile(_FULL, (n, 1)))
    rivals: dict[str, Doubles] = {}
    for number, held in enumerate(outer):
        rest, here = data.some(np.flatnonzero(~held)), np.flatnonzero(held)
        model = fit_crops(rest, epochs, seed, loss)
        part = data.some(here)
        for k, one in zip(here, model.propose(part.grids, part.aspects), strict=True):
            found.boxes[k] = one.box or _FULL
            found.p[k] = 1.0 / (1.0 + np.exp(-one.log_odds))
            found.proposed[k] = found.p[k] >= model.crop_at
        for name, box in constant_boxes(rest.boxes[rest.boxed]).items():
            rivals.setdefault(name, np.tile(_FULL, (n, 1)))[here] = box
        rivals.setdefault("source's network", np.tile(_FULL, (n, 1)))[here] = _source(rest, part, seed, loss)
        tell("projects held out", number + 1, len(outer))
    report = crop_figures(data, found, rivals)
    found.constant_name = report["best constant box"]
    found.constant = rivals[found.constant_name]
    report["protocol"] = (
        "leave one project out" if len(names) >= 3 else "within projects: fewer than three have history"
    )
    return report, found


def _source(rest: CropData, part: CropData, seed: int, loss: str) -> Doubles:
    """The loss for the network of the source, which knows mse, iou and smooth_l1.

    Another loss of the proposer becomes mse.
    """
    torch = import_torch()
    module = fit_source_mlp(rest, _SOURCE_EPOCHS, seed, "mse" if loss == "giou" else loss)
    with torch.no_grad():
        said = sorted_corners(module(torch.from_numpy(np.concatenate([part.vectors, part.sizes], axis=1))))
    return np.asarray(said.numpy(), dtype=np.float64)


def crop_figures(data: CropData, found: HeldOutCrops, rivals: dict[str, Doubles]) -> dict[str, Any]:
    """Overlap on cropped pictures and on all, with the constant boxes, and the decision whether to crop."""
    groups, names, boxed = np.array(data.groups), sorted(set(data.groups)), data.boxed
    known = np.union1d(boxed, np.flatnonzero(~data.cut))
    drawn = np.where(np.isfinite(data.boxes), data.boxes, _FULL)
    shown = np.where(found.proposed[:, None], found.boxes, _FULL)

    def interval(values: Doubles, rows: npt.NDArray[np.int64]) -> dict[str, Any]:
        parts = ([named[k] for k in rows] for named in (data.groups, data.clusters))
        return {**over_projects(values, *parts), "n": len(rows)}

    def overlap(boxes: Doubles, rows: npt.NDArray[np.int64]) -> Doubles:
        return iou(boxes[rows], drawn[rows])

    own = overlap(found.boxes, boxed)
    beside = {name: overlap(boxes, boxed) for name, boxes in rivals.items()}
    best = max(
        (n for n in beside if n != "source's network"),
        key=lambda n: float(beside[n].mean()),
        default="full frame",
    )
    right = found.proposed == data.cut
    return {
        "pictures": len(groups),
        "boxes": len(boxed),
        "projects": len(names),
        "IoU on cut pictures": interval(own, boxed),
        "share above 0.7": share(own > 0.7),
        "baselines on cut pictures": {n: interval(v, boxed) for n, v in beside.items()},
        "best constant box": best,
        "lift over the best constant box": interval(own - beside[best], boxed),
        "IoU on all pictures": interval(overlap(shown, known), known),
        "full frame on all pictures": interval(overlap(np.tile(_FULL, (len(groups), 1)), known), known),
        "lift over the full frame on all": interval(
            overlap(shown, known) - overlap(np.tile(_FULL, (len(groups), 1)), known), known
        ),
        "cut needed, precision": share(data.cut[found.proposed]),
        "cut needed, recall": share(found.proposed[data.cut]),
        "cut needed, AUC": auc(found.p, data.cut),
        "ece": expected_calibration_error(np.maximum(found.p, 1 - found.p), (found.p >= 0.5) == data.cut),
        "right about the need": share(right),
        "always cut": share(data.cut),
        "reliability": reliability(found.p, data.cut),
    }


def auc(scores: Doubles, positive: npt.NDArray[np.bool_]) -> float | None:
    """Area under the curve of true over false positives (Mann and Whitney, 1947); None without both kinds."""
    if positive.all() or not positive.any():
        return None
    ranks = np.empty(len(scores))
    order = np.argsort(scores, kind="stable")
    _values, starts, counts = np.unique(scores[order], return_index=True, return_counts=True)
    middle = starts + (counts - 1) / 2 + 1
    ranks[order] = np.repeat(middle, counts)
    n = int(positive.sum())
    return float((ranks[positive].sum() - n * (n + 1) / 2) / (n * (len(scores) - n)))
