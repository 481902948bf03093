"""What a measurement of pictures is: the columns that it fills, and how it runs.

Holds `Measurement`, `Work`, `Seen` and `measured_columns`.
Add here: another fact that the pass must know of a measurement.
Keep out: the pass itself (measurement_pass.py), and what is measured.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from proofsheet.core.files import Refused
from proofsheet.imaging.decode import Picture
from proofsheet.storage.code_version import module_version
from schemas.library import Photo
from schemas.table import Table

_OWN = {Table.project, Photo.photo_id}
Seen = Mapping[str, object]


@dataclass(frozen=True)
class Work:
    """How a measurement is made.

    Attributes:
        measure: runs in a worker process beside the decoder; importable, cheap to send.
        finish: runs in this process on a batch: the row, or the reason for none; None if all are rows.
    """

    measure: Callable[[Picture], Seen]
    finish: Callable[[Sequence[Seen]], Sequence[Seen | Refused]] | None = None


@dataclass(frozen=True)
class Measurement:
    """What fills columns from an opened picture, one row a content.

    Attributes:
        name: of its folder in the cache and of its rows in `MeasurementResult`; a table's name where it fills
            a table.
        columns: names and types of what it gives.
        version: of code, settings and model; another version is another measurement.
        begin: called once if a picture has to be opened; loads what is heavy.
        kept: False for a cached row with lost files.
    """

    name: str
    columns: Mapping[str, Any]
    version: str
    begin: Callable[[], Work]
    kept: Callable[[Seen], bool] | None = None

    @classmethod
    def of(cls, table: type[Table], measure: Callable[[Picture], Seen]) -> Measurement:
        """A measurement by a plain function; its version is that of the function's module."""
        return cls(
            table.name, measured_columns(table), module_version(measure.__module__), lambda: Work(measure)
        )

    @property
    def folder(self) -> str:
        """Name and version."""
        return f"{self.name}-{self.version}"

    def schema(self) -> pl.Schema:
        """Names and types of a cached row: the content and what is measured of it."""
        return pl.Schema({Photo.content_hash: pl.String, **self.columns})


def measured_columns(table: type[Table]) -> dict[str, Any]:
    """Names and types of a table's columns but the ids."""
    return {n: t for n, t in table.polars_schema().items() if n not in _OWN}
