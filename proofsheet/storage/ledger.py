"""Facts: one SQLite file a project, in WAL mode with full fsync.

Holds `Ledger`, the only place that speaks to SQLite.
Add here: a verb that records or reads facts; the tables stand in schemas/facts.py.
Keep out: anything that can be computed again (store.py).
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import polars as pl

from proofsheet.core.errors import Damaged, StoreError, StoreTooNew, UsageError
from proofsheet.core.files import link_or_rename
from proofsheet.storage.ledger_rows import (
    CHANGES,
    COUNTED,
    LOCKED,
    ONLY_ADDED,
    column_ddl,
    ddl,
    decode,
    encode,
    insert,
    rekeyed,
    replacing,
    select,
    select_after,
)
from proofsheet.storage.ledger_tables import FACTS, KEPT
from schemas.facts import WordEdit
from schemas.table import Table

FORMAT = 10
RESTORE = "Put back the copy of your backup. Without one,"
_BROKEN = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR}


class _Kept(threading.local):
    """The connections that this thread keeps open."""

    def __init__(self) -> None:
        self.open: dict[Path, sqlite3.Connection] = {}


_KEPT = _Kept()


class Ledger:
    """The facts of one project.

    Args:
        path: the SQLite file; made on the first write.
        project: key of the project; a ledger of another one is refused.
    """

    def __init__(self, path: Path, project: str) -> None:
        self.path, self.project = path, project

    def add(self, table: type[Table], rows: Iterable[Mapping[str, object]]) -> int:
        """Insert rows in one transaction; a row whose key is there already stays as it was.

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
            UsageError: if a person locked the field and the writer is none.
        """
        try:
            self.add(WordEdit, [row])
        except StoreError as error:
            if isinstance(error.__cause__, sqlite3.IntegrityError):
                raise UsageError(
                    f"{row[WordEdit.field]} of {row[WordEdit.photo_id]} is locked by a person; "
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
    def kept_open(self) -> Iterator[None]:
        """What this thread asks and writes inside shares one connection: opening costs more than a question."""
        if self.path in _KEPT.open or not self.is_there():
            yield
            return
        with self._open() as con:
            _KEPT.open[self.path] = con
            try:
                yield
            finally:
                del _KEPT.open[self.path]

    @contextmanager
    def snapshot(self) -> Iterator[Transaction]:
        """Several tables as they were at one moment, whoever writes meanwhile."""
        with self._open() as con, con:
            con.execute("BEGIN")
            yield Transaction(self, con)

    @contextmanager
    def exclusive(self) -> Iterator[Transaction]:
        """One transaction in which what is read stays true until what follows from it is written."""
        with self._open() as con, con:
            con.execute("BEGIN IMMEDIATE")
            yield Transaction(self, con)

    def _write(self, table: type[Table], rows: Iterable[Mapping[str, object]], on_conflict: str) -> int:
        values = list(rows)
        if not values:
            return 0
        with self._open() as con, con:
            return self.insert(con, table, values, on_conflict)

    def insert(self, con: sqlite3.Connection, table: type[Table], rows: Iterable[Mapping[str, object]], on_conflict: str) -> int:
        """Insert into an open connection; gives the number of rows changed."""
        names = table.polars_schema().names()
        values = [tuple(encode(self._value(table, n, row)) for n in names) for row in rows]
        return con.executemany(insert(table, on_conflict), values).rowcount

    def _value(self, table: type[Table], name: str, row: Mapping[str, object]) -> object:
        """A column of a row; what is not said of a column that may be null is null."""
        if name == Table.project:
            return self.project
        return row.get(name) if table.columns()[name].nullable else row[name]

    def is_there(self) -> bool:
        """Whether anything was ever written; something unreadable in its place counts as well."""
        return os.path.lexists(self.path)

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
            for table in FACTS:
                there = _columns(con, table)
                if missing := table.columns().keys() - there:
                    raise self._damaged(f"its table {table.name} has no column {sorted(missing)[0]}")
                for row in con.execute(select(table, ())):
                    for name in table.columns():
                        decode(table, name, row[name])

    @contextmanager
    def _read(self) -> Iterator[sqlite3.Connection]:
        """The same for reading whole rows: a value that is not what was written is told as damage."""
        with self._open() as con:
            try:
                yield con
            except (ValueError, TypeError, IndexError, pl.exceptions.PolarsError) as error:
                raise self._damaged(f"a value in it cannot be read ({error})") from error

    def _find(self) -> None:
        """Make the file if it is not there, and refuse what cannot be a ledger."""
        try:
            if not self.is_there():
                self._make()
            elif self.path.is_dir() or not self.path.stat().st_size:
                raise self._damaged("a folder lies in its place" if self.path.is_dir() else "it is empty (0 bytes)")
        except OSError as error:
            raise StoreError(f"The ledger {self.path} failed: {error.strerror}.", "Check the rights and the disk.") from error

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            if kept := _KEPT.open.get(self.path):
                yield kept
                return
            self._find()
            with closing(sqlite3.connect(self.path, timeout=60.0)) as con:
                self._prepare(con)
                yield con
        except sqlite3.Error as error:
            if _is_broken(error):
                raise self._damaged(str(error)) from error
            raise StoreError(
                f"The ledger {self.path} failed: {error}.",
                "Check the free space, the rights and the disk; nothing of it was deleted.",
            ) from error

    def _make(self) -> None:
        """Begin it under another name, so that an empty file under its own is always damage."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        work = self.path.with_name(f".{self.path.name}.{os.getpid()}-{threading.get_ident()}.tmp")
        try:
            with closing(sqlite3.connect(work)) as con:
                con.row_factory = sqlite3.Row
                self._bring_up_to_date(con)
            with contextlib.suppress(FileExistsError):  # another process was faster
                link_or_rename(work, self.path)
        finally:
            work.unlink(missing_ok=True)

    def _damaged(self, wrong: str) -> Damaged:
        return Damaged(self.path, wrong, f"{RESTORE} `proofsheet projects set-aside {self.project}` keeps it and begins a new one.")

    def _prepare(self, con: sqlite3.Connection) -> None:
        con.row_factory = sqlite3.Row
        try:
            con.execute("PRAGMA journal_mode=WAL")
            con.execute("PRAGMA synchronous=FULL")
            version = con.execute("PRAGMA user_version").fetchone()[0]
        except UnicodeDecodeError as error:  # the sentence in which SQLite tells what is wrong
            raise self._damaged("its tables cannot be read") from error
        if version > FORMAT:
            raise StoreTooNew(
                f"The ledger {self.path} has format {version}; this Proofsheet knows {FORMAT}.",
                "Install the newer Proofsheet.",
            )
        if not con.execute("SELECT count(*) FROM sqlite_master WHERE name = 'owner'").fetchone()[0]:
            raise self._damaged("it is a SQLite database, but no ledger")
        if version < FORMAT:
            self._bring_up_to_date(con)
        owner = next((row[0] for row in con.execute("SELECT project FROM owner")), None)
        if owner != self.project:
            raise StoreError(
                f"The ledger {self.path} belongs to project {owner!r}, not {self.project!r}.", "Put the file back where it was."
            )

    def _bring_up_to_date(self, con: sqlite3.Connection) -> None:
        """Make what is missing, in one transaction; rows stay. Formats added tables, columns and triggers, 9 columns of keys."""
        with con:
            con.execute("BEGIN IMMEDIATE")
            con.execute("CREATE TABLE IF NOT EXISTS owner (project TEXT NOT NULL PRIMARY KEY)")
            if con.execute("SELECT count(*) FROM owner").fetchone()[0] == 0:
                con.execute("INSERT INTO owner VALUES (?)", (self.project,))
            for table in FACTS:
                for statement in (*rekeyed(table, _columns(con, table)), ddl(table)):
                    con.execute(statement)
                there = _columns(con, table)
                for name in (n for n in table.columns() if n not in there):
                    con.execute(f'ALTER TABLE "{table.name}" ADD COLUMN {column_ddl(table, name)}')
            con.execute(LOCKED)
            con.execute(CHANGES)
            for table in FACTS:
                for change in ("INSERT",) if table in KEPT else ("INSERT", "UPDATE", "DELETE"):
                    con.execute(COUNTED.format(table.name, change))
            for table in KEPT:
                con.execute(ONLY_ADDED.format(table.name, "UPDATE"))
                con.execute(ONLY_ADDED.format(table.name, "DELETE"))
            con.execute(f"PRAGMA user_version={FORMAT}")


