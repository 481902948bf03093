"""The table gate: a frame fits its table, or nothing is written.

Holds `check_frame` and `violations`.
Add here: how violations are told.
Keep out: verdicts on single rows of text (proof/gate.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from proofsheet.core.errors import GateRefused
from schemas.table import Table

if TYPE_CHECKING:
    from pandera.errors import SchemaErrors

_SHOWN = 10
_LONGEST = 200


def violations(table: type[Table], frame: pl.DataFrame, project: str) -> list[str]:
    """What is wrong with the frame, one sentence a violation; empty if it fits."""
    schema = table.polars_schema()
    if frame.schema != schema:
        return _shape(table, frame, schema)
    from pandera.errors import SchemaErrors

    try:
        table.gate(project).validate(frame, lazy=True)
    except SchemaErrors as error:
        return _sentences(table, frame, error)
    return []


def check_frame(table: type[Table], frame: pl.DataFrame, project: str) -> None:
    """Raise `GateRefused` with the first violations."""
    found = violations(table, frame, project)
    if found:
        shown = "; ".join(found[:_SHOWN]) + (
            f"; and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
        )
        raise GateRefused(
            f"{table.name} of project {project} was refused by its gate: {shown}.",
            "Nothing was written and the old rows stay; repair the asset that made these rows.",
        )


def _shape(table: type[Table], frame: pl.DataFrame, schema: pl.Schema) -> list[str]:
    found = [f"column {n} is missing" for n in schema if n not in frame.schema]
    found += [f"column {n} is not declared" for n in frame.schema if n not in schema]
    found += [
        f"column {n} has type {frame.schema[n]}, declared is {t}"
        for n, t in schema.items()
        if n in frame.schema and frame.schema[n] != t
    ]
    return found or ["its columns are not in the declared order"]


def _sentences(table: type[Table], frame: pl.DataFrame, error: SchemaErrors) -> list[str]:
    keys = list(table.key())
    found: list[str] = []
    for case in error.failure_cases.iter_rows(named=True):
        row = case.get("index")
        where = (
            f" in row {frame.select(keys).row(row, named=True)}"
            if isinstance(row, int) and row < frame.height
            else ""
        )
        found.append(
            f"{case['column'] or table.name}: {case['check']} failed for {_short(case['failure_case'])}{where}"
        )
    duplicated = frame.filter(frame.select(keys).is_duplicated()).select(keys).unique(maintain_order=True)
    found += [f"key {key} stands more than once" for key in duplicated.head(_SHOWN).to_dicts()]
    return found or [str(error)]


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
