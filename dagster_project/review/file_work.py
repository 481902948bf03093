"""Applying and undoing from the page Files: one job at a time, in a thread, with how far it is.

Holds `FileWork`.
Add here: another job on files that the page may start.
Keep out: plans and moves (proofsheet/apply/), and what is allowed (applying.py).

A job continues when the browser leaves. If the server dies, the journal has what was done, and the next apply
finishes the plan.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from dagster_project.applying import carry_out, planned, sign_off, take_back
from proofsheet.apply.moves import Report
from proofsheet.core.config import Configuration
from proofsheet.core.errors import ProofsheetError
from proofsheet.review.decision_request import Conflict
from proofsheet.storage.workspace import Project
from schemas.apply import ApplyPlan, FileOperation


@dataclass
class FileJob:
    """One job, of a project.

    Attributes:
        project: of the files.
        act: apply or undo.
        total: number of operations.
        left: how many operations are not done yet.
        news: what it waits for, in words.
        problem: why it failed, or why not all is done; empty otherwise.
        reports: what became of each plan.
    """

    project: Project
    act: str
    total: int
    left: Callable[[], int]
    news: str = ""
    problem: str = ""
    reports: list[Report] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)
    seconds: float | None = None

    def say(self, news: str) -> None:
        """Note what the job waits for."""
        self.news = news

    def status(self) -> dict[str, Any]:
        """For the browser; counts of operations, seconds, and the reports when it has ended."""
        if self.seconds is not None:
            sets, files = (sum(getattr(r, n) for r in self.reports) for n in ("sets", "files"))
            reports = [asdict(r) for r in self.reports if r.plan_id]
            return self._told() | {"sets": sets, "files": files, "reports": reports, "seconds": self.seconds}
        done, spent = max(0, self.total - self.left()), time.monotonic() - self.began
        rate = done / spent if spent > 0 else 0.0
        rest = round((self.total - done) / rate) if rate else None
        return self._told() | {"done": done, "rate": round(rate, 1), "seconds_left": rest}

    def _told(self) -> dict[str, Any]:
        told = {"act": self.act, "total": self.total, "news": self.news, "problem": self.problem}
        return told | {"active": self.seconds is None}


class FileWork:
    """The jobs on files of one server.

    Args:
        settings: mode, quality of crops, how long to wait for runs.
    """

    def __init__(self, settings: Configuration) -> None:
        self._settings = settings
        self._jobs: dict[str, FileJob] = {}
        self._lock = threading.Lock()

    def status(self, project: Project) -> dict[str, Any] | None:
        """The active job of a project, or its last one; None without any."""
        job = self._jobs.get(project.key)
        return None if job is None else job.status()

    def apply(self, project: Project, plan_id: str, total: int, signed_by: str) -> None:
        """Carry out a plan.

        Args:
            project: of the files.
            plan_id: hash of the plan, as it was shown; another plan by then is not carried out.
            total: number of its operations.
            signed_by: who allows the mode for this project; empty if nobody needs to.

        Raises:
            Conflict: if another job of the project is active.
        """

        def work(job: FileJob) -> None:
            if signed_by:
                sign_off(project, self._settings.apply.mode, signed_by, "on the page Files")
            done = carry_out(
                project, self._settings, planned, plan_id, lambda news: setattr(job, "news", news)
            )
            job.reports, job.problem = done.reports, done.problem

        journalled = f"{plan_id}-{project.ledger.count(ApplyPlan) + 1}"

        def left() -> int:
            rows = project.ledger.rows(FileOperation, plan_id=journalled)
            waiting = rows.filter(rows[FileOperation.state] == "planned").height
            return waiting if rows.height else total

        self._start(project, "apply", total, left, work)

    def undo(self, project: Project, plan_id: str) -> None:
        """Undo a plan.

        Args:
            project: of the files.
            plan_id: its id in the journal.

        Raises:
            Conflict: if another job of the project is active.
        """

        def work(job: FileJob) -> None:
            job.reports = [take_back(project, self._settings, job.say, plan_id)]

        def left() -> int:
            return project.ledger.rows(FileOperation, plan_id=plan_id, state="done").height

        self._start(project, "undo", left(), left, work)

    def _start(
        self,
        project: Project,
        act: str,
        total: int,
        left: Callable[[], int],
        work: Callable[[FileJob], None],
    ) -> None:
        with self._lock:
            known = self._jobs.get(project.key)
            if known is not None and known.seconds is None:
                raise Conflict(f"Files of {project.name} are being moved.", "Wait for the end.")
            job = self._jobs[project.key] = FileJob(project, act, total, left)
        threading.Thread(target=self._run, args=(job, work), daemon=False).start()

    @staticmethod
    def _run(job: FileJob, work: Callable[[FileJob], None]) -> None:
        try:
            work(job)
        except ProofsheetError as error:
            job.problem = str(error)
        except OSError as error:
            job.problem = f"Not done: {error.strerror or error}. Check permissions and free space."
        finally:
            job.seconds = round(time.monotonic() - job.began, 1)
