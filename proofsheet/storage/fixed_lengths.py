"""Vectors on their way into the store and out of it: lists in tables, arrays of one length on disk, so that SQL can search them.

Holds `lengths`, `as_arrays` and `as_lists`.
Add here: another type that the store keeps in another form.
Keep out: reading and writing (store.py).
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from schemas.table import Table


def lengths(table: type[Table], frame: pl.DataFrame) -> dict[str, int]:
    """How many numbers the vectors of each column hold; nothing for a frame without rows."""
    return {n: len(frame[n][0]) for n, c in table.columns().items() if c.vector and frame.height}


def as_arrays(frame: pl.DataFrame, lengths: Mapping[str, int]) -> pl.DataFrame:
    """Vectors as arrays of these lengths, as the store keeps them."""
    return frame.with_columns(pl.col(n).list.to_array(length) for n, length in lengths.items())


def as_lists(table: type[Table], frame: pl.DataFrame) -> pl.DataFrame:
    """Vectors as lists, as tables declare them."""
    found = [n for n, c in table.columns().items() if c.vector and isinstance(frame.schema.get(n), pl.Array)]
    return frame.with_columns(pl.col(n).arr.to_list() for n in found)
