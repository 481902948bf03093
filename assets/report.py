"""The report: where a project stands after a run.

Holds the asset `project_report`, which has no table; a run that reaches it was whole.
Add here: what people ask for after a run.
Keep out: counting (proofsheet/status.py).
"""

from collections.abc import Iterator
from datetime import UTC, datetime

import dagster as dg

from assets.stage import OWNERS, PROJECTS
from proofsheet.status import project_status, record_whole_run
from schemas.library import OtherFile, Quarantine
from schemas.review import Decision, Export


@dg.asset(
    deps=[t.name for t in (Export, Quarantine, OtherFile, Decision)],
    partitions_def=PROJECTS,
    group_name="report",
    owners=OWNERS,
    kinds={"sqlite"},
    tags={"proofsheet/store": "fact"},
    code_version="1",
    required_resource_keys={"store"},
    description="What is new, accepted, blocked and refused in a project after a whole run, as numbers that plot over time.",
)
def project_report(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[None]]:
    """Counts of the project; notes in the ledger that the run was whole."""
    project = context.resources.store.project(context.partition_key)
    record_whole_run(project, context.run.run_id, datetime.now(UTC).replace(tzinfo=None))
    state = project_status(project)
    for row in project.store.read(Quarantine).to_dicts():
        context.resources.store.run_log.refused(row[Quarantine.kind], f"{row[Quarantine.path]}: {row[Quarantine.reason]}")
    yield dg.MaterializeResult(metadata=state.as_dict())
