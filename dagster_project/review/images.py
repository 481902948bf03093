"""Pictures by opaque id: thumbnail, preview, original.

Holds `ROUTES` and `find_picture`.
Add here: another size.
Keep out: paths in addresses; making previews (proofsheet/imaging/previews.py).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import polars as pl
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from dagster_project.review.state import State, state_of
from proofsheet.core.files import Refused, open_regular
from schemas.library import Photo
from schemas.vision import Preview

_SHOWN_WHOLE = {
    "JPEG": "image/jpeg",
    "MPO": "image/jpeg",
    "PNG": "image/png",
    "WEBP": "image/webp",
    "GIF": "image/gif",
}
_KEEP = {"cache-control": "private, max-age=31536000, immutable", "x-content-type-options": "nosniff"}
_BLOCK = 1 << 18


async def image(request: Request) -> Response:
    """GET `/p/{project}/image/{photo}/{size}`: size is thumb, preview or full.

    Full falls back to the preview.
    """
    params = request.path_params
    found = await run_in_threadpool(find_picture, state_of(request), params["project"], params["photo"])
    if found is None:
        return PlainTextResponse("There is no such picture.\n", 404)
    row, cache, folder = found
    if params["size"] == "full" and row[Photo.format] in _SHOWN_WHOLE:
        return await run_in_threadpool(
            _stream, folder / str(row[Photo.path]), _SHOWN_WHOLE[row[Photo.format]]
        )
    name = (
        row[Preview.thumb_path]
        if params["size"] == "thumb"
        else row[Preview.preview_path] or row[Preview.thumb_path]
    )
    return await run_in_threadpool(_stream, cache / str(name), "image/jpeg")


def find_picture(state: State, key: str, photo: str) -> tuple[Mapping[str, Any], Path, Path] | None:
    """The rows of a picture, the cache and the folder of its project; None without such a picture."""
    project = state.project(key)
    rows = project.store.read(Photo).filter(pl.col(Photo.photo_id) == photo)
    known = rows.join(project.store.read(Preview), on=[Photo.project, Photo.photo_id]).to_dicts()
    return (known[0], project.cache, project.folder) if known else None


def _stream(path: Path, kind: str) -> Response:
    """A regular file, never a link; a missing or refused file is a 404 with the reason."""
    try:
        descriptor = open_regular(path)
    except Refused as refused:
        return PlainTextResponse(
            f"The picture cannot be shown: {refused.reason}; {refused.next_step}.\n", 404
        )
    size = os.fstat(descriptor).st_size

    def blocks() -> Iterator[bytes]:
        with os.fdopen(descriptor, "rb") as stream:
            while block := stream.read(_BLOCK):
                yield block

    if size <= _BLOCK * 4:
        return Response(b"".join(blocks()), media_type=kind, headers=_KEEP)
    return StreamingResponse(blocks(), media_type=kind, headers={**_KEEP, "content-length": str(size)})


ROUTES = [
    Route("/p/{project}/image/{photo}/{size}", image, methods=["GET"]),
]
