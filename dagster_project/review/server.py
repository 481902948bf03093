"""The review app as one ASGI application behind the guard, and the process that serves it.

Holds `build_app` and `main`.
Add here: routes of another module.
Keep out: pages and calls.
"""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

import anyio.to_thread
import click
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from dagster_project.guard import Guard, allowed_hosts
from dagster_project.review import (
    api,
    contact_sheets,
    files_api,
    images,
    intake_api,
    metadata_api,
    pages,
    pictures_api,
    publish_api,
    runs_api,
    search_api,
)
from dagster_project.review.http import Limit, TooLarge, errors, too_large
from dagster_project.review.state import State
from proofsheet.core.config import Configuration, load
from proofsheet.core.errors import ProofsheetError, StoreError

_STATIC = Path(__file__).parent / "static"
_IDLE_S = 15
_SHEETS = re.compile(r"/p/[\w-]+/sheet/[0-9a-f]+\.jpg")


def build_app(settings: Configuration, hosts: Iterable[str], dagster: str = "") -> ASGIApp:
    """The application for these settings.

    Args:
        settings: everything that can be set.
        hosts: values of the Host header that are served.
        dagster: address of the Dagster UI; empty if none runs beside.
    """
    static = Mount("/static", StaticFiles(directory=_STATIC, follow_symlink=False))
    apis = (api, metadata_api, pictures_api, publish_api, files_api, intake_api, runs_api, search_api)
    routes = [
        *pages.ROUTES,
        *images.ROUTES,
        *contact_sheets.ROUTES,
        *(route for module in apis for route in module.ROUTES),
        Route("/ready", ready, methods=["GET"]),
        static,
    ]
    app = Starlette(
        lifespan=few_at_a_time,
        routes=routes,
        exception_handlers={
            StoreError: pages.damaged,
            ProofsheetError: errors,
            OSError: disk_error,
            TooLarge: too_large,
        },
    )
    app.state.proofsheet = State(settings, dagster)
    return Guard(Limit(app), frozenset(hosts), _SHEETS)


@asynccontextmanager
async def few_at_a_time(_app: Starlette) -> AsyncIterator[None]:
    """Handle a few requests at a time and queue the others.

    With forty at once, the slowest takes twice as long.
    """
    anyio.to_thread.current_default_thread_limiter().total_tokens = max(4, 2 * (os.cpu_count() or 1))
    yield


async def ready(_request: Request) -> Response:
    """GET `/ready`: that the server is up."""
    return PlainTextResponse("proofsheet review\n")


async def disk_error(_request: Request, error: Exception) -> Response:
    """The error of the disk, without a path."""
    told = getattr(error, "strerror", None) or "disk error"
    return PlainTextResponse(f"Not done: {told}. Check permissions and free space, then try again.\n", 507)


@click.command()
@click.option("--host", required=True)
@click.option("--port", type=int, required=True)
@click.option("--allow-host", multiple=True)
@click.option("--dagster", default="")
def main(host: str, port: int, allow_host: tuple[str, ...], dagster: str) -> None:
    """Serve until SIGTERM."""
    serve(load(), host, port, allow_host, dagster)


def serve(settings: Configuration, host: str, port: int, allow_host: Iterable[str], dagster: str) -> None:
    """Serve in this process until it is stopped."""
    app = build_app(settings, allowed_hosts(host, port, allow_host), dagster)
    uvicorn.run(
        app, host=host, port=port, log_level="warning", server_header=False, timeout_keep_alive=_IDLE_S
    )


if __name__ == "__main__":
    main()
