"""The two kinds of gate as Dagster checks: the table gate blocks, row checks warn.

Holds `RowCheck` and what turns rows into check results.
Add here: another result of a check.
Keep out: rules (schemas/ and proofsheet/).
"""

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import dagster as dg
import polars as pl

from assets.factory.metadata import check_metadata, finding
from proofsheet.storage.table_gate import violations
from schemas.table import Table

GATE = "table_gate"
# Partitions of checks are a preview in this Dagster; without them the UI shows no project for a check.
warnings.filterwarnings("ignore", category=dg.PreviewWarning)
_SHOWN = 10


@dataclass(frozen=True)
class RowCheck:
    """A warning about rows, which stops nothing: `failing` picks the rows to look at, `says` sums them up."""

    name: str
    meaning: str
    failing: Callable[[pl.DataFrame], pl.DataFrame]
    says: Callable[[pl.DataFrame], str] | None = None


def check_specs(
    table: type[Table], row_checks: Sequence[RowCheck], partitions: dg.PartitionsDefinition[str] | None
) -> Iterator[dg.AssetCheckSpec]:
    """The gate of a table and its row checks."""
    text = (
        f"Types, keys, ranges and project of every row of {table.name}; checked before anything is written."
    )
    yield dg.AssetCheckSpec(
        GATE, asset=table.name, blocking=True, description=text, partitions_def=partitions
    )
    for check in row_checks:
        yield dg.AssetCheckSpec(
            check.name, asset=table.name, description=check.meaning, partitions_def=partitions
        )


def refused(table: type[Table], frame: pl.DataFrame, project: str) -> tuple[dg.AssetCheckResult, str] | None:
    """The failed gate with its first violations and the same in words; None if the frame passes."""
    found = violations(table, frame, project)
    if not found:
        return None
    first = "\n".join(f"* {v}" for v in found[:_SHOWN])
    metadata: dict[str, Any] = {
        "because": found[0],
        "violations": len(found),
        "first": dg.MetadataValue.md(first),
    }
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    words = f"{table.name} was refused by its gate: {found[0]}{more}. Nothing was written; the old rows stay."
    return dg.AssetCheckResult(asset_key=table.name, check_name=GATE, passed=False, metadata=metadata), words


def results(
    table: type[Table],
    rows: pl.DataFrame,
    row_checks: Sequence[RowCheck],
    places: Callable[[], Mapping[str, str]] = dict,
) -> Iterator[dg.AssetCheckResult]:
    """The passed gate, and each check as a warning that begins with the first file and its message.

    Args:
        table: what was written.
        rows: its rows.
        row_checks: checks on them.
        places: gives photo id to path inside the project folder; asked for if a row fails.
    """
    yield dg.AssetCheckResult(
        asset_key=table.name, check_name=GATE, passed=True, metadata={"rows": rows.height}
    )
    for check in row_checks:
        failing = check.failing(rows)
        known = places() if failing.height else {}
        yield dg.AssetCheckResult(
            asset_key=table.name,
            check_name=check.name,
            passed=failing.is_empty(),
            severity=dg.AssetCheckSeverity.WARN,
            metadata=check_metadata(failing, known),
            description=_described(check, rows, failing, known),
        )


def _described(
    check: RowCheck, rows: pl.DataFrame, failing: pl.DataFrame, places: Mapping[str, str]
) -> str | None:
    """The first failing row in words, how many more there are, and what the check says of all rows."""
    said = [check.says(rows)] if check.says else []
    if failing.is_empty():
        return said[0] if said else None
    named = ": ".join(part for part in finding(failing.row(0, named=True), places) if part)
    more = f" (and {failing.height - 1} more)" if failing.height > 1 else ""
    return ". ".join([f"{named}{more}", *said]) if named else "".join(said) or None
