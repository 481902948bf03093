"""The state of the review app between requests: the workspace, and one review session per project.

Holds `State`.
Add here: another thing that requests share.
Keep out: anything that must survive the process (it is in ledger and store).
"""

from __future__ import annotations

import threading
from pathlib import Path

from starlette.requests import Request

from dagster_project.review.file_work import FileWork
from dagster_project.review.runner import Runner
from proofsheet.core.config import Configuration
from proofsheet.review.session import ReviewSession
from proofsheet.storage.health import trouble_of
from proofsheet.storage.workspace import Project, Workspace

AGAIN_S = 60.0


class State:
    """Shared by all requests of one server.

    Args:
        settings: everything that can be set.
        dagster: address of the Dagster UI; empty if none runs beside.
    """

    def __init__(self, settings: Configuration, dagster: str = "") -> None:
        self.settings, self.dagster = settings, dagster
        self.workspace = Workspace(settings.place)
        self.runner = Runner(Path.cwd(), self.workspace.library)
        self.files = FileWork(settings)
        self._sessions: dict[Project, ReviewSession] = {}
        self._lock = threading.Lock()

    def project(self, key: str) -> Project:
        """The project with this key or name.

        Raises:
            UsageError: if there is none.
            Damaged: if its ledger or its store is damaged; the project is then neither shown nor changed.
        """
        project = self.workspace.project(key)
        if trouble := trouble_of(project, AGAIN_S):
            raise trouble.error
        return project

    def session(self, key: str) -> ReviewSession:
        """The review session of a project."""
        project = self.project(key)
        with self._lock:
            return self._sessions.setdefault(
                project, ReviewSession(project, self.settings.review.audit_share)
            )


def state_of(request: Request) -> State:
    """The state of the server that got a request."""
    found: State = request.app.state.proofsheet
    return found
