"""Calls about pictures: their facts, and pictures without a set.

Holds `ROUTES`.
Add here: another call about single pictures.
Keep out: the pictures themselves (images.py), and the work (proofsheet/review/).
"""

from __future__ import annotations

from dataclasses import asdict

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dagster_project.review.http import answer, number_of
from dagster_project.review.state import state_of
from proofsheet.review.decision_request import InvalidRequest
from proofsheet.review.picture_facts import picture_facts
from proofsheet.review.singles import ACTIONS, singles_page

_MOST, _USUAL, _MOST_SINGLES = 100, 200, 500


async def pictures(request: Request) -> Response:
    """GET `/api/pictures`: project, and ids of photos with commas between them."""
    query = request.query_params
    ids = [i for i in query.get("ids", "").split(",") if i]
    if not 0 < len(ids) <= _MOST:
        raise InvalidRequest(f"{len(ids)} ids are sent.", f"Send 1 to {_MOST} ids of photos.")
    project = await run_in_threadpool(state_of(request).project, query.get("project", ""))
    found = await run_in_threadpool(picture_facts, project, ids)
    return answer({"pictures": [asdict(f) for f in found]})


async def singles(request: Request) -> Response:
    """GET `/api/singles`: project, start, size (1 to 500), and action: open, approved or rejected."""
    query = request.query_params
    action = query.get("action") or None
    if action not in (None, *ACTIONS):
        raise InvalidRequest(f"action is {action[:40]!r}.", f"Send {', '.join(ACTIONS)}, or nothing for all.")
    start = number_of(query.get("start"), "start", 0, 0, 1 << 31)
    size = number_of(query.get("size"), "size", _USUAL, 1, _MOST_SINGLES)
    session = await run_in_threadpool(state_of(request).session, query.get("project", ""))
    found = await run_in_threadpool(singles_page, session, action, start, size)
    return answer({**asdict(found), "progress": await run_in_threadpool(session.progress)})


ROUTES = [
    Route("/api/pictures", pictures, methods=["GET"]),
    Route("/api/singles", singles, methods=["GET"]),
]
