"""The two kinds of gate as Dagster checks: the table gate blocks, row checks warn.

Holds `RowCheck` and what turns rows into check results.
Add here: another way to tell a check.
Keep out: rules (schemas/ and proofsheet/).
"""

import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import dagster as dg
import polars as pl

from assets.tell import check_metadata
from proofsheet.storage.table_gate import violations
from schemas.table import Table

GATE = "table_gate"
# Partitions of checks are a preview in this Dagster; without them the UI cannot tell which project a check was about.
warnings.filterwarnings("ignore", category=dg.PreviewWarning)
_SHOWN = 10


@dataclass(frozen=True)
class RowCheck:
    """A check on rows that warns and stops nothing: `failing` picks the rows that a person should see, `says` sums them up."""

    name: str
    meaning: str
    failing: Callable[[pl.DataFrame], pl.DataFrame]
    says: Callable[[pl.DataFrame], str] | None = None


def check_specs(
    table: type[Table], row_checks: Sequence[RowCheck], partitions: dg.PartitionsDefinition[str]
) -> Iterator[dg.AssetCheckSpec]:
    """The gate of a table and its row checks."""
    text = f"Types, keys, ranges and project of every row of {table.name}; checked before anything is written."
    yield dg.AssetCheckSpec(GATE, asset=table.name, blocking=True, description=text, partitions_def=partitions)
    for check in row_checks:
        yield dg.AssetCheckSpec(check.name, asset=table.name, description=check.meaning, partitions_def=partitions)


def refused(table: type[Table], frame: pl.DataFrame, project: str) -> tuple[dg.AssetCheckResult, str] | None:
    """The failed gate with its first violations and the same in words; None if the frame passes."""
    found = violations(table, frame, project)
    if not found:
        return None
    first = "\n".join(f"* {v}" for v in found[:_SHOWN])
    metadata: dict[str, Any] = {"violations": len(found), "first": dg.MetadataValue.md(first)}
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    words = f"{table.name} was refused by its gate: {found[0]}{more}. Nothing was written; the old rows stay."
    return dg.AssetCheckResult(asset_key=table.name, check_name=GATE, passed=False, metadata=metadata), words


def results(table: type[Table], rows: pl.DataFrame, row_checks: Sequence[RowCheck]) -> Iterator[dg.AssetCheckResult]:
    """The passed gate, and each row check as a warning with count and first rows."""
    yield dg.AssetCheckResult(asset_key=table.name, check_name=GATE, passed=True, metadata={"rows": rows.height})
    for check in row_checks:
        failing = check.failing(rows)
        yield dg.AssetCheckResult(
            asset_key=table.name,
            check_name=check.name,
            passed=failing.is_empty(),
            severity=dg.AssetCheckSeverity.WARN,
            metadata=check_metadata(failing),
            description=check.says(rows) if check.says else None,
        )
