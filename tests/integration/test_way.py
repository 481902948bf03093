"""The whole way on small libraries: what a run finds, keeps and refuses."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from proofsheet.core.config import Configuration
from proofsheet.review.status import project_status
from proofsheet.storage.workspace import Workspace
from schemas.choices import Proposal
from schemas.everything import every_table
from schemas.library import Photo, Quarantine
from schemas.metrics import RunRecord, Trend
from schemas.proof import MetadataQuality
from schemas.publish import Export
from schemas.storage import StoredTable
from tests.support.kit import (
    configuration,
    jpeg_bytes,
    name_subject,
    only_project,
    run,
    save_picture,
    stage_library,
    tree,
)

DERIVED = [t for t in every_table() if t.origin == "derived"]


@pytest.fixture
def settings(tmp_path: Path) -> Configuration:
    """A library of one project that was never run."""
    stage_library(tmp_path / "library", "one", sets=3)
    return configuration(tmp_path / "library", tmp_path / "home")


@pytest.fixture(scope="module")
def once_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("way")
    stage_library(place / "library", "one", sets=3)
    (place / "library" / "one" / "bad.jpg").write_bytes(b"nothing of a picture")
    settings = configuration(place / "library", place / "home")
    assert run(settings, only_project(settings)).success
    return place


@pytest.fixture
def ran(once_run: Path, tmp_path: Path) -> Configuration:
    """A copy of a library of one project that was run once: three sets and a file that is no picture."""
    shutil.copytree(once_run, tmp_path / "ran", symlinks=True)
    return configuration(tmp_path / "ran" / "library", tmp_path / "ran" / "home")


def test_a_folder_becomes_chosen_described_gated_and_exported(settings: Configuration) -> None:
    project = only_project(settings)
    name_subject(project, "Boats in a harbour")
    before = tree(project.folder)
    assert run(settings, project).success
    state = project_status(project)
    assert (state.photos, state.sets, state.quarantined, state.other_files, state.files) == (9, 3, 0, 3, 12)
    assert state.accepted + state.blocked == 3
    assert state.accepted > 0
    chosen = project.store.read(Proposal)
    assert all("stage3" in path for path in chosen["chosen_path"])
    assert project.export_file.read_text("utf-8").count("\n") == state.accepted + 1
    assert tree(project.folder) == before
    captions = project.store.read(Export)[Export.caption]
    assert all(caption.startswith("Boats in a harbour. ") for caption in captions)
    companions = project.store.read(Photo).filter(pl.col("stage") == 1)["companions"].to_list()
    assert companions == [[f"2025_{n:04d}_stage1_generated.txt"] for n in range(3)]


def test_without_a_subject_every_text_is_a_draft_that_is_counted_and_never_exported(
    ran: Configuration,
) -> None:
    project = only_project(ran)
    state = project_status(project)
    assert (state.accepted, state.drafts, state.blocked) == (0, 3, 0)
    rows = project.store.read(MetadataQuality)
    assert rows[MetadataQuality.status].to_list() == ["draft"] * 3
    assert rows[MetadataQuality.accepted_caption].null_count() == 3
    assert {issue["rule"] for issues in rows[MetadataQuality.issues] for issue in issues} == {"no_subject"}
    assert project.store.read(Export).height == 0
    assert project.ledger.rows(RunRecord)[RunRecord.drafts].to_list() == [3]


@pytest.mark.long
def test_an_unchanged_run_opens_nothing_and_writes_no_generation(ran: Configuration) -> None:
    project = only_project(ran)
    (project.folder / "broken.jpg").write_bytes(jpeg_bytes(5, (300, 300))[:2000])
    run(ran, project)
    before = project.store.generation()
    result = run(ran, project)
    assert result.success
    assert project.store.generation() == before
    metadata = {
        e.asset_key.to_user_string(): e.step_materialization_data.materialization.metadata
        for e in result.get_asset_materialization_events()
        if e.asset_key
    }
    assert {
        name for name, found in metadata.items() if "changed" in found and found["changed"].value
    } == set()
    assert (metadata["photos"]["decoded"].value, metadata["photos"]["hashed"].value) == (0, 0)


def test_one_changed_pixel_under_a_restored_time_is_found(ran: Configuration) -> None:
    project = only_project(ran)
    path = project.folder / "2025_0000_stage3_enhanced.png"
    old = project.store.read(Photo).filter(pl.col("file_name") == path.name)["content_hash"].item()
    before = path.stat()
    from PIL import Image

    with Image.open(path) as opened:
        picture = opened.copy()
    picture.putpixel((0, 0), (1, 2, 3))
    picture.save(path)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    result = run(ran, project, until="photos")
    found = project.store.read(Photo).filter(pl.col("file_name") == path.name)["content_hash"].item()
    assert found != old
    decoded = [
        e.step_materialization_data.materialization.metadata["decoded"].value
        for e in result.get_asset_materialization_events()
        if e.asset_key and e.asset_key.to_user_string() == "photos"
    ]
    assert decoded == [1]


@pytest.mark.long
def test_an_unreadable_picture_is_one_row_until_it_is_mended(ran: Configuration) -> None:
    project = only_project(ran)
    bad = project.folder / "bad.jpg"
    (row,) = project.store.read(Quarantine).to_dicts()
    assert (row["path"], row["kind"]) == ("bad.jpg", "unreadable")
    assert project_status(project).photos == 9
    bad.write_bytes(jpeg_bytes(77))
    run(ran, project)
    assert project.store.read(Quarantine).is_empty()
    assert project_status(project).photos == 10


@pytest.mark.long
def test_two_projects_with_the_same_names_stay_apart(tmp_path: Path) -> None:
    stage_library(tmp_path / "library", "mojo", first_seed=0)
    stage_library(tmp_path / "library", "mojo1", first_seed=50)
    settings = configuration(tmp_path / "library", tmp_path / "home")
    projects = Workspace(settings.place).projects()
    for project in projects:
        assert run(settings, project).success
    for project in projects:
        for table in [*DERIVED, StoredTable]:
            assert set(project.store.read(table)["project"]) <= {project.key}, table.name
    one, two = (p.store.read(Photo) for p in projects)
    assert sorted(one["path"]) == sorted(two["path"])
    assert not set(one["content_hash"]) & set(two["content_hash"])
    assert not set(one["photo_id"]) & set(two["photo_id"])


@pytest.mark.long
def test_the_store_rebuilt_from_ledger_cache_and_disk_is_equal(ran: Configuration) -> None:
    project = only_project(ran)
    before = {t.name: project.store.read(t) for t in DERIVED}
    shutil.rmtree(ran.place.home + "/store")
    run(ran, project)
    for table in DERIVED:
        assert project.store.read(table).equals(before[table.name]), table.name
    shutil.rmtree(ran.place.home + "/store")
    shutil.rmtree(ran.place.home + "/cache")
    run(ran, project)
    for table in set(DERIVED) - {Trend}:  # a run that opens pictures again is one more session of the day
        assert project.store.read(table).equals(before[table.name]), table.name
    assert project.store.read(Trend)[Trend.runs].sum() == before[Trend.name][Trend.runs].sum() + 1


def test_a_deleted_export_is_written_again(ran: Configuration) -> None:
    project = only_project(ran)
    content = project.export_file.read_bytes()
    project.export_file.unlink()
    run(ran, project, until="exports")
    assert project.export_file.read_bytes() == content


@pytest.mark.long
def test_a_read_only_library_is_enough(settings: Configuration) -> None:
    project = only_project(settings)
    for path in [*project.folder.rglob("*"), project.folder]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    assert run(settings, project).success
    project.folder.chmod(0o755)


def test_a_selection_runs_alone(ran: Configuration) -> None:
    project = only_project(ran)
    generation = project.store.generation()
    result = run(ran, project, asset_selection=[dg.AssetKey("image_quality")])
    assert result.success
    assert [
        e.asset_key.to_user_string() for e in result.get_asset_materialization_events() if e.asset_key
    ] == ["image_quality"]
    assert project.store.generation() == generation


@pytest.mark.long
def test_strange_names_go_the_whole_way(tmp_path: Path) -> None:
    names = ["new\nline.jpg", "quote'\".png", "🦊.jpg", "=cmd().jpg", "e\u0301.jpg", "x" * 251 + ".jpg"]
    for seed, name in enumerate(names):
        save_picture(tmp_path / "library" / "one" / f"{seed}.jpg", seed).rename(
            tmp_path / "library" / "one" / name
        )
    settings = configuration(tmp_path / "library", tmp_path / "home")
    project = only_project(settings)
    assert run(settings, project).success
    assert sorted(project.store.read(Photo)["path"]) == sorted(names)
    current = project.store.read(MetadataQuality).filter(pl.col("is_current"))
    assert current.height == project_status(project).sets
    assert "\n=" not in project.export_file.read_text("utf-8")
