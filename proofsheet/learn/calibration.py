"""How far stated confidences are from what comes true.

Holds `expected_calibration_error` and `reliability`.
Add here: another measure of calibration.
Keep out: making confidences better (ranker.py, crop_training.py).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
_BINS = 10


def expected_calibration_error(confidence: Floats, right: npt.NDArray[np.bool_]) -> float:
    """Mean distance of confidence and share of right ones over ten bins of equal width, weighted by size (Naeini et al., 2015)."""
    if not confidence.size:
        return 0.0
    bins = np.minimum((confidence * _BINS).astype(int), _BINS - 1)
    found = 0.0
    for k in range(_BINS):
        inside = bins == k
        if inside.any():
            found += inside.mean() * abs(confidence[inside].mean() - right[inside].mean())
    return float(found)


def reliability(confidence: Floats, right: npt.NDArray[np.bool_]) -> list[dict[str, float]]:
    """For each of ten bins with cases: mean confidence, share of right ones, and number."""
    bins = np.minimum((confidence * _BINS).astype(int), _BINS - 1)
    return [
        {"confidence": float(confidence[bins == k].mean()), "right": float(right[bins == k].mean()), "n": int((bins == k).sum())}
        for k in range(_BINS)
        if (bins == k).any()
    ]
