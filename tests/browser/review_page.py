"""A running review app and a page that looks at it.

Holds `Review`, `serving`, `sees`, `serious` and `shot`.
Add here: another question to the page.
Keep out: assertions.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
AXE = Path(__file__).parent / "vendor" / "axe-core" / "axe.min.js"
CHROMIUM = shutil.which("chromium")
SHOTS = os.environ.get("PROOFSHEET_SCREENSHOTS")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
]


class Review:
    """The review app of a folder with a proofsheet.toml, in a process of its own."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.port, self.address = folder, port, f"http://127.0.0.1:{port}"
        self.process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "dagster_project.cli", "review", "--port", str(self.port)]
        with (self.folder / "review.log").open("ab") as log:
            return subprocess.Popen(
                command, cwd=self.folder, env=os.environ | {"PYTHONPATH": str(ROOT)}, stdout=log, stderr=log
            )

    def wait(self, seconds: float = 60) -> Review:
        end = time.monotonic() + seconds
        while True:
            try:
                with urllib.request.urlopen(f"{self.address}/ready", timeout=2):
                    return self
            except OSError:
                assert time.monotonic() < end, (self.folder / "review.log").read_text()
                time.sleep(0.05)

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(30)

    def again(self) -> Review:
        self.process = self._start()
        return self.wait()

    def end(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)


@contextmanager
def serving(folder: Path, port: int) -> Iterator[Review]:
    """A review app that is up."""
    found = Review(folder, port)
    try:
        yield found.wait()
    finally:
        found.end()


def shot(page: Any, name: str) -> None:
    """Keep a screenshot, if somebody wants to look."""
    if SHOTS:
        time.sleep(0.4)
        page.screenshot(path=str(Path(SHOTS) / f"review_{name}.png"))


def sees(page: Any, selector: str, words: str, seconds: float = 15) -> None:
    """Wait until an element shows words; the policy of the pages forbids waiting by a script."""
    end = time.monotonic() + seconds
    while words not in (shown := page.inner_text(selector)):
        assert time.monotonic() < end, f"{selector} does not show {words!r}: {shown[:1500]!r}"
        time.sleep(0.02)


def serious(page: Any) -> list[tuple[str, str]]:
    """What axe finds serious or critical; the policy of the pages forbids to bring it by a tag."""
    page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        (v["id"], v["nodes"][0]["html"][:120])
        for v in found["violations"]
        if v["impact"] in {"serious", "critical"}
    ]
