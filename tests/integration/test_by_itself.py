"""The sensor's ticks, dead runs, damaged stores, full disks, waiting runs."""

from __future__ import annotations

import json
import multiprocessing as mp
import os
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from assets.factory.freshness import stale_tables as stale
from dagster_project.automation import look_around
from dagster_project.planning import current_freshness
from dagster_project.running import run_one
from dagster_project.zombies import fail_dead_runs
from proofsheet.core.config import Configuration
from proofsheet.core.locks import acquire
from proofsheet.core.process_marks import process_mark
from proofsheet.storage.store import Store
from proofsheet.storage.workspace import Project, Workspace
from resources.store import PROCESS_TAG
from schemas.everything import every_table
from schemas.library import ExifFact, Photo
from schemas.metrics import RunRecord
from schemas.review import ReviewBatch
from tests.support.kit import NOW, configuration, only_project, run, save_picture, stage_library

DERIVED = [t for t in every_table() if t.origin == "derived"]


@pytest.fixture
def settings(tmp_path: Path) -> Configuration:
    stage_library(tmp_path / "library", "one", sets=2)
    return configuration(tmp_path / "library", tmp_path / "home")


class Clock:
    """Ticks of the sensor with a cursor that survives, at times of our choosing."""

    def __init__(self, settings: Configuration) -> None:
        self.workspace = Workspace(settings.place)
        self.instance = dg.DagsterInstance.ephemeral()
        self.cursor: str | None = None

    def tick(self, now: float) -> dg.SensorResult:
        context = dg.build_sensor_context(self.instance, cursor=self.cursor)
        found = look_around(context, self.workspace, 10.0, now)
        self.cursor = found.cursor
        for change in found.dynamic_partitions_requests or []:
            keys = list(change.partition_keys)
            if isinstance(change, dg.AddDynamicPartitionsRequest):
                self.instance.add_dynamic_partitions("project", keys)
            else:
                for key in keys:
                    self.instance.delete_dynamic_partition("project", key)
        return found


def test_each_version_of_a_folder_is_requested_once(settings: Configuration) -> None:
    clock = Clock(settings)
    folder = only_project(settings).folder
    assert "waits for a second scan" in str(clock.tick(0).skip_reason)
    assert "quiet for 5 s of 10 s" in str(clock.tick(5).skip_reason)
    (first,) = clock.tick(11).run_requests or []
    assert "unchanged" in str(clock.tick(20).skip_reason)
    save_picture(folder / "late.jpg", 9)
    assert not clock.tick(30).run_requests
    (second,) = clock.tick(50).run_requests or []
    assert first.run_key != second.run_key
    assert first.partition_key == second.partition_key == only_project(settings).key
    assert not clock.tick(60).run_requests


def submit(project: Project, number: int) -> None:
    row = {"batch_id": f"batch-{number}", "up_to": number, "number": number, "submitted_at": NOW}
    project.ledger.add(ReviewBatch, [row])


def test_a_submitted_batch_of_the_review_runs_its_project_once(settings: Configuration) -> None:
    clock, project = Clock(settings), only_project(settings)
    clock.tick(0)
    submit(project, 1)
    (first,) = clock.tick(11).run_requests or []
    assert "batch" not in str(first.run_key)
    assert not clock.tick(20).run_requests
    submit(project, 2)
    (second,) = clock.tick(30).run_requests or []
    assert str(second.run_key).endswith("-batch-2")
    assert not clock.tick(40).run_requests
    save_picture(project.folder / "late.jpg", 9)
    submit(project, 3)
    assert not clock.tick(50).run_requests
    assert len(clock.tick(70).run_requests or []) == 1
    assert not clock.tick(80).run_requests


@pytest.mark.long
def test_a_vanished_folder_is_reported_and_its_store_stays(settings: Configuration) -> None:
    clock = Clock(settings)
    project = only_project(settings)
    run(settings, project)
    clock.tick(0)
    assert clock.instance.get_dynamic_partitions("project") == [project.key]
    shutil.rmtree(project.folder)
    told = str(clock.tick(10).skip_reason)
    assert "one: its folder is gone; tables and facts stay" in told
    assert clock.instance.get_dynamic_partitions("project") == []
    assert project.store.read(Photo).height == 6


