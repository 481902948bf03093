"""A function over tables becomes the assets of a project, with schema, gate and row checks.

Holds `table_asset` and `TableRows`.
Add here: what every asset of a project needs.
Keep out: any one asset; tables over all projects (shared_table_asset.py).
"""

import functools
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import dagster as dg
import polars as pl

from assets.factory.declaration_checks import (
    check_facts,
    check_outputs,
    check_row_checks,
    check_side_effects,
)
from assets.factory.fact_observations import kind_versions, observe, read_as_they_are
from assets.factory.freshness import READS_TAG, fact_versions, row_version
from assets.factory.injection import GIVEN, RESOURCES, given_by
from assets.factory.metadata import failure_text, materialization_metadata, photo_paths, table_spec
from assets.factory.resolved_settings import resolved_settings_version
from assets.factory.row_checks import RowCheck, check_specs, refused, results
from assets.facts import kinds_of
from assets.partitions import PROJECTS
from proofsheet.core.errors import GateRefused, ProofsheetError
from proofsheet.core.files import short_hash
from proofsheet.core.run_log import RunLog
from proofsheet.storage.code_version import code_version
from proofsheet.storage.injection import Injected, Inputs, name_of
from proofsheet.storage.stamps import Stamp
from proofsheet.storage.workspace import Project
from schemas.library import Photo
from schemas.storage import StoredTable
from schemas.table import Table

Books = Mapping[str, Mapping[str, object]]  # table name to its row in the bookkeeping of the store


@dataclass(frozen=True)
class TableRows:
    """The result of an asset: one frame a table, in the order of the declaration, and numbers to plot."""

    frames: Sequence[pl.DataFrame]
    facts: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        returned: object,
        function: Callable[..., Any],
        tables: Sequence[type[Table]],
    ) -> "TableRows":
        """What a function returned for its tables; the frame of its only table may be returned alone.

        Raises:
            TypeError: if there is not one frame for each table.
        """
        rows = returned if isinstance(returned, cls) else cls([returned])  # type: ignore[list-item]
        if len(rows.frames) != len(tables) or not all(isinstance(f, pl.DataFrame) for f in rows.frames):
            found = ", ".join(type(frame).__name__ for frame in rows.frames) or "nothing"
            names = ", ".join(table.name for table in tables)
            raise TypeError(
                f"{name_of(function)} returned {found} for {names}: return one frame a table, in this order."
            )
        return rows


AssetFunction = Callable[..., pl.DataFrame | TableRows]


def table_asset(
    *tables: type[Table],
    group: str,
    reads: Sequence[type[Table]] = (),
    writes: Sequence[type[Table]] = (),
    always_run: bool = False,
    side_effects: Sequence[type[Any]] = (),
    inputs: Inputs | None = None,
    row_checks: Mapping[type[Table], Sequence[RowCheck]] | None = None,
) -> Callable[[AssetFunction], dg.AssetsDefinition]:
    """Turn a function into the assets of `tables`, one a table; the function is named like one of them.

    Annotations of parameters select their arguments: `Rows[Photo]` is the rows of a table, which becomes a
    dependency; a settings or resource class is that resource; `Project`, `Progress`, `datetime` and `RunLog`
    come from the run. The function returns a frame, or `TableRows`. Nothing is computed if code, settings,
    upstream rows and facts are those of the current rows. Nothing is written if the rows are equal or do not
    pass their gate.

    Args:
        tables: what the function fills.
        group: one of `GROUPS`, the groups of the asset graph.
        reads: facts of the ledger that the rows follow from; the tables are stale after a new one.
        writes: those of them that it adds to itself, and that therefore count as they are afterwards.
        always_run: True if it reads the disk or asks a server, and so must look each time.
        side_effects: classes of resources that change no row; the tables ignore their code and settings.
        inputs: parameter to the function that makes it; its own parameters are injected, or earlier inputs.
        row_checks: checks on rows by table.

    Raises:
        TypeError: if anything of it is declared wrongly; it names the function, the value and what to write.
    """

    def wrap(function: AssetFunction) -> dg.AssetsDefinition:
        check_outputs(function, tables, group, TableRows, shared=False)
        check_facts(function, reads, writes)
        check_row_checks(function, tables, row_checks or {})
        made = _TableAsset(function, tables, inputs or {}, side_effects)
        made.reads, made.writes, made.always_run, made.row_checks = (
            reads,
            writes,
            always_run,
            row_checks or {},
        )
        return made.definition(group)

    return wrap


