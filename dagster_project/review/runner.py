"""Runs started from the page: `proofsheet run` in its own process, one at a time, recorded as a Dagster run.

Holds `Runner`.
Add here: another command that the page may start.
Keep out: what a run does.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from proofsheet.review.decision_request import Conflict
from proofsheet.storage.workspace import Project

END = "###end_of_process###"
_KEPT = 2000


@dataclass
class ReviewRun:
    """One run."""

    project: Project
    process: subprocess.Popen[str]
    photo: str | None
    code: int | None = None


@dataclass
class Runner:
    """Starts, watches and stops runs. A run continues if the server dies.

    The next start then reports its lock.

    Attributes:
        folder: where to look for `proofsheet.toml`.
        library: folder of the projects.
        listeners: pages that follow the log now.
    """

    folder: Path
    library: Path
    listeners: int = 0
    _lines: deque[tuple[int, str]] = field(default_factory=lambda: deque(maxlen=_KEPT))
    _job: ReviewRun | None = None
    _count: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _news: threading.Condition = field(default_factory=threading.Condition)

    def start(
        self, project: Project, photo: str | None = None, first: Callable[[], None] = lambda: None
    ) -> None:
        """Start a run.

        Args:
            project: the project to run.
            photo: the only photo to ask a model about; None for all.
            first: called before it starts, if it may start.

        Raises:
            Conflict: if another run is active.
        """
        with self._lock:
            if self._job is not None and self._job.code is None:
                raise Conflict(
                    f"A run of {self._job.project.name} is active.", "Wait for its end, or stop it."
                )
            first()
            environment = os.environ | {
                "PROOFSHEET_LIBRARY": str(self.library),
                "PROOFSHEET_HOME": str(project.home),
                "NO_COLOR": "1",
            }
            environment |= {"PROOFSHEET_MODEL_ONLY": photo} if photo else {}
            process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                [sys.executable, "-m", "dagster_project.cli", "run", project.key],
                cwd=self.folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                start_new_session=True,
            )
            self._job = ReviewRun(project, process, photo)
            threading.Thread(target=self._watch, args=(self._job,), daemon=True).start()

    def stop(self) -> bool:
        """Stop the run, as Ctrl-C does; False without an active run."""
        job = self._job
        if job is None or job.code is not None:
            return False
        job.process.send_signal(signal.SIGINT)
        return True

    def status(self) -> dict[str, object]:
        """The state of the active run, or of the latest one."""
        job = self._job
        if job is None:
            return {"state": "Idle", "project": None, "lines": self._count}
        ended = {None: "Running", 0: "Completed", 130: "Stopped"}.get(
            job.code, f"Failed (exit code {job.code})"
        )
        return {"state": ended, "project": job.project.name, "photo": job.photo, "lines": self._count}

    def pending(self, project: Project) -> list[str]:
        """Photos of a project with a pending request."""
        job = self._job
        if job is None or job.photo is None or job.code is not None or job.project.key != project.key:
            return []
        return [job.photo]

    def lines(self, after: int) -> list[tuple[int, str]]:
        """Lines of the log that are newer than a number."""
        return [line for line in list(self._lines) if line[0] > after]

    def wait(self, seconds: float) -> None:
        """Wait for new lines, or until the timeout."""
        with self._news:
            self._news.wait(seconds)

    def _watch(self, job: ReviewRun) -> None:
        for line in job.process.stdout or ():
            self._say(line.rstrip("\n"))
        job.code = job.process.wait()
        self._say(END)

    def _say(self, line: str) -> None:
        with self._news:
            self._count += 1
            self._lines.append((self._count, line))
            self._news.notify_all()
