"""`proofsheet run`.

Holds the command.
Add here: a per-run option.
Keep out: how runs are made (dagster_project/running.py).
"""

from __future__ import annotations

import functools
import sys
import time
from collections.abc import Iterator, Sequence
from types import ModuleType

import click
from rich.progress import Progress as Bars

from assets.factory.freshness import Freshness
from dagster_project.commands.bars import BarListener, progress_bars
from dagster_project.commands.common import (
    FAILED,
    SOME_FAILED,
    chosen,
    err,
    json_option,
    print_json,
    settings_and_workspace,
)
from dagster_project.outcome import RunOutcome, nothing_stale
from dagster_project.planning import current_freshness
from proofsheet.core.clock import utc_now
from proofsheet.core.collecting import made_to_stay
from proofsheet.core.config import Configuration
from proofsheet.core.errors import UsageError
from proofsheet.library.renamed_folders import adopt_renamed
from proofsheet.review.status import project_status
from proofsheet.storage.workspace import Project, Workspace
from proofsheet.texts.client.discovery import missing_server
from proofsheet.texts.jobs import JOBS

BLOCKED, UNFINISHED = 4, 5


@click.command()
@click.argument("projects", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Every project of the library.")
@click.option(
    "--select", help="Assets, such as 'captions,exports' or 'photos+' (an asset and all downstream of it)."
)
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="Number of projects that run in parallel.",
)
@click.option(
    "--force",
    "forced",
    multiple=True,
    type=click.Choice(sorted(JOBS)),
    help="Ask the questions of this job again.",
)
@click.option(
    "--strict", is_flag=True, help="Exit with 4 if the gate did not accept a row: blocked, or a draft."
)
@json_option
def run(
    projects: tuple[str, ...],
    everything: bool,
    select: str | None,
    workers: int,
    forced: tuple[str, ...],
    strict: bool,
    as_json: bool,
) -> None:
    """Run the full pipeline for PROJECTS through the Dagster instance; the Dagster UI shows these runs.

    Only stale tables and those downstream of them are computed. If a project is up to date, there is no
    Dagster run (run_id is empty). --select runs the named assets.

    A run is partial if a step could not do its work, for example because the model cannot read pictures. It
    shows the reason and keeps the finished tables; the exit code is 5.

    The JSON has runs: [{project, run_id, success, outcome, unfinished, seconds, written, decoded, error,
    interrupted}].
    """
    if bool(projects) == everything:
        raise UsageError("Name projects, or give --all (not both).", "Example: proofsheet run --all")
    settings, workspace = settings_and_workspace()
    settings = settings.changed("model", force=list(forced)) if forced else settings
    for line in adopt_renamed(workspace, utc_now())[1]:
        err().print(line)
    wanted = chosen(workspace, projects)
    if not wanted:
        raise UsageError(
            f"The library {workspace.library} has no sub-folder.",
            "Make a sub-folder for each project and put pictures into it.",
        )
    workspace.remember()
    with progress_bars() as bars:
        found = _outcomes(settings, workspace, wanted, select, workers, bars)
        outcomes = []
        for outcome in bars.track(found, total=len(wanted), description="projects"):
            outcomes.append(outcome)
            bars.console.print(_line(outcome))
            if outcome.interrupted:
                raise KeyboardInterrupt
    if missing := missing_server(settings.model):
        err().print(f"no model is asked: {missing}")
    if as_json:
        print_json({"runs": [o.as_dict() for o in outcomes]})
    _exit(outcomes, workspace, strict)


def _outcomes(
    settings: Configuration,
    workspace: Workspace,
    wanted: list[Project],
    select: str | None,
    workers: int,
    bars: Bars,
) -> Iterator[RunOutcome]:
    """Runs of stale or selected tables.

    Dagster takes more than a second to import and is imported only for these.
    """
    freshness, side_by_side = current_freshness(settings), dict[Project, list[str] | None]()
    chosen_names = _dagster(workspace).selected_names(settings, select) if select else None
    for project in wanted:
        began = time.monotonic()
        names = chosen_names or freshness.to_run(project)
        for line in _never_made(freshness, project, chosen_names or ()):
            bars.console.print(line)
        if names == []:
            yield nothing_stale(project, began)
        elif workers > 1 and len(wanted) > 1:
            side_by_side[project] = names
        else:
            yield _dagster(workspace).run_one(settings, project.key, names, BarListener(bars, project.name))
    if side_by_side:
        yield from _dagster(workspace).run_many(settings, side_by_side, workers)


def _never_made(freshness: Freshness, project: Project, names: Sequence[str]) -> Iterator[str]:
    """What a selection reads and no run has made: its rows are missing in what is made now."""
    for table, readers in freshness.never_made(project, names).items():
        yield (
            f"{project.name}: {', '.join(readers)} read{'s' if len(readers) == 1 else ''} {table}, which was "
            f"never made here: add {table} to --select, or run without --select."
        )


@functools.cache
def _dagster(workspace: Workspace) -> ModuleType:
    """The function that runs projects, after the partitions of the instance equal the folders."""
    with made_to_stay():
        from dagster_project import running
        from dagster_project.instance import open_instance

    with open_instance(workspace.home) as instance:
        running.sync_partitions(instance, workspace)
    return running


def _line(outcome: RunOutcome) -> str:
    if outcome.outcome == "failed":
        return f"{outcome.project}: FAILED: {outcome.error}"
    written = f"written: {', '.join(outcome.written)}" if outcome.written else "nothing written"
    unchanged = "" if outcome.written or outcome.unfinished else "unchanged, "
    done = (
        f"{outcome.project}: {unchanged}{outcome.decoded} pictures opened, {written} "
        f"({outcome.seconds:.1f} s)"
    )
    return "\n".join([done, *(f"{outcome.project}: PARTIAL: {line}" for line in _unfinished(outcome))])


def _unfinished(outcome: RunOutcome) -> list[str]:
    """Each reason once, with the tables that wait for it."""
    tables: dict[str, list[str]] = {}
    for name, why in outcome.unfinished.items():
        tables.setdefault(why, []).append(name)
    return [f"{', '.join(names)}: {why}" for why, names in tables.items()]


def _exit(outcomes: list[RunOutcome], workspace: Workspace, strict: bool) -> None:
    failed = [o for o in outcomes if o.outcome == "failed"]
    if failed:
        sys.exit(FAILED if len(failed) == len(outcomes) else SOME_FAILED)
    if any(o.outcome == "partial" for o in outcomes):
        sys.exit(UNFINISHED)
    names = {o.project for o in outcomes}
    states = (project_status(p) for p in workspace.projects() if p.name in names) if strict else ()
    if any(state.blocked + state.drafts for state in states):
        sys.exit(BLOCKED)
