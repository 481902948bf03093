"""A function over the whole workspace becomes an asset without a project; its table is in the store `_all`.

Holds `shared_table_asset`.
Add here: what every asset over all projects needs.
Keep out: any one of them; tables of a project (table_asset.py).
"""

import time
from collections.abc import Callable, Iterator, Sequence

import dagster as dg

from assets.factory.declaration_checks import check_outputs, check_upstream
from assets.factory.injection import GIVEN_SHARED, RESOURCES, given_by
from assets.factory.metadata import failure_text, materialization_metadata, table_spec
from assets.factory.row_checks import check_specs, refused, results
from assets.factory.table_asset import AssetFunction, TableRows
from proofsheet.core.errors import ProofsheetError
from proofsheet.core.locks import acquire
from proofsheet.storage.code_version import code_version
from proofsheet.storage.injection import Injected
from proofsheet.storage.stamps import Stamp
from proofsheet.storage.workspace import Workspace
from schemas.table import Table


def shared_table_asset(
    table: type[Table], group: str, after: Sequence[type[Table]]
) -> Callable[[AssetFunction], dg.AssetsDefinition]:
    """Turn a function over the whole workspace into an asset that reads every project.

    The function is named like its table. Its parameters are annotated `Workspace`, `Progress`, `datetime`, or
    with settings and resource classes; it returns a frame, or `TableRows`. It always runs, and checks
    itself if there is work. Nothing is written if the rows are equal or do not pass their gate.

    Args:
        table: what the function fills; a shared one.
        group: group in the asset graph.
        after: tables, of projects or shared, that it reads.

    Raises:
        TypeError: if anything of it is declared wrongly; it names the function, the value and what to write.
    """

    def wrap(function: AssetFunction) -> dg.AssetsDefinition:
        check_outputs(function, [table], group, TableRows, shared=True)
        check_upstream(function, after)
        name, injected = function.__name__, Injected(function, {}, RESOURCES, GIVEN_SHARED)
        if injected.tables:
            raise TypeError(
                f"{name} is over all projects: it reads their tables by its Workspace, not by Rows."
            )
        code = code_version(function)
        spec = table_spec(table, function, after, group, injected.resources)
        return dg.multi_asset(
            name=name,
            specs=[spec.replace_attributes(deps=[t.name for t in after], code_version=f"{code}-")],
            check_specs=list(check_specs(table, (), None)),
            required_resource_keys={"store", "progress", *injected.resources},
        )(_step(table, injected, code))

    return wrap


def _step(
    table: type[Table], injected: Injected, code: str
) -> Callable[[dg.AssetExecutionContext], Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]]:
    """What the asset does: take the lock of all projects, call the function, publish what passes its gate."""

    def run(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
        began, workspace = time.monotonic(), context.resources.store.workspace()
        shared, owner = workspace.shared, f"{table.name}, run {context.run.run_id}"
        try:
            with acquire(shared.run_lock, owner, on_news=context.log.info):
                shared.store.generations.repair(context.log.info)
                given = given_by(context) | {Workspace: workspace}
                returned = injected.call(
                    shared.store.read, lambda key: getattr(context.resources, key), given
                )
                rows = TableRows.of(returned, injected.function, [table])
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
