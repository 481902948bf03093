"""Shares with their intervals.

Holds `wilson`.
Add here: another interval.
Keep out: what is counted.
"""

from __future__ import annotations

import math

_Z = 1.96


def wilson(right: int, total: int) -> tuple[float, float]:
    """95 % interval of a share (Wilson, 1927); everything is possible of nothing."""
    if total == 0:
        return 0.0, 1.0
    share = right / total
    middle = (share + _Z**2 / (2 * total)) / (1 + _Z**2 / total)
    half = _Z * math.sqrt(share * (1 - share) / total + _Z**2 / (4 * total**2)) / (1 + _Z**2 / total)
    return max(0.0, middle - half), min(1.0, middle + half)
