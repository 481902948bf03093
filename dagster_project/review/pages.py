"""The pages: what stands on them before the browser asks for more.

Holds `ROUTES`.
Add here: a page, with its template in templates/.
Keep out: calls (api.py and its neighbours).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from dagster_project.review.keys import KEYS, keys_as_dicts
from dagster_project.review.overview import metrics_of, project_line
from dagster_project.review.state import state_of

_HERE = Path(__file__).parent
_TEMPLATES = Environment(loader=FileSystemLoader(_HERE / "templates"), autoescape=True, trim_blocks=True, lstrip_blocks=True)


def page(request: Request, name: str, **values: Any) -> Response:  # noqa: ANN401
    """A template with what every page needs."""
    return HTMLResponse(_TEMPLATES.get_template(f"{name}.html").render(dagster=state_of(request).dagster, **values))


async def projects(request: Request) -> Response:
    """GET `/`: every project with how far it is."""
    state = state_of(request)
    lines = await run_in_threadpool(lambda: [project_line(state, p) for p in state.workspace.projects()])
    return page(request, "projects", projects=lines, library=state.workspace.library)


async def review(request: Request) -> Response:
    """GET `/p/{project}/review`: one set at a time."""
    settings = state_of(request).settings.review
    return await _of_project(request, "review", keys=KEYS, keys_data=keys_as_dicts(), settings=settings)


async def sets(request: Request) -> Response:
    """GET `/p/{project}/sets`: all of them, filtered."""
    return await _of_project(request, "sets")


async def metadata(request: Request) -> Response:
    """GET `/p/{project}/metadata`: texts, verdicts, publishing."""
    return await _of_project(request, "metadata")


async def metrics(request: Request) -> Response:
    """GET `/p/{project}/metrics`: figures of the review, over time, and the gates of the rollout."""
    state = state_of(request)
    project = await run_in_threadpool(state.project, request.path_params["project"])
    return page(request, "metrics", project=project, here="metrics", **await run_in_threadpool(metrics_of, project))


async def intake(request: Request) -> Response:
    """GET `/intake`: sets to come."""
    return page(request, "intake", here="intake")


async def runs(request: Request) -> Response:
    """GET `/runs`: start, stop, log, prompts."""
    state = state_of(request)
    found = await run_in_threadpool(state.workspace.projects)
    backend = state.settings.model
    return page(request, "runs", here="runs", projects=found, model=backend)


async def _of_project(request: Request, name: str, **values: Any) -> Response:  # noqa: ANN401
    project = await run_in_threadpool(state_of(request).project, request.path_params["project"])
    return page(request, name, project=project, here=name, **values)


ROUTES = [
    Route("/", projects, methods=["GET"]),
    Route("/p/{project}/review", review, methods=["GET"]),
    Route("/p/{project}/sets", sets, methods=["GET"]),
    Route("/p/{project}/metadata", metadata, methods=["GET"]),
    Route("/p/{project}/metrics", metrics, methods=["GET"]),
    Route("/intake", intake, methods=["GET"]),
    Route("/runs", runs, methods=["GET"]),
]
