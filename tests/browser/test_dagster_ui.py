"""The Dagster UI in a real Chromium: graph, backfill, metadata, verdicts, a refused table."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from assets.partitions import GROUPS
from dagster_project.cli import main
from proofsheet.storage.workspace import Workspace
from tests.support.kit import configuration, save_picture, stage_library

ROOT = Path(__file__).parents[2]
CHROMIUM = shutil.which("chromium")
SHOTS = os.environ.get("PROOFSHEET_SCREENSHOTS")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed: the UI is not looked at"),
]
WORKSPACE = (
    "load_from:\n  - python_module:\n      module_name: tests.browser.with_a_bad_asset\n      "
    "location_name: proofsheet\n"
)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


class Ui:
    """A running Dagster UI and a page that looks at it."""

    def __init__(self, folder: Path, port: int, page: object, served_by: str) -> None:
        self.folder, self.port, self.page, self.served_by = folder, port, page, served_by

    def go(self, path: str) -> None:
        self.page.goto(f"http://127.0.0.1:{self.port}{path}", wait_until="networkidle")  # type: ignore[attr-defined]

    def sees(self, *texts: str, seconds: float = 60) -> str:
        """Wait until the page shows every text."""
        end = time.monotonic() + seconds
        while True:
            shown = str(self.page.inner_text("body"))  # type: ignore[attr-defined]
            missing = [t for t in texts if t not in shown]
            if not missing:
                return shown
            assert time.monotonic() < end, f"the page does not show {missing}:\n{shown[:3000]}"
            time.sleep(1)

    def sees_at(self, path: str, *texts: str, seconds: float = 240) -> str:
        """The same for a page that does not refresh itself: it is loaded again and again."""
        end = time.monotonic() + seconds
        while True:
            self.go(path)
            try:
                return self.sees(*texts, seconds=5)
            except AssertionError:
                if time.monotonic() > end:
                    raise

    def click(self, name: str, exact: bool = False) -> None:
        self.page.get_by_role("button", name=name, exact=exact).first.click()  # type: ignore[attr-defined]
        time.sleep(1)

    def shot(self, name: str) -> None:
        if SHOTS:
            time.sleep(2)
            self.page.screenshot(path=str(Path(SHOTS) / f"{self.served_by}_{name}.png"))  # type: ignore[attr-defined]


@pytest.fixture(scope="module", params=["dagster dev", "proofsheet up"])
def ui(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ui]:
    """A library of two projects, served by the stock command and by ours with its guard."""
    from playwright.sync_api import sync_playwright

    folder = tmp_path_factory.mktemp("ui")
    stage_library(folder / "library", "harbour", 3)
    stage_library(folder / "library", "still life", 2, first_seed=40)
    for place in ("x", "y"):
        save_picture(folder / "library" / "harbour" / place / "same.jpg", 99)
    (folder / "library" / "harbour" / "broken.jpg").write_bytes(b"no picture")
    os.chdir(folder)
    assert CliRunner().invoke(main, ["init", "library"]).exit_code == 0
    with (folder / "proofsheet.toml").open("a") as stream:
        stream.write("\n[watch]\nquiet_s = 3600\n")
    (folder / "workspace.yaml").write_text(WORKSPACE)
    port = free_port()
    environment = os.environ | {
        "DAGSTER_HOME": str(folder / "proofsheet-home" / "dagster"),
        "PYTHONPATH": str(ROOT),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    command = [*request.param.split(), "-p" if request.param == "dagster dev" else "--port", str(port)]
    ours = ["--definitions", "tests.browser.with_a_bad_asset", "--review-port", str(free_port())]
    command += ["-w", "workspace.yaml"] if request.param == "dagster dev" else ours
    with (folder / "dev.log").open("wb") as log:
        server = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
            preexec_fn=interruptible,
        )
        try:
            _wait_for(f"http://127.0.0.1:{port}/server_info", folder / "dev.log")
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
                page = browser.new_page(viewport={"width": 1500, "height": 950})
                yield Ui(folder, port, page, request.param.split()[1])
                browser.close()
        finally:
            end(server)


def interruptible() -> None:
    """For the child.

    Tests that run in the background ignore SIGINT, and `dagster dev` would take that over for SIGTERM too.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def end(server: subprocess.Popen[bytes]) -> None:
    """SIGTERM; what does not end by it is killed with all of its processes, and told."""
    server.send_signal(signal.SIGTERM)
    try:
        server.wait(60)
    except subprocess.TimeoutExpired:
        os.killpg(server.pid, signal.SIGKILL)
        raise


