"""Training of the crop proposer, and of the network that source 001 describes, as a baseline.

Holds `fit_crops` and `fit_source_mlp`.
Add here: another loss over boxes.
Keep out: judging.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from proofsheet.models.anchor_boxes import FEATURES, Floats, Pooling, anchor_features, anchors_of
from proofsheet.models.boxes import iou
from proofsheet.models.crop_proposer import CropProposer, need_features
from proofsheet.models.mlp import Net
from proofsheet.training.box_losses import box_loss, sorted_corners
from proofsheet.training.splits import folds_of
from proofsheet.training.torch_mlp import batches, build, choose_device, import_torch, to_net
from schemas.vision import GRID, GRID_CHANNELS

Bools = npt.NDArray[np.bool_]
Doubles = npt.NDArray[np.float64]
_HIDDEN, _BATCH, _RATE, _SHARP, _FOLDS = 32, 128, 5e-3, 0.06, 3
_DRAWN = 64  # candidates a step, drawn again each time
_POINTS = np.round(np.arange(0.2, 0.81, 0.05), 2)
_STEPS, _RIDGE = 50, 1e-9


@dataclass(frozen=True)
class CropData:
    """Pictures with the manual crop of each.

    Attributes:
        grids: (n, 720) rows of `saliency_grids`.
        aspects: (n,) width over height.
        cut: (n,) whether it was cropped.
        boxes: (n, 4) in 0..1; nan if it was not cropped or the box is unknown.
        groups: project of each picture.
        clusters: pictures of one cluster stay on one side of every split.
        vectors: (n, d) of the encoder, for the baseline alone.
        sizes: (n, 2) width and height over the largest side at hand, for the baseline alone.
        ids: photo id of each picture.
    """

    grids: Floats
    aspects: Floats
    cut: Bools
    boxes: Doubles
    groups: Sequence[str]
    clusters: Sequence[str]
    vectors: Floats
    sizes: Floats
    ids: Sequence[str]

    def some(self, which: npt.NDArray[np.int64]) -> CropData:
        """The same for these pictures."""
        groups, clusters, ids = (
            [names[k] for k in which] for names in (self.groups, self.clusters, self.ids)
        )
        return CropData(
            self.grids[which],
            self.aspects[which],
            self.cut[which],
            self.boxes[which],
            groups,
            clusters,
            self.vectors[which],
            self.sizes[which],
            ids,
        )

    @property
    def boxed(self) -> npt.NDArray[np.int64]:
        """Pictures of which the box is known."""
        return np.flatnonzero(self.cut & np.isfinite(self.boxes[:, 0]))


def mirrored(data: CropData) -> CropData:
    """The pictures and beside each its mirror image, boxes and all; for the training side alone."""
    cells = data.grids.reshape(-1, len(GRID_CHANNELS), GRID, GRID)[..., ::-1].reshape(data.grids.shape)
    boxes = np.stack(
        [1.0 - data.boxes[:, 2], data.boxes[:, 1], 1.0 - data.boxes[:, 0], data.boxes[:, 3]], axis=1
    )
    twice = data.some(np.concatenate([np.arange(len(data.grids))] * 2))
    return replace(
        twice, grids=np.concatenate([data.grids, cells]), boxes=np.concatenate([data.boxes, boxes])
    )


def fit_crops(
    data: CropData, epochs: int, seed: int, loss: str = "giou", device: str = "auto"
) -> CropProposer:
    """Train both heads.

    The decision whether to crop is trained on boxes proposed by heads that did not see those pictures.
    """
    features = np.zeros((len(data.grids), FEATURES + 3), np.float32)
    for held in folds_of(data.groups, data.clusters, _FOLDS, seed):
        net = train_boxes(data.some(np.flatnonzero(~held)), epochs, seed, loss, device)
        features[held] = _need_x(net, data.some(np.flatnonzero(held)))
    boxes = train_boxes(data, epochs, seed, loss, device)
    if not features.any():
        features = _need_x(boxes, data)
    odds = np.zeros(len(data.grids))
    for held in folds_of(data.groups, data.clusters, _FOLDS, seed + 1):
        odds[held] = _train_need(features[~held], data.cut[~held], epochs, seed).scores(features[held])
    scale, shift = platt(odds, data.cut)
    need = _rescaled(_train_need(features, data.cut, epochs, seed), scale, shift)
    p = 1.0 / (1.0 + np.exp(-(scale * odds + shift)))
    right = [((p >= t) == data.cut).mean() for t in _POINTS]
    return CropProposer(
        boxes,
        need,
        float(_POINTS[int(np.argmax(np.convolve(np.pad(right, 1, mode="edge"), np.ones(3), "valid")))]),
    )


def platt(odds: Doubles, cut: Bools) -> tuple[float, float]:
    """Factor and shift of log odds with the least loss against Platt's smoothed targets (Platt, 1999).

    They are found by Newton's method.

    If larger odds do not go with crops the factor is 0, which leaves the rate of crops.
    """
    targets = np.where(cut, (cut.sum() + 1) / (cut.sum() + 2), 1 / ((~cut).sum() + 2))
    rate = float(np.log(targets.mean() / (1 - targets.mean())))
    found = _newton(np.stack([odds, np.ones(len(odds))], axis=1), targets, np.array([0.0, rate]))
    return (float(found[0]), float(found[1])) if found[0] > 0 else (0.0, rate)


def _newton(x: Doubles, targets: Doubles, start: Doubles) -> Doubles:
    """Coefficients of a logistic regression; halves a step that does not help."""

    def loss(w: Doubles) -> float:
        z = x @ w
        return float((np.logaddexp(0.0, z) - targets * z).mean())

    found = start
    for _ in range(_STEPS):
        p = 1.0 / (1.0 + np.exp(-(x @ found)))
        slope = x.T @ (p - targets) / len(x)
        bend = (x * (p * (1 - p))[:, None]).T @ x / len(x) + _RIDGE * np.eye(x.shape[1])
        step = np.linalg.solve(bend, slope)
        while loss(found - step) > loss(found) and np.abs(step).max() > _RIDGE:
            step = step / 2
        found = found - step
        if np.abs(step).max() < _RIDGE:
            break
    return found


def _rescaled(net: Net, scale: float, shift: float) -> Net:
    """A network with scaled and shifted scores."""
    bias = (net.bias * scale + shift).astype(np.float32)
    return replace(net, direct=np.float32(scale) * net.direct, out=np.float32(scale) * net.out, bias=bias)


def _need_x(net: Net, data: CropData) -> Floats:
    model, none = CropProposer(net, net, 0.5), [()] * len(data.grids)
    parts = []
    for start in range(0, len(data.grids), 256):
        part = slice(start, start + 256)
        x, scores, _box, _spread = model.best(data.grids[part], data.aspects[part], 1.0, none[part])
        parts.append(need_features(x, scores))
    return np.concatenate(parts) if parts else np.empty((0, FEATURES + 3), np.float32)


def train_boxes(data: CropData, epochs: int, seed: int, loss: str = "giou", device: str = "auto") -> Net:
    """Fit the scores of candidate boxes to hand-drawn boxes.

    The loss is the cross entropy to candidates weighted by their overlap with the drawn box, plus `box_loss`
    of the drawn box and the mean of the candidates under their probabilities.
    """
    torch = import_torch()
    torch.manual_seed(seed)
    where, draw, known, anchors = (
        choose_device(device),
        np.random.default_rng(seed),
        mirrored(data.some(data.boxed)),
        anchors_of(),
    )
    pooled = _pooled(known)
    sample = pooled[:: max(1, len(pooled) // 512)].reshape(-1, FEATURES).astype(np.float32)
    scale = sample.std(axis=0)
    module = build(sample.mean(axis=0), np.where(scale > 1e-6, scale, 1.0), _HIDDEN, 0.0, seed).to(where)
    overlap = np.stack([iou(anchors, b) for b in known.boxes])
    goal = torch.from_numpy(((overlap - overlap.max(axis=1, keepdims=True)) / _SHARP).astype(np.float32)).to(
        where
    )
    drawn, places = (torch.from_numpy(v.astype(np.float32)).to(where) for v in (known.boxes, anchors))
    x, usual = torch.from_numpy(pooled).to(where), drawn.std(dim=0).clamp(min=1e-3)
    optimizer = torch.optim.AdamW(module.parameters(), lr=_RATE, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(
        optimizer, max(1, epochs * -(-len(known.boxes) // _BATCH))
    )
    module.train()
    for _epoch in range(epochs):
        for part in batches(len(known.boxes), _BATCH, draw):
            some = torch.from_numpy(draw.choice(len(anchors), _DRAWN, replace=False))
            logs = torch.log_softmax(module(x[part][:, some].float()), dim=1)
            wanted = torch.softmax(goal[part][:, some], dim=1)
            said = logs.exp() @ places[some]
            found = -(wanted * logs).sum(dim=1).mean() + box_loss(loss, said, drawn[part], usual)
            optimizer.zero_grad()
            found.backward()
            optimizer.step()
            schedule.step()
    return to_net(module.eval())


def _pooled(data: CropData) -> npt.NDArray[np.float16]:
    """Features of all candidates, computed once.

    Half precision is enough for shares of 0..1 and halves the memory.
    """
    found = np.empty((len(data.grids), len(anchors_of()), FEATURES), np.float16)
    for start in range(0, len(found), 256):
        part = slice(start, start + 256)
        found[part] = anchor_features(data.grids[part], data.aspects[part], Pooling.of())
    return found


def _train_need(x: Floats, cut: Bools, epochs: int, seed: int) -> Net:
    """Logistic regression with a small hidden layer."""
    torch = import_torch()
    torch.manual_seed(seed)
    draw, scale = np.random.default_rng(seed), x.std(axis=0)
    module = build(x.mean(axis=0), np.where(scale > 1e-6, scale, 1.0), 16, 0.3, seed)
    data, goal = torch.from_numpy(x), torch.from_numpy(cut.astype(np.float32))
    optimizer = torch.optim.AdamW(module.parameters(), lr=2e-3, weight_decay=0.1)
    module.train()
    for _epoch in range(epochs):
        for part in batches(len(x), 128, draw):
            optimizer.zero_grad()
            torch.nn.functional.binary_cross_entropy_with_logits(module(data[part]), goal[part]).backward()
            optimizer.step()
    return to_net(module.eval())


def fit_source_mlp(data: CropData, epochs: int, seed: int, loss: str = "mse") -> Any:  # noqa: ANN401
    """The network of source 001.

    It has vector and two dimensions as input, layers 514-512-256-128-4, and a sigmoid. Corners are sorted in
    its output.

    Args:
        data: pictures; those with known boxes are used.
        epochs: passes.
        seed: of weights and order.
        loss: see `box_loss`.
    """
    torch = import_torch()
    torch.manual_seed(seed)
    draw, known = np.random.default_rng(seed), data.some(data.boxed)
    x, goal = (
        torch.from_numpy(np.concatenate([known.vectors, known.sizes], axis=1)),
        torch.from_numpy(known.boxes.astype(np.float32)),
    )
    widths = (x.shape[1], 512, 256, 128)
    layers = [m for a, b in pairwise(widths) for m in (torch.nn.Linear(a, b), torch.nn.ReLU())]
    module = torch.nn.Sequential(*layers, torch.nn.Linear(128, 4), torch.nn.Sigmoid())
    optimizer = torch.optim.Adam(module.parameters(), lr=1e-3)
    for _epoch in range(epochs):
        for part in batches(len(x), 64, draw):
            optimizer.zero_grad()
            box_loss(loss, sorted_corners(module(x[part])), goal[part], torch.ones(4)).backward()
            optimizer.step()
    return module.eval()
