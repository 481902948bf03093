"""Complete-link: a set holds only pictures of which every pair is allowed.

Holds `Likeness`, `complete_link`.
Add here: another measure of likeness.
Keep out: where pairs come from (neighbours.py) and what a set means (group.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from proofsheet.vision.hashing import DETAIL_SIDE

Floats = npt.NDArray[np.float32]
Indices = npt.NDArray[np.int64]
_FREE_BITS = 4  # a drafted decode and a mild edit move this many
_PER_BIT = 0.3 / 64  # measured by `python -m benchmarks.grouping`
_SAME_DETAIL = 0.97  # correlation of fine layouts: copies have 0.98 and more, strangers up to 0.96 (`benchmarks.lookalikes`)
_SHIFT = 1  # cells by which one may be moved


@dataclass(frozen=True)
class Likeness:
    """How alike pictures are: the cosine of their vectors, less a little for each bit by which their hashes differ.

    Attributes:
        vectors: (n, d), each of length 1.
        hashes: (n,).
        details: index to the (48, 48) fine layout of a picture on a plain ground, of length 1; photographs have none.
    """

    vectors: Floats
    hashes: npt.NDArray[np.uint64]
    details: Mapping[int, Floats] = field(default_factory=dict)

    def of(self, i: Indices, j: Indices) -> Floats:
        """(n,) likeness of pairs."""
        cosines = np.einsum("nd,nd->n", self.vectors[i], self.vectors[j])
        return np.asarray(cosines - self._penalty(self.bits(i, j)), dtype=np.float32)

    def bits(self, i: Indices, j: Indices) -> npt.NDArray[np.uint8]:
        """(n,) differing bits of pairs."""
        return np.asarray(np.bitwise_count(self.hashes[i] ^ self.hashes[j]), dtype=np.uint8)

    def same_layout(self, i: Indices, j: Indices) -> npt.NDArray[np.bool_]:
        """(n,) False for pairs on plain grounds that differ in their fine layout; True where there is nothing to compare."""
        found = np.ones(i.size, dtype=np.bool_)
        for n, (a, b) in enumerate(zip(i.tolist(), j.tolist(), strict=True)):
            one, two = self.details.get(a), self.details.get(b)
            if one is not None and two is not None:
                found[n] = _layout_correlation(one, two) >= _SAME_DETAIL
        return found

    def across(self, one: Iterable[int], two: Iterable[int]) -> tuple[Indices, Indices]:
        """Every pair between two sets."""
        a, b = np.fromiter(one, np.int64), np.fromiter(two, np.int64)
        return np.repeat(a, b.size), np.tile(b, a.size)

    @staticmethod
    def _penalty(bits: npt.NDArray[np.uint8]) -> Floats:
        return np.asarray(np.maximum(bits.astype(np.float32) - _FREE_BITS, 0.0) * _PER_BIT, dtype=np.float32)


def _layout_correlation(one: Floats, two: Floats) -> float:
    """Best correlation of two fine layouts over moves of a cell; two empty ones are the same."""
    best = -1.0
    for dy in range(-_SHIFT, _SHIFT + 1):
        for dx in range(-_SHIFT, _SHIFT + 1):
            a, b = one[_part(dy), _part(dx)], two[_part(-dy), _part(-dx)]
            length = float(np.linalg.norm(a) * np.linalg.norm(b))
            best = max(best, float((a * b).sum()) / length if length > 1e-6 else float(not a.any() and not b.any()))
    return best


def _part(move: int) -> slice:
    return slice(max(0, move), DETAIL_SIDE + min(0, move))


def complete_link(
    count: int, i: Indices, j: Indices, value: Floats, allowed: Callable[[set[int], set[int]], bool], most: int | None
) -> list[list[int]]:
    """Sets of indices, by joining the most alike pairs first; two sets are joined only if every pair across is allowed.

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
