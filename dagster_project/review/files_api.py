"""The API calls of the page Files: what would move, moving it, and taking it back.

Holds `ROUTES`.
Add here: another figure of the page.
Keep out: plans and moves (proofsheet/apply/), conditions (applying.py), jobs (file_work.py).
"""

from __future__ import annotations

import shutil
from typing import Any

from pydantic import Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dagster_project.applying import obstacle, planned
from dagster_project.review.bodies import ProjectBody, Text, read
from dagster_project.review.http import answer, number_of
from dagster_project.review.state import State, state_of
from proofsheet.apply.moves import OPEN, unfinished
from proofsheet.apply.plan import Operation, Plan
from proofsheet.review.decision_request import InvalidRequest
from proofsheet.storage.workspace import Project
from schemas.apply import APPLY, ApplyPlan, FileOperation, SignOff

_USUAL, _MOST = 60, 300
_STARTED, _PLANS = 202, 10


class ApplyBody(ProjectBody):
    """A confirmation of the plan that was shown."""

    plan: Text
    operations: int = Field(ge=1, description="the number of operations of the plan")
    signed_by: str = Field(
        "", max_length=200, description="the name of who allows the mode, or an empty text"
    )


class TakeBackBody(ProjectBody):
    """A plan of the journal that is to be undone."""

    plan: Text


async def look(request: Request) -> Response:
    """GET `/api/files`: project, start, size (1 to 300 sets).

    The active job alone while there is one; else what would move, what cannot, and what can be undone.
    """
    state, query = state_of(request), request.query_params
    project = await run_in_threadpool(state.project, query.get("project", ""))
    start = number_of(query.get("start"), "start", 0, 0, 1 << 31)
    size = number_of(query.get("size"), "size", _USUAL, 1, _MOST)
    job = await run_in_threadpool(state.files.status, project)
    if job is not None and job["active"]:
        return answer({"job": job})
    return answer({"job": job, **await run_in_threadpool(_shown, state, project, start, size)})


async def apply(request: Request) -> Response:
    """POST `/api/files/apply`: `ApplyBody`. Starts the job; another plan than that one is refused."""
    state, body = state_of(request), await read(request, ApplyBody)
    project = await run_in_threadpool(state.project, body.project)
    signed_by = body.signed_by.strip()
    if await run_in_threadpool(_needs_signature, state, project) and not signed_by:
        raise InvalidRequest("signed_by is empty.", "Send the name of who allows files to be moved.")
    await run_in_threadpool(state.files.apply, project, body.plan, body.operations, signed_by)
    return answer({"job": state.files.status(project)}, _STARTED)


async def take_back(request: Request) -> Response:
    """POST `/api/files/undo`: `TakeBackBody`. Starts the job."""
    state, body = state_of(request), await read(request, TakeBackBody)
    project = await run_in_threadpool(state.project, body.project)
    await run_in_threadpool(state.files.undo, project, body.plan)
    return answer({"job": state.files.status(project)}, _STARTED)


def _shown(state: State, project: Project, start: int, size: int) -> dict[str, Any]:
    plan = planned(project, state.settings)
    sets = list(plan.by_set().items())
    needs = _needs_signature(state, project)
    return {
        "plan": plan.plan_id,
        "operations": len(plan.operations),
        "counts": plan.counts,
        "total": len(sets),
        "sets": [
            {"group_id": g, "files": [_file(o) for o in rows]} for g, rows in sets[start : start + size]
        ],
        "refused": plan.refused,
        "staying": plan.staying,
        "unfinished": unfinished(project.ledger),
        "needs_signature": needs,
        "mode": state.settings.apply.mode,
        "obstacle": "" if needs else obstacle(project, state.settings),
        "free_bytes": shutil.disk_usage(project.folder).free,
        "bytes": _bytes(plan),
        "plans": _plans(project),
    }


def _file(one: Operation) -> dict[str, object]:
    return {
        "kind": one.kind,
        "role": one.role,
        "source": one.source,
        "target": one.target,
        "id": one.photo_id,
        "mark": one.content_hash[:12],
    }


def _bytes(plan: Plan) -> int:
    return sum(o.size_bytes for o in plan.operations)


def _needs_signature(state: State, project: Project) -> bool:
    """Whether the mode of the settings moves files of this project, once somebody has allowed it."""
    mode = state.settings.apply.mode
    if project.sandbox or mode == "sandbox":
        return False
    return mode not in project.ledger.rows(SignOff)[SignOff.mode].to_list()


def _plans(project: Project) -> list[dict[str, object]]:
    """Plans that can be undone: those that are not finished, then the latest of which something is done."""
    rows = project.ledger.rows(FileOperation)
    rows = rows.filter(rows[FileOperation.state].is_in(OPEN))
    files = dict(rows[FileOperation.plan_id].value_counts().iter_rows())
    waiting = set(unfinished(project.ledger))
    known = [p for p in project.ledger.rows(ApplyPlan).to_dicts() if p[ApplyPlan.plan_id] in files]
    known.sort(key=lambda p: (p[ApplyPlan.plan_id] in waiting, p[ApplyPlan.number]), reverse=True)
    return [
        {
            "plan": plan[ApplyPlan.plan_id],
            "verb": plan[ApplyPlan.verb] or APPLY,
            "files": files[plan[ApplyPlan.plan_id]],
            "at": plan[ApplyPlan.started_at],
            "unfinished": plan[ApplyPlan.plan_id] in waiting,
        }
        for plan in known[:_PLANS]
    ]


ROUTES = [
    Route("/api/files", look, methods=["GET"]),
    Route("/api/files/apply", apply, methods=["POST"]),
    Route("/api/files/undo", take_back, methods=["POST"]),
]
