"""The same as an asset for what belongs to no project: one asset without partitions, its table in the store `_all`.

Holds `shared_table_asset`.
Add here: what every shared asset needs.
Keep out: any one of them.
"""

import inspect
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import dagster as dg

from assets.factory.freshness import SETTINGS_TAG
from assets.factory.metadata import (
    column_lineage,
    column_schema,
    failure_text,
    materialization_metadata,
    source_reference,
)
from assets.factory.row_checks import GATE, refused, results
from assets.factory.table_asset import TableRows
from assets.partitions import STORE_TAG, owners
from proofsheet.core.errors import ProofsheetError
from proofsheet.core.locks import acquire
from proofsheet.storage.code_version import code_version
from proofsheet.storage.stamps import Stamp
from schemas.table import Table

_GIVEN = ("workspace", "progress", "now")


def shared_table_asset(
    table: type[Table], group: str, after: Sequence[type[Table]]
) -> Callable[[Callable[..., Any]], dg.AssetsDefinition]:
    """Turn a function over the whole workspace into an asset that reads every project.

    Its parameters are `workspace`, `progress`, `now` and resources; it returns a frame, or `TableRows`. It always looks: what is there
    to do, it finds out itself. Nothing is written if the rows are equal or do not pass their gate.

    Args:
        table: what the function fills; a shared one.
        group: group in the asset graph.
        after: tables, of projects or shared, that it reads.
    """

    def wrap(function: Callable[..., Any]) -> dg.AssetsDefinition:
        names = [n for n in inspect.signature(function).parameters if n not in _GIVEN]
        gate = dg.AssetCheckSpec(
            GATE, asset=table.name, blocking=True, description=f"Types, keys and ranges of {table.name}."
        )
        return dg.multi_asset(
            name=function.__name__,
            specs=[_spec(table, group, after, function, names)],
            check_specs=[gate],
            required_resource_keys={"store", "progress", *names},
        )(_body(table, function, names))

    return wrap


def _spec(
    table: type[Table],
    group: str,
    after: Sequence[type[Table]],
    function: Callable[..., Any],
    names: Sequence[str],
) -> dg.AssetSpec:
    return dg.AssetSpec(
        key=table.name,
        deps=[t.name for t in after],
        description=f"{table.meaning()}\n\n{inspect.getdoc(function) or ''}",
        group_name=group,
        owners=owners(group),
        kinds={"duckdb", "polars"},
        tags={STORE_TAG: "shared"},
        code_version=f"{code_version(function)}-",
        metadata={
            "dagster/column_schema": column_schema(table),
            "dagster/column_lineage": column_lineage(table, after),
            SETTINGS_TAG: ",".join(names),
            **source_reference(function),
        },
    )


def _body(table: type[Table], function: Callable[..., Any], names: Sequence[str]) -> Callable[..., Any]:
    """What the asset does: hold the lock of all projects, call the function, publish what passes its gate."""

    def run(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
        began, workspace = time.monotonic(), context.resources.store.workspace()
        given = {"workspace": workspace, "now": datetime.now(UTC).replace(tzinfo=None)}
        given |= {"progress": context.resources.progress.listener(context.log)}
        given |= {n: getattr(context.resources, n) for n in names}
        shared, code = workspace.shared, code_version(function)
        try:
            with acquire(
                shared.run_lock, f"{table.name}, run {context.run.run_id}", on_news=context.log.info
            ):
                shared.store.generations.repair(context.log.info)
                found = function(**{n: given[n] for n in inspect.signature(function).parameters})
                rows = found if isinstance(found, TableRows) else TableRows([found])
                if refusal := refused(table, rows.frames[0], shared.key):
                    yield refusal[0]
                    raise dg.Failure(refusal[1], metadata=refusal[0].metadata, allow_retries=False)
                shared.store.publish({table: rows.frames[0]}, Stamp(code, code, "", "", context.run.run_id))
                shared.store.show()
        except (ProofsheetError, OSError) as error:
            raise dg.Failure(failure_text(error), allow_retries=False) from error
        book, numbers = shared.store.tables()[table.name], {"seconds": round(time.monotonic() - began, 3)}
        yield dg.MaterializeResult(
            asset_key=table.name,
            metadata=materialization_metadata(table, rows.frames[0], book, {**rows.facts, **numbers}),
            check_results=list(results(table, rows.frames[0], [])),
        )

    return run
