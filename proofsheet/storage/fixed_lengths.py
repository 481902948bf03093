"""Vectors: lists in tables, arrays of one length in SQL, so that it can search them.

Holds `lengths`, `array_types` and `as_lists`.
Add here: another type that has another form in SQL.
Keep out: reading and writing (store.py).
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from schemas.table import Table, duckdb_type


def lengths(table: type[Table], frame: pl.DataFrame) -> dict[str, int]:
    """How many numbers the vectors of each column hold; nothing for a frame without rows."""
    return {n: len(frame[n][0]) for n, c in table.columns().items() if c.vector and frame.height}


def array_types(table: type[Table], lengths: Mapping[str, int]) -> dict[str, str]:
    """The DuckDB type of every column of arrays; files of rows hold lists in their place.

    Args:
        table: of the columns.
        lengths: how many numbers the vectors of each column hold.
    """
    arrays = {n: c.dtype for n, c in table.columns().items() if isinstance(c.dtype, pl.Array)}
    arrays |= {n: pl.Array(c.dtype.inner, lengths[n]) for n, c in table.columns().items() if n in lengths}
    return {name: duckdb_type(dtype) for name, dtype in arrays.items()}


def as_lists(table: type[Table], frame: pl.DataFrame) -> pl.DataFrame:
    """Vectors as lists, as tables declare them."""
    found = [n for n, c in table.columns().items() if c.vector and isinstance(frame.schema.get(n), pl.Array)]
    return frame.with_columns(pl.col(n).arr.to_list() for n in found)
