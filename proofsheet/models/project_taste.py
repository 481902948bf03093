"""The particular taste of one project: a few weights on stage and measurements.

Holds `Taste` and `with_scores`.
Add here: another column in which tastes differ.
Keep out: the model over all projects (ranker.py), fitting (training/fit_tastes.py).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from proofsheet.models.features import Floats
from proofsheet.models.probabilities import Doubles


@dataclass(frozen=True)
class Taste:
    """The taste of one project.

    Attributes:
        weights: (21,) of the columns of `Members.taste_columns`, and of the scores themselves.
        overrule_at: least probability at which the stage rule is overruled in this project.
    """

    weights: Floats
    overrule_at: float

    def scores(self, columns: Floats, scores: Doubles) -> Doubles:
        """The scores with the taste: (sets, most)."""
        return np.asarray(scores + with_scores(columns, scores) @ self.weights)


def with_scores(columns: Floats, scores: Doubles) -> Doubles:
    """The columns in which tastes differ, with the scores as the last one: (sets, most, 21)."""
    return np.concatenate([columns.astype(np.float64), scores[..., None]], axis=2)
