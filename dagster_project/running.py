"""Run projects through the Dagster instance, here or in a few worker processes.

Holds `run_one` and `run_many`.
Add here: how runs are started without the daemon.
Keep out: what a run does (assets/).
"""

import contextlib
import multiprocessing as mp
import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import Any

import dagster as dg
from sqlalchemy.exc import SQLAlchemyError

from assets.factory.fact_observations import observe
from assets.factory.metadata import failure_text
from assets.facts import KINDS
from assets.partitions import PROJECTS
from dagster_project.automation import PROJECT_JOB, TRAIN_JOB, partition_changes, project_job
from dagster_project.definitions import build_defs
from dagster_project.instance import open_instance
from dagster_project.outcome import RunOutcome, nothing_stale
from dagster_project.planning import current_freshness
from proofsheet.core.config import Configuration
from proofsheet.core.errors import StoreError, UsageError
from proofsheet.core.process_marks import process_mark
from proofsheet.core.progress import Progress
from proofsheet.core.run_log import unfinished
from proofsheet.storage.workspace import Project, Workspace
from resources.store import PROCESS_TAG

_ASSET = re.compile(r"^(\+*)(\w+)(\+*)$")
_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@dataclass(frozen=True)
class GivenProgress:
    """Replaces `ProgressResource` with a given listener, such as a progress bar."""

    progress: Progress

    def listener(self, log: dg.DagsterLogManager) -> Progress:
        """The listener."""
        return self.progress


def sync_partitions(instance: dg.DagsterInstance, workspace: Workspace) -> None:
    """Make the partitions equal to the folders."""
    name = str(PROJECTS.name)
    added, gone = partition_changes(instance, workspace.projects())
    if added:
        instance.add_dynamic_partitions(name, added)
    for key in gone:
        instance.delete_dynamic_partition(name, key)


def selected_names(settings: Configuration, select: str) -> list[str]:
    """Names of the assets of a Dagster selection, such as `captions,exports`, `photos+` or `group:caption`.

    Facts and models over all projects are left out: no run of a project makes them.

    Raises:
        UsageError: if a part of it is not understood, or names nothing that a run of a project makes.
    """
    graph = build_defs(settings).resolve_asset_graph()
    made = {key.to_user_string() for key in project_job.selection.resolve(graph)}
    found = set[str]()
    for part in (part.strip() for part in select.split(",")):
        named = {key.to_user_string() for key in _selection(part).resolve(graph)}
        if not named & made:
            raise _not_made(part, sorted(named), made)
        found |= named & made
    return sorted(found)


def _selection(part: str) -> dg.AssetSelection:
    try:
        return dg.AssetSelection.from_string(_ASSET.sub(r'\1key:"\2"\3', part))
    except (dg.DagsterError, ValueError) as error:
        raise UsageError(
            f"The selection {part!r} is not understood: {error}.",
            "Example: --select 'captions,exports' or 'photos+'.",
        ) from error


def _not_made(part: str, named: Sequence[str], made: Iterable[str]) -> UsageError:
    """Why a run of a project makes nothing of what a part of a selection names."""
    names = f"Assets: {', '.join(sorted(made))}."
    if not named:
        return UsageError(f"The selection {part!r} names no asset.", names)
    if facts := [name for name in named if name in KINDS]:
        told = " ".join(f"{name}: {KINDS[name].comes_from}" for name in facts)
        return UsageError(f"The selection {part!r} names facts, which no run makes. {told}", names)
    return UsageError(
        f"The selection {part!r} names {', '.join(named)}, which a training over all projects makes.",
        "`proofsheet models train` trains.",
    )


def run_one(
    settings: Configuration, key: str, names: Sequence[str] | None, listener: Progress | None = None
) -> RunOutcome:
    """One run of one project in this process, recorded in the instance.

    Args:
        settings: everything that can be set.
        key: of the project.
        names: assets to run; None runs the stale ones, if there are any.
        listener: called with the progress.
    """
    began = time.monotonic()
    project = Workspace(settings.place).project(key)
    names = current_freshness(settings).to_run(project) if names is None else names
    if names == []:
        return nothing_stale(project, began)
    job = build_defs(settings, GivenProgress(listener) if listener else None).resolve_job_def(PROJECT_JOB)
    try:
        with open_instance(project.home) as instance:
            instance.add_dynamic_partitions(str(PROJECTS.name), [project.key])
            with contextlib.suppress(
                StoreError
            ):  # a ledger that cannot be read fails the run, which says why
                observe(instance, project)
            result = job.execute_in_process(
                run_config=_QUIET,
                instance=instance,
                partition_key=project.key,
                raise_on_error=False,
                tags={PROCESS_TAG: process_mark()},
                asset_selection=[dg.AssetKey(name) for name in names] if names else None,
            )
    except (
        OSError,
        SQLAlchemyError,
        dg.DagsterError,
    ) as error:  # the instance itself could not be written, say
        told = failure_text(RuntimeError(" ".join(str(error).split("\n")[:1])))
        return RunOutcome(project.name, "", False, round(time.monotonic() - began, 2), error=told)
    return _outcome(project, result, time.monotonic() - began)


