"""Fitting the ranker: its members on all sets, their weights and the operating point on held-out folds.

Holds `fit_ranker` and `uses_measurements`.
Add here: another member of the ensemble.
Keep out: prediction (models/ranker.py), judging (evaluate_ranker.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from proofsheet.models.features import Bools, Floats, Ints, SetFeatures
from proofsheet.models.logistic import fit_direction
from proofsheet.models.missing_values import filled
from proofsheet.models.probabilities import likelihood, operating_point, softmax
from proofsheet.models.ranker import Members, Ranker, StageNorm, inputs, weighed
from proofsheet.training.fit_tastes import fit_tastes
from proofsheet.training.fit_trees import train_trees
from proofsheet.training.listwise import Training, train_listwise
from proofsheet.training.splits import folds_of

_FOLDS = 4


_WEIGHTS = np.geomspace(0.05, 6.0, 22)


_LEAST_MEASURED, _LEAST_SHARE = 30, 0.1
_LEAST_GAIN = 2.0  # of log likelihood, over all sets, that a direction of vectors must bring


def fit_ranker(
    features: SetFeatures,
    winner: Ints,
    anomaly: Bools,
    groups: Sequence[str],
    clusters: Sequence[str],
    how: Training,
    encoder_id: str,
) -> Ranker:
    """Train on choices; weights, operating point and tastes are found on folds that the members did not see.

    Args:
        features: of the sets.
        winner: (sets,) place of the chosen picture.
        anomaly: (sets,) True where a lower stage was chosen.
        groups: project of each set; folds keep projects together where there are three or more.
        clusters: sets of one cluster stay in one fold.
        how: of the network.
        encoder_id: encoder of the vectors.
    """
    outside: tuple[Floats, Floats, Floats] = tuple(
        np.zeros(features.mask.shape, np.float32) for _ in range(3)
    )  # type: ignore[assignment]
    for held in folds_of(groups, clusters, _FOLDS, how.seed):
        rest = np.flatnonzero(~held)
        part = _members(features.some(rest), winner[rest], anomaly[rest], how)
        for own, said in zip(outside, part.scores(features.some(np.flatnonzero(held))), strict=True):
            own[held] = said
    weights = _weights(outside, features.mask, winner)
    scores = weighed(outside, weights)
    point = operating_point(softmax(scores, features.mask), features.top, winner, anomaly)
    members = _members(features, winner, anomaly, how)
    columns = members.taste_columns(features)
    tastes = fit_tastes(columns, scores, features, winner, anomaly, groups, clusters, point, how.seed)
    members = members if weights[2] else replace(members, direction=None)
    return Ranker(members, weights, point, encoder_id, tastes)


def uses_measurements(known: Bools) -> bool:
    """Whether enough sets were measured to learn from measurements: 30, and one in ten."""
    return (
        bool(known.sum() >= min(_LEAST_MEASURED, len(known)) and known.mean() >= _LEAST_SHARE)
        if len(known)
        else True
    )


def _members(features: SetFeatures, winner: Ints, anomaly: Bools, how: Training) -> Members:
    measured = uses_measurements(features.known)
    shown = features if measured else features.unmeasured()
    norm = StageNorm.fit(shown)
    x = inputs(norm.apply(shown), features)
    net = train_listwise(x, features.mask, winner, anomaly, how)
    trees = train_trees(filled(x, net.mean), features.mask, winner, how.seed)
    return Members(norm, net, trees, fit_direction(features, winner), measured)


def _weights(scores: tuple[Floats, Floats, Floats], mask: Bools, winner: Ints) -> tuple[float, float, float]:
    """Weights of the members with the least negative log likelihood, from a grid.

    The direction is used only if it improves the result.
    """
    net, trees = _pair(scores, 0.0, mask, winner)
    before = likelihood(weighed(scores, (net, trees, 0.0)), mask, winner)
    losses = [likelihood(weighed(scores, (net, trees, float(c))), mask, winner) for c in _WEIGHTS]
    if (before - min(losses)) * len(winner) < _LEAST_GAIN:
        return net, trees, 0.0
    direction = float(_WEIGHTS[int(np.argmin(losses))])
    return (*_pair(scores, direction, mask, winner), direction)


def _pair(
    scores: tuple[Floats, Floats, Floats], direction: float, mask: Bools, winner: Ints
) -> tuple[float, float]:
    """Weights of network and trees beside the direction's."""
    grid = [(float(a), float(b)) for a in (0.0, *_WEIGHTS) for b in (0.0, *_WEIGHTS)]
    losses = [likelihood(weighed(scores, (*pair, direction)), mask, winner) for pair in grid]
    return grid[int(np.argmin(losses))]
