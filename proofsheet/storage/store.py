"""Derived tables: one DuckDB file a project, published by copy-on-write.

Holds `Store`, the only place that speaks to DuckDB.
Add here: how tables are written and read.
Keep out: what stands in them (schemas/) and facts (ledger.py).

    store/<project>/         the generations (generations.py)
    store/<project>.duckdb   a copy of the current one for people and their tools
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl

from proofsheet.core.errors import Damaged, StoreError, StoreTooNew, UsageError
from proofsheet.core.files import clone
from proofsheet.core.locks import acquire
from proofsheet.storage.fixed_lengths import as_arrays, as_lists, lengths
from proofsheet.storage.frame_cache import FrameCache
from proofsheet.storage.generations import MENDS, Generations
from proofsheet.storage.stamps import Stamp, bookkeeping, same_rows
from proofsheet.storage.table_gate import check_frame
from schemas.storage import StoredTable
from schemas.table import Table

FORMAT = 1
_TRIES = 20
_WORD = re.compile(r"\w+")
_BROKEN = (duckdb.IOException, duckdb.InternalException, duckdb.FatalException, duckdb.SerializationException)
_ELSEWHERE = re.compile(r"IO Error: (No files found|Cannot open (file|database))")  # another file that a statement names
RECENT = FrameCache(256 << 20)  # of all stores of this process; a run reads the same few tables again and again
_NEW_FILE: dict[str, str | bool | int | float | list[str]] = {
    "default_block_size": "16384"
}  # 256 KiB a block makes a small project 13 times larger


@dataclass(frozen=True)
class Published:
    """The generation that holds the rows, and whether it had to be made."""

    generation: int
    changed: bool


def checksum(table: type[Table], frame: pl.DataFrame) -> str:
    """Hash of the rows in key order, with names and types."""
    ordered = frame.sort(table.key())
    digest = hashlib.sha256(repr(dict(frame.schema)).encode())
    digest.update(ordered.hash_rows().to_numpy().tobytes())
    return digest.hexdigest()[:32]


class Store:
    """The tables of one project.

    Args:
        root: folder of all stores.
        project: key of the project.
    """

    def __init__(self, root: Path, project: str) -> None:
        self.project = project
        self.folder = root / project
        self.generations = Generations(self.folder)
        self.open_copy = root / f"{project}.duckdb"

    def generation(self) -> int:
        """Number of the current generation; 0 before the first."""
        return self.generations.current()

    def read(self, table: type[Table]) -> pl.DataFrame:
        """All rows of a table in key order; none if it was never written, or with other columns (a run makes it anew)."""
        book = self.tables().get(table.name)
        if book is None:
            return table.frame()
        key = (table.name, book[StoredTable.checksum], tuple(table.polars_schema().items()))
        if (known := RECENT.get(key)) is None:
            known = self._rows(table)
            if checksum(table, known) == book[StoredTable.checksum]:  # else a newer generation came between the two looks
                RECENT.put(key, known)
        return known

    def _rows(self, table: type[Table]) -> pl.DataFrame:
        order = ", ".join(f'"{k}"' for k in table.key())
        with self._reader() as con:
            if con is None or not _has(con, table):
                return table.frame()
            found = as_lists(table, _frame(con.sql(f'SELECT * FROM "{table.name}" ORDER BY {order}')))  # noqa: S608
            return found if found.schema == table.polars_schema() else table.frame()

    def query(self, sql: str, more: Mapping[type[Table], Callable[[], pl.DataFrame]] | None = None) -> pl.DataFrame:
        """The answer to a question in SQL; the store cannot be changed by it. Before its first generation it has no tables.

        Args:
            sql: the statement.
            more: further tables that it may ask, with what reads their rows; only those that it names are read.

        Raises:
            UsageError: if DuckDB refuses the statement.
        """
        with self._reader() as found, nullcontext(found) if found else contextlib.closing(duckdb.connect()) as con:
            named = {word.lower() for word in _WORD.findall(sql)}
            for table, rows in (more or {}).items():
                con.register(table.name, (rows() if table.name in named else table.frame()).to_arrow())
            try:
                return _frame(con.sql(sql))
            except duckdb.Error as error:
                if isinstance(error, _BROKEN) and not _ELSEWHERE.match(str(error)):
                    raise
                raise UsageError(f"The statement failed: {error}.", "`proofsheet sql 'show tables'` lists the tables.") from error

    def tables(self) -> dict[str, dict[str, object]]:
        """The bookkeeping row of every table, by table name."""
        key = self.generations.identity()
        if (books := RECENT.get(key)) is None:
            books = self._rows(StoredTable)
            if key == self.generations.identity():
                RECENT.put(key, books)
        return {str(row[StoredTable.table_name]): row for row in books.to_dicts()}

    def publish(self, frames: Mapping[type[Table], pl.DataFrame], stamp: Stamp) -> Published:
        """Replace the rows of these tables in one new generation; equal rows from equal inputs need none.

        Raises:
            GateRefused: if a frame does not fit its table; nothing is written.
            StoreError: if the disk is full or the current generation cannot be read.
        """
        for table, frame in frames.items():
            check_frame(table, frame, self.project)
        sums = {table: checksum(table, frame) for table, frame in frames.items()}
        with acquire(self.folder / "write.lock", "publishing"):
            current, known = self.generation(), self.tables()
            if current and all(same_rows(known.get(t.name), sums[t], stamp) for t in frames):
                if not self._shows(current):
                    self._show(current)
                return Published(current, changed=False)
            try:
                books = bookkeeping(self.project, known, sums, frames, stamp)
                number = self._write(current, frames, books)
                self._show(number)
                for table, frame in frames.items():
                    RECENT.put((table.name, sums[table], tuple(table.polars_schema().items())), frame.sort(table.key()))
            except (duckdb.Error, OSError) as error:
                raise StoreError(
                    f"The store of {self.project} could not be written: {error}.",
                    f"Generation {current} is untouched; make room on the disk and run again.",
                ) from error
            return Published(number, changed=True)

    def _write(self, current: int, frames: Mapping[type[Table], pl.DataFrame], books: pl.DataFrame) -> int:
        work = self.generations.work_file()
        try:
            if current:
                clone(self.generations.path(current), work)
            with contextlib.closing(duckdb.connect(work, config=_NEW_FILE)) as con:
                con.execute("BEGIN")
                everything: dict[type[Table], pl.DataFrame] = {**frames, StoredTable: books}
                for table, frame in everything.items():
                    con.execute(f'DROP TABLE IF EXISTS "{table.name}"')
                    long = lengths(table, frame)
                    for statement in table.ddl(long):
                        con.execute(statement)
                    con.register("incoming", as_arrays(frame, long).sort(table.key()).to_arrow())
                    con.execute(f'INSERT INTO "{table.name}" BY NAME SELECT * FROM incoming')  # noqa: S608
                    con.unregister("incoming")
                con.execute(f"CREATE OR REPLACE TABLE _format AS SELECT {FORMAT} AS version")
                con.execute("COMMIT")
                con.execute("CHECKPOINT")
            return self.generations.add(work)
        finally:
            self.generations.remove_leftovers()

    def _shows(self, number: int) -> bool:
        """False if a writer ended between a generation and its copy for people."""
        made = self.generations.path(number).stat().st_mtime_ns
        return self.open_copy.exists() and self.open_copy.stat().st_mtime_ns >= made

    def _show(self, number: int) -> None:
        """Refresh the copy for people."""
        if self.open_copy.is_dir():
            self.open_copy.rename(self.open_copy.with_suffix(f".set-aside-{number}"))
        work = self.open_copy.with_suffix(".tmp")
        clone(self.generations.path(number), work)
        work.replace(self.open_copy)

    def check(self) -> None:
        """Compare the bytes of the current generation with those that were written, and its format with ours.

        Raises:
            StoreError: if it is damaged or of a newer version.
        """
        self.generations.check()
        with self._reader():
            return

    @contextmanager
    def _reader(self) -> Iterator[duckdb.DuckDBPyConnection | None]:
        """The current generation, read-only, for one read."""
        con = self._connect()
        if con is None:
            yield None
            return
        with contextlib.closing(con), self._telling_damage():
            version = next(iter(con.sql("SELECT version FROM _format").fetchall()), (0,))[0]
            if version > FORMAT:
                raise StoreTooNew(
                    f"The store of {self.project} has format {version}; this Proofsheet knows {FORMAT}.",
                    "Install the newer Proofsheet, or delete the store folder: it is rebuilt by `proofsheet run`.",
                )
            yield con

    def _connect(self) -> duckdb.DuckDBPyConnection | None:
        for _attempt in range(_TRIES):
            number = self.generation()
            if not number:
                return None
            try:
                return duckdb.connect(self.generations.path(number), read_only=True)
            except duckdb.Error as error:
                if not self.generations.path(number).exists() and number != self.generation():
                    continue  # a newer generation came between the two looks
                if isinstance(error, duckdb.ConnectionException) or "set lock" in str(error).lower():
                    return self._connect_to_copy(number)
                raise self._damaged(number, error) from error
        raise StoreError(f"The store of {self.project} changed faster than it could be read.", "Try again.")

    def _connect_to_copy(self, number: int) -> duckdb.DuckDBPyConnection:
        """Somebody holds the generation itself open for writing: read a copy instead."""
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / "copy.duckdb"
            clone(self.generations.path(number), copy)
            with self._telling_damage():
                return duckdb.connect(copy, read_only=True)

    @contextmanager
    def _telling_damage(self) -> Iterator[None]:
        """What DuckDB cannot read is told as a damaged generation."""
        try:
            yield
        except (duckdb.Error, UnicodeDecodeError) as error:
            raise self._damaged(self.generation(), error) from error

    def _damaged(self, number: int, error: Exception) -> Damaged:
        return Damaged(self.generations.path(number), f"it cannot be read ({' '.join(str(error).split())})", MENDS)


def _frame(answer: duckdb.DuckDBPyRelation | None) -> pl.DataFrame:
    """The rows of a relation; a statement without an answer has none."""
    found: pl.DataFrame = answer.pl() if answer is not None else pl.DataFrame()
    return found


def _has(con: duckdb.DuckDBPyConnection, table: type[Table]) -> bool:
    found = con.execute("SELECT count(*) FROM duckdb_tables() WHERE table_name = ?", [table.name]).fetchall()
    return bool(found[0][0])
