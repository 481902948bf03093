"""The API calls of the intake page: descriptions of many folders at once.

Holds `ROUTES`.
Add here: another field of a set.
Keep out: how it is used (proofsheet/texts/set_intake.py), which sets there are (intake_sets.py).
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from pydantic import Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dagster_project.intake_sets import intake_sets
from dagster_project.review.bodies import Body, ProjectBody, read
from dagster_project.review.http import answer
from dagster_project.review.state import state_of
from proofsheet.core.clock import utc_now
from proofsheet.storage.health import each_alone
from proofsheet.storage.workspace import Project
from proofsheet.texts.set_intake import intake

_MOST_ROWS, _MOST_TEXT = 500, 500
_Note = Annotated[str, Field(max_length=_MOST_TEXT)] | None


class FolderNotes(Body):
    """What is known of a folder; an empty text changes nothing."""

    folder: Annotated[str, Field(max_length=_MOST_TEXT)]
    subject: _Note = None
    hints: _Note = None
    location: _Note = None


class IntakeBody(ProjectBody):
    """Notes on folders of a project."""

    sets: list[FolderNotes] = Field(
        min_length=1,
        max_length=_MOST_ROWS,
        description=f"1 to {_MOST_ROWS} folders with texts of at most {_MOST_TEXT} characters",
    )


async def load(request: Request) -> Response:
    """GET `/api/intake`: folders with pictures of every project, with descriptions and proposals."""
    workspace = state_of(request).workspace
    asked = await run_in_threadpool(lambda: each_alone(workspace.projects(), _sets))
    sets = [one for _project, found in asked.results for one in found]
    return answer({"sets": sets, "damaged": [t.as_dict() for t in asked.troubles]})


async def say(request: Request) -> Response:
    """POST `/api/intake`: `IntakeBody`."""
    body = await read(request, IntakeBody)
    project = await run_in_threadpool(state_of(request).project, body.project)
    folders = await run_in_threadpool(lambda: {s.folder for s in intake_sets(project)})
    rows = [one.model_dump() for one in body.sets]
    noted = await run_in_threadpool(intake, project.ledger, folders, rows, utc_now())
    return answer({"noted": len(noted)})


def _sets(project: Project) -> list[dict[str, Any]]:
    return [{"project": project.key, "name": project.name, **asdict(one)} for one in intake_sets(project)]


ROUTES = [Route("/api/intake", load, methods=["GET"]), Route("/api/intake", say, methods=["POST"])]
