"""The pages: their content before the browser requests more.

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

from dagster_project.review.http import errors
from dagster_project.review.keys import KEYS, keys_as_dicts, keys_of_singles
from dagster_project.review.overview import metrics_of, project_lines, troubles_of, why_empty
from dagster_project.review.state import state_of
from proofsheet.core.errors import StoreError
from proofsheet.core.shell_words import as_word
from proofsheet.library.renamed_folders import find_renamed
from proofsheet.storage.health import Trouble
from schemas.marks import LABELS

_HERE = Path(__file__).parent
_TEMPLATES = Environment(
    loader=FileSystemLoader(_HERE / "templates"), autoescape=True, trim_blocks=True, lstrip_blocks=True
)
_TEMPLATES.filters["as_word"] = as_word


def page(request: Request, name: str, **values: Any) -> Response:  # noqa: ANN401
    """A template with what every page needs."""
    return HTMLResponse(
        _TEMPLATES.get_template(f"{name}.html").render(dagster=state_of(request).dagster, **values)
    )


async def projects(request: Request) -> Response:
    """GET `/`: every project with how far it is."""
    state = state_of(request)
    lines, troubles = await run_in_threadpool(project_lines, state)
    beside = {
        "library": state.workspace.library,
        "questions": await run_in_threadpool(find_renamed, state.workspace),
    }
    return page(request, "projects", projects=lines, troubles=troubles, **beside)


async def review(request: Request) -> Response:
    """GET `/p/{project}/review`: one set at a time."""
    state = state_of(request)
    project = await run_in_threadpool(state.project, request.path_params["project"])
    empty = await run_in_threadpool(why_empty, project)
    told = {"keys": KEYS, "keys_data": keys_as_dicts(), "settings": state.settings.review, "empty": empty}
    told |= {"labels": LABELS}
    return page(request, "review", project=project, here="review", **told)


async def sets(request: Request) -> Response:
    """GET `/p/{project}/sets`: all of them, filtered, and the search for photos."""
    return await _of_project(request, "sets", keys_data=keys_as_dicts())


async def singles(request: Request) -> Response:
    """GET `/p/{project}/singles`: pictures that are in no set of two or more."""
    keys = keys_of_singles()
    return await _of_project(request, "singles", keys=keys, keys_data=keys_as_dicts(keys), labels=LABELS)


async def metadata(request: Request) -> Response:
    """GET `/p/{project}/metadata`: texts, gate results, publishing."""
    return await _of_project(request, "metadata")


async def files(request: Request) -> Response:
    """GET `/p/{project}/files`: what the submitted decisions would move, moving it, and undo."""
    return await _of_project(request, "files")


async def metrics(request: Request) -> Response:
    """GET `/p/{project}/metrics`: figures of the review, over time, and the gates of the rollout."""
    state = state_of(request)
    project = await run_in_threadpool(state.project, request.path_params["project"])
    return page(
        request, "metrics", project=project, here="metrics", **await run_in_threadpool(metrics_of, project)
    )


async def intake(request: Request) -> Response:
    """GET `/intake`: descriptions of folders."""
    return page(
        request, "intake", here="intake", troubles=await run_in_threadpool(troubles_of, state_of(request))
    )


async def runs(request: Request) -> Response:
    """GET `/runs`: start, stop, log, prompts."""
    state = state_of(request)
    found = await run_in_threadpool(state.workspace.projects)
    troubles = await run_in_threadpool(troubles_of, state)
    return page(request, "runs", here="runs", projects=found, troubles=troubles, model=state.settings.model)


async def _of_project(request: Request, name: str, **values: Any) -> Response:  # noqa: ANN401
    project = await run_in_threadpool(state_of(request).project, request.path_params["project"])
    return page(request, name, project=project, here=name, **values)


async def damaged(request: Request, error: Exception) -> Response:
    """The problem of a project, as a page for a browser and as JSON for a script."""
    if not isinstance(error, StoreError):
        raise error
    if "text/html" not in request.headers.get("accept", ""):
        return await errors(request, error)
    project = request.path_params.get("project", "")
    told = Trouble(project, "", error.what, error.next_step, error)
    return HTMLResponse(page(request, "damaged", troubles=[told]).body, 507)


ROUTES = [
    Route("/", projects, methods=["GET"]),
    Route("/p/{project}/review", review, methods=["GET"]),
    Route("/p/{project}/sets", sets, methods=["GET"]),
    Route("/p/{project}/singles", singles, methods=["GET"]),
    Route("/p/{project}/metadata", metadata, methods=["GET"]),
    Route("/p/{project}/files", files, methods=["GET"]),
    Route("/p/{project}/metrics", metrics, methods=["GET"]),
    Route("/intake", intake, methods=["GET"]),
    Route("/runs", runs, methods=["GET"]),
]
