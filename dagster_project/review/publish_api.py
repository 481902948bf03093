"""The API calls of the publish dialog: preview and sending.

Holds `ROUTES`.
Add here: another figure of the dialog.
Keep out: conditions (proofsheet/publish/uploader.py).
"""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dagster_project.review.bodies import LongText, ProjectBody, read
from dagster_project.review.http import answer
from dagster_project.review.state import state_of
from proofsheet.core.clock import utc_now
from proofsheet.publish.service import copies_now, publish_now
from proofsheet.publish.targets.resolve import publisher_of
from proofsheet.publish.upload_history import taken_back
from proofsheet.publish.uploader import ALREADY, candidates, outlook


class RemovalBody(ProjectBody):
    """A picture that was removed from a target by hand."""

    target: LongText
    name: LongText


async def look(request: Request) -> Response:
    """GET `/api/publish?project=`.

    The target, how many pictures are ready, reasons for the others, takedowns.
    """
    state = state_of(request)
    project = await run_in_threadpool(state.project, request.query_params.get("project", ""))
    told = await run_in_threadpool(outlook, project, publisher_of(state.settings.publish).name)
    return answer({**told, "uploaded": told["held_back"].pop(ALREADY, 0)})


async def copies(request: Request) -> Response:
    """POST `/api/publish/copies`: `ProjectBody`.

    Makes the copies without sending them, with contents or problem of each.
    """
    state, body = state_of(request), await read(request, ProjectBody)
    project = await run_in_threadpool(state.project, body.project)
    settings = state.settings.publish
    found = await run_in_threadpool(candidates, project, publisher_of(settings).name)
    return answer({"copies": await run_in_threadpool(copies_now, project, settings, found)})


async def go(request: Request) -> Response:
    """POST `/api/publish`: `ProjectBody`. Publishes accepted and approved pictures."""
    state, body = state_of(request), await read(request, ProjectBody)
    project = await run_in_threadpool(state.project, body.project)
    done = await run_in_threadpool(publish_now, project, state.settings.publish)
    again = [{"path": c.path, "version": c.version, "name": c.name} for c in done.published if c.version > 1]
    return answer({"published": len(done.published), "again": again, "failed": done.failed})


async def gone(request: Request) -> Response:
    """POST `/api/publish/taken_back`: `RemovalBody`. Notes a picture as removed there."""
    state, body = state_of(request), await read(request, RemovalBody)
    project = await run_in_threadpool(state.project, body.project)
    await run_in_threadpool(taken_back, project, body.target, body.name, utc_now())
    return answer({"kept": True})


ROUTES = [
    Route("/api/publish", look, methods=["GET"]),
    Route("/api/publish", go, methods=["POST"]),
    Route("/api/publish/copies", copies, methods=["POST"]),
    Route("/api/publish/taken_back", gone, methods=["POST"]),
]
