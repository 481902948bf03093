"""The API calls of the runs page, with the names of earlier tools.

Start, stop, status, log, prompts, CSV, pictures.

Holds `ROUTES`.
Add here: another call of that page.
Keep out: processes (runner.py) and prompts (proofsheet/prompts/prompt.py).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from pydantic import Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from dagster_project.review.bodies import Body, ProjectBody, Text, read
from dagster_project.review.http import answer, number_of
from dagster_project.review.runner import END, Runner
from dagster_project.review.state import state_of
from proofsheet.core.files import write_atomic
from proofsheet.prompts.prompt import OURS, load_prompt, parse_prompt, prompt_names
from proofsheet.review.decision_request import Conflict

_WAIT_S = 5.0
_MOST_PROMPT = 20_000
_MOST_LISTENERS = 8  # each holds a thread


class PromptBody(Body):
    """A prompt with another text; the digest is that of the prompt that was edited."""

    name: Text
    text: str = Field(
        min_length=1, max_length=_MOST_PROMPT, description=f"a text of 1 to {_MOST_PROMPT} characters"
    )
    digest: Text


async def start(request: Request) -> Response:
    """POST `/start_processing`: `ProjectBody`."""
    state, body = state_of(request), await read(request, ProjectBody)
    project = await run_in_threadpool(
        state.workspace.project, body.project
    )  # a run makes a damaged store whole
    await run_in_threadpool(state.runner.start, project)
    return answer(state.runner.status(), 202)


async def stop(request: Request) -> Response:
    """POST `/stop_processing`: ends the run after the current write."""
    await read(request, Body)
    state = state_of(request)
    if not state.runner.stop():
        raise Conflict("No run is active.", "Start one first.")
    return answer(state.runner.status())


async def status(request: Request) -> Response:
    """GET `/status`: state, project, number of lines, and whether there is a CSV."""
    state = state_of(request)
    csv = await run_in_threadpool(_last_csv, state.workspace.home)
    return answer({**state.runner.status(), "csv": csv.name if csv else None})


async def log(request: Request) -> Response:
    """GET `/log?after=`: new lines as JSON, or as server-sent events if the browser asks for them."""
    runner = state_of(request).runner
    after = number_of(request.query_params.get("after"), "after", 0, 0, 1 << 31)
    if "text/event-stream" in request.headers.get("accept", "") and runner.listeners >= _MOST_LISTENERS:
        return PlainTextResponse("Too many pages follow this log; close one.\n", 429)
    if "text/event-stream" not in request.headers.get("accept", ""):
        return answer({"lines": [{"number": n, "text": t} for n, t in runner.lines(after)]})
    return StreamingResponse(_events(runner, after), media_type="text/event-stream")


def _events(runner: Runner, after: int) -> Iterator[str]:
    """New lines until the run ends, one event per line."""
    runner.listeners += 1
    try:
        while True:
            for number, text in runner.lines(after):
                after = number
                yield f"id: {number}\ndata: {json.dumps(text)}\n\n"
                if text == END:
                    return
            yield ": waiting\n\n"
            runner.wait(_WAIT_S)
    finally:
        runner.listeners -= 1


async def get_prompts(request: Request) -> Response:
    """GET `/get_prompts`: every prompt with version, digest, text, and whether it is the user's own."""
    folder = state_of(request).workspace.home / "prompts"
    return answer(
        {"prompts": await run_in_threadpool(lambda: [_prompt(name, folder) for name in prompt_names()])}
    )


async def save_prompts(request: Request) -> Response:
    """POST `/save_prompts`: `PromptBody`. The text needs a new version."""
    body, folder = await read(request, PromptBody), state_of(request).workspace.home / "prompts"
    name, text = body.name, body.text
    if name not in prompt_names():
        raise Conflict(f"There is no prompt {name!r}.", "Load the page again.")
    before = load_prompt(name, folder)
    after = parse_prompt(name, text, folder / f"{name}.md")
    if before.digest != body.digest:
        raise Conflict("The prompt has changed in the meantime.", "Load the page again and edit it there.")
    if after.digest != before.digest and after.version == before.version:
        raise Conflict(
            f"Version {before.version} is already used by rows.", "Give the changed prompt another version."
        )
    await run_in_threadpool(write_atomic, folder / f"{name}.md", text.encode("utf-8"))
    return answer(_prompt(name, folder))


async def download_last_csv(request: Request) -> Response:
    """GET `/download_last_csv`: the newest CSV of the exports."""
    found = await run_in_threadpool(_last_csv, state_of(request).workspace.home)
    if found is None:
        return PlainTextResponse("There is no CSV yet: run a project first.\n", 404)
    return FileResponse(found, media_type="text/csv", filename=f"{found.parent.name}-{found.name}")


async def image_proxy(request: Request) -> Response:
    """GET `/image_proxy?project=&id=`: a picture by its id; paths are not served."""
    query = request.query_params
    project = await run_in_threadpool(state_of(request).project, query.get("project", ""))
    if not query.get("id", "").isalnum():
        return PlainTextResponse("Give the id of a picture; paths are not served.\n", 400)
    return RedirectResponse(f"/p/{project.key}/image/{query['id']}/preview", 307)


def _prompt(name: str, folder: Path) -> dict[str, object]:
    found, own = load_prompt(name, folder), folder / f"{name}.md"
    path = own if own.is_file() else OURS / f"{name}.md"
    text = path.read_text("utf-8")
    return {
        "name": name,
        "version": found.version,
        "digest": found.digest,
        "own": own.is_file(),
        "text": text,
    }


def _last_csv(home: Path) -> Path | None:
    return max((home / "exports").glob("*/*.csv"), key=lambda p: p.stat().st_mtime, default=None)


ROUTES = [
    Route("/start_processing", start, methods=["POST"]),
    Route("/stop_processing", stop, methods=["POST"]),
    Route("/status", status, methods=["GET"]),
    Route("/log", log, methods=["GET"]),
    Route("/get_prompts", get_prompts, methods=["GET"]),
    Route("/save_prompts", save_prompts, methods=["POST"]),
    Route("/download_last_csv", download_last_csv, methods=["GET"]),
    Route("/image_proxy", image_proxy, methods=["GET"]),
]
