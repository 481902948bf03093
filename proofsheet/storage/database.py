"""A generation as one DuckDB database: for questions, and as a file for people.

Holds `ask`, `write_database`, `database_tables`, and the `FORM` of what is written.
Add here: what a database shows of a generation.
Keep out: which generation that is (store.py), and files of rows (parts.py).
"""

from __future__ import annotations

import contextlib
import errno
import re
import shutil
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import duckdb
import polars as pl
from pyarrow import dataset

from proofsheet.core.errors import UsageError
from proofsheet.storage.fixed_lengths import array_types
from proofsheet.storage.former_values import present_values_in_sql
from proofsheet.storage.manifest import Manifest, Part
from schemas.storage import StoredTable
from schemas.table import Table, quoted

FORM = 1  # of the database; raise it if the same tables are written otherwise
_WORD = re.compile(r"\w+")
_CATALOG = re.compile(
    r"\b(show|describe|query|query_table|information_schema|duckdb_\w+|pg_\w+)\b", re.IGNORECASE
)
_ROWS = 16_384  # a group of rows that is whole goes to the disk at once, the rest twice
_HINT = "The tables are read-only; `proofsheet sql 'show tables'` lists them."
_CLOSED = (
    "The tables are read-only: a question reaches no file and no setting. Take the rows with --json, or open "
    "the .duckdb file under store/ of the home in another program."
)
_LARGE, _LARGE_BLOCK, _SMALL_BLOCK = (
    128 << 20,
    65_536,
    16_384,
)  # 256 KiB a block makes a small project 13 times larger


def words(sql: str) -> set[str]:
    """Everything in a statement that may be the name of a table."""
    return {word.lower() for word in _WORD.findall(sql)}


def ask(
    sql: str, folder: Path, manifest: Manifest, more: Mapping[type[Table], Callable[[], pl.DataFrame]]
) -> pl.DataFrame:
    """The answer to a question; nothing can be changed by it.

    Args:
        sql: the statement.
        folder: of the store.
        manifest: its tables.
        more: further tables that may be asked, with what reads their rows; only those that the statement
            names are read.

    Raises:
        UsageError: if DuckDB refuses the statement, or there are several.
    """
    named = words(sql)
    some = (
        []
        if _CATALOG.search(sql)
        else [{name: part for name, part in manifest.parts.items() if name in named}]
    )
    with _read_only() as con:
        con.register(StoredTable.name, manifest.books().to_arrow())
        for table, rows in more.items():
            con.register(table.name, (rows() if table.name in named else table.frame()).to_arrow())
        for parts in (
            *some,
            manifest.parts,
        ):  # all where the statement may look for them, and where it fails: a hint names one
            for name, part in sorted(parts.items()):
                _show(con, name, part, folder)
            try:
                _only_one(con, sql)
                answer = con.sql(sql)
                found: pl.DataFrame = answer.pl() if answer is not None else pl.DataFrame()
                return found
            except duckdb.Error as error:
                refusal = error
        raise UsageError(f"The statement failed: {refusal}.", _next_step(refusal)) from refusal


def block_size(manifest: Manifest) -> int:
    """Bytes of a block in the database of these tables."""
    return _LARGE_BLOCK if sum(part.size for part in manifest.parts.values()) > _LARGE else _SMALL_BLOCK


def write_database(target: Path, folder: Path, manifest: Manifest, same: Collection[str] = ()) -> None:
    """Write all tables with their keys and comments into one file, or none of it.

    Args:
        target: the file; it is replaced.
        folder: of the store.
        manifest: its tables.
        same: tables that the present file holds as they are; only the others are written.

    Raises:
        OSError: if there is no room, or a part cannot be read.
    """
    work = target.with_suffix(".tmp")
    options = f"ROW_GROUP_SIZE {_ROWS}, RECOVERY_MODE NO_WAL_WRITES"
    try:
        work.unlink(missing_ok=True)
        if same:
            shutil.copyfile(target, work)
        else:
            options = f"BLOCK_SIZE {block_size(manifest)}, {options}"
        with contextlib.closing(duckdb.connect()) as con:
            con.execute(f"ATTACH {quoted(str(work))} AS people ({options})")
            con.execute("USE people")
            con.execute("BEGIN")
            for name in _tables_of(con).difference(same):
                con.execute(f'DROP TABLE "{name}"')
            for name, part in sorted(manifest.parts.items()):
                if name not in same:
                    _copy(con, name, part, folder)
            for statement in StoredTable.ddl():
                con.execute(statement)
            con.register("books", manifest.books().to_arrow())
            con.execute(f'INSERT INTO "{StoredTable.name}" BY NAME SELECT * FROM books')  # noqa: S608
            con.execute("COMMIT")
            con.execute("CHECKPOINT")
        work.replace(target)
    except duckdb.Error as error:
        raise OSError(errno.EIO, _one_line(error), str(target)) from error
    finally:
        for left in target.parent.glob(f"{work.name}*"):
            left.unlink(missing_ok=True)


