"""Linear parts of the ranker: one convex fit over whole sets, and the direction of vectors that wins.

Holds `fit_logit`, `fit_direction` and `projected`.
Add here: another linear part of the ranker.
Keep out: the network (training/listwise.py), trees (tree_ensemble.py), and which parts are used (ranker.py).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from proofsheet.models.features import Bools, Floats, Ints, SetFeatures
from proofsheet.models.probabilities import Doubles, softmax

_STEPS, _ENOUGH = 30, 1e-6
_MOST_DIRECTIONS, _PICTURES_A_DIRECTION, _PRIOR = 64, 8, 10.0
_PART = 2048


def fit_logit(
    x: Floats | Doubles, mask: Bools, winner: Ints, offset: Floats | Doubles, precision: float | Doubles
) -> Doubles:
    """Weights of a conditional logit (McFadden, 1974) with a normal prior around 0, by Newton's method.

    Args:
        x: (sets, most, k) columns.
        mask: (sets, most) True where there is a picture.
        winner: (sets,) place of the chosen picture.
        offset: (sets, most) scores that are there already.
        precision: of the prior, of all weights or of each.
    """
    rows, x = np.arange(len(winner)), np.where(mask[..., None], x, 0.0).astype(np.float64)
    prior = np.broadcast_to(np.asarray(precision, np.float64), x.shape[2:])
    found = np.zeros(x.shape[2])

    def loss(w: Doubles) -> float:
        p = softmax(offset + x @ w, mask)
        return float(-np.log(np.maximum(p[rows, winner], 1e-300)).sum() + (prior * w**2).sum() / 2)

    for _ in range(_STEPS):
        p = softmax(offset + x @ found, mask)
        mean = np.einsum("nm,nmk->nk", p, x)
        slope = (mean - x[rows, winner]).sum(axis=0) + prior * found
        bend = np.einsum("nm,nmk,nml->kl", p, x, x, optimize=True) - mean.T @ mean + np.diag(prior)
        step = np.linalg.solve(bend, slope)
        while loss(found - step) > loss(found) and np.abs(step).max() > _ENOUGH:
            step = step / 2
        found = found - step
        if np.abs(step).max() < _ENOUGH:
            break
    return found


def fit_direction(features: SetFeatures, winner: Ints) -> Floats:
    """The direction in which winners' vectors differ from those of their sets: (d,).

    Fitted on the main directions in which vectors differ inside of sets; many pictures allow more of them.
    """
    pictures, width = int(features.mask.sum()), features.vectors.shape[1]
    spread = np.zeros((width, width))
    for part in _parts(len(winner)):
        rows = features.relative_vectors(part)[features.mask[part]].astype(np.float64)
        spread += rows.T @ rows
    values, axes = np.linalg.eigh(spread / max(pictures, 1))
    count = min(_MOST_DIRECTIONS, width, pictures // _PICTURES_A_DIRECTION)
    kept = [k for k in range(width - 1, width - 1 - count, -1) if values[k] > 1e-9]
    if not kept:
        return np.zeros(width, np.float32)
    basis = axes[:, kept] / np.sqrt(values[kept])
    x = np.concatenate([features.relative_vectors(part) @ basis for part in _parts(len(winner))])
    found = fit_logit(x, features.mask, winner, np.zeros(features.mask.shape), _PRIOR)
    return np.asarray(basis @ found, dtype=np.float32)


def projected(features: SetFeatures, direction: Floats) -> Floats:
    """Distance of each picture's vector in a direction from those of its set: (sets, most)."""
    parts = [features.relative_vectors(part) @ direction for part in _parts(len(features.mask))]
    return np.concatenate(parts).astype(np.float32) if parts else np.zeros(features.mask.shape, np.float32)


def _parts(count: int) -> Iterator[Ints]:
    for start in range(0, count, _PART):
        yield np.arange(start, min(start + _PART, count))