class _TableAsset:
    """The assets of one function."""

    reads: Sequence[type[Table]]
    writes: Sequence[type[Table]]
    always_run: bool
    row_checks: Mapping[type[Table], Sequence[RowCheck]]

    def __init__(
        self,
        function: AssetFunction,
        tables: Sequence[type[Table]],
        inputs: Inputs,
        side_effects: Sequence[type[Any]],
    ) -> None:
        self.name, self.tables = function.__name__, tables
        self.injected = Injected(function, inputs, RESOURCES, GIVEN)
        uncounted = check_side_effects(self.injected, side_effects)
        self.upstream = self.injected.tables
        self.counted = [key for key in self.injected.resources if key not in uncounted]
        self.code = code_version(function, self.injected.parameters_of(uncounted), inputs.values())

    def definition(self, group: str) -> dg.AssetsDefinition:
        """What Dagster loads."""
        return dg.multi_asset(
            name=self.name,
            specs=[self._spec(t, group) for t in self.tables],
            check_specs=[
                c for t in self.tables for c in check_specs(t, self.row_checks.get(t, ()), PROJECTS)
            ],
            can_subset=len(self.tables) > 1,
            required_resource_keys={"store", "progress", *self.injected.resources},
        )(self.run)

    def _spec(self, table: type[Table], group: str) -> dg.AssetSpec:
        spec = table_spec(table, self.injected.function, self.upstream, group, self.counted)
        return spec.replace_attributes(
            deps=[*(t.name for t in self.upstream), *kinds_of(self.reads)],
            code_version=self.code,
            partitions_def=PROJECTS,
            skippable=len(self.tables) > 1,
            metadata={**spec.metadata, READS_TAG: ",".join(t.name for t in self.reads)},
        )

    def run(
        self, context: dg.AssetExecutionContext
    ) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
        """One step: look whether anything is to do, do it, and say what there is now."""
        began, log = time.monotonic(), context.resources.store.run_log
        try:
            project: Project = context.resources.store.project(context.partition_key)
            wanted = [t for t in self.tables if dg.AssetKey(t.name) in context.selected_asset_keys]
            before, kinds = project.store.tables(), kind_versions(project)
            facts = yield from self._update(context, project, wanted, before)
            if kind_versions(project) != kinds:
                observe(context.instance, project)
            after = project.store.tables()
            rows = {t: project.store.read(t) for t in wanted}
            paths = functools.cache(lambda: photo_paths(project.store.read(Photo)))
        except (ProofsheetError, OSError) as error:
            log.error(type(error).__name__, str(error))
            raise dg.Failure(failure_text(error), allow_retries=False) from error
        for table in wanted:
            changed = _checksum(before, table) != _checksum(after, table)
            numbers = _numbers(facts, time.monotonic() - began, changed, project)
            news = "written" if changed else "unchanged, nothing written"
            context.log.info(f"{table.name}: {rows[table].height} rows, {news}")
            log.step(table.name, rows=rows[table].height, **numbers)
            yield dg.MaterializeResult(
                asset_key=table.name,
                metadata=materialization_metadata(table, rows[table], after[table.name], numbers),
                tags=read_as_they_are(context.instance, project, self.writes),
                data_version=dg.DataVersion(_checksum(after, table)),
                check_results=list(results(table, rows[table], self.row_checks.get(table, ()), paths)),
            )

    def _update(
        self,
        context: dg.AssetExecutionContext,
        project: Project,
        wanted: Sequence[type[Table]],
        before: Books,
    ) -> Generator[dg.AssetCheckResult, None, Mapping[str, Any]]:
        """Compute and publish what is not current; a failed gate is yielded and ends the step.

        Returns:
            Numbers of the function; none if all was current.
        """
        shared = project.shared.store.tables() if any(t.shared for t in self.upstream) else {}
        books, read = {**before, **shared}, fact_versions(project, [t.name for t in self.reads])
        stamp = self._stamp(context, books, project, read)
        current = all(before.get(t.name, {}).get(StoredTable.inputs) == stamp.inputs for t in wanted)
        if current and not self.always_run:
            return {}
        frames, facts = self._compute(context, project)
        if self.writes:
            read |= fact_versions(project, [t.name for t in self.writes])
            stamp = self._stamp(context, books, project, read)
        try:
            project.store.publish({t: frames[t] for t in wanted}, stamp)
        except GateRefused:
            first = next(r for t in wanted if (r := refused(t, frames[t], project.key)))
            yield first[0]
            context.resources.store.run_log.error("table_gate", first[1])
            raise dg.Failure(first[1], metadata=first[0].metadata, allow_retries=False) from None
        return facts

    def _stamp(
        self, context: dg.AssetExecutionContext, books: Books, project: Project, read: Mapping[str, str]
    ) -> Stamp:
        resources = [getattr(context.resources, key) for key in self.counted]
        settings = resolved_settings_version(resources, project, self.tables[0].name)
        sums = {**{t.name: row_version(t, books.get(t.name)) for t in self.upstream}, **read}
        upstream = ", ".join(f"{n}={s}" for n, s in sums.items())
        inputs = short_hash(self.code, settings, upstream)
        return Stamp(inputs, self.code, settings, upstream, context.run.run_id)

    def _compute(
        self, context: dg.AssetExecutionContext, project: Project
    ) -> tuple[dict[type[Table], pl.DataFrame], Mapping[str, Any]]:
        given = given_by(context) | {Project: project, RunLog: context.resources.store.run_log}
        returned = self.injected.call(
            lambda table: (project.shared if table.shared else project).store.read(table),
            lambda key: getattr(context.resources, key),
            given,
        )
        rows = TableRows.of(returned, self.injected.function, self.tables)
        return dict(zip(self.tables, rows.frames, strict=True)), rows.facts


def _checksum(books: Books, table: type[Table]) -> str:
    return str(books.get(table.name, {}).get(StoredTable.checksum, ""))


def _numbers(facts: Mapping[str, Any], seconds: float, changed: bool, project: Project) -> dict[str, Any]:
    """The numbers of the function and of the step."""
    rate = {"pictures_per_s": round(facts["decoded"] / seconds, 1)} if facts.get("decoded") else {}
    step = {"seconds": round(seconds, 3), "changed": changed, "generation": project.store.generation()}
    return {**facts, **step, **rate}
