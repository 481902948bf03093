"""The API calls of the metadata page: texts with gate results, edits, waivers, decisions, publishing.

Holds `ROUTES`.
Add here: another act on texts.
Keep out: rules of texts (proofsheet/rules/).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import polars as pl
from pydantic import Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dagster_project.review.bodies import LongText, ProjectBody, Text, read
from dagster_project.review.http import answer
from dagster_project.review.state import State, state_of
from proofsheet.core.clock import utc_now
from proofsheet.core.errors import NotFound, UsageError
from proofsheet.library.written_regions import said_elsewhere
from proofsheet.proof.text_review import review, waive, want_others
from proofsheet.review.decision_request import Conflict, InvalidRequest
from proofsheet.selection.choices import held_photos, present_choices
from proofsheet.storage.workspace import Project
from proofsheet.texts.describer import Describer
from proofsheet.texts.edits import undo_field, write_field
from proofsheet.texts.picture_keys import picture_of_files
from proofsheet.texts.strikes import release_pictures
from schemas.edits import WordEdit, WordReview
from schemas.library import Photo
from schemas.proof import FIELDS, MetadataQuality, Texts
from schemas.sets import ImageSet, SetContext

Row = Mapping[str, Any]
Edits = dict[str, dict[str, list[Row]]]  # photo, field, changes from the first
_Keyword = Annotated[str, Field(max_length=200)]


class FieldBody(ProjectBody):
    """A field of a photo's texts."""

    field: Text


class EditBody(FieldBody):
    """A new text of a field."""

    value: (
        Annotated[str, Field(max_length=4000)] | Annotated[list[_Keyword], Field(max_length=200)] | None
    ) = Field(None, description="a text; for keywords a list of texts; null unlocks the field")


class WaiverBody(FieldBody):
    """A rule that does not hold for the present text of a field, and why."""

    rule: Text
    reason: LongText


class TextDecisionBody(ProjectBody):
    """A decision on the texts of a photo."""

    decision: Literal["approved", "rejected"] = Field(description="approved or rejected")
    reason: str | None = Field(
        None, max_length=1000, description="a text of at most 1000 characters, or null"
    )


async def load(request: Request) -> Response:
    """GET `/api/metadata?project=`.

    Every described photo with its current texts, objections, waivers and state, and what people wrote into
    its file or sidecar with other programs.
    """
    state = state_of(request)
    return answer(
        await run_in_threadpool(_rows, state, state.project(request.query_params.get("project", "")))
    )


async def edit(request: Request) -> Response:
    """POST `/api/metadata/{photo}`: `EditBody`; null unlocks the field."""
    body = await read(request, EditBody)
    project, photo = await _photo(request, body)
    field, value = body.field, body.value
    if value is not None and isinstance(value, list) is not (field == Texts.keywords):
        raise InvalidRequest(
            f"{field} cannot be {str(value)[:40]!r}.",
            "Send a text; for keywords a list of texts; null unlocks the field.",
        )
    before = await run_in_threadpool(_before, project, photo)
    await run_in_threadpool(
        write_field, project.ledger, photo, field, value, before.get(f"generated_{field}"), "human", utc_now()
    )
    return answer({"kept": True, "history": await run_in_threadpool(_history, project, photo, field)})


async def undo(request: Request) -> Response:
    """POST `/api/metadata/{photo}/undo`: `FieldBody`."""
    body = await read(request, FieldBody)
    project, photo = await _photo(request, body)
    value = await run_in_threadpool(undo_field, project.ledger, photo, body.field, utc_now())
    return answer({"value": value, "history": await run_in_threadpool(_history, project, photo, body.field)})


async def waiver(request: Request) -> Response:
    """POST `/api/metadata/{photo}/waive`: `WaiverBody`. The next run applies the waiver."""
    body = await read(request, WaiverBody)
    project, photo = await _photo(request, body)
    await run_in_threadpool(waive, project.ledger, photo, body.rule, body.field, body.reason, utc_now())
    return answer({"kept": True})


async def decide(request: Request) -> Response:
    """POST `/api/metadata/{photo}/decide`: `TextDecisionBody`."""
    body = await read(request, TextDecisionBody)
    project, photo = await _photo(request, body)
    reason = body.reason or ""
    attempt = await run_in_threadpool(review, project.ledger, photo, body.decision, reason, utc_now())
    return answer({"attempt": attempt})


async def generate(request: Request) -> Response:
    """POST `/api/metadata/{photo}/generate`: `ProjectBody`. Asks for new texts of this photo only.

    409 during another request, if its texts are accepted, and if the embedded describer is the only one: it
    would write the same texts again.
    """
    state = state_of(request)
    project, photo = await _photo(request, await read(request, ProjectBody))
    await run_in_threadpool(state.runner.start, project, photo, lambda: _ask(state, project, photo))
    return answer({"started": True}, 202)


