"""Complete-link: a set holds only pictures of which every pair is allowed.

Holds `Likeness`, `complete_link`.
Add here: another measure of likeness.
Keep out: where pairs come from (nearest_neighbors.py) and what a set means (grouping.py).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from proofsheet.imaging.perceptual_hash import DETAIL_SIDE

Floats = npt.NDArray[np.float32]
Indices = npt.NDArray[np.int64]
_FREE_BITS = 4  # a drafted decode and a mild edit move this many
_PER_BIT = 0.3 / 64  # measured by `python -m benchmarks.grouping`
# correlation of fine layouts: copies have 0.98 and more, strangers up to 0.96 (`benchmarks.lookalikes`)
_SAME_DETAIL = 0.97
_SHIFT = 1  # cells by which one may be moved
_MOVES = sorted(itertools.product(range(-_SHIFT, _SHIFT + 1), repeat=2), key=lambda move: move != (0, 0))
_BATCH = 16  # pairs of layouts that are compared at once; they fit the cache


@dataclass(frozen=True)
class Likeness:
    """Similarity of pictures: cosine of their vectors, less a little for each differing bit of their hashes.

    Attributes:
        vectors: (n, d), each of length 1.
        hashes: (n,).
        details: index to the (48, 48) int8 fine layout of a picture on a plain ground; photographs have none.
    """

    vectors: Floats
    hashes: npt.NDArray[np.uint64]
    details: Mapping[int, npt.NDArray[np.int8]] = field(default_factory=dict)

    def of(self, i: Indices, j: Indices) -> Floats:
        """(n,) likeness of pairs."""
        cosines = np.einsum("nd,nd->n", self.vectors[i], self.vectors[j])
        return np.asarray(cosines - self._penalty(self.bits(i, j)), dtype=np.float32)

    def bits(self, i: Indices, j: Indices) -> npt.NDArray[np.uint8]:
        """(n,) differing bits of pairs."""
        return np.asarray(np.bitwise_count(self.hashes[i] ^ self.hashes[j]), dtype=np.uint8)

    def same_layout(self, i: Indices, j: Indices) -> npt.NDArray[np.bool_]:
        """(n,) False for pairs on plain grounds with another fine layout; True without a layout."""
        found = np.ones(i.size, dtype=np.bool_)
        pairs = (
            (a in self.details and b in self.details) for a, b in zip(i.tolist(), j.tolist(), strict=True)
        )
        known = np.flatnonzero(np.fromiter(pairs, np.bool_, i.size))
        for start in range(0, known.size, _BATCH):
            part = known[start : start + _BATCH]
            one, two = (
                np.stack([self.details[k] for k in side[part].tolist()]).astype(np.float32) for side in (i, j)
            )
            found[part] = _same_layouts(one, two)
        return found

    def across(self, one: Iterable[int], two: Iterable[int]) -> tuple[Indices, Indices]:
        """Every pair between two sets."""
        a, b = np.fromiter(one, np.int64), np.fromiter(two, np.int64)
        return np.repeat(a, b.size), np.tile(b, a.size)

    @staticmethod
    def _penalty(bits: npt.NDArray[np.uint8]) -> Floats:
        return np.asarray(np.maximum(bits.astype(np.float32) - _FREE_BITS, 0.0) * _PER_BIT, dtype=np.float32)


def _same_layouts(one: Floats, two: Floats) -> npt.NDArray[np.bool_]:
    """(n,) whether two fine layouts correlate over some move of a cell; two empty ones are the same.

    Args:
        one: (n, 48, 48).
        two: (n, 48, 48).
    """
    same = np.zeros(len(one), np.bool_)
    for dy, dx in _MOVES:
        a, b = one[:, _part(dy), _part(dx)], two[:, _part(-dy), _part(-dx)]
        products, own, other = (np.einsum("nyx,nyx->n", x, y) for x, y in ((a, b), (a, a), (b, b)))
        correlated = products >= _SAME_DETAIL * np.sqrt(own * other)
        same |= np.where(own * other > 0, correlated, own + other == 0)
        if same.all():
            break
    return same


def _part(move: int) -> slice:
    return slice(max(0, move), DETAIL_SIDE + min(0, move))


def complete_link(
    count: int,
    i: Indices,
    j: Indices,
    value: Floats,
    allowed: Callable[[set[int], set[int]], bool],
    most: int | None,
) -> list[list[int]]:
    """Sets of indices, by joining the most similar pairs first.

    Two sets are joined only if every pair across is allowed.

    Args:
        count: number of pictures.
        i: first of each candidate pair.
        j: second of each.
        value: how alike; larger is more.
        allowed: says whether every pair across two sets is allowed.
        most: largest set; None for any.

    Returns:
        Every index once, sets and members in ascending order.
    """
    member: dict[int, set[int]] = {k: {k} for k in range(count)}
    refused: set[tuple[int, int]] = set()  # by identity: sets only grow, so that a refusal holds for good
    for k in np.lexsort((j, i, -value)):
        one, two = member[int(i[k])], member[int(j[k])]
        mark = (id(one), id(two)) if id(one) < id(two) else (id(two), id(one))
        if one is two or mark in refused or (most is not None and len(one) + len(two) > most):
            continue
        if not allowed(one, two):
            refused.add(mark)
            continue
        small, big = (one, two) if len(one) < len(two) else (two, one)
        big |= small
        for index in small:
            member[index] = big
    seen: set[int] = set()
    found = []
    for k in range(count):
        if k not in seen:
            seen |= member[k]
            found.append(sorted(member[k]))
    return found
