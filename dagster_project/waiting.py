"""The wait before files are moved: a run that a submit started, or will start, ends first.

Holds `after_runs`.
Add here: another sign of a coming run.
Keep out: the work after the wait (applying.py).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from proofsheet.core.config import Configuration
from proofsheet.core.locks import acquire, held_by, home_lock
from proofsheet.storage.workspace import Project
from schemas.review import ReviewBatch

if TYPE_CHECKING:
    import dagster as dg

_LOOK_S = 0.5


@contextmanager
def after_runs(
    project: Project, settings: Configuration, who: str, tell: Callable[[str], None]
) -> Iterator[None]:
    """Acquire the run lock of a project, after any active or coming run.

    Args:
        project: the project to lock.
        settings: how long to wait, and how often the library is scanned.
        who: the work under the lock, in words for processes that wait.
        tell: is called with the run that we wait for.

    Raises:
        Locked: if the run did not end in time.
    """
    if settings.apply.wait_s:
        most_s = min(settings.apply.wait_s, 2 * settings.watch.interval_s + settings.watch.quiet_s)
        _until_it_starts(project, most_s, tell)
    with acquire(project.run_lock, who, wait_s=settings.apply.wait_s, on_news=tell):
        yield


def _until_it_starts(project: Project, most_s: float, tell: Callable[[str], None]) -> None:
    """Wait for a coming run; only `proofsheet up` starts runs automatically."""
    if held_by(home_lock(project.home)) is None:
        return
    from dagster_project.instance import open_instance

    told, end = "", time.monotonic() + most_s
    with open_instance(project.home) as instance:
        while (
            held_by(project.run_lock) is None
            and (coming := _coming(instance, project))
            and time.monotonic() < end
        ):
            if coming != told:
                tell(f"waiting for {coming} of {project.name}")
                told = coming
            time.sleep(_LOOK_S)


def _coming(instance: dg.DagsterInstance, project: Project) -> str | None:
    """The coming run, in words: queued, or not yet requested since the last submit."""
    import dagster as dg

    from dagster_project.automation import PROJECT_JOB
    from resources.store import PARTITION_TAG

    filters = dg.RunsFilter(job_name=PROJECT_JOB, tags={PARTITION_TAG: project.key})
    last = next(iter(instance.get_run_records(filters=filters, limit=1)), None)
    if last is not None and not last.dagster_run.is_finished:
        return f"run {last.dagster_run.run_id}"
    batches = [r[ReviewBatch.submitted_at] for r in project.ledger.rows(ReviewBatch).to_dicts()]
    asked = last.create_timestamp.replace(tzinfo=None) if last is not None else None
    return "the run that the submit starts" if batches and (asked is None or max(batches) > asked) else None
