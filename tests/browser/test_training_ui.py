"""Twelve projects and one training through the Dagster UI of `proofsheet up`.

Cards and plots in a real Chromium.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from dagster_project.cli import main
from dagster_project.instance import open_instance
from proofsheet.models import registry
from proofsheet.storage.workspace import Workspace
from tests.browser.test_dagster_ui import CHROMIUM, FLAGS, ROOT, Ui, _wait_for, end, free_port
from tests.integration.test_judge import make_project, write
from tests.support.kit import configuration

PROJECTS = 12
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed: the UI is not looked at"),
]


@pytest.fixture(scope="module")
def ui(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ui]:
    """Twelve projects of twelve sets with their history, and a page that looks at `proofsheet up`."""
    from playwright.sync_api import sync_playwright

    folder = tmp_path_factory.mktemp("training")
    selections, crops = [], []
    for k in range(PROJECTS):
        name = f"project{k:02d}"
        for won, lost, box, when in make_project(folder / "library" / name, 1000 * k, 12):
            selections.append(["s1", won[:9], f"{name}/{won}", f'["{name}/{lost}"]', when])
            crops.append(["s1", "", f"{name}/{won}", *box, when])
    write(folder / "selection_only_log.csv", "session_id,set_id,chosen_path,neg_paths,timestamp", selections)
    write(
        folder / "select_crop_log.csv",
        "session_id,directory,chosen_path,crop_x1,crop_y1,crop_x2,crop_y2,timestamp",
        crops,
    )
    os.chdir(folder)
    assert CliRunner().invoke(main, ["init", "library"]).exit_code == 0
    with (folder / "proofsheet.toml").open("a") as stream:
        stream.write("\n[watch]\nquiet_s = 3600\n[ranker]\nepochs = 8\n[crops]\nepochs = 8\n")
    assert (
        CliRunner()
        .invoke(main, ["history", "import", "selection_only_log.csv", "select_crop_log.csv"])
        .exit_code
        == 0
    )
    port = free_port()
    environment = os.environ | {
        "PYTHONPATH": str(ROOT),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    with (folder / "up.log").open("wb") as log:
        command = ["proofsheet", "up", "--port", str(port), "--review-port", str(free_port())]
        server = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=log, stderr=log, start_new_session=True
        )
        try:
            _wait_for(f"http://127.0.0.1:{port}/server_info", folder / "up.log")
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
                yield Ui(folder, port, browser.new_page(viewport={"width": 1500, "height": 950}), "training")
                browser.close()
        finally:
            end(server)


def workspace(ui: Ui) -> Workspace:
    return Workspace(configuration(ui.folder / "library", ui.folder / "proofsheet-home").place)


def wait_until(found: object, seconds: float) -> None:
    end = time.monotonic() + seconds
    while not found():  # type: ignore[operator]
        assert time.monotonic() < end
        time.sleep(2)


def test_a_backfill_of_twelve_projects_and_one_training(ui: Ui) -> None:
    ui.go("/automation")
    ui.sees("project_folders", "retrain")
    with open_instance(ui.folder / "proofsheet-home") as instance:
        wait_until(
            lambda: len(instance.get_dynamic_partitions("project")) == PROJECTS, 120
        )  # the sensor made them
    ui.go("/locations/proofsheet/jobs/project")
    ui.click("Materialize all")
    ui.sees("crop_fits", "Confirm")  # no model was trained yet, which the UI says
    ui.click("Confirm")
    ui.sees("Partition selection")
    ui.click("All", exact=True)
    ui.sees(f"{PROJECTS} partitions")
    ui.click("Launch backfill")
    time.sleep(3)
    ui.go("/runs")
    ui.shot("backfill")
    wait_until(lambda: all("exports" in p.store.tables() for p in workspace(ui).projects()), 900)
    ui.go("/locations/proofsheet/jobs/train")
    ui.sees("View 5 assets", "ranker_fits")  # the graph draws only the nodes that are in view
    ui.click("Materialize all")
    wait_until(lambda: "integration_report" in workspace(ui).shared.store.tables(), 900)
    ui.shot("train_job")


def test_the_card_its_plot_and_the_outcome_are_seen(ui: Ui) -> None:
    fit = registry.champion(workspace(ui).shared.ledger, "ranker")
    assert fit is not None
    ui.go("/assets/ranker_fits?view=events")
    shown = ui.sees("outcome", "serves now", "figure top1", "card")
    assert "144" in shown
    ui.shot("ranker_fits")
    page = ui.page
    page.goto(f"http://127.0.0.1:{ui.port}/proofsheet/cards/{fit['fit_id']}/", wait_until="networkidle")  # type: ignore[attr-defined]
    shown = ui.sees("gain over the highest stage", "leave one project out", "project11", "n = 144")
    assert page.evaluate("document.querySelector('img').naturalWidth") == 640  # type: ignore[attr-defined]
    ui.shot("card")
    page.goto(f"http://127.0.0.1:{ui.port}/proofsheet/cards/{fit['fit_id']}/reliability.png")  # type: ignore[attr-defined]
    ui.shot("plot")
