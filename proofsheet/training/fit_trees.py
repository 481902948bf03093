"""Fitting the trees of the ranker.

Holds `train_trees`.
Add here: nothing but the fit.
Keep out: prediction (models/tree_ensemble.py).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from proofsheet.models.features import Floats, Ints
from proofsheet.models.tree_ensemble import Trees

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


def train_trees(x: Floats, mask: npt.NDArray[np.bool_], winner: Ints, seed: int) -> Trees:
    """Fit trees to choices; arguments as in `train_listwise`.

    The number of threads changes no tree; on few pictures threads only take time.
    """
    import lightgbm

    labels = np.zeros(mask.shape, dtype=np.int32)
    labels[np.arange(len(winner)), winner] = 1
    data = lightgbm.Dataset(x[mask], labels[mask], group=mask.sum(axis=1), free_raw_data=True)
    booster = lightgbm.train(
        {**_PARAMETERS, "seed": seed, "num_threads": 2 if mask.sum() >= _MANY else 1},
        data,
        num_boost_round=_ROUNDS,
    )
    return Trees(booster.model_to_string())
