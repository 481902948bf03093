"""The form of facts in SQLite: types, values, statements.

Holds `encode`, `decode`, the statements over a table, and the triggers `LOCKED`, `ONLY_ADDED` and `COUNTED`.
Add here: a type that a new column of facts needs.
Keep out: SQLite itself (ledger.py).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

import polars as pl

from schemas.edits import WordEdit
from schemas.table import Table

_SQLITE = {pl.Int64: "INTEGER", pl.Float64: "REAL", pl.Boolean: "INTEGER", pl.Binary: "BLOB"}
LOCKED = f"""
CREATE TRIGGER IF NOT EXISTS locked_words BEFORE INSERT ON "{WordEdit.name}"
WHEN NEW."{WordEdit.source}" <> 'human' AND (
    SELECT "{WordEdit.locked}" FROM "{WordEdit.name}"
    WHERE "{WordEdit.photo_id}" = NEW."{WordEdit.photo_id}" AND "{WordEdit.field}" = NEW."{WordEdit.field}"
    ORDER BY "{WordEdit.revision}" DESC LIMIT 1
) = 1
BEGIN SELECT RAISE(ABORT, 'locked by a person'); END
"""  # noqa: S608 - names of our own columns
ONLY_ADDED = (
    'CREATE TRIGGER IF NOT EXISTS kept_{0}_{1} BEFORE {1} ON "{0}" '
    "BEGIN SELECT RAISE(ABORT, 'kept for ever'); END"
)


CHANGES = (
    "CREATE TABLE IF NOT EXISTS changes "
    "(table_name TEXT NOT NULL PRIMARY KEY, number INTEGER NOT NULL) STRICT"
)
COUNTED = """
CREATE TRIGGER IF NOT EXISTS counted_{0}_{1} AFTER {1} ON "{0}"
BEGIN INSERT INTO changes VALUES ('{0}', 1) ON CONFLICT (table_name) DO UPDATE SET number = number + 1; END
"""  # the number of a table moves with every row


def known(table: type[Table], name: str) -> str:
    """The name, if the table has such a column."""
    if name not in table.columns():
        raise KeyError(f"{table.name} has no column {name}")
    return name


def ddl(table: type[Table]) -> str:
    """The statement that makes a table."""
    columns = [column_ddl(table, name) for name in table.columns()]
    keys = ", ".join(f'"{k}"' for k in table.key())
    return f'CREATE TABLE IF NOT EXISTS "{table.name}" ({", ".join(columns)}, PRIMARY KEY ({keys})) STRICT'


def rekeyed(table: type[Table], there: Collection[str]) -> list[str]:
    """The statements that give a table its present key, if a counting column of it is missing.

    Existing rows become number one.

    Args:
        table: which.
        there: columns of the table as it is; none if there is no such table.
    """
    missing = [k for k in table.key() if k not in there]
    if not there or not missing:
        return []
    former, kept = f"former_{table.name}", [n for n in table.columns() if n in there]
    names, values = (
        ", ".join(f'"{n}"' for n in (*missing, *kept)),
        ", ".join((*("1" for _ in missing), *(f'"{n}"' for n in kept))),
    )
    return [
        f'ALTER TABLE "{table.name}" RENAME TO "{former}"',
        ddl(table),
        f'INSERT INTO "{table.name}" ({names}) SELECT {values} FROM "{former}"',  # noqa: S608 - names of our own columns
        f'DROP TABLE "{former}"',
    ]


def column_ddl(table: type[Table], name: str) -> str:
    """The column in that statement."""
    spec = table.columns()[name]
    return f'"{name}" {_SQLITE.get(spec.dtype, "TEXT")}' + ("" if spec.nullable else " NOT NULL")


def select(table: type[Table], equal: Iterable[str]) -> str:
    """The statement that reads all rows, or those with these values, in key order."""
    where = " AND ".join(f'"{known(table, name)}" = ?' for name in equal)
    order = ", ".join(f'"{k}"' for k in table.key())
    return f'SELECT * FROM "{table.name}"' + (f" WHERE {where}" if where else "") + f" ORDER BY {order}"  # noqa: S608


def select_after(table: type[Table], column: str) -> str:
    """The statement that reads the rows of which a counting column is larger, in its order."""
    name = known(table, column)
    return f'SELECT * FROM "{table.name}" WHERE "{name}" > ? ORDER BY "{name}"'  # noqa: S608


def insert(table: type[Table], on_conflict: str) -> str:
    """The statement that adds a row."""
    names = table.polars_schema().names()
    columns, marks, keys = (
        ", ".join(f'"{n}"' for n in names),
        ", ".join("?" * len(names)),
        ", ".join(f'"{k}"' for k in table.key()),
    )
    return f'INSERT INTO "{table.name}" ({columns}) VALUES ({marks}) ON CONFLICT ({keys}) {on_conflict}'  # noqa: S608


def replacing(table: type[Table]) -> str:
    """How that statement handles a row with the same key, if the new row replaces it."""
    names = [n for n in table.polars_schema().names() if n not in table.key()]
    return "DO UPDATE SET " + ", ".join(f'"{n}" = excluded."{n}"' for n in names)


def encode(value: object) -> Any:  # noqa: ANN401
    """A value as SQLite keeps it."""
    if isinstance(value, datetime):
        return value.isoformat(timespec="microseconds")
    if isinstance(value, list | dict | tuple):
        return json.dumps(value, ensure_ascii=False)
    return value


def decode(table: type[Table], name: str, value: Any) -> Any:  # noqa: ANN401
    """The value that was encoded."""
    dtype = table.columns()[name].dtype
    if value is None:
        return None
    if isinstance(dtype, pl.Datetime):
        return datetime.fromisoformat(value)
    if isinstance(dtype, pl.List | pl.Struct):
        return json.loads(value)
    return bool(value) if dtype == pl.Boolean else value