def test_a_run_whose_process_is_gone_is_failed_and_a_living_one_is_not() -> None:
    child = mp.get_context("spawn").Process(target=time.sleep, args=(0,))
    child.start()
    dead = process_mark(child.pid)
    child.join()
    with dg.DagsterInstance.ephemeral() as instance:
        runs = {}
        for name, tags in (
            ("dead", {PROCESS_TAG: dead}),
            ("living", {PROCESS_TAG: process_mark()}),
            ("unmarked", {}),
        ):
            runs[name] = instance.add_run(
                dg.DagsterRun(
                    job_name="project",
                    run_id=dg._core.utils.make_new_run_id(),
                    status=dg.DagsterRunStatus.STARTED,
                    tags=tags,
                )
            ).run_id
        news: list[str] = []
        assert fail_dead_runs(instance, also_unmarked=False, on_news=news.append) == 1
        state = {name: instance.get_run_by_id(run_id).status.value for name, run_id in runs.items()}  # type: ignore[union-attr]
        assert state == {"dead": "FAILURE", "living": "STARTED", "unmarked": "STARTED"}
        assert "interrupted" in news[0]
        assert fail_dead_runs(instance, also_unmarked=True, on_news=news.append) == 1


def _corrupt(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)


def _rows(store: Store, table: str) -> Path:
    (path,) = store.folder.glob(f"tables/{table}/*.parquet")
    return path


def _both_generations(store: Store) -> None:
    current, former = sorted(store.folder.glob("[0-9]*.json"), reverse=True)
    _corrupt(current)
    former.write_bytes(b"")


DAMAGES: dict[str, Callable[[Store], object]] = {
    "one byte of the current one": lambda s: _corrupt(max(s.folder.glob("[0-9]*.json"))),
    "both generations": _both_generations,
    "pointer": lambda s: (s.folder / "CURRENT").write_bytes(b"\xff\xfe nonsense"),
    "rows of a table": lambda s: _corrupt(_rows(s, Photo.name)),
    "rows that no question about freshness reads": lambda s: _corrupt(_rows(s, ExifFact.name)),
    "current one gone": lambda s: max(s.folder.glob("[0-9]*.json")).unlink(),
    "rows gone": lambda s: _rows(s, Photo.name).unlink(),
    "pointer gone": lambda s: (s.folder / "CURRENT").unlink(),
    "all gone": lambda s: shutil.rmtree(s.folder.parent),
}


@pytest.mark.long
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_store_is_set_aside_and_rebuilt_equal(settings: Configuration, damage: str) -> None:
    project = only_project(settings)
    (project.folder / "bad.jpg").write_bytes(b"no picture")
    run(settings, project)
    store = project.store
    before = {t.name: store.read(t) for t in DERIVED}
    DAMAGES[damage](store)
    done = run_one(settings, project.key, None)
    assert (done.success, done.outcome) == (True, "success"), done.error
    assert stale_tables(settings, project) == {}
    for table in DERIVED:
        assert store.read(table).equals(before[table.name]), table.name
    set_aside = (store.folder / "damaged").is_dir()
    assert set_aside == ("gone" not in damage)


def _full_disk_run(place: str, library: str) -> None:
    outcome = run_one(
        configuration(Path(library), Path(place)),
        only_project(configuration(Path(library), Path(place))).key,
        None,
    )
    Path(library).parent.joinpath("outcome.json").write_text(json.dumps(outcome.as_dict()))


def _tmpfs(path: Path, megabytes: int) -> bool:
    path.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(path)]
    return os.geteuid() == 0 and subprocess.run(command, capture_output=True, check=False).returncode == 0


