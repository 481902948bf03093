"""The ranker: a network, trees and a direction of vectors over whole sets.

It is calibrated, with one operating point and tastes.

Holds `Ranker`, its members, and its form in a file.
Add here: another member of the ensemble.
Keep out: fitting (training/fit_ranker.py), judging (training/evaluate_ranker.py), files (artifacts.py).

The stage rule decides unless the calibrated probability of another picture reaches the operating point.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from proofsheet.models.features import MEASURES, NAMES, STAGE_COLUMNS, Floats, Ints, SetFeatures
from proofsheet.models.logistic import projected
from proofsheet.models.missing_values import filled, moments
from proofsheet.models.mlp import Net
from proofsheet.models.probabilities import Doubles, picks, softmax
from proofsheet.models.project_taste import Taste
from proofsheet.models.tree_ensemble import Trees

VERSION, _FORMER = "ranker 2", "ranker 1"
_RELATIVE = np.r_[len(MEASURES) : 2 * len(MEASURES), 3 * len(MEASURES) : len(NAMES) - 4]
MEASURE_COLUMNS = [  # of the inputs, those that come from one measurement
    [m, m + len(MEASURES), m + 2 * len(MEASURES), len(NAMES) + m, len(NAMES) + len(_RELATIVE) + m]
    for m in range(len(MEASURES))
]
_CLIP = 6.0


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
        """Statistics of the pictures on the training side, without missing measurements."""
        rows, known = (
            features.x[features.mask][:, _RELATIVE],
            np.nan_to_num(features.stages[features.mask], nan=-1.0),
        )
        stages = np.unique(known)
        mean, scale = zip(*(moments(rows[known == s]) for s in stages), strict=True)
        return cls(stages.astype(np.float32), np.stack(mean), np.stack(scale))

    def unusual(self, features: SetFeatures) -> Floats:
        """The relative features against those usual at their stage: (sets, most, c).

        They are nan without a measurement.
        """
        known = np.nan_to_num(features.stages, nan=-1.0)
        nearest = np.abs(known[..., None] - self.stages).argmin(axis=-1)
        unusual = (features.x[..., _RELATIVE] - self.mean[nearest]) / self.scale[nearest]
        return np.where(features.mask[..., None], np.clip(unusual, -_CLIP, _CLIP), 0.0).astype(np.float32)

    def apply(self, features: SetFeatures) -> Floats:
        """The features, and the relative ones against the usual, with sign and without: (sets, most, d)."""
        unusual = self.unusual(features)
        return np.concatenate([features.x, unusual, np.abs(unusual)], axis=2)

    def arrays(self) -> dict[str, Floats]:
        """For a file."""
        return {"norm.stages": self.stages, "norm.mean": self.mean, "norm.scale": self.scale}


@dataclass(frozen=True)
class Members:
    """What scores pictures.

    Attributes:
        norm: what is usual at each stage.
        net: the network.
        trees: the trees; None leaves them out.
        direction: (d,) of vectors; None leaves it out.
        measured: whether measurements are used; else vectors and stages alone.
        tells: whether network and trees know which sets were measured.
    """

    norm: StageNorm
    net: Net
    trees: Trees | None
    direction: Floats | None
    measured: bool = True
    tells: bool = True

    def inputs(self, features: SetFeatures) -> Floats:
        """The input of network and trees; a missing measurement is as usual: (sets, most, d)."""
        x = self.norm.apply(features if self.measured else features.unmeasured())
        return filled(inputs(x, features) if self.tells else x, self.net.mean)

    def scores(self, features: SetFeatures) -> tuple[Floats, Floats, Floats]:
        """Of network, trees and direction: (sets, most) each; 0 of what is left out."""
        x = self.inputs(features)
        net = self.net.scores(x)
        trees = self.trees.scores(x) if self.trees else np.zeros_like(net)
        return (
            net,
            trees,
            projected(features, self.direction) if self.direction is not None else np.zeros_like(net),
        )

    def taste_columns(self, features: SetFeatures) -> Floats:
        """Whether the stage rule takes it, higher stages, and unusual measurements: (sets, most, 20)."""
        shown = features if self.measured else features.unmeasured()
        unusual = np.nan_to_num(self.norm.unusual(shown)[..., : len(MEASURES)])
        return np.concatenate([shown.x[..., STAGE_COLUMNS[0] : STAGE_COLUMNS[0] + 2], unusual], axis=2)


def inputs(x: Floats, features: SetFeatures) -> Floats:
    """The same with one more column: whether the set was measured."""
    known = np.where(features.mask, features.known[:, None], False).astype(np.float32)
    return np.concatenate([x, known[..., None]], axis=2)


@dataclass(frozen=True)
class Ranker:
    """A trained ranker.

    Attributes:
        members: what scores pictures.
        weights: of network, trees and direction; they hold the temperature.
        overrule_at: least calibrated probability at which the stage rule is overruled.
        encoder_id: encoder of the vectors in training.
        tastes: of single projects, by folder name.
    """

    members: Members
    weights: tuple[float, float, float]
    overrule_at: float
    encoder_id: str
    tastes: Mapping[str, Taste] = field(default_factory=dict)

    def logits(self, features: SetFeatures, groups: Sequence[str] = ()) -> Doubles:
        """Calibrated scores: (sets, most).

        Args:
            features: of the sets.
            groups: project of each set; none leaves the tastes of projects out.
        """
        found = weighed(self.members.scores(features), self.weights)
        names = np.array(groups)
        for name, taste in self.tastes.items():
            here = np.flatnonzero(names == name) if len(names) else np.empty(0, np.int64)
            if len(here):
                found[here] = taste.scores(self.members.taste_columns(features.some(here)), found[here])
        return found

    def probabilities(
        self, features: SetFeatures, temperature: float = 1.0, groups: Sequence[str] = ()
    ) -> Doubles:
        """Probability of each picture of being chosen: (sets, most), 0 without a picture."""
        return softmax(self.logits(features, groups) / temperature, features.mask)

    def point_of(self, name: str) -> float:
        """The operating point for a project."""
        return self.tastes[name].overrule_at if name in self.tastes else self.overrule_at

    def choose(self, features: SetFeatures, groups: Sequence[str]) -> tuple[Doubles, Ints]:
        """Probabilities and choices for sets of these projects."""
        p = self.probabilities(features, groups=groups)
        return p, picks(p, features.top, np.array([self.point_of(n) for n in groups], dtype=np.float64))


def weighed(scores: tuple[Floats, Floats, Floats], weights: tuple[float, float, float]) -> Doubles:
    """The sum of the members' scores: (sets, most)."""
    net, trees, direction = (s.astype(np.float64) * w for s, w in zip(scores, weights, strict=True))
    return np.asarray(net + trees + direction)


