"""Fits the starter ranker: `fitted`, and the card that the package holds.

Holds `fitted`, `crosswise` and `card_of`.
Add here: another way to weigh cases.
Keep out: pictures (damaged_sets.py) and figures (picks.py).

A logistic regression without a constant on differences, by Newton's method, with a ridge. A pair of which neither picture should
be preferred counts half for each. Temperature and the worth of a stage are found crosswise, on photographs that the weights never saw.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.damage import KINDS
from benchmarks.damaged_sets import Case
from proofsheet.models.starter_ranker import DIFFERENCES, NAMES, TERMS, StarterRanker, pair_features, steps_of
from schemas.vision import SCALES

Floats = npt.NDArray[np.float64]
VERSION = "starter 1"
_RIDGE = 1.0
_STEPS = 30
_FOLDS = 5
_USUAL = (0.1, 0.9)
_NEUTRAL = ("a third of a stop", "another shot")
_WEIGHT: Mapping[str, float] = {
    "a third of a stop": 3.0,
    "another shot": 3.0,
    "soft and brighter": 6.0,
    "seen": 2.0,
}
_UNTAUGHT = ("stages", "spoilt stage")
_KEPT = 0.997  # share of usual series whose highest stage stays


def usual_of(cases: Sequence[Case]) -> Floats:
    """(scales + differences, 2) the range in which most unchanged photographs lie, in steps."""
    plain = {c.original: steps_of(c.better) for c in cases if c.kind in KINDS}
    return np.asarray(np.quantile(np.array(list(plain.values())), _USUAL, axis=0).T)


def taught(case: Case, without: Collection[str] = ()) -> bool:
    """Whether a fit may see a case: nothing of a kind that is kept for judging."""
    kept = any(not KINDS[k].trained or k in without for k in case.trained)
    return case.kind not in _UNTAUGHT and not kept


def fitted(cases: Sequence[Case], without: Collection[str] = ()) -> StarterRanker:
    """A ranker of the cases that it may see, with temperature 1 and stages worth nothing."""
    usual = usual_of(cases)
    seen = [c for c in cases if taught(c, without)]
    x = np.array([pair_features(c.better, c.worse, usual).ravel() for c in seen])
    wanted = np.array([0.5 if c.kind in _NEUTRAL else 1.0 for c in seen])
    weight = np.array([_WEIGHT.get(c.kind, _WEIGHT.get(c.strength, 1.0)) for c in seen])
    return StarterRanker(VERSION, _newton(x, wanted, weight).reshape(len(NAMES), len(TERMS)), usual, 1.0, 0.0)


def _newton(x: Floats, wanted: Floats, weight: Floats) -> Floats:
    found, ridge = np.zeros(x.shape[1]), _RIDGE * np.eye(x.shape[1])
    for _ in range(_STEPS):
        p = 1.0 / (1.0 + np.exp(-np.clip(x @ found, -30, 30)))
        slope = x.T @ (weight * (p - wanted)) + _RIDGE * found
        curve = (x * (weight * p * (1 - p))[:, None]).T @ x + ridge
        found = found - 0.8 * np.linalg.solve(curve, slope)
    return found


def folds_of(cases: Sequence[Case]) -> Mapping[str, int]:
    """Fold of each photograph, in turn by name."""
    return {name: k % _FOLDS for k, name in enumerate(sorted({c.original for c in cases}))}


def crosswise(cases: Sequence[Case]) -> list[tuple[Case, StarterRanker]]:
    """Every case with a ranker that never saw its photograph, calibrated on those that it saw."""
    fold = folds_of(cases)
    found = []
    for k in range(_FOLDS):
        ranker = calibrated([c for c in cases if fold[c.original] != k])
        found += [(c, ranker) for c in cases if fold[c.original] == k]
    return found


def calibrated(cases: Sequence[Case]) -> StarterRanker:
    """A ranker of all these cases whose temperature and worth of a stage come from fits on four fifths, judged on the rest."""
    fold = folds_of(cases)
    odds, stages = [], []
    for k in range(_FOLDS):
        ranker = fitted([c for c in cases if fold[c.original] != k])
        held = [c for c in cases if fold[c.original] == k]
        odds += [ranker.log_odds(c.better, c.worse) for c in held if c.kind in KINDS or c.kind == "mixture"]
        stages += [ranker.log_odds(c.better, c.worse) for c in held if c.kind == "stages"]
    temperature = _temperature(np.array(odds))
    whole = fitted(cases)
    worth = max(0.0, -float(np.quantile(stages, 1 - _KEPT))) / temperature
    return StarterRanker(VERSION, whole.weights, whole.usual, temperature, worth)


def _temperature(odds: Floats) -> float:
    """What the log odds of the better picture are divided by, so that they say how often it wins."""
    grid = np.geomspace(0.5, 20.0, 60)
    losses = [np.logaddexp(0.0, -odds / t).mean() for t in grid]
    return float(grid[int(np.argmin(losses))])


def card_of(ranker: StarterRanker, about: Mapping[str, Any]) -> dict[str, Any]:
    """What the package holds: the ranker and where it comes from."""
    usual = [[round(float(v), 3) for v in pair] for pair in ranker.usual]
    ranges = [*usual, *[None] * (len(NAMES) - SCALES - len(DIFFERENCES))]
    rows = {
        name: {"weights": [round(float(w), 3) for w in weights], "usual": span}
        for name, weights, span in zip(NAMES, ranker.weights, ranges, strict=True)
    }
    return {
        "version": ranker.version,
        **about,
        "terms": list(TERMS),
        "temperature": round(ranker.temperature, 3),
        "stage_log_odds": round(ranker.stage_log_odds, 3),
        "weights": rows,
    }
