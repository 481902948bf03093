"""What there is to run is known without Dagster, and it is what Dagster would be given."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from assets.factory.freshness import Freshness, stale_tables
from dagster_project.automation import look_around, requested
from dagster_project.definitions import asset_declarations, build_defs
from dagster_project.planning import current_freshness
from dagster_project.running import run_one
from proofsheet.core.clock import utc_now
from proofsheet.core.config import Configuration, write_new
from proofsheet.storage.workspace import Project, Workspace
from proofsheet.texts.edits import write_field
from resources.resolved_settings import settings_by_section
from schemas.proof import MetadataRepair
from tests.support.kit import configuration, only_project, stage_library

ASK = """
import sys
from dagster_project.cli import main
try:
    main(sys.argv[1:])
finally:
    heavy = {"dagster", "sqlalchemy", "pandera", "torch", "ollama"}
    sys.stderr.write(" ".join(["\\nimported:", *sorted(heavy & sys.modules.keys())]))
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("planned")
    stage_library(folder / "library", "one", 2)
    settings = _settings(folder)
    done = run_one(settings, only_project(settings).key, None)
    assert done.success, done.error
    write_new(folder, folder / "library", folder / "home")
    return folder


def _settings(folder: Path, **sections: dict[str, object]) -> Configuration:
    return configuration(folder / "library", folder / "home", **{"photos": {"workers": 1}, **sections})


def _both(settings: Configuration, project: Project) -> tuple[dict[str, str], list[str] | None]:
    """What is stale and what there is to run; the same with Dagster and without."""
    with_dagster: Freshness = (build_defs(settings).resources or {})["freshness"]
    known = current_freshness(settings)
    assert list(known.versions) == list(with_dagster.versions)
    found = [(stale_tables(s.versions, project), s.to_run(project)) for s in (known, with_dagster)]
    assert found[0] == found[1]
    return found[0]


def test_of_a_fresh_project(place: Path) -> None:
    assert _both(_settings(place), only_project(_settings(place))) == ({}, [])


def test_of_another_setting(place: Path) -> None:
    stale, to_run = _both(_settings(place, groups={"similarity": 0.7}), only_project(_settings(place)))
    assert stale["photo_groups"] == "its settings changed"
    assert {"photo_groups", "project_report"} <= set(to_run or ())


def test_of_a_project_that_was_never_run(place: Path, tmp_path: Path) -> None:
    stage_library(tmp_path / "library", "two", 1)
    stale, to_run = _both(_settings(tmp_path), only_project(_settings(tmp_path)))
    assert set(stale.values()) == {"never made"}
    assert to_run is None


def test_of_a_project_that_lost_its_tables(place: Path, tmp_path: Path) -> None:
    shutil.copytree(place, tmp_path, dirs_exist_ok=True, symlinks=True)
    project = only_project(_settings(tmp_path))
    shutil.rmtree(project.store.folder)
    stale, to_run = _both(_settings(tmp_path), project)
    assert set(stale.values()) == {"never made"}
    assert set(to_run or ()) == {*stale, "project_report"}
    asked = requested("key", project, current_freshness(_settings(tmp_path)).to_run)
    assert asked is not None
    assert {key.to_user_string() for key in asked.asset_selection or ()} == {*stale, "project_report"}


def test_of_another_code_version(place: Path) -> None:
    settings = _settings(place)
    declared = [replace(d, code="000000000000") if d.table == "captions" else d for d in asset_declarations()]
    freshness = Freshness.of(declared, settings_by_section(settings), forced=False)
    assert stale_tables(freshness.versions, only_project(settings))["captions"] == "its code changed"


@pytest.mark.parametrize(("planned", "asked"), [(True, 0), (False, 1)])
def test_the_sensor_runs_nothing_that_was_just_run(
    place: Path, tmp_path: Path, planned: bool, asked: int
) -> None:
    shutil.copytree(place, tmp_path, dirs_exist_ok=True, symlinks=True)
    settings = _settings(tmp_path)
    plan = {"to_run": current_freshness(settings).to_run} if planned else {}
    cursor, requests = None, list[dg.RunRequest]()
    with dg.DagsterInstance.ephemeral() as instance:
        for now in (0.0, 40.0, 80.0):
            context = dg.build_sensor_context(instance, cursor=cursor)
            tick = look_around(context, Workspace(settings.place), 30.0, now, **plan)
            cursor = tick.cursor
            requests += tick.run_requests or []
    assert len(requests) == asked


@pytest.mark.parametrize("command", [["run", "--all"], ["status"]])
def test_a_command_that_runs_nothing_imports_no_dagster_once_the_source_is_known(
    place: Path, command: list[str]
) -> None:
    _command(place, *command)
    told, imported = _command(place, *command)
    assert imported == "imported:"
    assert told["runs"][0]["run_id"] == "" if "runs" in told else told["projects"]["one"]["stale"] == {}


def _command(place: Path, *command: str) -> tuple[dict[str, Any], str]:
    """What a command tells, and what it imported."""
    asked = [sys.executable, "-c", ASK, *command, "--json"]
    ended = subprocess.run(asked, cwd=place, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout), ended.stderr.splitlines()[-1]


def _edit(project: Project) -> None:
    photo = str(project.store.read(MetadataRepair)[MetadataRepair.photo_id][0])
    write_field(project.ledger, photo, "caption", "A boat beside the pier.", None, "human", utc_now())


def _lose_previews(project: Project) -> None:
    for path in sorted(project.cache.glob("previews-*/*/*"))[:1]:
        path.unlink()


def _lose_export(project: Project) -> None:
    project.export_file.unlink()


@pytest.mark.parametrize(
    ("change", "table"),
    [(_edit, "metadata_repaired"), (_lose_previews, "previews"), (_lose_export, "exports")],
)
def test_of_what_changed_beside_it(
    place: Path, tmp_path: Path, change: Callable[[Project], None], table: str
) -> None:
    shutil.copytree(place, tmp_path, dirs_exist_ok=True, symlinks=True)
    project = only_project(_settings(tmp_path))
    change(project)
    stale, to_run = _both(_settings(tmp_path), project)
    assert table in stale
    assert {table, "project_report"} <= set(to_run or ())