def to_arrays(ranker: Ranker) -> tuple[dict[str, Floats], dict[str, Any]]:
    """Arrays and facts of a ranker, for a file."""
    members = ranker.members
    facts = {
        "weights": list(ranker.weights),
        "overrule_at": ranker.overrule_at,
        "encoder_id": ranker.encoder_id,
        "version": VERSION if members.tells else _FORMER,
        "features": list(NAMES),
        "trees": members.trees.text if members.trees else "",
        "measured": members.measured,
        "tastes": {name: taste.overrule_at for name, taste in ranker.tastes.items()},
    }
    arrays = {**members.norm.arrays(), **members.net.arrays("net")}
    arrays |= {f"taste.{name}": taste.weights for name, taste in ranker.tastes.items()}
    return arrays | ({} if members.direction is None else {"direction": members.direction}), facts


def from_arrays(arrays: Mapping[str, Floats], told: Mapping[str, Any]) -> Ranker:
    """The ranker of a file.

    Rankers of the former version have no tastes and no direction, and always use measurements.

    Raises:
        KeyError: if something is missing.
        ValueError: if it was made by another version, of other features, or has shapes that do not fit.
    """
    if told["version"] not in {VERSION, _FORMER} or tuple(told["features"]) != NAMES:
        raise ValueError(
            f"it was made by {told['version']} of {len(told['features'])} features, not by {VERSION} "
            f"of {len(NAMES)}"
        )
    norm = StageNorm(arrays["norm.stages"], arrays["norm.mean"], arrays["norm.scale"])
    net, tells = Net.of(arrays, "net"), told["version"] == VERSION
    if net.mean.shape[0] != len(NAMES) + 2 * len(_RELATIVE) + tells or norm.mean.shape[1] != len(_RELATIVE):
        raise ValueError("its network does not fit its features")
    trees = Trees(str(told["trees"])) if told["trees"] else None
    members = Members(norm, net, trees, arrays.get("direction"), bool(told.get("measured", True)), tells)
    first, second, third = (*(float(w) for w in told["weights"]), *([] if tells else [0.0]))
    tastes = {
        name: Taste(arrays[f"taste.{name}"], float(point)) for name, point in told.get("tastes", {}).items()
    }
    return Ranker(
        members, (first, second, third), float(told["overrule_at"]), str(told["encoder_id"]), tastes
    )
