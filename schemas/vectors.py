"""Tables of vectors: a photo as numbers that can be compared.

Holds `LayoutVector` and `Embedding`.
Add here: another kind of vector.
Keep out: measurements that are read one by one (vision.py), and imported vectors (history.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from schemas.table import Table, column

VECTOR_LENGTH = 512
_UNIT_ERROR = 1e-3


class LayoutVector(Table, name="layout_vectors"):
    """The layout of a photo in numbers, without a network.

    Sets and duplicates follow from it under every encoder.
    """

    photo_id = column(pl.String, "The photo.", key=True)
    encoder_id = column(pl.String, "Name and code version of the descriptors.")
    vector = column(pl.List(pl.Float32), "512 numbers of length 1.", vector=True)


class Embedding(Table, name="embeddings"):
    """One vector for each photo. Vectors of two encoders are never compared."""

    photo_id = column(pl.String, "The photo.", key=True)
    encoder_id = column(pl.String, "Name and code version of the encoder that made the vector.")
    vector = column(
        pl.List(pl.Float32), "Vector of length 1; all of one encoder have as many numbers.", vector=True
    )

    @classmethod
    def rules(cls) -> Sequence[Any]:
        """One encoder, one length, finite, of length 1."""
        import pandera.polars as pa

        return (
            pa.Check(
                lambda data: _one_value(data.lazyframe, pl.col(cls.encoder_id)),
                error="all vectors come from one encoder",
            ),
            pa.Check(
                lambda data: _one_value(data.lazyframe, pl.col(cls.vector).list.len()),
                error="all vectors have the same number of values",
            ),
            pa.Check(
                lambda data: _unit_length(data.lazyframe, cls.vector),
                error="every vector is finite and of length 1",
            ),
        )


def _one_value(frame: pl.LazyFrame, values: pl.Expr) -> bool:
    return bool(frame.select(values.n_unique() <= 1).collect().item())


def _unit_length(frame: pl.LazyFrame, column_name: str) -> pl.LazyFrame:
    squares = pl.col(column_name).list.eval(pl.element() ** 2).list.sum()
    return frame.select(((squares.sqrt() - 1.0).abs() < _UNIT_ERROR).fill_null(False) & squares.is_finite())
