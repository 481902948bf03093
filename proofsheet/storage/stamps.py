"""Where the rows of a publication come from, and what the store notes of its tables.

Holds `Stamp`, `bookkeeping` and `same_rows`.
Add here: another thing that is noted of a table.
Keep out: reading and writing (store.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from schemas.storage import StoredTable
from schemas.table import Table


@dataclass(frozen=True)
class Stamp:
    """Where the rows of one publication come from."""

    inputs: str = ""
    code_version: str = ""
    settings_version: str = ""
    upstream: str = "{}"
    run_id: str = ""
    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC).replace(tzinfo=None))


def same_rows(row: Mapping[str, object] | None, found: str, stamp: Stamp) -> bool:
    """Whether a table is as its book says, and from the same inputs."""
    return row is not None and row[StoredTable.checksum] == found and row[StoredTable.inputs] == stamp.inputs


def bookkeeping(project: str, table: type[Table], found: str, rows: int, stamp: Stamp) -> dict[str, object]:
    """What the store notes of a table.

    Args:
        project: key of the project.
        table: that is published.
        found: checksum of its rows.
        rows: their number.
        stamp: where they come from.
    """
    return {
        Table.project: project,
        StoredTable.table_name: table.name,
        StoredTable.row_count: rows,
        StoredTable.checksum: found,
        StoredTable.inputs: stamp.inputs,
        StoredTable.code_version: stamp.code_version,
        StoredTable.settings_version: stamp.settings_version,
        StoredTable.upstream: stamp.upstream,
        StoredTable.run_id: stamp.run_id,
        StoredTable.published_at: stamp.now(),
    }
