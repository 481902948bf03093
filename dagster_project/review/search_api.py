"""The call of the search box.

Holds `ROUTES`.
Add here: another way to ask.
Keep out: searching (proofsheet/search/).

A page asks by the ids of photos alone: no file is looked for by its path.
"""

from __future__ import annotations

from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dagster_project.review.http import answer, number_of
from dagster_project.review.state import State, state_of
from proofsheet.review.decision_request import InvalidRequest
from proofsheet.search.results import SearchResult
from proofsheet.search.search import Search
from schemas.library import Photo

_ASKED, _USUAL, _MOST, _LONGEST = ("text", "label", "like"), 60, 500, 200


async def search(request: Request) -> Response:
    """GET `/api/search`: project, limit, and one of text, label and like (the id of a photo)."""
    query = dict(request.query_params)
    given = [name for name in _ASKED if name in query]
    if len(given) != 1:
        raise InvalidRequest(f"{len(given)} of {', '.join(_ASKED)} are sent.", "Send exactly one.")
    words = query[given[0]]
    if not 0 < len(words) <= _LONGEST:
        raise InvalidRequest(f"{given[0]} is {words[:40]!r}.", f"Send a text of 1 to {_LONGEST} characters.")
    limit = number_of(query.get("limit"), "limit", _USUAL, 1, _MOST)
    key = query.get("project", "")
    return answer(await run_in_threadpool(_found, state_of(request), key, given[0], words, limit))


def _found(state: State, key: str, asked: str, words: str, limit: int) -> dict[str, Any]:
    project = state.project(key)
    searching = Search(project, state.settings.encoder, state.settings.photos)
    ask = {"text": searching.text, "label": searching.label, "like": searching.like_id}[asked]
    return _shown(state, key, ask(words, limit))


def _shown(state: State, key: str, found: SearchResult) -> dict[str, Any]:
    """The answer with what a thumbnail needs, and the place of each photo's set; null where it is in none."""
    session = state.session(key)
    places = {
        image["id"]: place for place, one in enumerate(session.proposals().sets) for image in one.images
    }
    marks = dict(session.project.store.read(Photo).select(Photo.photo_id, Photo.content_hash).iter_rows())
    told = found.as_dict()
    for hit in told["hits"]:
        hit["id"] = hit.pop("photo_id")
        hit["mark"] = str(marks[hit["id"]])[:12]
        hit["place"] = places.get(hit["id"])
    return told


ROUTES = [Route("/api/search", search, methods=["GET"])]