def _ask(state: State, project: Project, photo: str) -> None:
    who = Describer.of(state.settings.model, project).choice
    if who.server is None:
        raise Conflict(
            f"No vision model is available: {who.why}.",
            "Start one; the embedded describer would write the same texts again.",
        )
    try:
        want_others(project.ledger, photo, utc_now())
    except UsageError as error:
        raise Conflict(error.what, error.next_step) from error
    hashes = dict(project.store.read(Photo).select(Photo.photo_id, Photo.content_hash).iter_rows())
    file = str(hashes[photo])
    release_pictures(project.ledger, {file, picture_of_files(project).get(file, file)}, utc_now())


async def _photo(request: Request, body: ProjectBody) -> tuple[Project, str]:
    project = await run_in_threadpool(state_of(request).project, body.project)
    photo = request.path_params["photo"]
    if photo not in await run_in_threadpool(lambda: set(project.store.read(Photo)[Photo.photo_id])):
        raise NotFound(f"{project.name} has no photo {photo[:40]!r}.", "Load the page again.")
    return project, photo


def _rows(state: State, project: Project) -> dict[str, Any]:
    paths = {r[Photo.photo_id]: r for r in project.store.read(Photo).to_dicts()}
    rows = project.store.read(MetadataQuality).filter(pl.col(MetadataQuality.is_current)).to_dicts()
    edits: Edits = {}
    for one in project.ledger.rows(WordEdit).sort(WordEdit.revision).to_dicts():
        edits.setdefault(one[WordEdit.photo_id], {}).setdefault(one[WordEdit.field], []).append(one)
    subjects = dict(project.store.read(ImageSet).select(ImageSet.folder, ImageSet.subject).iter_rows())
    subjects |= {
        r[SetContext.folder]: r[SetContext.subject] for r in project.ledger.rows(SetContext).to_dicts()
    }
    said = {
        (r[WordReview.photo_id], r[WordReview.attempt]): r[WordReview.decision]
        for r in project.ledger.rows(WordReview).to_dicts()
    }
    known = [
        r
        | {
            MetadataQuality.reviewer_decision: said.get(
                (r[MetadataQuality.photo_id], r[MetadataQuality.attempt])
            )
        }
        for r in rows
    ]
    held = held_photos(project, present_choices(project))
    written = said_elsewhere(project)
    shown = [
        _shown(r, paths[photo], edits, subjects)
        | {"held": held.get(photo, ""), "written": written.get(photo, [])}
        for r in known
        for photo in [r[MetadataQuality.photo_id]]
        if photo in paths
    ]
    return {"photos": sorted(shown, key=lambda p: p["path"]), "pending": state.runner.pending(project)}


def _shown(row: Row, photo: Row, edits: Edits, subjects: Mapping[str, str | None]) -> dict[str, Any]:
    own = edits.get(str(row[MetadataQuality.photo_id]), {})
    texts = {field: row[f"current_{field}"] for field in FIELDS}
    waiting = []
    for field, changes in own.items():
        value = changes[-1][WordEdit.value]
        text = json.loads(value) if value is not None and field == Texts.keywords else value
        if text is not None and text != texts[field]:
            texts[field] = text
            waiting.append(field)
    return {
        "id": row[MetadataQuality.photo_id],
        "mark": str(photo[Photo.content_hash])[:12],
        "path": photo[Photo.path],
        "folder": photo[Photo.folder],
        "subject": subjects.get(str(photo[Photo.folder])),
        "status": row[MetadataQuality.status],
        "score": row[MetadataQuality.score],
        "decision": row[MetadataQuality.reviewer_decision],
        "sources": row[MetadataQuality.sources],
        "model": row[MetadataQuality.model],
        "prompt": row[MetadataQuality.prompt_version],
        "issues": row[MetadataQuality.issues],
        "waived": row[MetadataQuality.waived],
        "texts": texts,
        "not_judged_yet": waiting,
        "edited": sorted(own),
        "history": {field: [_told(r) for r in changes] for field, changes in own.items()},
    }


def _before(project: Project, photo: str) -> dict[str, Any]:
    rows = project.store.read(MetadataQuality).filter(
        pl.col(MetadataQuality.is_current) & (pl.col(MetadataQuality.photo_id) == photo)
    )
    return next(iter(rows.to_dicts()), {})


def _history(project: Project, photo: str, field: str) -> list[dict[str, Any]]:
    return [
        _told(r)
        for r in project.ledger.rows(WordEdit, photo_id=photo, field=field).sort(WordEdit.revision).to_dicts()
    ]


def _told(row: Row) -> dict[str, Any]:
    return {
        "value": row[WordEdit.value],
        "source": row[WordEdit.source],
        "at": row[WordEdit.edited_at].isoformat(),
    }


ROUTES = [
    Route("/api/metadata", load, methods=["GET"]),
    Route("/api/metadata/{photo}", edit, methods=["POST"]),
    Route("/api/metadata/{photo}/undo", undo, methods=["POST"]),
    Route("/api/metadata/{photo}/waive", waiver, methods=["POST"]),
    Route("/api/metadata/{photo}/decide", decide, methods=["POST"]),
    Route("/api/metadata/{photo}/generate", generate, methods=["POST"]),
]
