"""The report: the state of a project after a run.

Holds the asset `project_report`, which has no table.
Add here: what people ask for after a run.
Keep out: counting (proofsheet/review/status.py).
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import dagster as dg

from assets.factory.fact_observations import observe
from assets.factory.freshness import REPORT, stale_tables
from assets.factory.metadata import source_reference
from assets.partitions import PROJECTS, STORE_TAG, owners
from proofsheet.review.status import project_status, record_whole_run
from schemas.choices import Choice, Proposal
from schemas.library import OtherFile, Quarantine
from schemas.metrics import Inventory, Trend
from schemas.publish import Export, Takedown


def _asset(**declared: Any) -> Callable[[Callable[..., Any]], dg.AssetsDefinition]:  # noqa: ANN401
    """An asset without a table, with the link to its source."""

    def wrap(function: Callable[..., Any]) -> dg.AssetsDefinition:
        made: dg.AssetsDefinition = dg.asset(**declared, metadata=source_reference(function))(function)
        return made

    return wrap


@_asset(
    name=REPORT,
    deps=[t.name for t in (Export, Quarantine, OtherFile, Proposal, Choice, Takedown, Inventory, Trend)],
    partitions_def=PROJECTS,
    group_name="report",
    owners=owners("report"),
    kinds={"sqlite"},
    tags={STORE_TAG: "fact"},
    code_version="1",
    required_resource_keys={"store", "freshness"},
    description="The state of a project: what is new, stale (and why), accepted, draft, blocked, refused, "
    "and when it was last whole.",
)
def project_report(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[None]]:
    """Counts of the project and what is stale; notes in the ledger that the run was whole if nothing is."""
    project = context.resources.store.project(context.partition_key)
    observe(context.instance, project)
    stale = stale_tables(context.resources.freshness.versions, project)
    if not stale:
        record_whole_run(project, context.run.run_id, datetime.now(UTC).replace(tzinfo=None))
    refused, log = project.store.read(Quarantine), context.resources.store.run_log
    for row in refused.to_dicts():
        log.refused(row[Quarantine.kind], f"{row[Quarantine.path]}: {row[Quarantine.reason]}")
    told = "\n".join(f"* {name}: {reason}" for name, reason in stale.items()) or "nothing"
    numbers = project_status(project).as_dict() | {"stale_tables": len(stale)}
    yield dg.MaterializeResult(metadata={**numbers, "stale": dg.MetadataValue.md(told)})
