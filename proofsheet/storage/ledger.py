"""Facts: one SQLite file a project, in WAL mode with full fsync.

Holds `Ledger`. Only it and its file (ledger_file.py) use SQLite.
Add here: a method that records or reads facts; the tables are in schemas/.
Keep out: anything that can be computed again (store.py).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import polars as pl

from proofsheet.core.errors import StoreError, UsageError
from proofsheet.storage.ledger_file import LedgerFile, columns_by_table
from proofsheet.storage.ledger_rows import decode, encode, insert, replacing, select, select_after
from proofsheet.storage.ledger_tables import FACTS
from schemas.edits import WordEdit
from schemas.table import Table


class Ledger(LedgerFile):
    """The facts of one project.

    Args:
        path: the SQLite file; made on the first write.
        project: key of the project; a ledger of another one is refused.
    """

    def add(self, table: type[Table], rows: Iterable[Mapping[str, object]]) -> int:
        """Insert rows in one transaction.

        A row with an existing key is left out.

        Returns:
            Number of rows added.
        """
        return self._write(table, rows, "DO NOTHING")

    def put(self, table: type[Table], rows: Iterable[Mapping[str, object]]) -> int:
        """Insert rows or replace those with the same key, in one transaction."""
        return self._write(table, rows, replacing(table))

    def append_edit(self, row: Mapping[str, object]) -> None:
        """Add a change of a field; the one place that keeps locked words.

        Raises:
            UsageError: if the field is locked by hand and the writer is another source.
        """
        try:
            self.add(WordEdit, [row])
        except StoreError as error:
            if isinstance(error.__cause__, sqlite3.IntegrityError):
                raise UsageError(
                    f"{row[WordEdit.field]} of {row[WordEdit.photo_id]} is locked by hand; "
                    f"{row[WordEdit.source]} may not write it.",
                    "Unlock it with `proofsheet words edit --unlock`.",
                ) from error
            raise

    def rows(self, table: type[Table], **equal: object) -> pl.DataFrame:
        """All rows (or those with these values) in key order, as a frame of the table's types."""
        if not self.is_there():
            return table.frame()
        names = table.polars_schema().names()
        with self._read() as con:
            found = con.execute(select(table, equal), tuple(equal.values())).fetchall()
            return table.frame({n: decode(table, n, row[n]) for n in names} for row in found)

    def versions(self) -> dict[str, int]:
        """Table name to how many changes of its rows there were; a table without any is missing."""
        if not self.is_there():
            return {}
        with self._read() as con:
            found = con.execute("SELECT table_name, number FROM changes").fetchall()
            return {str(name): int(number) for name, number in found}

    def count(self, table: type[Table]) -> int:
        """How many rows a table has."""
        if not self.is_there():
            return 0
        with self._read() as con:
            return int(con.execute(f'SELECT count(*) FROM "{table.name}"').fetchone()[0])  # noqa: S608 - a name of ours

    def rows_after(self, table: type[Table], column: str, value: int) -> list[dict[str, Any]]:
        """Rows of which a counting column is larger, in its order."""
        if not self.is_there():
            return []
        with self._read() as con:
            return _after(con, table, column, value)

    @contextmanager
    def snapshot(self) -> Iterator[Transaction]:
        """Several tables as they were at one moment, whoever writes meanwhile."""
        with self._open() as con:
            if self._is_still():
                yield Transaction(self, con)
                return
            with con:
                con.execute("BEGIN")
                yield Transaction(self, con)

    @contextmanager
    def exclusive(self) -> Iterator[Transaction]:
        """One transaction for reads and the writes that depend on them."""
        with self._writing() as con:
            con.execute("BEGIN IMMEDIATE")
            yield Transaction(self, con)

    def _write(self, table: type[Table], rows: Iterable[Mapping[str, object]], on_conflict: str) -> int:
        values = list(rows)
        if not values:
            return 0
        with self._writing() as con:
            return self.insert(con, table, values, on_conflict)

    def insert(
        self,
        con: sqlite3.Connection,
        table: type[Table],
        rows: Iterable[Mapping[str, object]],
        on_conflict: str,
    ) -> int:
        """Insert into an open connection; gives the number of rows changed."""
        names = table.polars_schema().names()
        values = [tuple(encode(self._value(table, n, row)) for n in names) for row in rows]
        return con.executemany(insert(table, on_conflict), values).rowcount

    def _value(self, table: type[Table], name: str, row: Mapping[str, object]) -> object:
        """A column of a row; a missing value of a nullable column is null."""
        if name == Table.project:
            return self.project
        return row.get(name) if table.columns()[name].nullable else row[name]

    def check(self) -> None:
        """Read every row of it.

        Raises:
            Damaged: with what SQLite finds wrong, or with the table or value that is not as it was written.
        """
        if not self.is_there():
            return
        with self._read() as con:
            found = str(con.execute("PRAGMA integrity_check(1)").fetchone()[0])
            if found != "ok":
                raise self._damaged(found.replace("\n", " "))
            there = columns_by_table(con)
            for table in FACTS:
                if missing := table.columns().keys() - there.get(table.name, set()):
                    raise self._damaged(f"its table {table.name} has no column {sorted(missing)[0]}")
                for row in con.execute(select(table, ())):
                    for name in table.columns():
                        decode(table, name, row[name])

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """A connection that commits at the end; rows are those of now."""
        with self._open() as con:
            self._move_on(con)
            with con:
                yield con

    @contextmanager
    def _read(self) -> Iterator[sqlite3.Connection]:
        """The same for reading full rows.

        A value that was not written in this form is reported as damage.
        """
        with self._open() as con:
            try:
                yield con
            except (ValueError, TypeError, IndexError, pl.exceptions.PolarsError) as error:
                raise self._damaged(f"a value in it cannot be read ({error})") from error


class Transaction:
    """A transaction of `Ledger.exclusive` or `Ledger.snapshot`."""

    def __init__(self, ledger: Ledger, con: sqlite3.Connection) -> None:
        self._ledger, self._con = ledger, con

    def rows_after(self, table: type[Table], column: str, value: int) -> list[dict[str, Any]]:
        """Rows of which a counting column is larger, in its order."""
        return _after(self._con, table, column, value)

    def add(self, table: type[Table], rows: Iterable[Mapping[str, object]]) -> int:
        """Insert rows. A row with an existing key is left out."""
        return self._ledger.insert(self._con, table, rows, "DO NOTHING")

    def put(self, table: type[Table], rows: Iterable[Mapping[str, object]]) -> int:
        """Insert rows or replace those with the same key."""
        return self._ledger.insert(self._con, table, rows, replacing(table))


def _after(con: sqlite3.Connection, table: type[Table], column: str, value: int) -> list[dict[str, Any]]:
    found = con.execute(select_after(table, column), (value,)).fetchall()
    return [{n: decode(table, n, row[n]) for n in table.polars_schema().names()} for row in found]
