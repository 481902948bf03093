"""What runs when: the job of a project, the sensor on its folder, schedules, cleaning up.

Holds `PROJECT_JOB` and `automation`.
Add here: a job, a sensor, a schedule.
Keep out: what a run does.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import dagster as dg

from assets.factory.fact_observations import news
from assets.factory.freshness import Freshness
from assets.partitions import PROJECTS, STORE_TAG
from proofsheet.library.watching import Memory, Tick, Watched, look_through
from proofsheet.storage.cleaning import clean
from proofsheet.storage.health import each_alone
from proofsheet.storage.workspace import Project, Workspace
from proofsheet.training.retraining_trigger import new_overrides
from resources.labels import DetectionResource, FlagsResource, OcrResource
from resources.measurements import MeasurementsResource
from resources.photos import PhotoFilesResource
from resources.store import StoreResource
from schemas.settings.library import WatchSettings
from schemas.settings.ranker import RankerSettings

ToRun = Callable[[Project], list[str] | None]
_PLANNING_S = (
    20.0  # of a tick that may take 60; runs of further projects find out themselves that nothing is stale
)
PROJECT_JOB = "project"
CLEAN_JOB = "clean_up"
TRAIN_JOB = "train"

TRAINING = dg.AssetSelection.tag(STORE_TAG, "shared")
project_job = dg.define_asset_job(
    PROJECT_JOB,
    selection=dg.AssetSelection.all() - TRAINING,
    description="Runs one project from end to end: read, measure, group, choose, describe, check, export.",
)


train_job = dg.define_asset_job(
    TRAIN_JOB,
    selection=TRAINING,
    description="Trains models over all projects: train, evaluate, promote or refuse, export, report.",
)


@dataclass(frozen=True)
class Automation:
    """Jobs, sensors and schedules for one set of settings."""

    jobs: list[Any]
    sensors: list[dg.SensorDefinition]
    schedules: list[dg.ScheduleDefinition]


def partition_changes(instance: dg.DagsterInstance, projects: list[Project]) -> tuple[list[str], list[str]]:
    """Keys to add and keys to delete so that the partitions equal the folders."""
    wanted, present = {p.key for p in projects}, set(instance.get_dynamic_partitions(str(PROJECTS.name)))
    return sorted(wanted - present), sorted(present - wanted)


def automation(settings: WatchSettings, ranking: RankerSettings) -> Automation:
    """Everything that runs without a command."""

    @dg.sensor(
        name="project_folders",
        job=project_job,
        default_status=dg.DefaultSensorStatus.RUNNING,
        minimum_interval_seconds=settings.interval_s,
        description=(
            "Keeps the partitions equal to the folders, and runs each new or changed folder once it is "
            "complete."
        ),
    )
    def project_folders(
        context: dg.SensorEvaluationContext, store: StoreResource, freshness: dg.ResourceParam[Freshness]
    ) -> dg.SensorResult:
        return look_around(context, store.workspace(), settings.quiet_s, time.time(), freshness.to_run)

    @dg.schedule(
        name="rescan",
        job=project_job,
        cron_schedule=settings.rescan,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Runs the stale tables of every project. A project that is up to date is not run.",
    )
    def rescan(
        context: dg.ScheduleEvaluationContext, store: StoreResource, freshness: dg.ResourceParam[Freshness]
    ) -> list[dg.RunRequest]:
        stamp = f"{context.scheduled_execution_time:%Y%m%d%H%M}"
        until = time.monotonic() + _PLANNING_S
        asked = (
            requested(f"rescan-{stamp}-{p.key}", p, freshness.to_run if time.monotonic() < until else _whole)
            for p in store.workspace().projects()
        )
        return [request for request in asked if request]

    clean_up = clean_up_job(settings)
    by_clock = dg.ScheduleDefinition(
        name="clean_up",
        job=clean_up,
        cron_schedule=settings.clean_up,
        default_status=dg.DefaultScheduleStatus.RUNNING,
    )
    return Automation(
        [project_job, train_job, clean_up],
        [project_folders, retrain_sensor(settings, ranking)],
        [rescan, by_clock],
    )


def clean_up_job(settings: WatchSettings) -> dg.JobDefinition:
    """The job that removes files which nothing uses any more."""

    @dg.op(
        name="remove_old_files",
        description="Removes caches of former code, replaced tables, unfinished files and old logs.",
    )
    def remove_old_files(
        context: dg.OpExecutionContext,
        store: StoreResource,
        photos: PhotoFilesResource,
        measurements: MeasurementsResource,
        objects: DetectionResource,
        ocr: OcrResource,
        flags: FlagsResource,
    ) -> None:
        workspace = store.workspace()
        current = {
            name for project in workspace.projects() for name in photos.folders(measurements.of(project))
        } | {models.preview_model().folder for models in (objects, ocr, flags)}
        found = clean(workspace, current, settings.keep_days, time.time())
        context.add_output_metadata({"files": found.files, "bytes": found.bytes})

    @dg.job(
        name=CLEAN_JOB,
        description="Cleans up. Current tables, the ledger, exports and set-aside files are not touched.",
    )
    def clean_up() -> None:
        remove_old_files()

    return clean_up


def requested(run_key: str, project: Project, to_run: ToRun) -> dg.RunRequest | None:
    """A run of the stale tables of a project, or None if it is up to date."""
    names = to_run(project)
    if names == []:
        return None
    return dg.RunRequest(
        run_key, partition_key=project.key, asset_selection=[dg.AssetKey(n) for n in names] if names else None
    )


def _whole(_project: Project) -> list[str] | None:
    return None


def retrain_sensor(settings: WatchSettings, ranking: RankerSettings) -> dg.SensorDefinition:
    """Starts a training once there are enough new overrides."""

    @dg.sensor(
        name="retrain",
        job=train_job,
        default_status=dg.DefaultSensorStatus.RUNNING,
        minimum_interval_seconds=settings.interval_s,
        description="Trains again once there are enough new overrides since the last training.",
    )
    def retrain(context: dg.SensorEvaluationContext, store: StoreResource) -> dg.SensorResult | dg.SkipReason:
        count, mark = new_overrides(store.workspace())
        if count < ranking.retrain_after:
            return dg.SkipReason(
                f"{count} new overrides since the last training; {ranking.retrain_after} start one"
            )
        context.log.info(f"{count} new overrides")
        return dg.SensorResult(run_requests=[dg.RunRequest(run_key=f"retrain-{mark}")])

    return retrain


def look_around(
    context: dg.SensorEvaluationContext,
    workspace: Workspace,
    quiet_s: float,
    now: float,
    to_run: ToRun = _whole,
) -> dg.SensorResult:
    """One tick of the sensor.

    Args:
        context: has the instance and the cursor (the number of the state that the last tick saved).
        workspace: library and home.
        quiet_s: how long nothing may have changed.
        now: seconds.
        to_run: names the stale tables of a project.
    """
    projects = workspace.remember()
    memory, number = Memory(workspace.home), _number(context.cursor)
    before = memory.read(number)
    tick = look_through(workspace, projects, before, quiet_s, now)
    if tick.watched != before:
        number += 1
        memory.write(number, tick.watched)
    added, gone = partition_changes(context.instance, projects)
    context.log.info(tick.text())
    changes = [PROJECTS.build_add_request(added)] if added else []
    changes += [PROJECTS.build_delete_request(gone)] if gone else []  # type: ignore[list-item]
    asked = [request for key, project in tick.runs.items() if (request := requested(key, project, to_run))]
    return dg.SensorResult(
        run_requests=asked or None,
        skip_reason=None if asked else tick.text(),
        dynamic_partitions_requests=changes,
        asset_events=observed(context.instance, projects, before, tick),
        cursor=str(number),
    )


def observed(
    instance: dg.DagsterInstance, projects: Sequence[Project], before: Mapping[str, Watched], tick: Tick
) -> list[dg.AssetObservation]:
    """New facts of the projects with a ledger that changed since the last tick.

    Unreadable ledgers are skipped.
    """
    asked = [p for p in projects if (now := tick.watched.get(p.key)) and not now.trouble and now.ledger]
    moved = [p for p in asked if p.key not in before or before[p.key].ledger != tick.watched[p.key].ledger]
    return [one for found in each_alone(moved, lambda p: news(instance, p)).results for one in found[1]]


def _number(cursor: str | None) -> int:
    """The number in a cursor; 0 without one, and for the cursors of former versions."""
    return int(cursor) if cursor and cursor.isdecimal() else 0
