"""The trees of the ensemble: LambdaMART (Burges, 2010) by LightGBM.

Holds `train_trees` and `Trees`.
Add here: nothing but the member.
Keep out: the network.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from proofsheet.core.errors import UsageError
from proofsheet.models.features import Floats, Ints

_ROUNDS, _MANY = 120, 10_000
_PARAMETERS: dict[str, Any] = {
    "objective": "lambdarank",
    "lambdarank_truncation_level": 4,
    "learning_rate": 0.05,
    "num_leaves": 12,
    "min_data_in_leaf": 30,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "lambda_l2": 5.0,
    "deterministic": True,
    "force_row_wise": True,
    "verbosity": -1,
}


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
                "The model has trees, and lightgbm is not installed.", "Run pip install 'proofsheet[learn]'."
            ) from error
        flat = x.reshape(-1, x.shape[-1])
        if not len(flat):
            return np.zeros(x.shape[:-1], np.float32)
        return np.asarray(booster.predict(flat, num_threads=1), dtype=np.float32).reshape(x.shape[:-1])


def train_trees(x: Floats, mask: npt.NDArray[np.bool_], winner: Ints, seed: int) -> Trees:
    """Fit trees to choices; arguments as in `train_listwise`. Threads change no tree, and on few pictures only cost."""
    import lightgbm

    labels = np.zeros(mask.shape, dtype=np.int32)
    labels[np.arange(len(winner)), winner] = 1
    data = lightgbm.Dataset(x[mask], labels[mask], group=mask.sum(axis=1), free_raw_data=True)
    booster = lightgbm.train(
        {**_PARAMETERS, "seed": seed, "num_threads": 2 if mask.sum() >= _MANY else 1}, data, num_boost_round=_ROUNDS
    )
    return Trees(booster.model_to_string())
