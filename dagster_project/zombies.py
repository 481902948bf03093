"""Runs without a live process: after a crash, stock Dagster leaves them STARTED for ever.

Holds `fail_dead_runs`.
Add here: another sign that a run is dead.
Keep out: starting runs.
"""

from collections.abc import Callable

import dagster as dg

from proofsheet.core.process_marks import is_alive
from resources.store import PROCESS_TAG

IN_PROGRESS = [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]


def fail_dead_runs(
    instance: dg.DagsterInstance, *, also_unmarked: bool, on_news: Callable[[str], None]
) -> int:
    """Mark every active run without a live process as failed.

    A run notes its process (id, start time, boot) in a tag before its first step.

    Args:
        instance: of the home.
        also_unmarked: fail runs without a mark too; only allowed when nothing can start one.
        on_news: called for each failed run.

    Returns:
        Number of runs failed.
    """
    failed = 0
    for run in instance.get_runs(filters=dg.RunsFilter(statuses=IN_PROGRESS)):
        mark = run.tags.get(PROCESS_TAG)
        if is_alive(mark) if mark else not also_unmarked:
            continue
        why = (
            f"process {mark.split(':')[0]} is gone" if mark else "it was about to start when everything ended"
        )
        message = (
            f"Run {run.run_id[:8]} was interrupted: {why}. Finished tables are saved; run the project "
            "again to continue."
        )
        instance.report_run_failed(run, message)
        on_news(message)
        failed += 1
    return failed
