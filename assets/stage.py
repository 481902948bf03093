"""The one clever file: a function over tables becomes partitioned assets with schema, gate and verdicts.

Holds `stage`, `Rows` and `Verdict`.
Add here: what every stage needs.
Keep out: any one stage.
"""

import inspect
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import dagster as dg
import polars as pl

from assets.tell import check_metadata, column_lineage, column_schema, materialization_metadata
from proofsheet.errors import ProofsheetError
from proofsheet.files import short_hash
from proofsheet.gate import violations
from proofsheet.provenance import code_version
from proofsheet.store import Stamp
from proofsheet.workspace import Project
from schemas.storage import StoredTable
from schemas.table import Table

PROJECTS = dg.DynamicPartitionsDefinition(name="project")
GATE = "table_gate"
OWNERS = ["team:proofsheet"]
SETTINGS_TAG = "proofsheet/settings"
_GIVEN = ("project", "progress", "now")


@dataclass(frozen=True)
class Rows:
    """What a stage gives: one frame a table, in the order of the declaration, and numbers worth plotting."""

    frames: Sequence[pl.DataFrame]
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Verdict:
    """A check on rows that warns and stops nothing: `failing` picks the rows that a person should see."""

    name: str
    meaning: str
    failing: Callable[[pl.DataFrame], pl.DataFrame]


def stage(
    *tables: type[Table],
    group: str,
    looks_outside: bool = False,
    verdicts: Mapping[type[Table], Sequence[Verdict]] | None = None,
) -> Callable[[Callable[..., Any]], dg.AssetsDefinition]:
    """Turn a function into the assets of `tables`, one a table.

    A parameter named like a table receives its rows and becomes a dependency; `project`, `progress` and `now` are given;
    every other parameter is a resource. The function returns a frame, or `Rows`. Nothing is computed if code, settings and
    upstream rows are those of the current rows; nothing is written if the rows are equal or do not pass their gate.

    Args:
        tables: what the function fills.
        group: group in the asset graph.
        looks_outside: True if it reads more than tables (the disk, say) and so must look each time.
        verdicts: checks on rows by table.
    """
    asked = verdicts or {}

    def wrap(function: Callable[..., Any]) -> dg.AssetsDefinition:
        made = _Stage(function, tables, looks_outside, asked)
        return dg.multi_asset(
            name=function.__name__,
            specs=[made.spec(t, group) for t in tables],
            check_specs=[c for t in tables for c in made.checks(t)],
            can_subset=len(tables) > 1,
            required_resource_keys={"store", "progress", *made.resources},
        )(made.run)

    return wrap


