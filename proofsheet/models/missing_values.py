"""Missing numbers: means leave them out, and they are replaced by the mean of the others.

Holds `moments` and `filled`.
Add here: another way to reckon beside gaps.
Keep out: which numbers are unknown (features.py).
"""

from __future__ import annotations

import numpy as np

from proofsheet.models.features import Floats


def moments(rows: Floats) -> tuple[Floats, Floats]:
    """Mean and standard deviation of each column over known values.

    They are 0 and 1 if no value is known, or all are alike.
    """
    there = ~np.isnan(rows)
    count = np.maximum(there.sum(axis=0), 1)
    mean = np.where(there, rows, 0.0).sum(axis=0, dtype=np.float64) / count
    scale = np.sqrt((np.where(there, rows - mean, 0.0) ** 2).sum(axis=0) / count)
    return mean.astype(np.float32), np.where(scale > 1e-6, scale, 1.0).astype(np.float32)


def filled(x: Floats, mean: Floats) -> Floats:
    """The same with what is unknown at its mean: no evidence for any picture."""
    return np.where(np.isnan(x), mean, x).astype(np.float32)
