"""The trees of the ensemble: LambdaMART (Burges, 2010) by LightGBM.

Holds `Trees`.
Add here: nothing but the member.
Keep out: fitting (training/fit_trees.py).
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import numpy as np

from proofsheet.core import extras
from proofsheet.core.errors import UsageError
from proofsheet.models.features import Floats


@functools.lru_cache(maxsize=4)
def _booster(text: str) -> Any:  # noqa: ANN401 - an untyped class
    import lightgbm

    return lightgbm.Booster(model_str=text)


@dataclass(frozen=True)
class Trees:
    """A trained member, in LightGBM's own text."""

    text: str

    def scores(self, x: Floats) -> Floats:
        """Scores of features (..., d): (...).

        Raises:
            UsageError: if lightgbm is not installed.
        """
        try:
            booster = _booster(self.text)
        except ImportError as error:
            raise UsageError(
                "The model has trees, and lightgbm is not installed.", f"Run {extras.LEARN}."
            ) from error
        flat = x.reshape(-1, x.shape[-1])
        if not len(flat):
            return np.zeros(x.shape[:-1], np.float32)
        return np.asarray(booster.predict(flat, num_threads=1), dtype=np.float32).reshape(x.shape[:-1])
