"""Pairs of pictures that are alike, without ever holding an N x N matrix.

Holds `cosine_pairs`, `Within` and `hamming_pairs`.
Add here: another exact search.
Keep out: what follows from a pair (grouping.py, duplicates.py).
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Indices = npt.NDArray[np.int64]
_ROWS, _COLUMNS = 2048, 8192
_SLACK = 0.01  # bfloat16 rounds each number to 8 bits; of unit vectors no product is off by this much
_SLACK_32 = 1e-5  # the same for two orders of summing in float32
_WORTH_TORCH = 4096  # below, loading torch takes longer than the whole product
_BAND_BITS, _BANDS = 16, 4


@dataclass(frozen=True)
class Pairs:
    """Pairs i < j.

    Attributes:
        i: (n,) first of each.
        j: (n,) second of each.
        value: (n,) cosine in float32, or differing bits.
        capped: number of rows that are limited to their best pairs.
    """

    i: Indices
    j: Indices
    value: npt.NDArray[Any]
    capped: int = 0


@dataclass(frozen=True)
class Within:
    """Pairs i < j that are wanted.

    Attributes:
        reach: (n,) for each i the end of its j.
        rank: (n,) that of j is larger.
    """

    reach: Indices
    rank: npt.NDArray[np.float64]

    def wants(self, i: Indices, j: Indices) -> npt.NDArray[np.bool_]:
        """(n,) True for these pairs."""
        found: npt.NDArray[np.bool_] = (i < j) & (j < self.reach[i]) & (self.rank[i] < self.rank[j])
        return found


def cosine_pairs(
    vectors: Floats, least: float, most_per_row: int = 64, within: Within | None = None
) -> Pairs:
    """Every pair with a cosine of at least `least`, or the `most_per_row` best of a row that has more.

    Tiles of the upper triangle are multiplied, those of many vectors in bfloat16 where torch is installed and
    the processor is made for it, which finds candidates; they are computed again in float32, so that the
    answer is that of float32. Memory: one tile.

    Args:
        vectors: (n, d), each of length 1.
        least: smallest cosine.
        most_per_row: largest number of pairs (i, j > i) of one i.
        within: which pairs are wanted at all; None for all.
    """
    found: list[tuple[Indices, Indices, Floats]] = []
    capped = 0
    for start, candidates in _candidates(vectors, least, within):
        i, j = candidates[0] + start, candidates[1]
        keep = i < j if within is None else within.wants(i, j)
        i, j = i[keep], j[keep]
        cosines = _dots(vectors, i, j)
        keep = cosines >= least
        i, j, cosines = i[keep], j[keep], cosines[keep]
        order = np.lexsort((j, -cosines, i))
        i, j, cosines = i[order], j[order], cosines[order]
        rank = np.arange(i.size) - np.searchsorted(i, i)
        capped += int((rank == most_per_row).sum())
        keep = rank < most_per_row
        found.append((i[keep], j[keep], cosines[keep]))
    first, second, values = (np.concatenate(part) for part in zip(_no_pairs(), *found, strict=True))
    return Pairs(first, second, values, capped)


def _no_pairs() -> tuple[Indices, Indices, Floats]:
    return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.float32)


def _candidates(
    vectors: Floats, least: float, within: Within | None
) -> Iterator[tuple[int, tuple[Indices, Indices]]]:
    """First row of a block of rows, and the places (row in the block, column) that may be large enough."""
    multiply = _multiplier(np.ascontiguousarray(vectors, dtype=np.float32), least)
    for start in range(0, len(vectors), _ROWS):
        end = len(vectors) if within is None else int(within.reach[start : start + _ROWS].max())
        parts = [
            multiply(start, column, min(column + _COLUMNS, end))
            for column in range(start, max(end, start + 1), _COLUMNS)
        ]
        yield start, (np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts]))


def _multiplier(vectors: Floats, least: float) -> Callable[[int, int, int], tuple[Indices, Indices]]:
    """Gives places in the tile of a block of rows and the columns from one up to another."""
    if len(vectors) >= _WORTH_TORCH and importlib.util.find_spec("torch"):
        import torch

        if torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported():
            narrow = torch.from_numpy(vectors).bfloat16()

            def multiply(start: int, column: int, end: int) -> tuple[Indices, Indices]:
                with torch.inference_mode():
                    tile = narrow[start : start + _ROWS] @ narrow[column:end].T
                    flat = torch.nonzero((tile >= least - _SLACK).view(-1)).view(-1).numpy()
                width = max(tile.shape[1], 1)
                return flat // width, flat % width + column

            return multiply

    def multiply_32(start: int, column: int, end: int) -> tuple[Indices, Indices]:
        tile = vectors[start : start + _ROWS] @ vectors[column:end].T
        flat, width = np.flatnonzero(tile >= least - _SLACK_32), max(tile.shape[1], 1)
        return flat // width, flat % width + column

    return multiply_32


def _dots(vectors: Floats, i: Indices, j: Indices) -> Floats:
    found = np.empty(i.size, np.float32)
    for start in range(0, i.size, _COLUMNS):
        part = slice(start, start + _COLUMNS)
        found[part] = np.einsum("nd,nd->n", vectors[i[part]], vectors[j[part]])
    return found


def hamming_pairs(hashes: npt.NDArray[np.uint64], most_bits: int = 3) -> Pairs:
    """Every pair of different hashes that differ in at most `most_bits` bits.

    Pairs are indices into `hashes`. The result is exact up to 3 bits.

    Three differing bits touch at most three of four bands of 16 bits, so that two such hashes are equal in
    one band at least (Manku et al., 2007). Equal hashes are one entry; give unique ones.

    Args:
        hashes: (n,) unique.
        most_bits: 0 to 3.

    Raises:
        ValueError: for more than 3 bits, which four bands cannot promise.
    """
    if not 0 <= most_bits < _BANDS:
        raise ValueError(f"{_BANDS} bands find at most {_BANDS - 1} differing bits, not {most_bits}")
    found: list[npt.NDArray[np.int64]] = []
    for band in range(_BANDS):
        part = (hashes >> np.uint64(band * _BAND_BITS)).astype(np.uint16)
        order = np.argsort(part, kind="stable")
        ordered, sorted_hashes = part[order], hashes[order]
        alive = np.arange(order.size)
        for step in range(1, order.size):
            alive = alive[: np.searchsorted(alive, order.size - step)]
            alive = alive[ordered[alive] == ordered[alive + step]]
            if not alive.size:
                break
            near = alive[np.bitwise_count(sorted_hashes[alive] ^ sorted_hashes[alive + step]) <= most_bits]
            one, two = order[near], order[near + step]
            found.append(np.minimum(one, two) * order.size + np.maximum(one, two))
    codes = np.unique(np.concatenate(found)) if found else np.empty(0, np.int64)
    i, j = codes // max(hashes.size, 1), codes % max(hashes.size, 1)
    return Pairs(i, j, np.bitwise_count(hashes[i] ^ hashes[j]))