@dataclass(frozen=True)
class Trained:
    """The outcome of a training: the result of each model, and the message of the first failure."""

    success: bool
    messages: list[str]
    error: str | None = None


def train_all(settings: Configuration, listener: Progress | None = None) -> Trained:
    """One run of the training job in this process, recorded in the instance."""
    workspace = Workspace(settings.place)
    job = build_defs(settings, GivenProgress(listener) if listener else None).resolve_job_def(TRAIN_JOB)
    with open_instance(workspace.home) as instance:
        result = job.execute_in_process(
            run_config=_QUIET, instance=instance, raise_on_error=False, tags={PROCESS_TAG: process_mark()}
        )
    events = result.get_asset_materialization_events()
    told = [
        str(t)
        for e in events
        if (t := _value(e.step_materialization_data.materialization.metadata, "outcome"))
    ]
    failures = [
        e for e in result.all_events if e.is_failure and getattr(e.event_specific_data, "error", None)
    ]
    return Trained(result.success, told, _reason(failures[0].event_specific_data) if failures else None)


def run_many(
    settings: Configuration, wanted: Mapping[Project, Sequence[str] | None], workers: int
) -> Iterator[RunOutcome]:
    """Runs of several projects in `workers` processes; a killed process fails only its own projects.

    Args:
        settings: everything that can be set.
        wanted: project to the assets to run, as in `run_one`.
        workers: number of processes.
    """
    with ProcessPoolExecutor(workers, mp_context=mp.get_context("spawn")) as pool:
        jobs = {pool.submit(run_one, settings, p.key, names): p for p, names in wanted.items()}
        for job in as_completed(jobs):
            try:
                yield job.result()
            except BrokenProcessPool:
                yield RunOutcome(
                    jobs[job].name, "", False, 0.0, error="its worker process was killed; run it again"
                )


def _outcome(project: Project, result: dg.ExecuteInProcessResult, seconds: float) -> RunOutcome:
    metadata = {
        e.asset_key.to_user_string(): e.step_materialization_data.materialization.metadata
        for e in result.get_asset_materialization_events()
        if e.asset_key
    }
    written = [name for name, found in metadata.items() if _value(found, "changed")]
    decoded = max((int(_value(found, "decoded") or 0) for found in metadata.values()), default=0)
    failures = [
        e for e in result.all_events if e.is_failure and getattr(e.event_specific_data, "error", None)
    ]
    error = None if result.success else "the run ended without a reason"
    if failures:
        error = _reason(failures[0].event_specific_data)
    interrupted = any(
        "DagsterExecutionInterruptedError" in str(_first_cause(e.event_specific_data)) for e in failures
    )
    told = "interrupted; finished tables are saved, run it again to continue" if interrupted else error
    open_ = {
        name: why
        for name, found in metadata.items()
        if (why := unfinished({k: v.value for k, v in found.items()}))
    }
    made = "partial" if open_ else "success"
    outcome = made if result.success else "failed"
    took = round(seconds, 2)
    return RunOutcome(
        project.name,
        result.run_id,
        outcome == "success",
        took,
        sorted(written),
        decoded,
        told,
        interrupted,
        outcome,
        open_,
    )


def _value(metadata: Mapping[str, Any], name: str) -> Any:  # noqa: ANN401
    return getattr(metadata.get(name), "value", None)


def _reason(failure: Any) -> str:  # noqa: ANN401
    told = getattr(failure, "user_failure_data", None)
    if told and told.description:
        return str(told.description)
    return str(_first_cause(failure).message).strip()


def _first_cause(failure: Any) -> Any:  # noqa: ANN401
    error = failure.error
    while error.cause:
        error = error.cause
    return error
