"""How far stated confidences are from what comes true.

Holds `expected_calibration_error`, `boast` and `reliability`.
Add here: another measure of calibration.
Keep out: making confidences better (ranker.py, training/fit_crop_proposer.py).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
_BINS, _SAMPLES = 10, 400


def expected_calibration_error(confidence: Floats, right: npt.NDArray[np.bool_]) -> float:
    """Expected calibration error over ten bins of equal width (Naeini et al., 2015).

    It is the mean distance of confidence and share of right ones, weighted by size.
    """
    if not confidence.size:
        return 0.0
    bins = np.minimum((confidence * _BINS).astype(int), _BINS - 1)
    found = 0.0
    for k in range(_BINS):
        inside = bins == k
        if inside.any():
            found += inside.mean() * abs(confidence[inside].mean() - right[inside].mean())
    return float(found)


def boast(confidence: Floats, right: npt.NDArray[np.bool_]) -> float:
    """How much confidences exceed the share of right ones.

    It is the same mean over the same bins, of overconfident bins alone.
    """
    return float(
        sum(b["n"] * max(0.0, b["confidence"] - b["right"]) for b in reliability(confidence, right))
        / max(len(right), 1)
    )


def boast_by_chance(confidence: Floats, seed: int = 0) -> float:
    """What confidences that are exactly true stay below in 95 of 100 such samples: few cases scatter."""
    draws = np.random.default_rng(seed).random((_SAMPLES, len(confidence))) < confidence
    return float(np.quantile([boast(confidence, right) for right in draws], 0.95))


def reliability(confidence: Floats, right: npt.NDArray[np.bool_]) -> list[dict[str, float]]:
    """For each of ten bins with cases: mean confidence, share of right ones, and number."""
    bins = np.minimum((confidence * _BINS).astype(int), _BINS - 1)
    return [
        {
            "confidence": float(confidence[bins == k].mean()),
            "right": float(right[bins == k].mean()),
            "n": int((bins == k).sum()),
        }
        for k in range(_BINS)
        if (bins == k).any()
    ]
