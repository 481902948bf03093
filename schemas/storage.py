"""The store's own bookkeeping.

Holds `StoredTable`.
Add here: what the store must know about its tables.
Keep out: data about pictures.
"""

from __future__ import annotations

import polars as pl

from schemas.table import Table, column


class StoredTable(Table, name="_tables", origin="store"):
    """The inputs of each table of a project. Equal inputs need no new generation."""

    table_name = column(pl.String, "The table.", key=True)
    row_count = column(pl.Int64, "Rows in it.", ge=0)
    checksum = column(pl.String, "Hash of its rows in key order.")
    inputs = column(pl.String, "Hash of code, settings and upstream checksums.")
    code_version = column(pl.String, "Hash of the code that made it.")
    settings_version = column(pl.String, "Hash of the settings that it depends on.")
    upstream = column(pl.String, "Upstream tables with their checksums, as JSON.")
    run_id = column(pl.String, "Run that wrote it.")
    published_at = column(pl.Datetime("us"), "When (UTC).")
