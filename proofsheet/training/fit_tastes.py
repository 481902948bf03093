"""Fitting the tastes of projects, with cross-validation, and whether they improve anything.

Holds `fit_tastes`.
Add here: another test whether a project differs.
Keep out: prediction (models/project_taste.py).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from proofsheet.models.features import MEASURES, Bools, Floats, Ints, SetFeatures
from proofsheet.models.intervals import bootstrap
from proofsheet.models.logistic import fit_logit
from proofsheet.models.probabilities import Doubles, operating_point, picks, softmax
from proofsheet.models.project_taste import Taste, with_scores
from proofsheet.training.splits import folds_of

LEAST_SETS = 20
_FOLDS, _TINY = 5, 1e-12


_PRECISION = np.array(
    [0.3, 0.3, *[30.0] * len(MEASURES), 0.3]
)  # the last one holds the scale of the scores near 1


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
    """The tastes that improve their project.

    In cross-validation its choices are predicted better with the taste, and its picks are not worse.

    Args:
        columns: (sets, most, 20) in which tastes differ.
        scores: (sets, most) calibrated scores of members that did not see the set, nor its project where
            there are three or more.
        features: of the sets.
        winner: (sets,) place of the chosen picture.
        anomaly: (sets,) True where a lower stage was chosen.
        groups: project of each set.
        clusters: sets of one cluster stay together.
        overrule_at: the operating point without a taste.
        seed: of the folds.
    """
    found = {}
    for name in sorted(set(groups)):
        here = np.flatnonzero(np.array(groups) == name)
        if len(here) < LEAST_SETS:
            continue
        x = with_scores(columns[here], scores[here])
        own = scores[here]
        mask = features.mask[here]
        top = features.top[here]
        won = winner[here]
        odd = anomaly[here]
        rows = np.arange(len(here))
        p, pick = _crosswise(x, own, mask, top, won, odd, [clusters[int(k)] for k in here], seed)
        before = softmax(own, mask)
        surer = np.log(np.maximum(p, _TINY)[rows, won]) - np.log(np.maximum(before, _TINY)[rows, won])
        better = (pick == won).mean() - (picks(before, top, overrule_at) == won).mean()
        if bootstrap(list(surer[:, None]))[1] > 0 and better >= 0:
            weights = fit_logit(x, mask, won, own, _PRECISION).astype(np.float32)
            found[name] = Taste(weights, operating_point(p, top, won, odd))
    return found


def _crosswise(
    x: Doubles,
    scores: Doubles,
    mask: Bools,
    top: Ints,
    winner: Ints,
    anomaly: Bools,
    clusters: Sequence[str],
    seed: int,
) -> tuple[Doubles, Ints]:
    """Probabilities and choices for each set by weights and a point that were found without it."""
    p, pick = softmax(scores, mask), top.copy()
    for held in folds_of(["one"] * len(top), clusters, _FOLDS, seed):
        rest = ~held
        q = softmax(scores + x @ fit_logit(x[rest], mask[rest], winner[rest], scores[rest], _PRECISION), mask)
        p[held] = q[held]
        pick[held] = picks(
            q[held], top[held], operating_point(q[rest], top[rest], winner[rest], anomaly[rest])
        )
    return p, pick