class _Stage:
    def __init__(
        self,
        function: Callable[..., Any],
        tables: Sequence[type[Table]],
        looks_outside: bool,
        verdicts: Mapping[type[Table], Sequence[Verdict]],
    ) -> None:
        names = list(inspect.signature(function).parameters)
        self.function, self.tables, self.looks_outside, self.verdicts = function, tables, looks_outside, verdicts
        self.upstream = [Table.tables[n] for n in names if n in Table.tables]
        self.resources = [n for n in names if n not in Table.tables and n not in _GIVEN]
        self.given = [n for n in names if n in _GIVEN]
        self.code = code_version(function)

    def spec(self, table: type[Table], group: str) -> dg.AssetSpec:
        return dg.AssetSpec(
            key=table.name,
            deps=[t.name for t in self.upstream],
            description=f"{table.meaning()}\n\n{inspect.getdoc(self.function) or ''}",
            group_name=group,
            owners=OWNERS,
            kinds={"duckdb", "polars"},
            tags={"proofsheet/store": "derived"},
            code_version=self.code,
            partitions_def=PROJECTS,
            skippable=len(self.tables) > 1,
            metadata={
                "dagster/column_schema": column_schema(table),
                "dagster/column_lineage": column_lineage(table, self.upstream),
                SETTINGS_TAG: ",".join(self.resources),
            },
        )

    def checks(self, table: type[Table]) -> Iterator[dg.AssetCheckSpec]:
        text = f"Types, keys, ranges and project of every row of {table.name}; checked before anything is written."
        yield dg.AssetCheckSpec(GATE, asset=table.name, blocking=True, description=text, partitions_def=PROJECTS)
        for verdict in self.verdicts.get(table, ()):
            yield dg.AssetCheckSpec(verdict.name, asset=table.name, description=verdict.meaning, partitions_def=PROJECTS)

    def run(self, context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
        began = time.monotonic()
        try:
            project: Project = context.resources.store.project(context.partition_key)
            wanted = [t for t in self.tables if dg.AssetKey(t.name) in context.selected_asset_keys]
            known = project.store.tables()
            stamp = self._stamp(context, known)
            facts: Mapping[str, Any] = {}
            if self.looks_outside or any(known.get(t.name, {}).get(StoredTable.inputs) != stamp.inputs for t in wanted):
                frames, facts = self._compute(context, project)
                for table in wanted:
                    yield from _refuse(table, frames[table], project.key)
                project.store.publish({t: frames[t] for t in wanted}, stamp)
            after = project.store.tables()
        except ProofsheetError as error:
            raise dg.Failure(f"{error.what} {error.next_step}", allow_retries=False) from error
        for table in wanted:
            rows, row = project.store.read(table), after[table.name]
            changed = known.get(table.name, {}).get(StoredTable.checksum) != row[StoredTable.checksum]
            numbers = dict(facts) | {"seconds": round(time.monotonic() - began, 3), "changed": changed}
            context.log.info(f"{table.name}: {rows.height} rows, " + ("written" if changed else "unchanged, nothing written"))
            yield dg.MaterializeResult(
                asset_key=table.name,
                metadata=materialization_metadata(table, rows, row, numbers),
                data_version=dg.DataVersion(str(row[StoredTable.checksum])),
                check_results=[_passed(table, rows.height), *self._verdicts(table, rows)],
            )

    def _stamp(self, context: dg.AssetExecutionContext, known: Mapping[str, Mapping[str, object]]) -> Stamp:
        settings = settings_version(getattr(context.resources, name) for name in self.resources)
        sums = {t.name: str(known.get(t.name, {}).get(StoredTable.checksum, "")) for t in self.upstream}
        upstream = ", ".join(f"{n}={s}" for n, s in sums.items())
        return Stamp(short_hash(self.code, settings, upstream), self.code, settings, upstream, context.run.run_id)

    def _compute(
        self, context: dg.AssetExecutionContext, project: Project
    ) -> tuple[dict[type[Table], pl.DataFrame], Mapping[str, Any]]:
        given = {
            "project": project,
            "progress": context.resources.progress.listener(context.log),
            "now": datetime.now(UTC).replace(tzinfo=None),
        }
        inputs: dict[str, Any] = {t.name: project.store.read(t) for t in self.upstream}
        inputs |= {n: given[n] for n in self.given} | {n: getattr(context.resources, n) for n in self.resources}
        found = self.function(**inputs)
        rows = found if isinstance(found, Rows) else Rows([found])
        return dict(zip(self.tables, rows.frames, strict=True)), rows.facts

    def _verdicts(self, table: type[Table], rows: pl.DataFrame) -> Iterator[dg.AssetCheckResult]:
        for verdict in self.verdicts.get(table, ()):
            failing = verdict.failing(rows)
            yield dg.AssetCheckResult(
                asset_key=table.name,
                check_name=verdict.name,
                passed=failing.is_empty(),
                severity=dg.AssetCheckSeverity.WARN,
                metadata=check_metadata(failing),
            )


def settings_version(resources: Any) -> str:  # noqa: ANN401 - any iterable of settings
    """Hash of the settings of these resources; fields marked as knobs change speed alone and do not count."""
    parts = []
    for resource in resources:
        fields = type(resource).model_fields
        counted = [n for n, f in fields.items() if not (isinstance(f.json_schema_extra, dict) and f.json_schema_extra.get("knob"))]
        parts.append(repr([(n, getattr(resource, n)) for n in sorted(counted)]))
    return short_hash(*parts, length=12)


def _refuse(table: type[Table], frame: pl.DataFrame, project: str) -> Iterator[dg.AssetCheckResult]:
    """Nothing if the frame passes; else the failed check, and the step ends before anything is written."""
    found = violations(table, frame, project)
    if not found:
        return
    metadata: dict[str, Any] = {
        "violations": len(found),
        "first": dg.MetadataValue.md("\n".join(f"* {v}" for v in found[:10])),
    }
    yield dg.AssetCheckResult(asset_key=table.name, check_name=GATE, passed=False, metadata=metadata)
    raise dg.Failure(
        f"{table.name} was refused by its gate: {found[0]} (and {len(found) - 1} more). Nothing was written; the old rows stay.",
        metadata=metadata,
        allow_retries=False,
    )


def _passed(table: type[Table], height: int) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(asset_key=table.name, check_name=GATE, passed=True, metadata={"rows": height})