def database_tables(path: Path, names: Collection[str] = ()) -> Iterator[tuple[str, pl.DataFrame]]:
    """Names and rows of the tables in a database file.

    Args:
        path: the file; it is not changed.
        names: of the tables wanted; all if none is given.

    Raises:
        OSError: if DuckDB cannot read it.
    """
    try:
        with contextlib.closing(duckdb.connect(path, read_only=True)) as con:
            found = [
                str(row[0])
                for row in con.execute("SELECT table_name FROM duckdb_tables() ORDER BY 1").fetchall()
            ]
            for name in (n for n in found if not names or n in names):
                yield name, con.sql(f'SELECT * FROM "{name}"').pl()  # noqa: S608
    except (duckdb.Error, UnicodeDecodeError) as error:
        raise OSError(errno.EIO, _one_line(error), str(path)) from error


def _tables_of(con: duckdb.DuckDBPyConnection) -> set[str]:
    return {
        str(row[0])
        for row in con.execute(
            "SELECT table_name FROM duckdb_tables() WHERE database_name = current_database()"
        ).fetchall()
    }


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())


def _copy(con: duckdb.DuckDBPyConnection, name: str, part: Part, folder: Path) -> None:
    """One table with its rows.

    A table that this version declares differently, or not at all, has no key and no comments.
    """
    table, source = Table.tables.get(name), _source(name, part, folder)
    columns = [str(row[0]) for row in con.execute(f"DESCRIBE {source}").fetchall()]
    if table is None or columns != list(table.columns()):
        con.execute(f'CREATE TABLE "{name}" AS {source}')
        return
    for statement in table.ddl(part.lengths):
        con.execute(statement)
    con.execute(f'INSERT INTO "{name}" BY NAME {source}')


def _only_one(con: duckdb.DuckDBPyConnection, sql: str) -> None:
    if (count := len(con.extract_statements(sql))) > 1:
        raise UsageError(
            f"These are {count} statements, and one answer is shown.", "Ask one statement at a time."
        )


def _next_step(refusal: duckdb.Error) -> str:
    closed = isinstance(refusal, duckdb.PermissionException) or "has been locked" in str(refusal)
    return _CLOSED if closed else _HINT


@contextmanager
def _read_only() -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to an empty database, open for reading alone, from which no file can be reached.

    DuckDB opens no file of rows itself: a path that it may read it may also write.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tables.duckdb"
        duckdb.connect(path).close()
        with contextlib.closing(duckdb.connect(path, read_only=True)) as con:
            con.execute("SET python_enable_replacements = false")
            con.execute("SET enable_external_access = false")
            con.execute("SET lock_configuration = true")
            yield con


def _show(con: duckdb.DuckDBPyConnection, name: str, part: Part, folder: Path) -> None:
    """One table as a view with its comments; lists are arrays where the table has them."""
    file = folder / part.file
    con.register(name, con.from_arrow(dataset.dataset(file)).project(_columns(name, part, file)))
    if (table := Table.tables.get(name)) is not None:
        con.execute("; ".join(table.comments("VIEW", pl.read_parquet_schema(file))))


def _source(name: str, part: Part, folder: Path) -> str:
    """The rows of a part as a query, with arrays where the table has them and no former values."""
    file = folder / part.file
    return f"SELECT {_columns(name, part, file)} FROM read_parquet({quoted(str(file))})"  # noqa: S608


def _columns(name: str, part: Part, file: Path) -> str:
    table = Table.tables.get(name)
    there = pl.read_parquet_schema(file)  # a part of an earlier version lacks newer columns
    found = array_types(table, part.lengths) if table is not None else {}
    values = {n: f'CAST("{n}" AS {kind})' for n, kind in found.items()} | present_values_in_sql(name)
    changes = ", ".join(f'{value} AS "{n}"' for n, value in values.items() if n in there)
    return f"* REPLACE ({changes})" if changes else "*"
