"""The cost of small commands: starting, finding nothing stale, running one edit, printing the status.

Holds `start_rows`.
Add here: another command that people wait for.
Keep out: the cost of runs in Dagster (runs.py).
"""

from __future__ import annotations

import functools
import itertools
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.copied_projects import copies
from benchmarks.photos import photographs
from benchmarks.rows import Row
from benchmarks.timing import cpu_seconds
from dagster_project.running import run_one
from proofsheet.core.clock import utc_now
from proofsheet.core.config import load, write_new
from proofsheet.storage.workspace import Project, Workspace
from proofsheet.texts.edits import write_field
from schemas.proof import MetadataRepair

PICTURES, PROJECTS, ROUNDS = 3, 40, 3
BARE_S, UNCHANGED_S, EDITED_S, STATUS_S = (
    0.15,
    1.5 + 2 * 0.7,
    3.0,
    1.5,
)  # unchanged: 0.7 for each of two projects


def start_rows(folder: Path, projects: int = PROJECTS) -> Iterator[Row]:
    """CPU seconds of whole commands, the best of some rounds; the ratio is the limit divided by them."""
    place = folder / "start"
    shutil.rmtree(place, ignore_errors=True)
    _files, note = photographs(2, PICTURES, place / "library" / "shoot")
    write_new(place, place / "library", place / "home")
    settings = load(place, {})
    (project,) = Workspace(settings.place).projects()
    assert run_one(settings, project.key, None).success
    others = list(copies(settings, project, projects - 1))
    Workspace(settings.place).remember()  # as every run does
    command = functools.partial(_command, place)
    two = ("run", project.name, others[0].name)

    def row(name: str, limit: float, n: int, before: Callable[[], object], *arguments: str) -> Row:
        ours = min(_spent(command, before, arguments) for _round in range(ROUNDS))
        told = f"`proofsheet {' '.join(arguments)}`; {note} a project; each in a process of its own"
        return Row(f"{name}, limit ÷ ours", "cpu-s", limit, None, None, ours, limit / ours, 1.0, n, told)

    yield row("--version", BARE_S, 1, _nothing, "--version")
    yield row("--help", BARE_S, 1, _nothing, "--help")
    assert [r["run_id"] for r in json.loads(command(*two, "--json"))["runs"]] == ["", ""]
    yield row("unchanged run of two projects", UNCHANGED_S, 2, _nothing, *two)
    yield row(
        "run after one caption was edited",
        EDITED_S,
        1,
        functools.partial(_edit, project, itertools.count()),
        "run",
        "shoot",
    )
    told = json.loads(command("status", "--json"))["projects"]
    assert len(told) == projects
    assert not any(one["stale"] for one in told.values())
    yield row(f"status of {projects} projects", STATUS_S, projects, _nothing, "status")


def _command(place: Path, *arguments: str) -> str:
    """Run a command as users have it: with compiled modules that are saved."""
    asked = [sys.executable, "-m", "dagster_project.cli", *arguments]
    own = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return subprocess.run(asked, cwd=place, env=own, check=True, capture_output=True, text=True).stdout


def _spent(command: Callable[..., str], before: Callable[[], object], arguments: tuple[str, ...]) -> float:
    before()
    return cpu_seconds(lambda: command(*arguments))


def _nothing() -> None:
    """Before a command that finds nothing changed."""


def _edit(project: Project, numbers: Iterator[int]) -> None:
    """Another caption of one picture."""
    photo = str(project.store.read(MetadataRepair)[MetadataRepair.photo_id][0])
    write_field(
        project.ledger,
        photo,
        "caption",
        f"Boat {next(numbers)} floats beside the pier.",
        None,
        "human",
        utc_now(),
    )
