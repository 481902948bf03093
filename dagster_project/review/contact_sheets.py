"""The contact sheet of a set as one picture, for the Dagster UI and for mails.

Holds `ROUTES`.
Add here: another thing that a sheet shows.
Keep out: single pictures (images.py).
"""

from __future__ import annotations

import io

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from dagster_project.review.images import find_picture
from dagster_project.review.state import State, state_of
from schemas.vision import Preview

_SHEET_PX = 256


async def sheet(request: Request) -> Response:
    """GET `/p/{project}/sheet/{group}.jpg`.

    The pictures of a set side by side, the chosen one framed in green.
    """
    content = await run_in_threadpool(
        _sheet, state_of(request), request.path_params["project"], request.path_params["group"]
    )
    if content is None:
        return PlainTextResponse("There is no such set.\n", 404)
    return Response(content, media_type="image/jpeg")


def _sheet(state: State, key: str, group: str) -> bytes | None:
    from PIL import Image, ImageDraw

    proposal = state.desk(key).proposals().by_id.get(group)
    if proposal is None:
        return None
    chosen = state.desk(key).chosen(group)
    page = Image.new("RGB", (_SHEET_PX * len(proposal.images), _SHEET_PX), "#222")
    for k, one in enumerate(proposal.images):
        found = find_picture(state, key, one["id"])
        if found is None:
            continue
        try:
            with Image.open(found[1] / found[0][Preview.thumb_path], formats=["JPEG"]) as thumb:
                thumb.thumbnail((_SHEET_PX - 8, _SHEET_PX - 8))
                page.paste(thumb, (k * _SHEET_PX + 4, 4))
        except (OSError, TypeError):
            continue  # a thumbnail that is gone leaves its place empty
        if one["id"] == chosen:
            box = (k * _SHEET_PX, 0, (k + 1) * _SHEET_PX - 1, _SHEET_PX - 1)
            ImageDraw.Draw(page).rectangle(box, outline="#2e9e4f", width=4)
    buffer = io.BytesIO()
    page.save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


ROUTES = [Route("/p/{project}/sheet/{group}.jpg", sheet, methods=["GET"])]
