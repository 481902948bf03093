"""The report: where a project stands after a run.

Holds the asset `project_report`, which has no table.
Add here: what people ask for after a run.
Keep out: counting (proofsheet/review/status.py).
"""

from collections.abc import Iterator
from datetime import UTC, datetime

import dagster as dg

from assets.partitions import OWNERS, PROJECTS
from assets.staleness import REPORT, stale_tables
from proofsheet.review.status import project_status, record_whole_run
from schemas.apply import Takedown
from schemas.library import OtherFile, Quarantine
from schemas.metrics import Inventory, Trend
from schemas.review import Choice, Export, Proposal


@dg.asset(
    name=REPORT,
    deps=[t.name for t in (Export, Quarantine, OtherFile, Proposal, Choice, Takedown, Inventory, Trend)],
    partitions_def=PROJECTS,
    group_name="report",
    owners=OWNERS,
    kinds={"sqlite"},
    tags={"proofsheet/store": "fact"},
    code_version="1",
    required_resource_keys={"store", "stages"},
    description="Where a project stands: what is new, stale (and why), accepted, blocked, refused, and when it was last whole.",
)
def project_report(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[None]]:
    """Counts of the project and what is stale; notes in the ledger that the run was whole if nothing is."""
    project = context.resources.store.project(context.partition_key)
    stale = stale_tables(context.resources.stages.versions, project)
    if not stale:
        record_whole_run(project, context.run.run_id, datetime.now(UTC).replace(tzinfo=None))
    refused, log = project.store.read(Quarantine), context.resources.store.run_log
    for row in refused.to_dicts():
        log.refused(row[Quarantine.kind], f"{row[Quarantine.path]}: {row[Quarantine.reason]}")
    told = "\n".join(f"* {name}: {reason}" for name, reason in stale.items()) or "nothing"
    numbers = project_status(project).as_dict() | {"stale_tables": len(stale)}
    yield dg.MaterializeResult(metadata={**numbers, "stale": dg.MetadataValue.md(told)})
