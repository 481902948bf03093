"""Three projects under `proofsheet up`, one of them damaged.

The other two run, and the pages say what is wrong.
"""

from __future__ import annotations

import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from proofsheet.core.config import load
from proofsheet.core.locks import acquire
from proofsheet.storage.health import trouble_of
from proofsheet.storage.workspace import Project, Workspace
from schemas.library import Photo
from tests.reliability.serving import PROOFSHEET, Up
from tests.support.kit import save_picture

pytestmark = pytest.mark.long
WATCH = "\n[model]\nbackend = 'embedded'\n[watch]\nquiet_s = 2\ninterval_s = 1\n"


def page(up: Up, path: str) -> str:
    request = urllib.request.Request(
        f"http://127.0.0.1:{up.review_port}{path}", headers={"accept": "text/html"}
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return str(answer.read(), "utf-8")
    except urllib.error.HTTPError as error:
        return str(error.read(), "utf-8")


def failed(up: Up, key: str) -> bool:
    return any(r["status"] == "FAILURE" and r["tags"].get("dagster/partition") == key for r in up.runs())


def wait_until(wanted: Callable[[], bool], seconds: float = 400) -> None:
    end = time.monotonic() + seconds
    while not wanted():
        assert time.monotonic() < end
        time.sleep(1)


@pytest.mark.parametrize("damage", ["ledger", "store", "pointer"])
def test_one_damaged_project_holds_up_no_other(tmp_path: Path, damage: str, figure: Any) -> None:
    for number, name in enumerate("abc"):
        save_picture(tmp_path / "library" / name / "one.jpg", number)
    subprocess.run([str(PROOFSHEET), "init", "library"], cwd=tmp_path, check=True)
    with (tmp_path / "proofsheet.toml").open("a") as stream:
        stream.write(WATCH)
    subprocess.run([str(PROOFSHEET), "run", "--all"], cwd=tmp_path, check=True)
    a, b, c = Workspace(load(tmp_path, {}).place).projects()
    file = damaged_file(b, damage)
    file.write_bytes(b"\xff\xfe no such file was ever written\n" * 100)
    for number, project in enumerate((a, c)):
        save_picture(project.folder / "late.jpg", 10 + number)
    up = Up(tmp_path).wait()
    try:
        with acquire(
            b.run_lock, "the test", wait_s=0
        ):  # so that no run makes the store whole before the pages are looked at
            pages = [page(up, path) for path in ("/", "/runs", "/intake", f"/p/{b.key}/review")]
        assert all(file.name in text for text in pages)
        assert "Sets decided" in pages[0]
        wait_until(lambda: [p.store.read(Photo).height for p in (a, c)] == [2, 2])
        wait_until(lambda: failed(up, b.key) if damage == "ledger" else trouble_of(b) is None)
        assert not failed(up, a.key)
        assert not failed(up, c.key)
    finally:
        up.stop()
    figure(f"three projects under up, one damaged {damage}", others_run=2, pages_that_say_it=len(pages))


def damaged_file(project: Project, damage: str) -> Path:
    """The file of a project that is overwritten."""
    if damage == "ledger":
        return project.ledger.path
    made = project.store.generations
    return made.folder / "CURRENT" if damage == "pointer" else made.path(made.current())
