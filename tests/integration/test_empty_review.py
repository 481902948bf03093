"""A project without a set of two pictures: its pages say so, and what comes next."""

from __future__ import annotations

import html
from pathlib import Path

from starlette.testclient import TestClient

from dagster_project.guard import allowed_hosts
from dagster_project.review.overview import why_empty
from dagster_project.review.server import build_app
from proofsheet.storage.workspace import Workspace
from tests.support.kit import configuration, save_picture
from tests.support.review_kit import chosen_project


def test_a_project_of_single_pictures_is_not_told_to_run_or_to_review(tmp_path: Path) -> None:
    settings, project = chosen_project(tmp_path, sets=3, stages=1)
    told = why_empty(project)
    assert told.startswith("All 3 pictures are single: no two form a set")
    client = TestClient(
        build_app(settings, allowed_hosts("127.0.0.1", 8765)), base_url="http://127.0.0.1:8765"
    )
    page = html.unescape(client.get(f"/p/{project.key}/review").text)
    assert f'data-empty="{told}"' in page
    assert "texts and publishing (Metadata)" in client.get("/").text


def test_a_project_that_never_ran_is_told_to_run(tmp_path: Path) -> None:
    save_picture(tmp_path / "library" / "new" / "a.jpg")
    project = Workspace(configuration(tmp_path / "library", tmp_path / "home").place).project("new")
    assert why_empty(project) == "No run has made sets yet. Start one on the page Runs."
