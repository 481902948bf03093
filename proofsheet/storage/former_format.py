"""Generations as earlier versions wrote them: one DuckDB database with all tables.

Holds `former_rows`.
Add here: another format that was once written.
Keep out: today's (manifest.py, parts.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from proofsheet.storage.fixed_lengths import as_lists, lengths
from proofsheet.storage.manifest import check_format
from proofsheet.storage.parts import PartRows
from schemas.storage import StoredTable
from schemas.table import Table

_FORMAT = "_format"  # a table with one row


def former_rows(path: Path) -> Iterator[PartRows]:
    """The tables of a generation of format 1, one at a time.

    Raises:
        OSError: if the database cannot be read.
        StoreTooNew: if a later version wrote it.
    """
    from proofsheet.storage.database import database_tables

    told = dict(database_tables(path, {_FORMAT, StoredTable.name}))
    check_format(int(told[_FORMAT].item()), path)
    books = {str(row[StoredTable.table_name]): row for row in told[StoredTable.name].to_dicts()}
    for name, frame in database_tables(path, books):
        table = Table.tables.get(name)
        rows = frame if table is None else as_lists(table, frame)
        fits = table is not None and rows.schema == table.polars_schema()
        yield PartRows(rows, lengths(table, rows) if table is not None and fits else {}, books[name])
