"""`python -m docs.screenshots DEMO`: the pictures of the README, of a demo that has run.

Holds the command.
Add here: another picture of a page.
Keep out: making the demo (demo/).

It starts `proofsheet up` in the demo's folder and opens the pages in Chromium.
"""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click
import httpx
import polars as pl

from demo.history import PROJECT
from proofsheet.core.config import load
from proofsheet.storage.workspace import Project, Workspace
from schemas.choices import Proposal

_PICTURES = Path(__file__).parent / "pictures"
_FLAGS = ("--no-sandbox", "--disable-gpu")
_START_S, _SETTLE_S, _MOST_SETS = 120.0, 4.0, 100
_REVIEW, _GRAPH = {"width": 1300, "height": 760}, {"width": 1500, "height": 950}


@click.command()
@click.argument("demo", type=click.Path(path_type=Path, exists=True, file_okay=False))
def main(demo: Path) -> None:
    """Write review.png and graph.png of the demo that ran in DEMO."""
    from playwright.sync_api import sync_playwright

    workspace = Workspace(load(demo, {}).place)
    (finished,) = (p for p in workspace.projects() if p.name == PROJECT)
    with _served(demo) as (dagster, review), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=_FLAGS)
        for name, size, address in (
            ("review", _REVIEW, f"{review}/p/{finished.key}/review?set={_place(review, finished)}"),
            ("graph", _GRAPH, f"{dagster}/asset-groups"),
        ):
            page = browser.new_page(viewport=size, color_scheme="dark")  # type: ignore[arg-type]
            page.goto(address, wait_until="networkidle")
            time.sleep(_SETTLE_S)
            page.screenshot(path=_PICTURES / f"{name}.png")
        browser.close()


def _place(review: str, project: Project) -> int:
    """Place in the review of the set in which a lower stage is preferred with the most confidence."""
    rows = project.store.read(Proposal).filter(pl.col(Proposal.anomaly))
    ranked = rows.sort(Proposal.confidence, Proposal.group_id, descending=[True, False])
    batch = httpx.get(
        f"{review}/api/automation/load_batch",
        params={"project": project.key, "size": _MOST_SETS, "start": 0},
        timeout=_START_S,
    ).json()
    places = {one["group_id"]: int(one["place"]) for one in batch["sets"]}
    return places[str(ranked[Proposal.group_id][0])]


@contextmanager
def _served(folder: Path) -> Iterator[Sequence[str]]:
    """Addresses of the Dagster UI and of the review app of a folder."""
    ports = [_free_port(), _free_port()]
    command = Path(sys.executable).parent / "proofsheet"
    server = subprocess.Popen(  # noqa: S603 - our own command
        [command, "up", "--port", str(ports[0]), "--review-port", str(ports[1])], cwd=folder
    )
    dagster, review = (f"http://127.0.0.1:{port}" for port in ports)
    try:
        for address in (f"{dagster}/server_info", f"{review}/ready"):
            _wait_for(address)
        yield dagster, review
    finally:
        server.send_signal(signal.SIGINT)
        server.wait()


def _wait_for(address: str) -> None:
    end = time.monotonic() + _START_S
    while True:
        try:
            httpx.get(address, timeout=5).raise_for_status()
            return
        except httpx.HTTPError:
            if time.monotonic() > end:
                raise
            time.sleep(0.5)


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


if __name__ == "__main__":
    main()
