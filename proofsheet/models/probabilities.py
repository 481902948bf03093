"""From scores of the pictures of sets to probabilities and choices.

Holds `softmax`, `picks`, `likelihood`, `operating_point` and `temperature_of`.
Add here: another number that is found on scores of sets that their model did not see.
Keep out: where scores come from (ranker.py).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from proofsheet.models.features import Bools, Floats, Ints

Doubles = npt.NDArray[np.float64]
# of the 0.005 that the rule of promotion allows: what is chosen on folds does a little worse outside
_MOST_NORMAL_LOST = 0.003
_POINTS = np.round(np.arange(0.30, 0.96, 0.05), 2)


def softmax(scores: Floats | Doubles, mask: Bools) -> Doubles:
    """Over the pictures of each set: (sets, most)."""
    shown = np.where(mask, scores.astype(np.float64), -np.inf)
    raised = np.exp(shown - shown.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))


def picks(probabilities: Doubles, top: Ints, overrule_at: float | Doubles) -> Ints:
    """The stage rule's choice, or the most probable picture if it reaches the operating point: (sets,)."""
    best = probabilities.argmax(axis=1)
    sure = probabilities[np.arange(len(best)), best] >= overrule_at
    return np.where(sure, best, top)


def likelihood(scores: Floats | Doubles, mask: Bools, winner: Ints) -> float:
    """Mean negative log likelihood of the choices."""
    shown = np.where(mask, scores, -np.inf)
    most = shown.max(axis=1)
    total = np.log(np.exp(shown - most[:, None]).sum(axis=1)) + most
    return float((total - shown[np.arange(len(winner)), winner]).mean())


def operating_point(p: Doubles, top: Ints, winner: Ints, anomaly: Bools) -> float:
    """The point with the most right choices that loses at most 0.3 points of the normal ones.

    Of equal ones it is the most careful.

    Neighbouring points are averaged, so that a lucky one does not win. Where the stage rule is wrong more
    often than right, normal sets are the exception and are not guarded.
    """
    right = np.array([(picks(p, top, t) == winner).mean() for t in _POINTS])
    normal = np.array(
        [(picks(p, top, t) == winner)[~anomaly].mean() if (~anomaly).any() else 1.0 for t in _POINTS]
    )
    before = (top == winner)[~anomaly].mean() if (~anomaly).any() else 1.0
    smooth = np.convolve(np.pad(right, 1, mode="edge"), np.ones(3) / 3, mode="valid")
    allowed = (normal >= before - _MOST_NORMAL_LOST) | bool((top == winner).mean() < 0.5)
    if not allowed.any():
        return 1.0
    best = smooth[allowed].max()
    return float(_POINTS[allowed & (smooth >= best - 1e-9)].max())


def temperature_of(scores: Floats | Doubles, mask: Bools, winner: Ints, prior: float = 20.0) -> float:
    """Temperature with the least loss on these sets (Guo et al., 2017).

    As many imagined sets as `prior` hold it near 1.
    """
    grid = np.geomspace(0.4, 2.5, 41)
    losses = [
        len(winner) * likelihood(scores / t, mask, winner) + prior * float(np.log(t)) ** 2 for t in grid
    ]
    return float(grid[int(np.argmin(losses))])
