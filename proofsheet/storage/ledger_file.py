"""The file of a ledger: created, opened and migrated. Damage is reported.

Holds `LedgerFile`, `columns_of` and `columns_by_table`.
Add here: what a newer format changes in ledgers that are there.
Keep out: rows (ledger.py).
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from proofsheet.core.errors import Damaged, StoreError, StoreTooNew
from proofsheet.core.files import link_or_rename
from proofsheet.core.shell_words import as_word
from proofsheet.storage.ledger_rows import CHANGES, COUNTED, LOCKED, ONLY_ADDED, column_ddl, ddl, rekeyed
from proofsheet.storage.ledger_tables import FACTS, KEPT
from schemas.table import Table

FORMAT = 14
RESTORE = "Put back the copy of your backup. Without one,"
_BROKEN = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR}


class _Kept(threading.local):
    """The connections that this thread keeps open, and those of them that read one moment."""

    def __init__(self) -> None:
        self.open: dict[Path, sqlite3.Connection] = {}
        self.still: set[Path] = set()


_KEPT = _Kept()


class LedgerFile:
    """The SQLite file of a project's facts.

    Args:
        path: the SQLite file; made on the first write.
        project: key of the project; a ledger of another one is refused.
    """

    def __init__(self, path: Path, project: str) -> None:
        self.path, self.project = path, project

    @contextmanager
    def kept_open(self) -> Iterator[None]:
        """All reads and writes of this thread share one connection inside.

        Opening a file takes longer than a query.
        """
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
    def held_still(self) -> Iterator[None]:
        """Inside, this thread reads the facts of one moment, until it writes itself."""
        with self.kept_open():
            con = _KEPT.open.get(self.path)
            if con is None or con.in_transaction:
                yield
                return
            con.execute("BEGIN")
            con.execute("SELECT count(*) FROM changes").fetchone()  # the moment is that of the first read
            _KEPT.still.add(self.path)
            try:
                yield
            finally:
                self._move_on(con)

    def _is_still(self) -> bool:
        return self.path in _KEPT.still

    def _move_on(self, con: sqlite3.Connection) -> None:
        """End the moment that is held, if one is."""
        if self._is_still():
            _KEPT.still.discard(self.path)
            con.rollback()

    def is_there(self) -> bool:
        """Whether anything was ever written; something unreadable in its place counts as well."""
        return os.path.lexists(self.path)

    def _find(self) -> None:
        """Make the file if it is not there, and refuse what cannot be a ledger."""
        try:
            if not self.is_there():
                self._make()
            elif self.path.is_dir() or not self.path.stat().st_size:
                raise self._damaged(
                    "a folder is in its place" if self.path.is_dir() else "it is empty (0 bytes)"
                )
        except OSError as error:
            raise StoreError(
                f"The ledger {self.path} failed: {error.strerror}.", "Check the rights and the disk."
            ) from error

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
                "Check the free space, the rights and the disk. Nothing in it was deleted.",
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
        return Damaged(
            self.path,
            wrong,
            f"{RESTORE} `proofsheet projects set-aside {as_word(self.project)}` saves it under another name "
            "and begins a new one.",
        )

    def _prepare(self, con: sqlite3.Connection) -> None:
        con.row_factory = sqlite3.Row
        try:
            con.execute("PRAGMA journal_mode=WAL")
            con.execute("PRAGMA synchronous=FULL")
            version = con.execute("PRAGMA user_version").fetchone()[0]
        except UnicodeDecodeError as error:  # the sentence in which SQLite describes the damage
            raise self._damaged("its tables cannot be read") from error
        if version > FORMAT:
            raise StoreTooNew(
                f"The ledger {self.path} has format {version}; this Proofsheet knows {FORMAT}.",
                "Install the newer Proofsheet.",
            )
        if not con.execute("SELECT count(*) FROM sqlite_master WHERE name = 'owner'").fetchone()[0]:
            raise self._damaged("it is a SQLite database, but not a ledger")
        if version < FORMAT:
            self._bring_up_to_date(con)
        owner = next((row[0] for row in con.execute("SELECT project FROM owner")), None)
        if owner != self.project:
            raise StoreError(
                f"The ledger {self.path} belongs to project {owner!r}, not {self.project!r}.",
                "Put the file back where it was.",
            )

    def _rename(self, con: sqlite3.Connection, table: type[Table]) -> None:
        """Rename a table of an earlier version, with its rows and the count of its changes."""
        if not table.former or not columns_of(con, table.former) or columns_of(con, table.name):
            return
        triggers = con.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = ?", (table.former,)
        ).fetchall()
        for (trigger,) in triggers:  # they carry the name; made again under the new one
            con.execute(f'DROP TRIGGER "{trigger}"')
        con.execute(f'ALTER TABLE "{table.former}" RENAME TO "{table.name}"')
        con.execute("UPDATE changes SET table_name = ? WHERE table_name = ?", (table.name, table.former))

    def _bring_up_to_date(self, con: sqlite3.Connection) -> None:
        """Add missing parts in one transaction; rows do not change.

        Formats added tables, columns and triggers, and 9 columns of keys.
        """
        with con:
            con.execute("BEGIN IMMEDIATE")
            con.execute("CREATE TABLE IF NOT EXISTS owner (project TEXT NOT NULL PRIMARY KEY)")
            if con.execute("SELECT count(*) FROM owner").fetchone()[0] == 0:
                con.execute("INSERT INTO owner VALUES (?)", (self.project,))
            con.execute(CHANGES)
            for table in FACTS:
                self._rename(con, table)
                for statement in (*rekeyed(table, columns_of(con, table.name)), ddl(table)):
                    con.execute(statement)
                there = columns_of(con, table.name)
                for name in (n for n in table.columns() if n not in there):
                    con.execute(f'ALTER TABLE "{table.name}" ADD COLUMN {column_ddl(table, name)}')
            con.execute(LOCKED)
            for table in FACTS:
                for change in ("INSERT",) if table in KEPT else ("INSERT", "UPDATE", "DELETE"):
                    con.execute(COUNTED.format(table.name, change))
            for table in KEPT:
                con.execute(ONLY_ADDED.format(table.name, "UPDATE"))
                con.execute(ONLY_ADDED.format(table.name, "DELETE"))
            con.execute(f"PRAGMA user_version={FORMAT}")


def columns_of(con: sqlite3.Connection, table: str) -> set[str]:
    """Names of the columns that a table has in the file."""
    return {row["name"] for row in con.execute(f'PRAGMA table_info("{table}")')}


def columns_by_table(con: sqlite3.Connection) -> dict[str, set[str]]:
    """Names of the columns of every table in the file."""
    found: dict[str, set[str]] = {}
    for table, column in con.execute(
        "SELECT tables.name, columns.name FROM sqlite_master AS tables,"
        " pragma_table_info(tables.name) AS columns WHERE tables.type = 'table'"
    ):
        found.setdefault(table, set()).add(column)
    return found


def _is_broken(error: sqlite3.Error) -> bool:
    """True if the file is damaged: SQLite reports it, or a text in it is not valid."""
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        return isinstance(error, sqlite3.OperationalError) or type(error) is sqlite3.DatabaseError
    return code & 0xFF in _BROKEN
