"""Progress bars of the terminal.

Holds `progress_bars` and `BarListener`.
Add here: how progress is drawn.
Keep out: work.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as Bars
from rich.text import Text

from dagster_project.commands.common import err
from dagster_project.commands.terminal import harmless
from proofsheet.core.progress import Progress


class _Rate(ProgressColumn):
    """Finished pieces a second."""

    def render(self, task: Task) -> Text:
        """The rate, as soon as it is known."""
        return Text(f"{task.speed:.0f}/s" if task.speed else "")


@contextmanager
def progress_bars() -> Iterator[Bars]:
    """Bars on stderr while the block runs; none off a terminal."""
    console = err()
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TimeRemainingColumn(),
    )
    with Bars(*columns, console=console, transient=True, redirect_stdout=False) as bars:
        yield bars


class BarListener(Progress):
    """A progress bar for each kind of work, with rate and time left."""

    def __init__(self, bars: Bars, project: str) -> None:
        self._bars, self._project = bars, project
        self._tasks: dict[str, TaskID] = {}

    def step(self, what: str, done: int, total: int) -> None:
        """Move the bar."""
        if what not in self._tasks:
            self._tasks[what] = self._bars.add_task(harmless(f"{self._project}: {what}"), total=total)
        self._bars.update(self._tasks[what], completed=done, total=total)
        if done >= total:
            self._bars.remove_task(self._tasks.pop(what))
