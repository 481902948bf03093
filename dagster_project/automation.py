"""What runs when: jobs, and the sensor that keeps the partitions equal to the folders.

Holds `JOBS` and `SENSORS`.
Add here: a job, a sensor, a schedule.
Keep out: what a run does.
"""

import dagster as dg

from assets.stage import PROJECTS
from proofsheet.workspace import Project
from resources.store import StoreResource

PROJECT_JOB = "project"

project_job = dg.define_asset_job(
    PROJECT_JOB,
    selection=dg.AssetSelection.all(),
    description="The whole way for one project: read, measure, group, choose, describe, judge, export.",
)


def partition_changes(instance: dg.DagsterInstance, projects: list[Project]) -> tuple[list[str], list[str]]:
    """Keys to add and keys to delete so that the partitions equal the folders."""
    wanted, present = {p.key for p in projects}, set(instance.get_dynamic_partitions(str(PROJECTS.name)))
    return sorted(wanted - present), sorted(present - wanted)


@dg.sensor(
    name="project_folders",
    default_status=dg.DefaultSensorStatus.RUNNING,
    minimum_interval_seconds=30,
    description="Keeps the partitions equal to the sub-folders of the library.",
)
def project_folders(context: dg.SensorEvaluationContext, store: StoreResource) -> dg.SensorResult:
    """Adds new folders as partitions and drops those that are gone; their tables and facts stay in the home."""
    added, gone = partition_changes(context.instance, store.workspace().projects())
    requests = [PROJECTS.build_add_request(added)] if added else []
    drops = [PROJECTS.build_delete_request(gone)] if gone else []
    told = f"partitions new: {', '.join(added) or 'none'}; gone: {', '.join(gone) or 'none'}"
    return dg.SensorResult(skip_reason=told, dynamic_partitions_requests=[*requests, *drops])


JOBS = [project_job]
SENSORS = [project_folders]
