"""The API calls of the intake page: descriptions of many folders at once.

Holds `ROUTES`.
Add here: another field of a set.
Keep out: how it is used (proofsheet/texts/set_intake.py), which sets there are (intake_sets.py).
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dagster_project.intake_sets import intake_sets
from dagster_project.review.http import answer, body_of, text_of
from dagster_project.review.state import state_of
from proofsheet.core.clock import utc_now
from proofsheet.review.decision_request import InvalidRequest
from proofsheet.storage.health import each_alone
from proofsheet.storage.workspace import Project
from proofsheet.texts.set_intake import intake

_SAID = ("subject", "hints", "location")
_MOST_ROWS, _MOST_TEXT = 500, 500


async def load(request: Request) -> Response:
    """GET `/api/intake`: folders with pictures of every project, with descriptions and proposals."""
    workspace = state_of(request).workspace
    asked = await run_in_threadpool(lambda: each_alone(workspace.projects(), _sets))
    sets = [one for _project, found in asked.results for one in found]
    return answer({"sets": sets, "damaged": [t.as_dict() for t in asked.troubles]})


async def say(request: Request) -> Response:
    """POST `/api/intake`: project, sets: [{folder, subject, hints, location}]; empty texts change nothing."""
    body = await body_of(request)
    project = await run_in_threadpool(state_of(request).project, text_of(body, "project"))
    rows = body.get("sets")
    if not isinstance(rows, list) or not 0 < len(rows) <= _MOST_ROWS or not all(_fits(r) for r in rows):
        raise InvalidRequest(
            "The sets are not a list of folders with texts.",
            f"Send 1 to {_MOST_ROWS}, texts of at most {_MOST_TEXT} characters.",
        )
    folders = await run_in_threadpool(lambda: {s.folder for s in intake_sets(project)})
    plain = [{"folder": r["folder"] or ".", **{n: r.get(n) or "" for n in _SAID}} for r in rows]
    now = utc_now()
    noted = await run_in_threadpool(intake, project.ledger, folders, plain, now)
    return answer({"noted": len(noted)})


def _fits(row: object) -> bool:
    if not isinstance(row, dict) or not isinstance(row.get("folder"), str):
        return False
    return all(
        isinstance(row.get(n), str | None) and len(row.get(n) or "") <= _MOST_TEXT for n in ("folder", *_SAID)
    )


def _sets(project: Project) -> list[dict[str, Any]]:
    return [{"project": project.key, "name": project.name, **asdict(one)} for one in intake_sets(project)]


ROUTES = [Route("/api/intake", load, methods=["GET"]), Route("/api/intake", say, methods=["POST"])]
