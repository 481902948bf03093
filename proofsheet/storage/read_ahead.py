"""Several small tables, read together before they are asked for one by one.

Holds `read_ahead`.
Add here: nothing but speed; the rows are the same.
Keep out: how rows are read (parts.py), and damage, which `Store.read` reports.
"""

from __future__ import annotations

from collections.abc import Iterable

from proofsheet.storage.former_values import present_values
from proofsheet.storage.store import RECENT, Store, frame_key
from schemas.storage import StoredTable
from schemas.table import Table


def read_ahead(store: Store, tables: Iterable[type[Table]]) -> None:
    """Read the tables that are not in memory; a later `Store.read` of the same rows finds them.

    Args:
        store: of the project.
        tables: which.
    """
    manifest = store.manifest()
    wanted = {
        table: part
        for table in tables
        if (part := manifest.parts.get(table.name)) is not None
        and part.book[StoredTable.row_count]
        and RECENT.get(frame_key(table, part.book)) is None
    }
    frames = store.parts.read_together(list(wanted.values()))
    for (table, part), frame in zip(wanted.items(), frames, strict=False):
        if frame.schema == table.polars_schema():
            RECENT.put(frame_key(table, part.book), present_values(table, frame))
