"""The one clever file: a function over tables becomes partitioned assets with schema, gate and row checks.

Holds `table_asset` and `TableRows`.
Add here: what every asset needs.
Keep out: any one asset.
"""

import functools
import inspect
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import dagster as dg
import polars as pl

from assets.factory.fact_observations import kind_versions, observe, read_as_they_are
from assets.factory.freshness import READS_TAG, SETTINGS_TAG, fact_versions, resolved_settings_version
from assets.factory.metadata import (
    column_lineage,
    column_schema,
    failure_text,
    materialization_metadata,
    photo_paths,
    source_reference,
)
from assets.factory.row_checks import RowCheck, check_specs, refused, results
from assets.facts import kinds_of
from assets.partitions import PROJECTS, STORE_TAG, owners
from proofsheet.core.errors import ProofsheetError
from proofsheet.core.files import short_hash
from proofsheet.storage.code_version import code_version
from proofsheet.storage.stamps import Stamp
from proofsheet.storage.workspace import Project
from schemas.library import Photo
from schemas.storage import StoredTable
from schemas.table import Table

_GIVEN = ("project", "progress", "now", "session")


@dataclass(frozen=True)
class TableRows:
    """What an asset gives: one frame a table, in the order of the declaration, and numbers worth plotting."""

    frames: Sequence[pl.DataFrame]
    facts: Mapping[str, Any] = field(default_factory=dict)


def table_asset(
    *tables: type[Table],
    group: str,
    reads: Sequence[type[Table]] = (),
    writes: Sequence[type[Table]] = (),
    always_run: bool = False,
    side_effects: Sequence[str] = (),
    inputs: Mapping[str, Callable[..., Any]] | None = None,
    row_checks: Mapping[type[Table], Sequence[RowCheck]] | None = None,
) -> Callable[[Callable[..., Any]], dg.AssetsDefinition]:
    """Turn a function into the assets of `tables`, one a table.

    A parameter named like a table receives its rows and becomes a dependency; `project`, `progress`, `now` and `session` are given;
    every other parameter is a resource. The function returns a frame, or `TableRows`. Nothing is computed if code, settings, upstream
    rows and facts are those of the current rows; nothing is written if the rows are equal or do not pass their gate.

    Args:
        tables: what the function fills.
        group: one of `GROUPS`, the groups of the asset graph.
        reads: facts of the ledger that the rows follow from; a new one makes the tables stale.
        writes: those of them that it adds to itself, and that therefore count as they are afterwards.
        always_run: True if it reads the disk or asks a server, and so must look each time.
        side_effects: resources that change no row; neither their code nor their settings make the tables stale.
        inputs: parameter to the function that makes it, whose own parameters name tables, resources or what was made before.
        row_checks: checks on rows by table.
    """

    def wrap(function: Callable[..., Any]) -> dg.AssetsDefinition:
        made = _TableAsset(
            function, tables, (reads, writes), always_run, side_effects, inputs or {}, row_checks or {}
        )
        return dg.multi_asset(
            name=function.__name__,
            specs=[made.spec(t, group) for t in tables],
            check_specs=[c for t in tables for c in check_specs(t, made.row_checks.get(t, ()), PROJECTS)],
            can_subset=len(tables) > 1,
            required_resource_keys={"store", "progress", *made.resources, *side_effects},
        )(made.run)

    return wrap


