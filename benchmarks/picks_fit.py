"""Fits the starter ranker: `fitted`, and the card that the package holds.

Holds `fitted`, `crosswise`, `calibrated` and `card_of`.
Add here: another way to weigh cases.
Keep out: pictures (damaged_sets.py) and figures (picks.py).

A logistic comparison with several signatures of damage, by L-BFGS, with a ridge. A pair without a better
picture counts half for each. Temperature and the worth of a stage are found crosswise, on photographs that
the weights never saw.
"""

from __future__ import annotations

import functools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.damage import KINDS
from benchmarks.damaged_sets import Case
from proofsheet.models.picture_differences import (
    DIFFERENCES,
    NAMES,
    TERMS,
    features_of,
    pair_steps,
    steps_of,
)
from proofsheet.models.starter_ranker import StarterRanker
from schemas.vision import SCALES

Floats = npt.NDArray[np.float64]
VERSION = "starter 1"
_RIDGE = 4.0
_SIGNATURES = 10
_STEPS = 150
_SPREAD = 0.03  # of the weights at the start
_FOLDS = 5
_USUAL = (0.1, 0.9)
_NEUTRAL = ("a third of a stop", "another shot", "stages")
_WEIGHT: Mapping[str, float] = {
    "a third of a stop": 5.0,
    "another shot": 3.0,
    "stages": 8.0,
    "soft and brighter": 10.0,
    "soft among noisy": 3.0,
    "seen": 2.0,
    "ruined": 2.0,
}
_UNTAUGHT = "spoilt stage"
_KEPT = 0.997  # share of usual series whose highest stage stays


def usual_of(cases: Sequence[Case]) -> Floats:
    """(scales + differences, 2) the range of most unchanged photographs, in steps."""
    plain = {c.original: steps_of(c.better) for c in cases if c.kind in KINDS}
    return np.asarray(np.nanquantile(np.array(list(plain.values())), _USUAL, axis=0).T)


def taught(case: Case, without: Collection[str] = ()) -> bool:
    """Whether a fit may see a case: kinds that are held out for judging are left out."""
    kept = any(not KINDS[k].trained or k in without for k in case.trained)
    return case.kind != _UNTAUGHT and not kept


def fitted(cases: Sequence[Case], without: Collection[str] = ()) -> StarterRanker:
    """A ranker of the cases that it may see, with temperature 1 and stages worth nothing."""
    usual = usual_of(cases)
    seen = [c for c in cases if taught(c, without)]
    x = features(seen, usual).reshape(len(seen), -1)
    wanted = np.array([0.5 if c.kind in _NEUTRAL else 1.0 for c in seen])
    weight = np.array([_WEIGHT.get(c.kind, _WEIGHT.get(c.strength, 1.0)) for c in seen])
    weights, offsets = _fit(x, wanted, weight)
    return StarterRanker(VERSION, weights.reshape(-1, len(NAMES), len(TERMS)), offsets, usual, 1.0, 0.0)


@functools.cache
def _steps(case: Case) -> tuple[Floats, Floats]:
    return pair_steps(case.better, case.worse)


def features(cases: Sequence[Case], usual: Floats) -> Floats:
    """(cases, names, terms) what speaks for the better picture of each."""
    values, places = (np.array(part) for part in zip(*map(_steps, cases), strict=True))
    return features_of(values, places, usual)


def log_odds(cases: Sequence[Case], ranker: StarterRanker) -> Floats:
    """(cases,) log odds of the better picture of each."""
    return ranker.log_odds_of(features(cases, ranker.usual))


def _fit(x: Floats, wanted: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """Weights of the signatures, (signatures, features), and their offsets."""
    import torch

    chance = torch.Generator().manual_seed(0)
    rows, goal, counts = (torch.tensor(v, dtype=torch.float32) for v in (x, wanted, weight))
    signatures = (_SPREAD * torch.randn(x.shape[1], _SIGNATURES, generator=chance)).requires_grad_()
    offsets = torch.zeros(_SIGNATURES, requires_grad=True)
    optimizer = torch.optim.LBFGS(
        [signatures, offsets], max_iter=_STEPS, history_size=10, line_search_fn="strong_wolfe"
    )

    def loss() -> torch.Tensor:
        optimizer.zero_grad()
        fits = rows @ signatures
        odds = torch.logsumexp(fits + offsets, 1) - torch.logsumexp(offsets - fits, 1)
        found = torch.nn.functional.binary_cross_entropy_with_logits(odds, goal, counts, reduction="sum")
        found = found + _RIDGE * (signatures**2).sum() / 2
        found.backward()  # type: ignore[no-untyped-call]
        return found

    optimizer.step(loss)  # type: ignore[no-untyped-call]
    return signatures.detach().numpy().T.astype(np.float64), offsets.detach().numpy().astype(np.float64)


def folds_of(cases: Sequence[Case]) -> Mapping[str, int]:
    """Fold of each photograph, in turn by name."""
    return {name: k % _FOLDS for k, name in enumerate(sorted({c.original for c in cases}))}


def crosswise(cases: Sequence[Case]) -> list[tuple[Case, StarterRanker]]:
    """Every case with a ranker of other photographs, also for its temperature and the worth of a stage."""
    fold = folds_of(cases)
    parts = [[c for c in cases if fold[c.original] == k] for k in range(_FOLDS)]
    rankers = [fitted([c for c in cases if fold[c.original] != k]) for k in range(_FOLDS)]
    odds = [
        dict(zip(part, log_odds(part, r).tolist(), strict=True))
        for part, r in zip(parts, rankers, strict=True)
    ]
    found = []
    for k, (part, ranker) in enumerate(zip(parts, rankers, strict=True)):
        others = {c: v for i, known in enumerate(odds) if i != k for c, v in known.items()}
        temperature, worth = _calibration(others)
        own = replace(ranker, temperature=temperature, stage_log_odds=worth)
        found += [(c, own) for c in part]
    return found


def calibrated(cases: Sequence[Case], judged: Sequence[tuple[Case, StarterRanker]]) -> StarterRanker:
    """The ranker of all cases, with the temperature and the worth of a stage that the crosswise fits show.

    Args:
        cases: all of them.
        judged: what `crosswise` gives for them.
    """
    raw = {case: ranker.log_odds(case.better, case.worse) * ranker.temperature for case, ranker in judged}
    temperature, worth = _calibration(raw)
    return replace(fitted(cases), temperature=temperature, stage_log_odds=worth)


def _calibration(odds: Mapping[Case, float]) -> tuple[float, float]:
    """Temperature and worth of a stage, from log odds of cases that the weights never saw."""
    damage = [v for c, v in odds.items() if c.trained and taught(c)]
    temperature = _temperature(np.array(damage))
    stages = [v for c, v in odds.items() if c.kind == "stages"]
    worth = max(0.0, -float(np.quantile(stages, 1 - _KEPT)))
    return temperature, worth / temperature


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
        name: {"usual": span, "signatures": np.round(ranker.weights[:, k], 2).tolist()}
        for k, (name, span) in enumerate(zip(NAMES, ranges, strict=True))
    }
    return {
        "version": ranker.version,
        **about,
        "terms": list(TERMS),
        "offsets": np.round(ranker.offsets, 3).tolist(),
        "temperature": round(ranker.temperature, 3),
        "stage_log_odds": round(ranker.stage_log_odds, 3),
        "weights": rows,
    }
