"""A renamed folder is known by its contents; two projects are never mixed."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from proofsheet.core.errors import NotFound, UsageError
from proofsheet.core.files import hash_file
from proofsheet.core.progress import Quiet
from proofsheet.library.file_hashes import Scan, hash_all
from proofsheet.library.renamed_folders import adopt, adopt_renamed, find_renamed, keep_apart
from proofsheet.library.scan import scan
from proofsheet.library.watching import look_through
from proofsheet.storage.workspace import Project, Workspace
from schemas.edits import WordEdit
from schemas.library import Photo, ProjectFolder
from tests.support.kit import NOW, configuration, rescan, save_picture

EDIT = {
    "photo_id": "x",
    "field": "caption",
    "revision": 1,
    "value": "mine",
    "source": "human",
    "locked": True,
    "edited_at": NOW,
}


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A library with the project Trip of ten pictures, as after a run, with a caption of a person."""
    for number in range(10):
        save_picture(tmp_path / "library" / "Trip" / f"p{number}.png", number)
    found = Workspace(configuration(tmp_path / "library", tmp_path / "home").place)
    ran(found, "Trip")
    found.project("Trip").ledger.add(WordEdit, [EDIT])
    return found


def ran(workspace: Workspace, name: str) -> Project:
    """What a run leaves of a project: photos with their hashes, and its name."""
    project = workspace.project(name)
    rescan(project)
    workspace.remember()
    return project


def words(project: Project) -> list[str]:
    return project.ledger.rows(WordEdit)["value"].to_list()


def rename(workspace: Workspace, before: str, after: str) -> None:
    (workspace.library / before).rename(workspace.library / after)


def test_a_renamed_folder_keeps_key_words_and_tables_and_bears_its_new_name(workspace: Workspace) -> None:
    key = workspace.project("Trip").key
    rename(workspace, "Trip", "Trip to the lake")
    (asked,) = find_renamed(workspace)
    assert (asked.folder, asked.former, asked.share, asked.sure) == ("Trip to the lake", "Trip", 1.0, True)
    done, told = adopt_renamed(workspace, NOW)
    assert done == {"Trip to the lake": key}
    assert told == ["Trip to the lake: took over the data of Trip (its folder is gone)"]
    project = workspace.project("Trip to the lake")
    assert (project.key, project.name, words(project)) == (key, "Trip to the lake", ["mine"])
    assert project.store.read(Photo).height == 10
    assert project.ledger.rows(ProjectFolder)["folder_name"].to_list() == ["Trip to the lake"]
    assert workspace.vanished() == {}
    assert find_renamed(workspace) == []
    rename(workspace, "Trip to the lake", "Trip")
    adopt_renamed(workspace, NOW)
    assert (workspace.project("Trip").key, words(workspace.project("Trip"))) == (key, ["mine"])


def test_a_pure_rename_is_known_without_reading_a_picture(workspace: Workspace) -> None:
    rename(workspace, "Trip", "Lake")
    cache, read = (
        workspace.project("Lake").home
        / "cache"
        / workspace.former(*next(iter(workspace.vanished().items()))).key,
        Scan(),
    )
    files = {p.name: p for p in (workspace.library / "Lake").iterdir()}
    hash_all(files, read, cache, Quiet())
    assert (len(read.pictures), read.hashed) == (10, 0)


def test_a_new_folder_of_the_former_name_is_another_project(workspace: Workspace) -> None:
    key = workspace.project("Trip").key
    rename(workspace, "Trip", "Lake")
    adopt_renamed(workspace, NOW)
    save_picture(workspace.library / "Trip" / "other.png", 99)
    fresh = workspace.project("Trip")
    assert (fresh.key != key, words(fresh), workspace.project("Lake").key) == (True, [], key)
    workspace.remember()
    assert workspace.project("Trip").key == fresh.key


def test_a_copy_is_a_new_project(workspace: Workspace) -> None:
    shutil.copytree(workspace.library / "Trip", workspace.library / "Copy")
    assert find_renamed(workspace) == []
    with pytest.raises(UsageError, match="The folder of Trip is there"):
        adopt(workspace, "Copy", "Trip", "by a person", NOW)
    assert words(workspace.project("Copy")) == []


@pytest.mark.parametrize(("kept", "taken"), [(10, True), (8, True), (7, False), (0, False)])
def test_four_fifths_of_the_contents_are_needed(workspace: Workspace, kept: int, taken: bool) -> None:
    rename(workspace, "Trip", "Lake")
    for number in range(kept, 10):
        save_picture(workspace.library / "Lake" / f"p{number}.png", 100 + number, size=(90 + number, 64))
    assert bool(adopt_renamed(workspace, NOW)[0]) == taken


