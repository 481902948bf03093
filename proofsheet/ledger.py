"""Facts: one SQLite file a project, in WAL mode with full fsync.

Holds `Ledger`, the only place that speaks to SQLite.
Add here: a verb that records or reads facts; the tables stand in schemas/facts.py.
Keep out: anything that can be computed again (store.py).
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from proofsheet.errors import StoreError, StoreTooNew, UsageError
from schemas import apply, facts, review
from schemas.facts import WordEdit
from schemas.history import HistoryFile, HistoryRefusal, HistoryRow, ImportedVector
from schemas.learning import Fit, Promotion
from schemas.metrics import SessionMetric
from schemas.table import Table

FORMAT = 8
FACTS: tuple[type[Table], ...] = (
    facts.Refusal,
    facts.RunRecord,
    facts.ModelAnswer,
    facts.JobFailure,
    facts.CopiedText,
    facts.ProofAttempt,
    facts.WordEdit,
    facts.Waiver,
    facts.WordReview,
    facts.TextRequest,
    facts.LifecycleEvent,
    facts.PromptRecord,
    facts.SetContext,
    facts.SubjectProposal,
    facts.ImportedFlag,
    facts.EvaluationRow,
    SessionMetric,
    HistoryRow,
    HistoryRefusal,
    HistoryFile,
    ImportedVector,
    Fit,
    Promotion,
    review.Verdict,
    review.ReviewStep,
    review.ReviewBatch,
    review.Feedback,
    apply.ApplyPlan,
    apply.FileOperation,
    apply.SignOff,
    apply.Upload,
)
_LOCK = f"""
CREATE TRIGGER IF NOT EXISTS locked_words BEFORE INSERT ON "{WordEdit.name}"
WHEN NEW."{WordEdit.source}" <> 'human' AND (
    SELECT "{WordEdit.locked}" FROM "{WordEdit.name}"
    WHERE "{WordEdit.photo_id}" = NEW."{WordEdit.photo_id}" AND "{WordEdit.field}" = NEW."{WordEdit.field}"
    ORDER BY "{WordEdit.revision}" DESC LIMIT 1
) = 1
BEGIN SELECT RAISE(ABORT, 'locked by a person'); END
"""  # noqa: S608 - names of our own columns
_ONLY_ADDED = "CREATE TRIGGER IF NOT EXISTS kept_{0}_{1} BEFORE {1} ON \"{0}\" BEGIN SELECT RAISE(ABORT, 'kept for ever'); END"
_KEPT = (
    *(facts.WordEdit, facts.ProofAttempt, facts.WordReview, facts.EvaluationRow, HistoryRow, Fit, Promotion),
    *(review.Verdict, review.ReviewStep, review.ReviewBatch, review.Feedback, apply.SignOff, apply.Upload),
)

_SQLITE = {pl.Int64: "INTEGER", pl.Float64: "REAL", pl.Boolean: "INTEGER"}


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
        names = [n for n in table.polars_schema().names() if n not in table.key()]
        return self._write(table, rows, "DO UPDATE SET " + ", ".join(f'"{n}" = excluded."{n}"' for n in names))

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
        if not self.path.exists():
            return table.frame()
        where = " AND ".join(f'"{_known(table, name)}" = ?' for name in equal)
        order = ", ".join(f'"{k}"' for k in table.key())
        statement = f'SELECT * FROM "{table.name}"' + (f" WHERE {where}" if where else "") + f" ORDER BY {order}"  # noqa: S608
        with self._open() as con:
            found = con.execute(statement, tuple(equal.values())).fetchall()
        names = table.polars_schema().names()
        return table.frame({n: _decode(table, n, row[n]) for n in names} for row in found)

    def rows_after(self, table: type[Table], column: str, value: int) -> list[dict[str, Any]]:
        """Rows of which a counting column is larger, in its order."""
        if not self.path.exists():
            return []
        with self._open() as con:
            return _after(con, table, column, value)

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
        values = [tuple(_encode(table, n, self._value(table, n, row)) for n in names) for row in rows]
        columns, marks = ", ".join(f'"{n}"' for n in names), ", ".join("?" * len(names))
        keys = ", ".join(f'"{k}"' for k in table.key())
        statement = f'INSERT INTO "{table.name}" ({columns}) VALUES ({marks}) ON CONFLICT ({keys}) {on_conflict}'  # noqa: S608
        before = con.total_changes
        con.executemany(statement, values)
        return con.total_changes - before

    def _value(self, table: type[Table], name: str, row: Mapping[str, object]) -> object:
        """A column of a row; what is not said of a column that may be null is null."""
        if name == Table.project:
            return self.project
        return row.get(name) if table.columns()[name].nullable else row[name]

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with closing(sqlite3.connect(self.path, timeout=60.0)) as con:
                con.row_factory = sqlite3.Row
                con.execute("PRAGMA journal_mode=WAL")
                con.execute("PRAGMA synchronous=FULL")
                self._prepare(con)
                yield con
        except sqlite3.Error as error:
            raise StoreError(
                f"The ledger {self.path} failed: {error}.",
                "Check the free space and the disk; nothing of it was deleted.",
            ) from error

    def _prepare(self, con: sqlite3.Connection) -> None:
        version = con.execute("PRAGMA user_version").fetchone()[0]
        if version > FORMAT:
            raise StoreTooNew(
                f"The ledger {self.path} has format {version}; this Proofsheet knows {FORMAT}.",
                "Install the newer Proofsheet.",
            )
        if version < FORMAT:
            self._bring_up_to_date(con)
        owner = con.execute("SELECT project FROM owner").fetchone()[0]
        if owner != self.project:
            raise StoreError(
                f"The ledger {self.path} belongs to project {owner!r}, not {self.project!r}.", "Put the file back where it was."
            )

    def _bring_up_to_date(self, con: sqlite3.Connection) -> None:
        """Make what is missing, in one transaction; what is there stays. Formats 2 to 8 added tables and nullable columns."""
        with con:
            con.execute("BEGIN IMMEDIATE")
            con.execute("CREATE TABLE IF NOT EXISTS owner (project TEXT NOT NULL PRIMARY KEY)")
            if con.execute("SELECT count(*) FROM owner").fetchone()[0] == 0:
                con.execute("INSERT INTO owner VALUES (?)", (self.project,))
            for table in FACTS:
                con.execute(_ddl(table))
                there = {row["name"] for row in con.execute(f'PRAGMA table_info("{table.name}")')}
                for name in (n for n in table.columns() if n not in there):
                    con.execute(f'ALTER TABLE "{table.name}" ADD COLUMN {_column(table, name)}')
            con.execute(_LOCK)
            for table in _KEPT:
                con.execute(_ONLY_ADDED.format(table.name, "UPDATE"))
                con.execute(_ONLY_ADDED.format(table.name, "DELETE"))
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


def _after(con: sqlite3.Connection, table: type[Table], column: str, value: int) -> list[dict[str, Any]]:
    name = _known(table, column)
    statement = f'SELECT * FROM "{table.name}" WHERE "{name}" > ? ORDER BY "{name}"'  # noqa: S608
    found = con.execute(statement, (value,)).fetchall()
    return [{n: _decode(table, n, row[n]) for n in table.polars_schema().names()} for row in found]


def _known(table: type[Table], name: str) -> str:
    if name not in table.columns():
        raise KeyError(f"{table.name} has no column {name}")
    return name


def _ddl(table: type[Table]) -> str:
    columns = [_column(table, name) for name in table.columns()]
    keys = ", ".join(f'"{k}"' for k in table.key())
    return f'CREATE TABLE IF NOT EXISTS "{table.name}" ({", ".join(columns)}, PRIMARY KEY ({keys})) STRICT'


def _column(table: type[Table], name: str) -> str:
    spec = table.columns()[name]
    return f'"{name}" {_SQLITE.get(spec.dtype, "TEXT")}' + ("" if spec.nullable else " NOT NULL")


def _encode(table: type[Table], name: str, value: object) -> Any:  # noqa: ANN401
    if isinstance(value, datetime):
        return value.isoformat(timespec="microseconds")
    if isinstance(value, list | dict | tuple):
        return json.dumps(value, ensure_ascii=False)
    return value


def _decode(table: type[Table], name: str, value: Any) -> Any:  # noqa: ANN401
    dtype = table.columns()[name].dtype
    if value is None:
        return None
    if isinstance(dtype, pl.Datetime):
        return datetime.fromisoformat(value)
    if isinstance(dtype, pl.List | pl.Struct):
        return json.loads(value)
    return bool(value) if dtype == pl.Boolean else value
