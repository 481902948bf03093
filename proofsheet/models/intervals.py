"""Shares and means with their intervals.

Holds `wilson`, `clopper_pearson_low`, `bootstrap`, `bootstrap_within` and `over_projects`.
Add here: another interval.
Keep out: what is counted.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
_Z = 1.959963984540054
_DRAWS = 4000
_LEAST_PROJECTS = 3


def wilson(right: int, total: int) -> tuple[float, float]:
    """95 % interval of a share (Wilson, 1927); everything is possible of nothing."""
    if total == 0:
        return 0.0, 1.0
    share = right / total
    middle = (share + _Z**2 / (2 * total)) / (1 + _Z**2 / total)
    half = _Z * math.sqrt(share * (1 - share) / total + _Z**2 / (4 * total**2)) / (1 + _Z**2 / total)
    return max(0.0, middle - half), min(1.0, middle + half)


def clopper_pearson_low(right: int, total: int, confidence: float = 0.95) -> float:
    """One-sided lower bound of a share (Clopper and Pearson, 1934), by bisection on the binomial tail."""
    if right == 0:
        return 0.0
    low, high = 0.0, right / total
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _tail(right, total, middle) < 1 - confidence else (low, middle)
    return low


def _tail(least: int, total: int, share: float) -> float:
    """Probability of at least so many of a total."""
    if share <= 0:
        return 0.0
    logs = [
        math.lgamma(total + 1)
        - math.lgamma(k + 1)
        - math.lgamma(total - k + 1)
        + k * math.log(share)
        + (total - k) * math.log1p(-share)
        for k in range(least, total + 1)
    ]
    return math.fsum(math.exp(v) for v in logs)


def bootstrap(groups: Sequence[Floats], seed: int = 0) -> tuple[float, float, float]:
    """Mean of the groups' means and its 95 % interval, by drawing whole groups (Efron, 1979).

    One group alone says nothing of others: its interval is the widest.

    Args:
        groups: one array of values a group (a project, say); empty ones are left out.
        seed: of the draws.
    """
    means = np.array([g.mean() for g in groups if g.size])
    if not means.size:
        return 0.0, -1.0, 1.0
    if means.size == 1:
        return float(means[0]), -1.0, 1.0
    drawn = np.random.default_rng(seed).integers(0, means.size, (_DRAWS, means.size))
    low, high = np.quantile(means[drawn].mean(axis=1), [0.025, 0.975])
    return float(means.mean()), float(low), float(high)


def bootstrap_within(
    values: Floats, groups: Sequence[str], clusters: Sequence[str], seed: int = 0
) -> tuple[float, float, float]:
    """Mean of all values and its 95 % interval, by drawing whole clusters within their group (Efron, 1979).

    What it says holds for these groups, not for others.

    Args:
        values: (n,) one a set.
        groups: project of each.
        clusters: what is drawn together.
        seed: of the draws.
    """
    if not values.size:
        return 0.0, -1.0, 1.0
    if len(set(zip(groups, clusters, strict=True))) == len(
        set(groups)
    ):  # one cluster each: nothing can be drawn
        return float(values.mean()), -1.0, 1.0
    draw, names = np.random.default_rng(seed), np.array(groups)
    total, count = np.zeros(_DRAWS), np.zeros(_DRAWS)
    for name in sorted(set(groups)):
        here = np.flatnonzero(names == name)
        _own, unit = np.unique(np.array(clusters)[here], return_inverse=True)
        sums, sizes = np.bincount(unit, values[here]), np.bincount(unit)
        drawn = draw.integers(0, len(sums), (_DRAWS, len(sums)))
        total, count = total + sums[drawn].sum(axis=1), count + sizes[drawn].sum(axis=1)
    low, high = np.quantile(total / count, [0.025, 0.975])
    return float(values.mean()), float(low), float(high)


def over_projects(values: Floats, groups: Sequence[str], clusters: Sequence[str]) -> dict[str, float | str]:
    """Mean and 95 % interval over projects, of three projects or more; else within those that there are.

    Args:
        values: (n,) one a set or picture.
        groups: project of each.
        clusters: what is drawn together within a project.

    Returns:
        mean, low, high, and over: what was drawn.
    """
    names, places = sorted(set(groups)), np.array(groups)
    if len(names) >= _LEAST_PROJECTS:
        found, over = bootstrap([values[places == n] for n in names]), "projects"
    else:
        found, over = (
            bootstrap_within(values, groups, clusters),
            "sets within the projects, which are fewer than three",
        )
    return {**dict(zip(("mean", "low", "high"), found, strict=True)), "over": over}
