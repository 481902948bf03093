"""The ranker: a network and trees over whole sets, calibrated, with one operating point.

Holds `Ranker` and `fit_ranker`.
Add here: another member of the ensemble.
Keep out: judging (evaluation.py), files (model_files.py).

The stage rule's choice stands unless the calibrated probability of another picture reaches the operating point.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from proofsheet.learn.features import MEASURES, NAMES, Floats, Ints, SetFeatures
from proofsheet.learn.lambdamart import Trees, train_trees
from proofsheet.learn.listwise import Training, train_listwise
from proofsheet.learn.net import Net
from proofsheet.learn.splits import folds_of

Bools = npt.NDArray[np.bool_]
Doubles = npt.NDArray[np.float64]
VERSION = "ranker 1"
_FOLDS = 4
_RELATIVE = np.r_[len(MEASURES) : 2 * len(MEASURES), 3 * len(MEASURES) : len(NAMES) - 4]
_CLIP = 6.0
_MOST_NORMAL_LOST = 0.003  # of the 0.005 that the rule of promotion allows: what is chosen on folds does a little worse outside
_POINTS = np.round(np.arange(0.30, 0.96, 0.05), 2)
_WEIGHTS = np.geomspace(0.05, 6.0, 22)


@dataclass(frozen=True)
class StageNorm:
    """What is usual at each stage, so that a stage's own look is no evidence.

    Attributes:
        stages: (k,) known stages; -1 stands for names without one.
        mean: (k, c) means of the relative features at that stage.
        scale: (k, c) their standard deviations.
    """

    stages: Floats
    mean: Floats
    scale: Floats

    @classmethod
    def fit(cls, features: SetFeatures) -> StageNorm:
        """From the pictures of the training side."""
        rows, known = features.x[features.mask][:, _RELATIVE], np.nan_to_num(features.stages[features.mask], nan=-1.0)
        stages = np.unique(known)
        mean = np.stack([rows[known == s].mean(axis=0) for s in stages])
        scale = np.stack([rows[known == s].std(axis=0) for s in stages])
        return cls(stages.astype(np.float32), mean.astype(np.float32), np.where(scale > 1e-6, scale, 1.0).astype(np.float32))

    def apply(self, features: SetFeatures) -> Floats:
        """The features, and beside them the relative ones against what is usual, with sign and without: (sets, most, d)."""
        known = np.nan_to_num(features.stages, nan=-1.0)
        nearest = np.abs(known[..., None] - self.stages).argmin(axis=-1)
        unusual = (features.x[..., _RELATIVE] - self.mean[nearest]) / self.scale[nearest]
        unusual = np.where(features.mask[..., None], np.clip(unusual, -_CLIP, _CLIP), 0.0)
        return np.concatenate([features.x, unusual, np.abs(unusual)], axis=2).astype(np.float32)

    def arrays(self) -> dict[str, Floats]:
        """For a file."""
        return {"norm.stages": self.stages, "norm.mean": self.mean, "norm.scale": self.scale}


@dataclass(frozen=True)
class Ranker:
    """A trained ranker.

    Attributes:
        norm: what is usual at each stage.
        net: the network.
        trees: the trees; None leaves the network alone.
        weights: of network and trees; they hold the temperature.
        overrule_at: least calibrated probability at which the stage rule is overruled.
        encoder_id: whose vectors it was trained on.
    """

    norm: StageNorm
    net: Net
    trees: Trees | None
    weights: tuple[float, float]
    overrule_at: float
    encoder_id: str

    def logits(self, features: SetFeatures) -> Floats:
        """Calibrated scores: (sets, most)."""
        net, trees = self.members(features)
        return self.weights[0] * net + self.weights[1] * trees

    def members(self, features: SetFeatures) -> tuple[Floats, Floats]:
        """Scores of the network and of the trees."""
        x = self.norm.apply(features)
        net = self.net.scores(x)
        return net, self.trees.scores(x) if self.trees else np.zeros_like(net)

    def probabilities(self, features: SetFeatures, temperature: float = 1.0) -> Doubles:
        """Probability of each picture of being chosen: (sets, most), 0 where there is none."""
        return softmax(self.logits(features) / temperature, features.mask)


def softmax(scores: Floats | Doubles, mask: Bools) -> Doubles:
    """Over the pictures of each set: (sets, most)."""
    shown = np.where(mask, scores.astype(np.float64), -np.inf)
    raised = np.exp(shown - shown.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))


def picks(probabilities: Doubles, top: Ints, overrule_at: float) -> Ints:
    """The stage rule's choice, or the most probable picture where its probability reaches the operating point: (sets,)."""
    best = probabilities.argmax(axis=1)
    sure = probabilities[np.arange(len(best)), best] >= overrule_at
    return np.where(sure, best, top)


