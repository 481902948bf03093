"""The crop proposer: whether a crop is needed, and which box.

Holds `CropProposer` and `CropProposal`.
Add here: another condition that a box has to meet.
Keep out: training (training/fit_crop_proposer.py), judging (training/evaluate_crops.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from proofsheet.models.anchor_boxes import FEATURES, RATIOS, Floats, Pooling, anchor_features, anchors_of
from proofsheet.models.boxes import FULL, Box, iou
from proofsheet.models.mlp import Net

VERSION = "crop 1"
_NEAR = 0.6
_BATCH = 256
NEED_FEATURES = FEATURES + 3
Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True)
class CropProposal:
    """What is proposed for one picture.

    Attributes:
        box: left, top, right, bottom in 0..1; None if every candidate crops a face.
        log_odds: of a manual crop.
        spread: standard deviation of the candidates' middles, weighted by their probability: how undecided
            the place is.
    """

    box: Box | None
    log_odds: float
    spread: float


@dataclass(frozen=True)
class CropProposer:
    """A trained proposer.

    Attributes:
        boxes: scores candidate boxes from the dense features in and around them.
        need: log odds of a crop from the features of the best box.
        crop_at: least calibrated probability at which a crop is proposed.
    """

    boxes: Net
    need: Net
    crop_at: float

    def propose(
        self,
        grids: Floats,
        aspects: Floats,
        faces: Sequence[Sequence[Box]] | None = None,
        aspect: str = "keep",
    ) -> list[CropProposal]:
        """Proposals for pictures.

        Args:
            grids: (n, 720) rows of `saliency_grids`.
            aspects: (n,) width over height.
            faces: of each picture, boxes that no proposal may crop.
            aspect: keep, or free for other shapes too.
        """
        found: list[CropProposal] = []
        for start in range(0, len(grids), _BATCH):
            part = slice(start, start + _BATCH)
            kept = faces[start : start + _BATCH] if faces else [()] * len(grids[part])
            found += self._propose(grids[part], aspects[part], kept, aspect)
        return found

    def boxes_of(self, grids: Floats, aspects: Floats) -> Doubles:
        """The best box of each picture, whether a crop is needed or not: (n, 4)."""
        found = [one.box or FULL for one in self.propose(grids, aspects)]
        return np.array(found, dtype=np.float64).reshape(-1, 4)

    def _propose(
        self, grids: Floats, aspects: Floats, faces: Sequence[Sequence[Box]], aspect: str
    ) -> list[CropProposal]:
        x, scores, box, spread = self.best(grids, aspects, 1.0, faces)
        odds = self.need.scores(need_features(x, scores))
        value = scores.max(axis=1)
        if aspect == "free":
            for ratio in RATIOS:
                for k in range(len(grids)):
                    other = self.best(
                        grids[k : k + 1], aspects[k : k + 1], ratio / float(aspects[k]), faces[k : k + 1]
                    )
                    if other[1].max() > value[k]:
                        value[k] = other[1].max()
                        box[k] = other[2][0]
                        spread[k] = other[3][0]
        whole = [tuple(float(v) for v in b) for b in box]
        return [
            CropProposal(
                (b[0], b[1], b[2], b[3]) if np.isfinite(value[k]) else None, float(odds[k]), float(spread[k])
            )
            for k, b in enumerate(whole)
        ]

    def best(
        self, grids: Floats, aspects: Floats, shape: float, faces: Sequence[Sequence[Box]]
    ) -> tuple[Floats, Floats, Doubles, Doubles]:
        """Features and scores of all candidates, and for each picture the mean box and its spread.

        The mean is over the candidates around the best one.
        """
        anchors = anchors_of(round(shape, 4))
        x = anchor_features(grids, aspects, Pooling.of(round(shape, 4)))
        scores = self.boxes.scores(x)
        for k, kept in enumerate(faces):
            for face in kept:
                scores[k, _cuts(anchors, face)] = -np.inf
        box, spread = soft_box(scores, anchors)
        return x, scores, box, spread


def soft_box(scores: Floats, anchors: Doubles) -> tuple[Doubles, Doubles]:
    """The mean of the candidates near the best one, and the spread of all middles.

    The mean is weighted by the softmax of their scores.
    """
    best = scores.argmax(axis=1)
    shown = np.where(np.isfinite(scores), scores, -1e9).astype(np.float64)
    p = np.exp(shown - shown.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    near = (
        np.stack([iou(anchors, anchors[k]) >= _NEAR for k in best])
        if len(best)
        else np.empty(scores.shape, bool)
    )
    weight = p * near * np.isfinite(scores)
    weight /= np.maximum(weight.sum(axis=1, keepdims=True), 1e-12)
    middle = np.stack([anchors[:, 0] + anchors[:, 2], anchors[:, 1] + anchors[:, 3]], axis=1) / 2
    mean = p @ middle
    spread = np.sqrt(np.maximum((p @ middle**2 - mean**2).sum(axis=1), 0.0))
    return weight @ anchors, spread


def need_features(x: Floats, scores: Floats) -> Floats:
    """Features for the decision whether to crop: (n, d).

    They are the best candidate's features, its lead, and the spread of scores.
    """
    shown = np.where(np.isfinite(scores), scores, -1e3)
    best = shown.argmax(axis=1)
    lead = shown.max(axis=1) - np.median(shown, axis=1)
    high = np.quantile(shown, 0.9, axis=1)
    own = x[np.arange(len(x)), best]
    return np.concatenate(
        [own, shown.max(axis=1)[:, None], lead[:, None], (shown.max(axis=1) - high)[:, None]], axis=1
    ).astype(np.float32)


def _cuts(anchors: Doubles, face: Box) -> npt.NDArray[np.bool_]:
    """Candidates with a side that runs through the face."""
    apart = (
        (anchors[:, 2] <= face[0])
        | (anchors[:, 0] >= face[2])
        | (anchors[:, 3] <= face[1])
        | (anchors[:, 1] >= face[3])
    )
    holds = (
        (anchors[:, 0] <= face[0])
        & (anchors[:, 1] <= face[1])
        & (anchors[:, 2] >= face[2])
        & (anchors[:, 3] >= face[3])
    )
    return np.asarray(~apart & ~holds)


def to_arrays(model: CropProposer) -> tuple[dict[str, Floats], dict[str, Any]]:
    """Arrays and facts of a proposer, for a file."""
    facts = {"crop_at": model.crop_at, "version": VERSION, "features": FEATURES}
    return {**model.boxes.arrays("boxes"), **model.need.arrays("need")}, facts


def from_arrays(arrays: Mapping[str, Floats], told: Mapping[str, Any]) -> CropProposer:
    """The proposer of a file.

    Raises:
        KeyError: if something is missing.
        ValueError: if it was made by another version or has shapes that do not fit.
    """
    model = CropProposer(Net.of(arrays, "boxes"), Net.of(arrays, "need"), float(told["crop_at"]))
    if (
        told["version"] != VERSION
        or model.boxes.mean.shape[0] != FEATURES
        or model.need.mean.shape[0] != NEED_FEATURES
    ):
        raise ValueError(f"it was made by {told['version']}, not by {VERSION}, or does not fit its features")
    return model