def test_files_of_equal_size_and_other_contents_are_not_taken_for_equal(workspace: Workspace) -> None:
    rename(workspace, "Trip", "Lake")
    for path in (workspace.library / "Lake").iterdir():
        path.write_bytes(path.read_bytes()[:-1] + b"\0")
    assert find_renamed(workspace) == []


def test_copied_without_times_and_renamed_inside_is_still_known(workspace: Workspace) -> None:
    for path in sorted((workspace.library / "Trip").iterdir()):
        target = workspace.library / "Lake" / "day 1" / f"new {path.name}"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    shutil.rmtree(workspace.library / "Trip")
    assert list(adopt_renamed(workspace, NOW)[0]) == ["Lake"]


def test_two_folders_that_fit_are_asked_about_and_a_person_says_which(workspace: Workspace) -> None:
    key = workspace.project("Trip").key
    shutil.copytree(workspace.library / "Trip", workspace.library / "Copy")
    rename(workspace, "Trip", "Lake")
    done, told = adopt_renamed(workspace, NOW)
    assert done == {}
    assert ["proofsheet projects adopt" in line for line in told] == [True, True]
    ran(workspace, "Lake")  # it may be run before somebody answers
    assert [(q.folder, q.sure) for q in find_renamed(workspace)] == [("Copy", False), ("Lake", False)]
    assert keep_apart(workspace, "Copy") == ["Trip"]
    adopt(workspace, "Lake", "Trip", "by a person", NOW)
    assert (workspace.project("Lake").key, words(workspace.project("Lake")), find_renamed(workspace)) == (
        key,
        ["mine"],
        [],
    )
    assert len(list((workspace.home / "store" / "set-aside").iterdir())) == 1


def test_two_vanished_projects_in_one_folder_are_asked_about(workspace: Workspace) -> None:
    for number in range(3):
        save_picture(workspace.library / "Walk" / f"w{number}.png", 50 + number, size=(70 + number, 50))
    ran(workspace, "Walk")
    rename(workspace, "Trip", "Both")
    for path in (workspace.library / "Walk").iterdir():
        path.rename(workspace.library / "Both" / path.name)
    (workspace.library / "Walk").rmdir()
    done, told = adopt_renamed(workspace, NOW)
    assert (done, len(told)) == ({}, 2)


def test_a_folder_of_which_people_said_something_takes_nothing_over(workspace: Workspace) -> None:
    rename(workspace, "Trip", "Lake")
    ran(workspace, "Lake").ledger.add(WordEdit, [EDIT | {"value": "of the lake"}])
    assert find_renamed(workspace) == []
    with pytest.raises(UsageError, match="never mixed"):
        adopt(workspace, "Lake", "Trip", "by a person", NOW)
    with pytest.raises(NotFound):
        adopt(workspace, "Lake", "never heard of", "by a person", NOW)


def test_a_damaged_ledger_is_not_taken_over(workspace: Workspace) -> None:
    path = workspace.project("Trip").ledger.path
    rename(workspace, "Trip", "Lake")
    path.write_bytes(b"")
    done, told = adopt_renamed(workspace, NOW)
    assert done == {}
    assert "Lake: cannot take over Trip" in told[0]


def test_a_moved_library_changes_nothing(workspace: Workspace, tmp_path: Path) -> None:
    before = workspace.project("Trip")
    workspace.library.rename(tmp_path / "elsewhere")
    moved = Workspace(configuration(tmp_path / "elsewhere", tmp_path / "home").place)
    after = moved.project("Trip")
    assert (after.key, words(after), moved.vanished()) == (before.key, ["mine"], {})
    seen = scan(after.folder, after.cache, Quiet())
    assert (len(seen.pictures), seen.hashed) == (10, 0)


def test_the_sensor_takes_over_once_the_folder_is_settled_and_runs_it_once(workspace: Workspace) -> None:
    key, now, before = (
        workspace.project("Trip").key,
        0.0,
        look_through(workspace, workspace.projects(), {}, 10, 0).watched,
    )
    runs: list[str] = []

    def tick() -> list[str]:
        nonlocal now, before
        now += 20
        found = look_through(workspace, workspace.remember(), before, 10, now)
        before = found.watched
        runs.extend(found.runs)
        return found.news

    tick()
    rename(workspace, "Trip", "Lake")
    assert any("second scan" in line for line in tick())
    assert "Lake: took over the data of Trip (its folder is gone)" in tick()
    for _ in range(5):
        tick()
    assert len(runs) == len(set(runs)) == 2
    assert [r.startswith(key) for r in runs] == [True, True]
    assert hash_file(workspace.library / "Lake" / "p0.png")[0] in set(
        workspace.project("Lake").store.read(Photo)["content_hash"]
    )