@pytest.mark.long
def test_a_full_disk_fails_cleanly_and_goes_on_after_room_is_made(tmp_path: Path, figure: Any) -> None:
    home = tmp_path / "home"
    if not _tmpfs(home, 24):
        pytest.skip("a small tmpfs cannot be mounted here (not root): the full disk is not tried")
    try:
        stage_library(tmp_path / "library", "one", sets=2)
        settings = configuration(tmp_path / "library", home)
        project = only_project(settings)
        assert run_one(settings, project.key, None).success
        rows, generation = project.store.read(Photo), project.store.generation()
        ballast = home / "ballast"
        free = shutil.disk_usage(home).free
        ballast.write_bytes(b"\0" * max(0, free - 300_000))
        save_picture(project.folder / "late.png", 5)
        failed = run_one(settings, project.key, None)
        assert not failed.success
        assert "run again" in str(failed.error), failed.error
        assert project.store.generation() == generation
        assert project.store.read(Photo).equals(rows)
        assert not list(project.store.folder.glob(".*.tmp*"))
        ballast.unlink()
        assert run_one(settings, project.key, None).success
        assert project.store.read(Photo).height == rows.height + 1
        figure("full disk (24 MB tmpfs)", failed_cleanly=1, old_generation_readable=1, success_after_room=1)
    finally:
        subprocess.run(["umount", "-l", str(home)], check=False)


def _hold_for(path: str, seconds: float, ready: Any) -> None:
    with acquire(Path(path), "run of somebody else"):
        ready.set()
        time.sleep(seconds)


@pytest.mark.long
def test_a_waiting_run_says_whom_it_waits_for(settings: Configuration) -> None:
    project = only_project(settings)
    context = mp.get_context("spawn")
    ready = context.Event()
    other = context.Process(target=_hold_for, args=(str(project.run_lock), 3.0, ready))
    other.start()
    ready.wait(30)
    began = time.monotonic()
    assert run(settings, project).success
    assert time.monotonic() - began > 2
    other.join()
    (log,) = project.logs.glob("*.log")
    assert "waiting for run of somebody else (process " in log.read_text()


def stale_tables(settings: Configuration, project: Project) -> dict[str, str]:
    return stale(current_freshness(settings).versions, project)


@pytest.mark.long
def test_the_report_tells_what_is_stale_and_only_a_whole_run_is_noted(settings: Configuration) -> None:
    project = only_project(settings)
    run(settings, project)
    assert project.ledger.rows(RunRecord).height == 1
    changed = configuration(Path(settings.place.library), Path(settings.place.home), groups={"window": 3})
    result = run(changed, project, asset_selection=[dg.AssetKey("project_report")])
    (event,) = result.get_asset_materialization_events()
    metadata = event.step_materialization_data.materialization.metadata
    assert metadata["stale_tables"].value == len(stale_tables(changed, project)) > 8
    assert "photo_groups: its settings changed" in metadata["stale"].value
    assert project.ledger.rows(RunRecord).height == 1


def test_the_report_alone_makes_no_project_whole(settings: Configuration) -> None:
    project = only_project(settings)
    run(settings, project, asset_selection=[dg.AssetKey("project_report")])
    assert project.ledger.rows(RunRecord).is_empty()
    assert current_freshness(settings).to_run(project) is None


def test_stale_tables_are_told_with_their_reason(settings: Configuration) -> None:
    project = only_project(settings)
    of_projects = {t.name for t in DERIVED if not t.shared}
    assert stale_tables(settings, project) == dict.fromkeys(of_projects, "never made")
    run(settings, project)
    assert stale_tables(settings, project) == {}
    changed = configuration(Path(settings.place.library), Path(settings.place.home), groups={"window": 3})
    found = stale_tables(changed, project)
    assert found["photo_groups"] == "its settings changed"
    assert found["proposals"] == "follows photo_groups"
    assert found["exports"] == "follows choices, metadata_quality, proposals"
    assert all(reason.startswith("follows ") for name, reason in found.items() if name != "photo_groups")
    above = {
        "photos",
        "quarantine",
        "other_files",
        "exif_facts",
        "image_quality",
        "picture_hashes",
        "previews",
        "embeddings",
    }
    assert not above & set(found)
    saved = configuration(Path(settings.place.library), Path(settings.place.home), review={"baseline_s": 30})
    assert stale_tables(saved, project)["review_metrics"] == "its settings changed"
    knob = configuration(Path(settings.place.library), Path(settings.place.home), photos={"workers": 7})
    assert stale_tables(knob, project) == {}
