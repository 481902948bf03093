"""The API calls of the review: batches, decisions, undo, submit.

Holds `ROUTES`.
Add here: another call, a few lines around one verb of `proofsheet/review/`.
Keep out: rules (review/session.py) and pages (pages.py).

Work on ledger and store is done in threads; a slow disk does not delay other requests.
"""

from __future__ import annotations

import functools
import re
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dagster_project.review.http import answer, body_of, number_of, text_of
from dagster_project.review.state import state_of
from proofsheet.core.clock import utc_now
from proofsheet.review.decision_request import DecisionRequest, InvalidRequest
from proofsheet.review.session import ReviewSession
from proofsheet.review.submission import write_submitted

_ID = re.compile(r"^[A-Za-z0-9-]{8,64}$")
_LEAST, _MOST = 20, 100


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
    """POST: project, verdict_id, group_id, version, action, choice, crop, blind, seconds, seen.

    On disk before the 200.
    """
    body = await body_of(request)
    session, given = await _session(request, text_of(body, "project")), _given(body)
    return answer(
        {
            "set": await run_in_threadpool(session.decide, given, utc_now()),
            "progress": await run_in_threadpool(session.progress),
        }
    )


async def undo(request: Request) -> Response:
    """POST: project, step_id, act (undo or redo)."""
    body = await body_of(request)
    session, act = await _session(request, text_of(body, "project")), text_of(body, "act")
    if act not in ("undo", "redo"):
        raise InvalidRequest(f"{act!r} is not an action.", "Send undo or redo.")
    found = await run_in_threadpool(session.step, act, _identity(body, "step_id"), utc_now())
    return answer({**found, "progress": await run_in_threadpool(session.progress)})


async def submit_batch(request: Request) -> Response:
    """POST: project, batch_id. Submits the current decisions.

    Writes history files and approved_decisions.jsonl.
    """
    body = await body_of(request)
    session = await _session(request, text_of(body, "project"))
    taken = await run_in_threadpool(session.submit, _identity(body, "batch_id"), utc_now())
    files = await run_in_threadpool(write_submitted, session.project)
    return answer({"submitted": taken, "files": files, "progress": await run_in_threadpool(session.progress)})


async def approve_above(request: Request) -> Response:
    """POST: project, bulk_id, least, technical. Approves open sets from this confidence on.

    The statistics leave them out. A technical confidence is enough only if `technical` is true.
    """
    body = await body_of(request)
    session, least = await _session(request, text_of(body, "project")), body.get("least")
    if isinstance(least, bool) or not isinstance(least, int | float) or not 0.5 <= least <= 1:
        raise InvalidRequest(f"least is {str(least)[:40]!r}.", "Send a confidence from 0.5 to 1.")
    technical = body.get("technical", False)
    if not isinstance(technical, bool):
        raise InvalidRequest(f"technical is {str(technical)[:40]!r}.", "Send true or false.")
    identity = _identity(body, "bulk_id")
    approve = functools.partial(session.approve_above, float(least), identity, utc_now(), technical=technical)
    taken = await run_in_threadpool(approve)
    return answer({"approved": taken, "progress": await run_in_threadpool(session.progress)})


async def note(request: Request) -> Response:
    """POST: project, note_id, kind (note, bug or critical), text, group_id."""
    body = await body_of(request)
    session = await _session(request, text_of(body, "project"))
    group = body.get("group_id")
    text = text_of(body, "text", 4000)
    kind, own = text_of(body, "kind"), _identity(body, "note_id")
    await run_in_threadpool(
        session.note, own, kind, text, group if isinstance(group, str) else None, utc_now()
    )
    return answer({"kept": True})


def _given(body: dict[str, Any]) -> DecisionRequest:
    crop, seconds = body.get("crop"), body.get("seconds")
    if crop is not None and not (isinstance(crop, list) and len(crop) == 4):
        raise InvalidRequest(f"crop is {str(crop)[:40]!r}.", "Send four numbers or null.")
    if seconds is not None and (isinstance(seconds, bool) or not isinstance(seconds, int | float)):
        raise InvalidRequest(f"seconds is {str(seconds)[:40]!r}.", "Send a number or null.")
    return DecisionRequest(
        verdict_id=_identity(body, "verdict_id"),
        group_id=text_of(body, "group_id"),
        version=text_of(body, "version"),
        action=text_of(body, "action"),
        choice=body["choice"] if isinstance(body.get("choice"), str) else None,
        crop=crop,
        blind=body.get("blind") is True,
        seconds=seconds,
        known_id=body["seen"] if isinstance(body.get("seen"), str) else None,
    )


def _identity(body: dict[str, Any], name: str) -> str:
    found = text_of(body, name)
    if not _ID.match(found):
        raise InvalidRequest(
            f"{name} is {found[:40]!r}.", "Send 8 to 64 letters, digits and hyphens, such as a UUID."
        )
    return found


async def _session(request: Request, key: str) -> ReviewSession:
    return await run_in_threadpool(state_of(request).session, key)


ROUTES = [
    Route("/api/automation/load_batch", load_batch, methods=["GET"]),
    Route("/api/automation/progress", progress, methods=["GET"]),
    Route("/api/automation/submit_decision", submit_decision, methods=["POST"]),
    Route("/api/automation/submit_batch", submit_batch, methods=["POST"]),
    Route("/api/automation/undo", undo, methods=["POST"]),
    Route("/api/automation/approve_above", approve_above, methods=["POST"]),
    Route("/api/automation/note", note, methods=["POST"]),
]
