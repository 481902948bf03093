"""The ranker before any training: a logistic comparison of two pictures of one set.

Holds `StarterRanker` and `starter_ranker`.
Add here: another way to combine differences.
Keep out: what is compared (picture_differences.py); which picture of a set is taken
(selection/technical_comparison.py).

There are several sets of weights, called signatures, because a kind of damage changes several measurements at
once. The signature that fits best decides which picture is favoured.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from proofsheet.models.picture_differences import DIFFERENCES, NAMES, Floats, Row, pair_features
from schemas.vision import SCALES

WEIGHTS = Path(__file__).parent / "starter_ranker.json"


@dataclass(frozen=True)
class StarterRanker:
    """Weights of the comparison.

    Attributes:
        version: on every row that rests on it.
        weights: (signatures, names, terms).
        offsets: (signatures,) how usual each is.
        usual: (scales + differences, 2).
        temperature: divides the log odds; found on damage and photographs that no training saw.
        stage_log_odds: what a higher stage is worth.
    """

    version: str
    weights: Floats
    offsets: Floats
    usual: Floats
    temperature: float
    stage_log_odds: float

    def log_odds_of(self, features: Floats) -> Floats:
        """Log odds that the first of each pair is technically better: (pairs,).

        Args:
            features: (pairs, names, terms) of `features_of`.
        """
        fits = np.tensordot(features, self.weights, axes=([1, 2], [1, 2]))
        return np.asarray((_log_sum(fits + self.offsets) - _log_sum(self.offsets - fits)) / self.temperature)

    def log_odds(self, one: Row, other: Row) -> float:
        """The same of one pair."""
        return float(self.log_odds_of(pair_features(one, other, self.usual)[None])[0])

    def gains(self, one: Row, other: Row) -> Mapping[str, float]:
        """The part of each measurement, by name, in the log odds of one picture against another.

        The signatures that fit best count.
        """
        features = pair_features(one, other, self.usual)
        parts = (self.weights * features).sum(axis=2)
        fits = parts.sum(axis=1)
        both = np.concatenate([fits + self.offsets, self.offsets - fits])
        shares = np.exp(both - _log_sum(both[None])[0]).reshape(2, -1).sum(axis=0)
        return dict(
            zip(NAMES, ((shares[:, None] * parts).sum(axis=0) / self.temperature).tolist(), strict=True)
        )


def _log_sum(values: Floats) -> Floats:
    most = values.max(axis=1)
    return np.asarray(most + np.log(np.exp(values - most[:, None]).sum(axis=1)))


def of_card(card: Mapping[str, Any]) -> StarterRanker:
    """A ranker of a card's values."""
    rows: Sequence[Mapping[str, Any]] = [card["weights"][name] for name in NAMES]
    usual = np.array([r["usual"] for r in rows[: SCALES + len(DIFFERENCES)]], dtype=np.float64)
    weights = np.array([r["signatures"] for r in rows], dtype=np.float64).transpose(1, 0, 2)
    offsets = np.array(card["offsets"], dtype=np.float64)
    return StarterRanker(
        str(card["version"]),
        weights,
        offsets,
        usual,
        float(card["temperature"]),
        float(card["stage_log_odds"]),
    )


@functools.cache
def starter_ranker() -> StarterRanker:
    """The ranker that the package holds."""
    return of_card(json.loads(WEIGHTS.read_text("utf-8")))
