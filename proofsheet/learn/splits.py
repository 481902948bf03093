"""Who is held out: whole projects, whole clusters of near-duplicates, never a part of a set.

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
_TEST_SHARE = 15


def frozen_test(clusters: Sequence[str]) -> Bools:
    """True for the sets that no model is ever trained on: 15 % by a fixed hash of their cluster, the same in every training."""
    return np.array([_bucket(c, 100) < _TEST_SHARE for c in clusters], dtype=bool)


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
