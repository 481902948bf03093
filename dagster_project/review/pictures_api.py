"""The call of the info panel: what is known of pictures.

Holds `ROUTES`.
Add here: another call about single pictures.
Keep out: the pictures themselves (images.py) and what is known (proofsheet/review/picture_facts.py).
"""

from __future__ import annotations

from dataclasses import asdict

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dagster_project.review.http import answer
from dagster_project.review.state import state_of
from proofsheet.review.decision_request import InvalidRequest
from proofsheet.review.picture_facts import picture_facts

_MOST = 100


async def pictures(request: Request) -> Response:
    """GET `/api/pictures`: project, and ids of photos with commas between them."""
    query = request.query_params
    ids = [i for i in query.get("ids", "").split(",") if i]
    if not 0 < len(ids) <= _MOST:
        raise InvalidRequest(f"{len(ids)} ids are sent.", f"Send 1 to {_MOST} ids of photos.")
    project = await run_in_threadpool(state_of(request).project, query.get("project", ""))
    found = await run_in_threadpool(picture_facts, project, ids)
    return answer({"pictures": [asdict(f) for f in found]})


ROUTES = [Route("/api/pictures", pictures, methods=["GET"])]
