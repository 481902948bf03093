"""Splits: whole projects, whole clusters of near-duplicates, never a part of a set.

Holds `folds_of` and `frozen_test`.
Add here: another way of holding out.
Keep out: training.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

Bools = npt.NDArray[np.bool_]
USUAL_SPLIT = 0.85


def frozen_test(clusters: Sequence[str], split: float = USUAL_SPLIT) -> Bools:
    """True for the sets that no model is ever trained on.

    A fixed hash of their cluster decides, the same in every training.

    Args:
        clusters: what stays together.
        split: share that is trained on; what a larger one keeps out, a smaller one keeps out, too.
    """
    return np.array([_bucket(c, 100) < round(100 * (1 - split)) for c in clusters], dtype=bool)


def folds_of(groups: Sequence[str], clusters: Sequence[str], count: int, seed: int) -> Iterator[Bools]:
    """What each fold holds out: projects where there are three or more, else clusters.

    Args:
        groups: project of each set.
        clusters: sets of one cluster stay together.
        count: folds at most.
        seed: of the order of projects.
    """
    names = sorted(set(groups))
    if len(names) >= 3:
        order = np.random.default_rng(seed).permutation(len(names))
        fold = {names[k]: n % min(count, len(names)) for n, k in enumerate(order)}
        labels = np.array([fold[g] for g in groups])
    else:
        labels = np.array([_bucket(f"{seed} {c}", count) for c in clusters])
    for number in np.unique(labels):
        held = labels == number
        if held.any() and not held.all():
            yield held


def _bucket(text: str, count: int) -> int:
    return int.from_bytes(hashlib.sha256(text.encode("utf-8")).digest()[:8], "little") % count
