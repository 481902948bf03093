"""The API calls of the review: batches, decisions, undo, submit.

Holds `ROUTES`.
Add here: another call, a few lines around one verb of `proofsheet/review/`.
Keep out: rules (review/session.py) and pages (pages.py).

Work on ledger and store is done in threads; a slow disk does not delay other requests.
"""

from __future__ import annotations

import functools
from typing import Literal

from pydantic import Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dagster_project.review.bodies import Identity, ProjectBody, Text, read
from dagster_project.review.http import answer, number_of
from dagster_project.review.state import state_of
from proofsheet.core.clock import utc_now
from proofsheet.review.decision_request import DecisionRequest
from proofsheet.review.marking import MarkRequest
from proofsheet.review.session import ReviewSession
from proofsheet.review.submission import write_submitted

_LEAST, _MOST = 20, 100


class DecisionBody(ProjectBody):
    """A decision on a set; its fields are those of `DecisionRequest`."""

    verdict_id: Identity
    group_id: Text
    version: Text
    action: Text
    choice: str | None = Field(None, description="the id of a picture or null")
    crop: tuple[float, float, float, float] | None = Field(None, description="four numbers or null")
    blind: bool = Field(False, description="true or false")
    seconds: float | None = Field(None, description="a number or null")
    known_id: str | None = Field(None, alias="seen", description="the id of a decision or null")


class MarkBody(ProjectBody):
    """Stars, a label or a flag of a picture; its fields are those of `MarkRequest`."""

    mark_id: Identity
    photo_id: Text
    stars: int | None = Field(None, ge=0, le=5, description="a whole number from 0 to 5, or null")
    label: str | None = Field(None, max_length=40, description="the name of a colour, an empty text, or null")
    flag: int | None = Field(None, ge=-1, le=1, description="1, 0, -1 or null")
    known_id: str | None = Field(None, alias="seen", description="the id of a mark or null")


class StepBody(ProjectBody):
    """A step back or forth."""

    act: Literal["undo", "redo"] = Field(description="undo or redo")
    step_id: Identity


class BatchBody(ProjectBody):
    """A submission of the current decisions."""

    batch_id: Identity


class ApprovalBody(ProjectBody):
    """An approval of all open sets from a confidence on."""

    least: float = Field(ge=0.5, le=1, description="a confidence from 0.5 to 1")
    technical: bool = Field(False, description="true or false")
    bulk_id: Identity


class NoteBody(ProjectBody):
    """A note on a set, or on everything."""

    text: str = Field(min_length=1, max_length=4000, description="a text of 1 to 4000 characters")
    kind: Text
    note_id: Identity
    group_id: str | None = Field(None, description="the id of a set or null")


async def load_batch(request: Request) -> Response:
    """GET: `project`, `size` (20 to 100), `start` (place of the first set; the first open one by default)."""
    query = request.query_params
    session = await _session(request, query.get("project", ""))
    size = number_of(query.get("size"), "size", state_of(request).settings.review.batch, _LEAST, _MOST)
    start = number_of(query["start"], "start", 0, 0, 1 << 31) if query.get("start") else None
    return answer(await run_in_threadpool(session.load, size, start))


async def progress(request: Request) -> Response:
    """GET: `project`."""
    session = await _session(request, request.query_params.get("project", ""))
    return answer(await run_in_threadpool(session.progress))


async def submit_decision(request: Request) -> Response:
    """POST `DecisionBody`. On disk before the 200."""
    body = await read(request, DecisionBody)
    session = await _session(request, body.project)
    given = DecisionRequest(**body.model_dump(exclude={"project"}))
    return answer(
        {
            "set": await run_in_threadpool(session.decide, given, utc_now()),
            "progress": await run_in_threadpool(session.progress),
        }
    )


async def mark(request: Request) -> Response:
    """POST `MarkBody`. On disk before the 200; marks need no submit."""
    body = await read(request, MarkBody)
    session = await _session(request, body.project)
    given = MarkRequest(**body.model_dump(exclude={"project"}))
    return answer(
        {
            "set": await run_in_threadpool(session.mark, given, utc_now()),
            "progress": await run_in_threadpool(session.progress),
        }
    )


async def undo(request: Request) -> Response:
    """POST `StepBody`."""
    body = await read(request, StepBody)
    session = await _session(request, body.project)
    found = await run_in_threadpool(session.step, body.act, body.step_id, utc_now())
    return answer({**found, "progress": await run_in_threadpool(session.progress)})


async def submit_batch(request: Request) -> Response:
    """POST `BatchBody`. Writes history files and approved_decisions.jsonl."""
    body = await read(request, BatchBody)
    session = await _session(request, body.project)
    taken = await run_in_threadpool(session.submit, body.batch_id, utc_now())
    files = await run_in_threadpool(write_submitted, session.project)
    return answer({"submitted": taken, "files": files, "progress": await run_in_threadpool(session.progress)})


async def approve_above(request: Request) -> Response:
    """POST `ApprovalBody`. The statistics leave these decisions out.

    A technical confidence is enough only if `technical` is true.
    """
    body = await read(request, ApprovalBody)
    session = await _session(request, body.project)
    approve = functools.partial(session.approve_above, technical=body.technical)
    taken = await run_in_threadpool(approve, body.least, body.bulk_id, utc_now())
    return answer({"approved": taken, "progress": await run_in_threadpool(session.progress)})


async def note(request: Request) -> Response:
    """POST `NoteBody`; its kind is note, bug or critical."""
    body = await read(request, NoteBody)
    session = await _session(request, body.project)
    await run_in_threadpool(session.note, body.note_id, body.kind, body.text, body.group_id, utc_now())
    return answer({"kept": True})


async def _session(request: Request, key: str) -> ReviewSession:
    return await run_in_threadpool(state_of(request).session, key)


ROUTES = [
    Route("/api/automation/load_batch", load_batch, methods=["GET"]),
    Route("/api/automation/progress", progress, methods=["GET"]),
    Route("/api/automation/submit_decision", submit_decision, methods=["POST"]),
    Route("/api/automation/mark", mark, methods=["POST"]),
    Route("/api/automation/submit_batch", submit_batch, methods=["POST"]),
    Route("/api/automation/undo", undo, methods=["POST"]),
    Route("/api/automation/approve_above", approve_above, methods=["POST"]),
    Route("/api/automation/note", note, methods=["POST"]),
]