def _wait_for(address: str, log: Path) -> None:
    for _ in range(120):
        try:
            with urllib.request.urlopen(address, timeout=2):
                return
        except OSError:
            time.sleep(1)
    raise TimeoutError(log.read_text())


def test_the_graph_shows_the_groups_and_no_newsletter(ui: Ui) -> None:
    ui.go("/asset-groups")
    shown = ui.sees(*GROUPS, "Materialize all")
    assert "newsletter" not in shown.lower()
    ui.shot("graph")


def test_a_backfill_over_all_partitions_succeeds(ui: Ui) -> None:
    ui.go("/automation")
    ui.sees("project_folders")
    ui.go("/asset-groups")
    ui.click("Materialize all")
    ui.sees("Partition selection")
    ui.click("All", exact=True)
    ui.sees("2 partitions")
    ui.click("Launch backfill")
    time.sleep(5)
    ui.go("/runs")
    ui.sees("Success", seconds=240)
    ui.shot("backfill")
    (harbour, still) = Workspace(
        configuration(ui.folder / "library", ui.folder / "proofsheet-home").place
    ).projects()
    assert harbour.store.tables()["exports"]
    assert still.store.tables()["exports"]


def test_a_materialization_tells_counts_and_rows(ui: Ui) -> None:
    (harbour, _still) = Workspace(
        configuration(ui.folder / "library", ui.folder / "proofsheet-home").place
    ).projects()
    ui.go(f"/assets/photos?view=partitions&partition={harbour.key}")
    shown = ui.sees("Materialized (2)", "dagster/row_count", "decoded", "first_rows", "2025_0000_stage")
    assert "11" in shown
    ui.shot("materialization")
    ui.go("/assets/photos?view=overview")
    ui.sees("Path inside the project folder, with forward slashes.", "pictures", "DuckDB")


def test_verdicts_on_rows_are_warnings_with_counts(ui: Ui) -> None:
    ui.go("/assets/metadata_quality?view=checks&checkDetail=duplicate_text")
    ui.sees("duplicate_text", "This is a non-blocking asset check", "count")
    ui.shot("verdicts")
    ui.go("/assets/metadata_quality?view=checks&checkDetail=table_gate")  # the list draws what fits
    ui.sees("table_gate", "checked before anything is written")
    ui.go("/assets/quarantine?view=checks")
    ui.sees("nothing_refused", "No file of the project is in quarantine.")


def test_a_refused_table_writes_nothing_and_records_no_materialization(ui: Ui) -> None:
    (harbour, _still) = Workspace(
        configuration(ui.folder / "library", ui.folder / "proofsheet-home").place
    ).projects()
    generation = harbour.store.generation()
    (harbour.folder / "mix_up").write_text("x")
    ui.go("/assets/mixed_up")
    ui.click("Materialize")
    ui.sees("Partition selection")
    ui.click("All", exact=True)
    ui.click("Launch backfill")
    page = f"/assets/mixed_up?view=partitions&partition={harbour.key}"
    ui.sees_at(page, "failed, and did not materialize this asset", "Failed (1)", "Materialized (1)")
    ui.shot("refused_partition")
    assert harbour.store.generation() == generation
    ui.page.get_by_text("View logs").first.click()  # type: ignore[attr-defined]
    ui.sees("was refused by its gate", "stranger-000000", "ASSET_CHECK_EVALUATION")
    ui.shot("refused_log")
