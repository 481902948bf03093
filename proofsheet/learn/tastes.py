"""What the choices of one project have beyond what all projects share: a few weights on stage and measurements.

Holds `Taste`, `taste_columns` and `fit_tastes`.
Add here: another column in which projects differ.
Keep out: the model over all projects (ranker.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from proofsheet.learn.features import MEASURES, STAGE_COLUMNS, Bools, Floats, Ints, SetFeatures
from proofsheet.learn.intervals import bootstrap
from proofsheet.learn.logit import fit_logit
from proofsheet.learn.points import Doubles, operating_point, picks, softmax
from proofsheet.learn.splits import folds_of

LEAST_SETS = 20
_FOLDS = 5
_PRECISION = np.array([1.0, 1.0, *[10.0] * len(MEASURES)])


@dataclass(frozen=True)
class Taste:
    """The taste of one project.

    Attributes:
        weights: (20,) of the columns of `taste_columns`; added to the scores.
        overrule_at: least probability at which the stage rule is overruled in this project.
    """

    weights: Floats
    overrule_at: float


def taste_columns(features: SetFeatures, unusual: Floats) -> Floats:
    """Whether the stage rule takes it, how many stages lie above it, and the measurements against what is usual: (sets, most, 20).

    Args:
        features: of the sets.
        unusual: (sets, most, 18) measurements against the rest of the set, against what is usual at their stage; 0 where unknown.
    """
    return np.concatenate([features.x[..., STAGE_COLUMNS[0] : STAGE_COLUMNS[0] + 2], unusual], axis=2)


def fit_tastes(
    columns: Floats,
    scores: Doubles,
    features: SetFeatures,
    winner: Ints,
    anomaly: Bools,
    groups: Sequence[str],
    clusters: Sequence[str],
    overrule_at: float,
    seed: int,
) -> dict[str, Taste]:
    """The tastes of those projects that are chosen for better with than without, crosswise, with the lower end of the gain above 0.

    Args:
        columns: of `taste_columns`.
        scores: (sets, most) calibrated scores of members that did not see the project.
        features: of the sets.
        winner: (sets,) place of the chosen picture.
        anomaly: (sets,) True where a lower stage was chosen.
        groups: project of each set.
        clusters: sets of one cluster stay together.
        overrule_at: the operating point without a taste.
        seed: of the folds.
    """
    found = {}
    plain = picks(softmax(scores, features.mask), features.top, overrule_at) == winner
    for name in sorted(set(groups)):
        here = np.flatnonzero(np.array(groups) == name)
        if len(here) < LEAST_SETS:
            continue
        parts = (columns[here], scores[here], features.mask[here], features.top[here], winner[here], anomaly[here])
        p, pick = _crosswise(*parts, [clusters[int(k)] for k in here], seed)
        gains = (pick == winner[here]).astype(float) - plain[here]
        if bootstrap(gains[:, None])[1] > 0:
            weights = fit_logit(columns[here], features.mask[here], winner[here], scores[here], _PRECISION)
            found[name] = Taste(weights.astype(np.float32), operating_point(p, features.top[here], winner[here], anomaly[here]))
    return found


def _crosswise(
    columns: Floats, scores: Doubles, mask: Bools, top: Ints, winner: Ints, anomaly: Bools, clusters: Sequence[str], seed: int
) -> tuple[Doubles, Ints]:
    """Probabilities and choices for each set by weights and a point that were found without it."""
    p, pick = softmax(scores, mask), top.copy()
    for held in folds_of(["one"] * len(top), clusters, _FOLDS, seed):
        rest = ~held
        weights = fit_logit(columns[rest], mask[rest], winner[rest], scores[rest], _PRECISION)
        q = softmax(scores + columns @ weights, mask)
        p[held] = q[held]
        pick[held] = picks(q[held], top[held], operating_point(q[rest], top[rest], winner[rest], anomaly[rest]))
    return p, pick
