"""Rows for every table of a project, by the declarations of the tables, with as many of them as a run makes.

Holds `made_rows` and `publications`.
Add here: a table that rows made by its declaration do not fit.
Keep out: measuring.
"""

from __future__ import annotations

import functools
import hashlib
from datetime import datetime
from typing import Any

import numpy as np
import polars as pl

from dagster_project.definitions import build_defs
from proofsheet.core.config import Configuration
from schemas.everything import every_table
from schemas.table import ColumnSpec, Table
from schemas.vectors import VECTOR_LENGTH, Embedding

_WORDS = (
    "red",
    "fox",
    "stands",
    "on",
    "the",
    "old",
    "bridge",
    "over",
    "quiet",
    "water",
    "near",
    "pines",
    "at",
    "dawn",
    "soft",
    "light",
)
_SMALL, _POOL, _A_DAY = 200, 2_000, datetime(2026, 1, 2)


def publications(settings: Configuration) -> list[list[type[Table]]]:
    """The tables of a project, those of one step together, in some order of a run."""
    tables = {t.name: t for t in every_table() if t.origin == "derived" and not t.shared}
    found = []
    for made in build_defs(settings).resolve_asset_graph().assets_defs:
        mine = [tables[k.to_user_string()] for k in made.keys if k.to_user_string() in tables]
        found += [mine] if mine else []
    return found


def made_rows(table: type[Table], project: str, count: int, seed: int = 1) -> pl.DataFrame:
    """Rows that pass the gate: one a picture where the table is about pictures or sets, else a few.

    Args:
        table: of the rows.
        project: key of the project.
        count: pictures.
        seed: of the values.
    """
    rng = np.random.default_rng(seed)
    a_picture = "photo_id" in table.columns() or {"group_id", "set_key"} & set(table.key())
    rows = 1 if table.key() == (Table.project,) else count if a_picture else min(count, _SMALL)
    series = [_values(name, spec, rows, rng, project) for name, spec in table.columns().items()]
    members = {name: (f"chosen_{name[:-1]}", f"top_{name[:-1]}") for name in ("photo_ids", "vector_ids")}
    made = pl.DataFrame(series).cast(dict(table.polars_schema()))
    made = made.with_columns(
        pl.lit(None, dtype=made.schema[n]).alias(n) for n in made.columns if n.startswith("accepted_")
    )
    return made.with_columns(
        pl.concat_list(two).alias(n)
        for n, two in members.items()
        if n in made.columns and set(two) <= set(made.columns)
    )


def _values(name: str, spec: ColumnSpec, rows: int, rng: np.random.Generator, project: str) -> pl.Series:
    if name == Table.project or name == Embedding.encoder_id:
        return pl.Series(name, [project] * rows)
    if spec.vector:
        vectors = rng.normal(size=(rows, VECTOR_LENGTH)).astype(np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return pl.Series(name, vectors, dtype=pl.Array(pl.Float32, VECTOR_LENGTH)).arr.to_list()
    if isinstance(spec.dtype, pl.Array):
        size = int(spec.dtype.shape[0])
        return pl.Series(name, rng.random((rows, size), dtype=np.float32), dtype=pl.Array(pl.Float32, size))
    if isinstance(spec.dtype, pl.List):
        pool = pl.Series(name, [_listed(spec.dtype.inner, rng) for _k in range(_POOL)], dtype=spec.dtype)
        return pool.gather(rng.integers(0, _POOL, rows))
    return pl.Series(name, _plain(name, spec, rows, rng))


def _plain(name: str, spec: ColumnSpec, rows: int, rng: np.random.Generator) -> Any:  # noqa: ANN401
    low = spec.ge if spec.ge is not None else 0.0
    high = spec.le if spec.le is not None else low + 1_000_000
    if spec.isin:
        return rng.choice(spec.isin, rows)
    if spec.dtype == pl.Boolean:
        return rng.random(rows) < 0.5
    if spec.dtype in {pl.Float64, pl.Float32}:
        return rng.uniform(low, high, rows)
    if spec.dtype in {pl.Int64, pl.UInt64}:
        return rng.integers(int(low), int(high), rows, endpoint=True)
    if isinstance(spec.dtype, pl.Datetime):
        return pl.Series(rng.integers(0, 10**7, rows) * 1_000_000).cast(pl.Duration("us")) + _A_DAY
    if spec.key or name.endswith("_id"):
        return _ids(name, rows)
    pool = pl.Series([" ".join(rng.choice(_WORDS, 8)) for _k in range(_POOL)])
    return pl.Series(np.arange(rows)).cast(pl.String) + " " + pool.gather(rng.integers(0, _POOL, rows))


@functools.cache
def _ids(name: str, rows: int) -> pl.Series:
    return pl.Series([hashlib.sha256(f"{name} {n}".encode()).hexdigest()[:16] for n in range(rows)])


def _listed(inner: Any, rng: np.random.Generator) -> list[Any]:  # noqa: ANN401
    """A few values of a list."""
    if isinstance(inner, pl.Struct):
        return [{f.name: _one(f.dtype, rng) for f in inner.fields} for _k in range(2)]
    if isinstance(inner, pl.List):
        return [_listed(inner.inner, rng)]
    return [_one(inner, rng) for _k in range(3)]


def _one(dtype: Any, rng: np.random.Generator) -> Any:  # noqa: ANN401
    if dtype == pl.String:
        return _WORDS[int(rng.integers(len(_WORDS)))]
    return float(rng.random()) if dtype.is_float() else int(rng.integers(100))