class _TableAsset:
    def __init__(
        self,
        function: Callable[..., Any],
        tables: Sequence[type[Table]],
        facts: tuple[Sequence[type[Table]], Sequence[type[Table]]],
        always_run: bool,
        side_effects: Sequence[str],
        inputs: Mapping[str, Callable[..., Any]],
        row_checks: Mapping[type[Table], Sequence[RowCheck]],
    ) -> None:
        own = list(inspect.signature(function).parameters)
        every = [*(n for f in inputs.values() for n in inspect.signature(f).parameters), *own]
        names = [n for n in dict.fromkeys(every) if n not in inputs]
        self.function, self.tables, self.always_run, self.row_checks = (
            function,
            tables,
            always_run,
            row_checks,
        )
        self.inputs, self.own, (self.reads, self.writes) = inputs, own, facts
        self.upstream = [Table.tables[n] for n in names if n in Table.tables]
        self.resources = [
            n for n in names if n not in Table.tables and n not in _GIVEN and n not in side_effects
        ]
        self.side_effects, self.given = side_effects, [n for n in names if n in _GIVEN]
        self.code = code_version(function, side_effects, inputs.values())

    def spec(self, table: type[Table], group: str) -> dg.AssetSpec:
        return dg.AssetSpec(
            key=table.name,
            deps=[*(t.name for t in self.upstream), *kinds_of(self.reads)],
            description=f"{table.meaning()}\n\n{inspect.getdoc(self.function) or ''}",
            group_name=group,
            owners=owners(group),
            kinds={"duckdb", "polars"},
            tags={STORE_TAG: "derived"},
            code_version=self.code,
            partitions_def=PROJECTS,
            skippable=len(self.tables) > 1,
            metadata={
                "dagster/column_schema": column_schema(table),
                "dagster/column_lineage": column_lineage(table, self.upstream),
                SETTINGS_TAG: ",".join(self.resources),
                READS_TAG: ",".join(t.name for t in self.reads),
                **source_reference(self.function),
            },
        )

    def run(
        self, context: dg.AssetExecutionContext
    ) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
        began, log = time.monotonic(), context.resources.store.run_log
        try:
            project: Project = context.resources.store.project(context.partition_key)
            wanted = [t for t in self.tables if dg.AssetKey(t.name) in context.selected_asset_keys]
            known = project.store.tables()
            shared = project.shared.store.tables() if any(t.shared for t in self.upstream) else {}
            read, facts_before = fact_versions(project, [t.name for t in self.reads]), kind_versions(project)
            stamp = self._stamp(context, {**known, **shared}, project, read)
            facts: Mapping[str, Any] = {}
            if self.always_run or any(
                known.get(t.name, {}).get(StoredTable.inputs) != stamp.inputs for t in wanted
            ):
                frames, facts = self._compute(context, project)
                for table in wanted:
                    if refusal := refused(table, frames[table], project.key):
                        yield refusal[0]
                        log.error("table_gate", refusal[1])
                        raise dg.Failure(refusal[1], metadata=refusal[0].metadata, allow_retries=False)
                if self.writes:
                    read |= fact_versions(project, [t.name for t in self.writes])
                    stamp = self._stamp(context, {**known, **shared}, project, read)
                project.store.publish({t: frames[t] for t in wanted}, stamp)
            if kind_versions(project) != facts_before:
                observe(context.instance, project)
            after, paths = (
                project.store.tables(),
                functools.cache(lambda: photo_paths(project.store.read(Photo))),
            )
            rows = {t: project.store.read(t) for t in wanted}
        except (ProofsheetError, OSError) as error:
            log.error(type(error).__name__, str(error))
            raise dg.Failure(failure_text(error), allow_retries=False) from error
        for table in wanted:
            changed = (
                known.get(table.name, {}).get(StoredTable.checksum) != after[table.name][StoredTable.checksum]
            )
            seconds = time.monotonic() - began
            numbers = {
                "seconds": round(seconds, 3),
                "changed": changed,
                "generation": project.store.generation(),
            }
            numbers |= (
                {"pictures_per_s": round(facts["decoded"] / seconds, 1)} if facts.get("decoded") else {}
            )
            context.log.info(
                f"{table.name}: {rows[table].height} rows, "
                + ("written" if changed else "unchanged, nothing written")
            )
            log.step(table.name, rows=rows[table].height, **facts, **numbers)
            yield dg.MaterializeResult(
                asset_key=table.name,
                metadata=materialization_metadata(
                    table, rows[table], after[table.name], {**facts, **numbers}
                ),
                tags=read_as_they_are(context.instance, project, self.writes),
                data_version=dg.DataVersion(str(after[table.name][StoredTable.checksum])),
                check_results=list(results(table, rows[table], self.row_checks.get(table, ()), paths)),
            )

    def _stamp(
        self,
        context: dg.AssetExecutionContext,
        known: Mapping[str, Mapping[str, object]],
        project: Project,
        read: Mapping[str, str],
    ) -> Stamp:
        settings = resolved_settings_version(
            [getattr(context.resources, name) for name in self.resources], project, self.tables[0].name
        )
        sums = {t.name: str(known.get(t.name, {}).get(StoredTable.checksum, "")) for t in self.upstream}
        sums |= read
        upstream = ", ".join(f"{n}={s}" for n, s in sums.items())
        return Stamp(
            short_hash(self.code, settings, upstream), self.code, settings, upstream, context.run.run_id
        )

    def _compute(
        self, context: dg.AssetExecutionContext, project: Project
    ) -> tuple[dict[type[Table], pl.DataFrame], Mapping[str, Any]]:
        given = {
            "project": project,
            "progress": context.resources.progress.listener(context.log),
            "now": datetime.now(UTC).replace(tzinfo=None),
            "session": context.resources.store.run_log,
        }
        known: dict[str, Any] = {
            t.name: (project.shared if t.shared else project).store.read(t) for t in self.upstream
        }
        known |= {n: given[n] for n in self.given} | {
            n: getattr(context.resources, n) for n in (*self.resources, *self.side_effects)
        }
        for name, join in self.inputs.items():
            known[name] = join(**{p: known[p] for p in inspect.signature(join).parameters})
        found = self.function(**{n: known[n] for n in self.own})
        rows = found if isinstance(found, TableRows) else TableRows([found])
        return dict(zip(self.tables, rows.frames, strict=True)), rows.facts
