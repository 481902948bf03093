"""Values as earlier versions wrote them: they are read as today's.

Holds `present_values` and `present_values_in_sql`.
Add here: a value of a column that got another name.
Keep out: former names of tables (`former` of `Table`), and former formats of the store (former_format.py).
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from schemas.models import CropModel, RankerModel
from schemas.table import Table, quoted

_FORMER: Mapping[str, Mapping[str, Mapping[str, str]]] = {  # table, column, former value to present one
    RankerModel.name: {RankerModel.status: {"in force": "active"}},
    CropModel.name: {CropModel.status: {"in force": "active"}},
}


def present_values(table: type[Table], frame: pl.DataFrame) -> pl.DataFrame:
    """Rows of a table with former values replaced; the frame itself for most tables."""
    if (changes := _FORMER.get(table.name)) is None:
        return frame
    return frame.with_columns(pl.col(name).replace(values) for name, values in changes.items())


def present_values_in_sql(name: str) -> dict[str, str]:
    """The same as SQL for a table by its name: column to expression."""
    return {
        column: f'CASE "{column}" {_branches(values)} ELSE "{column}" END'
        for column, values in _FORMER.get(name, {}).items()
    }


def _branches(values: Mapping[str, str]) -> str:
    return " ".join(f"WHEN {quoted(old)} THEN {quoted(new)}" for old, new in values.items())