def fit_ranker(
    features: SetFeatures,
    winner: Ints,
    anomaly: Bools,
    groups: Sequence[str],
    clusters: Sequence[str],
    how: Training,
    encoder_id: str,
) -> Ranker:
    """Train on choices; weights, temperature and operating point are found on folds that the members did not see.

    Args:
        features: of the sets.
        winner: (sets,) place of the chosen picture.
        anomaly: (sets,) True where a lower stage was chosen.
        groups: project of each set; folds keep projects together where there are three or more.
        clusters: sets of one cluster stay in one fold.
        how: of the network.
        encoder_id: whose vectors.
    """
    net_scores, tree_scores = (np.zeros(features.mask.shape, np.float32) for _ in range(2))
    for held in folds_of(groups, clusters, _FOLDS, how.seed):
        rest = np.flatnonzero(~held)
        norm, net, trees = _members(features.some(rest), winner[rest], anomaly[rest], how)
        part = features.some(np.flatnonzero(held))
        x = norm.apply(part)
        net_scores[held], tree_scores[held] = net.scores(x), trees.scores(x)
    weights = _weights(net_scores, tree_scores, features.mask, winner)
    p = softmax(weights[0] * net_scores + weights[1] * tree_scores, features.mask)
    norm, net, trees = _members(features, winner, anomaly, how)
    return Ranker(norm, net, trees, weights, operating_point(p, features.top, winner, anomaly), encoder_id)


def _members(features: SetFeatures, winner: Ints, anomaly: Bools, how: Training) -> tuple[StageNorm, Net, Trees]:
    norm = StageNorm.fit(features)
    x = norm.apply(features)
    net = train_listwise(x, features.mask, winner, anomaly, how)
    return norm, net, train_trees(x, features.mask, winner, how.seed)


def _weights(net: Floats, trees: Floats, mask: Bools, winner: Ints) -> tuple[float, float]:
    """Weights of the members with the least negative log likelihood; both are tried on a grid."""
    best, found = np.inf, (1.0, 0.0)
    for a in (0.0, *_WEIGHTS):
        for b in (0.0, *_WEIGHTS):
            loss = likelihood(a * net + b * trees, mask, winner)
            if loss < best:
                best, found = loss, (float(a), float(b))
    return found


def likelihood(scores: Floats | Doubles, mask: Bools, winner: Ints) -> float:
    """Mean negative log likelihood of the choices."""
    shown = np.where(mask, scores, -np.inf)
    most = shown.max(axis=1)
    total = np.log(np.exp(shown - most[:, None]).sum(axis=1)) + most
    return float((total - shown[np.arange(len(winner)), winner]).mean())


def operating_point(p: Doubles, top: Ints, winner: Ints, anomaly: Bools) -> float:
    """The point with the most right choices that loses at most 0.3 points of the normal ones; of equal ones the most careful.

    Neighbouring points are averaged, so that a lucky one does not win.
    """
    right = np.array([(picks(p, top, t) == winner).mean() for t in _POINTS])
    normal = np.array([(picks(p, top, t) == winner)[~anomaly].mean() if (~anomaly).any() else 1.0 for t in _POINTS])
    before = (top == winner)[~anomaly].mean() if (~anomaly).any() else 1.0
    smooth = np.convolve(np.pad(right, 1, mode="edge"), np.ones(3) / 3, mode="valid")
    allowed = normal >= before - _MOST_NORMAL_LOST
    if not allowed.any():
        return 1.0
    best = smooth[allowed].max()
    return float(_POINTS[allowed & (smooth >= best - 1e-9)].max())


def temperature_of(scores: Floats | Doubles, mask: Bools, winner: Ints, prior: float = 20.0) -> float:
    """Temperature with the least loss on these sets, held near 1 by as many imagined sets as `prior` says (Guo et al., 2017)."""
    grid = np.geomspace(0.4, 2.5, 41)
    losses = [len(winner) * likelihood(scores / t, mask, winner) + prior * float(np.log(t)) ** 2 for t in grid]
    return float(grid[int(np.argmin(losses))])


def to_arrays(ranker: Ranker) -> tuple[dict[str, Floats], dict[str, Any]]:
    """Arrays and facts of a ranker, for a file."""
    facts = {
        "weights": list(ranker.weights),
        "overrule_at": ranker.overrule_at,
        "encoder_id": ranker.encoder_id,
        "version": VERSION,
        "features": list(NAMES),
        "trees": ranker.trees.text if ranker.trees else "",
    }
    return {**ranker.norm.arrays(), **ranker.net.arrays("net")}, facts


def from_arrays(arrays: Mapping[str, Floats], told: Mapping[str, Any]) -> Ranker:
    """The ranker of a file.

    Raises:
        KeyError: if something is missing.
        ValueError: if it was made by another version, of other features, or has shapes that do not fit.
    """
    if told["version"] != VERSION or tuple(told["features"]) != NAMES:
        raise ValueError(f"it was made by {told['version']} of {len(told['features'])} features, not by {VERSION} of {len(NAMES)}")
    norm = StageNorm(arrays["norm.stages"], arrays["norm.mean"], arrays["norm.scale"])
    net = Net.of(arrays, "net")
    if net.mean.shape[0] != len(NAMES) + 2 * len(_RELATIVE) or norm.mean.shape[1] != len(_RELATIVE):
        raise ValueError("its network does not fit its features")
    trees = Trees(str(told["trees"])) if told["trees"] else None
    first, second = (float(w) for w in told["weights"])
    return Ranker(norm, net, trees, (first, second), float(told["overrule_at"]), str(told["encoder_id"]))


def with_point(ranker: Ranker, overrule_at: float) -> Ranker:
    """The same at another operating point."""
    return replace(ranker, overrule_at=overrule_at)
