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
from proofsheet.review.filters import STATES, MarkFilter, places_of
from proofsheet.review.picture_facts import picture_facts
from proofsheet.review.singles import ACTIONS, singles_page
from schemas.marks import MOST_STARS

_MOST, _USUAL, _MOST_SINGLES, _LONGEST = 100, 200, 500, 200


async def pictures(request: Request) -> Response:
    """GET `/api/pictures`: project, and ids of photos with commas between them."""
    query = request.query_params
    ids = [i for i in query.get("ids", "").split(",") if i]
    if not 0 < len(ids) <= _MOST:
        raise InvalidRequest(f"{len(ids)} ids are sent.", f"Send 1 to {_MOST} ids of photos.")
    project = await run_in_threadpool(state_of(request).project, query.get("project", ""))
    found = await run_in_threadpool(picture_facts, project, ids)
    return answer({"pictures": [asdict(f) for f in found]})


def _marks(request: Request) -> MarkFilter:
    query = request.query_params
    stars = number_of(query.get("stars") or None, "stars", 0, 0, MOST_STARS)
    return MarkFilter(stars, query.get("label", "")[:_LONGEST])


async def places(request: Request) -> Response:
    """GET `/api/automation/places`: project, stars (at least), label, and state: open or decided.

    The places of the sets that fit, and every label in the review.
    """
    state = request.query_params.get("state", "")
    if state not in ("", *STATES):
        raise InvalidRequest(f"state is {state[:40]!r}.", f"Send {' or '.join(STATES)}, or nothing for all.")
    marks = _marks(request)
    session = await run_in_threadpool(state_of(request).session, request.query_params.get("project", ""))
    fitting, labels = await run_in_threadpool(places_of, session, marks, state)
    return answer({"places": fitting, "labels": labels})


async def singles(request: Request) -> Response:
    """GET `/api/singles`: project, start, size (1 to 500), stars (at least), label, and action.

    The action is open, approved or rejected.
    """
    query = request.query_params
    action = query.get("action") or None
    if action not in (None, *ACTIONS):
        raise InvalidRequest(f"action is {action[:40]!r}.", f"Send {', '.join(ACTIONS)}, or nothing for all.")
    start = number_of(query.get("start"), "start", 0, 0, 1 << 31)
    size = number_of(query.get("size"), "size", _USUAL, 1, _MOST_SINGLES)
    session = await run_in_threadpool(state_of(request).session, query.get("project", ""))
    found = await run_in_threadpool(singles_page, session, action, start, size, _marks(request))
    return answer({**asdict(found), "progress": await run_in_threadpool(session.progress)})


ROUTES = [
    Route("/api/pictures", pictures, methods=["GET"]),
    Route("/api/singles", singles, methods=["GET"]),
    Route("/api/automation/places", places, methods=["GET"]),
]