class Transaction:
    """A transaction of `Ledger.exclusive` or `Ledger.snapshot`."""

    def __init__(self, ledger: Ledger, con: sqlite3.Connection) -> None:
        self._ledger, self._con = ledger, con

    def rows_after(self, table: type[Table], column: str, value: int) -> list[dict[str, Any]]:
        """Rows of which a counting column is larger, in its order."""
        return _after(self._con, table, column, value)

    def add(self, table: type[Table], rows: Iterable[Mapping[str, object]]) -> int:
        """Insert rows; one whose key is there already stays as it was."""
        return self._ledger.insert(self._con, table, rows, "DO NOTHING")


def _columns(con: sqlite3.Connection, table: type[Table]) -> set[str]:
    return {row["name"] for row in con.execute(f'PRAGMA table_info("{table.name}")')}


def _is_broken(error: sqlite3.Error) -> bool:
    """True if the file is at fault: SQLite says so, or a text in it is none."""
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        return isinstance(error, sqlite3.OperationalError) or type(error) is sqlite3.DatabaseError
    return code & 0xFF in _BROKEN


def _after(con: sqlite3.Connection, table: type[Table], column: str, value: int) -> list[dict[str, Any]]:
    found = con.execute(select_after(table, column), (value,)).fetchall()
    return [{n: decode(table, n, row[n]) for n in table.polars_schema().names()} for row in found]
