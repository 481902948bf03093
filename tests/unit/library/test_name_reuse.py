"""A project belongs to its pictures: a folder that got the name of another one does not get its words."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from proofsheet.library.renamed_folders import adopt_renamed, find_renamed
from proofsheet.library.watching import look_through
from proofsheet.storage.workspace import Workspace
from schemas.edits import WordEdit
from schemas.library import ProjectFolder
from tests.support.kit import NOW, configuration, save_picture
from tests.unit.library.test_renamed_folders import EDIT, ran, rename, words


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """Two projects with pictures of the same names, each with a caption of a person."""
    (tmp_path / "library").mkdir()
    found = Workspace(configuration(tmp_path / "library", tmp_path / "home").place)
    for project in ("Trip", "Walk"):
        pictures(found, project, 10 if project == "Trip" else 40)
        ran(found, project).ledger.add(WordEdit, [EDIT | {"value": f"of the {project}"}])
    return found


def pictures(workspace: Workspace, folder: str, seed: int) -> None:
    for number in range(5):
        save_picture(
            workspace.library / folder / f"p{number}.png", seed + number, size=(90 + seed + number, 64)
        )


def owners(workspace: Workspace) -> dict[str, list[str]]:
    return {p.name: words(p) for p in workspace.projects()}


def test_a_new_folder_that_got_the_name_of_a_renamed_one_gets_none_of_its_words(workspace: Workspace) -> None:
    rename(workspace, "Trip", "Trip of last year")
    pictures(workspace, "Trip", 70)
    assert adopt_renamed(workspace, NOW)[1] == [
        "Trip of last year: took over the data of Trip (before) (its folder is gone)"
    ]
    assert owners(workspace) == {"Trip": [], "Trip of last year": ["of the Trip"], "Walk": ["of the Walk"]}
    assert workspace.vanished() == {}
    adopt_renamed(workspace, NOW)
    workspace.remember()
    assert owners(workspace) == {"Trip": [], "Trip of last year": ["of the Trip"], "Walk": ["of the Walk"]}


def test_two_folders_that_swap_their_names_keep_their_words(workspace: Workspace) -> None:
    keys = {p.name: p.key for p in workspace.projects()}
    for before, after in (("Trip", "x"), ("Walk", "Trip"), ("x", "Walk")):
        rename(workspace, before, after)
    adopt_renamed(workspace, NOW)
    assert owners(workspace) == {"Trip": ["of the Walk"], "Walk": ["of the Trip"]}
    assert {p.name: p.key for p in workspace.projects()} == {"Trip": keys["Walk"], "Walk": keys["Trip"]}
    (workspace.home / "projects.json").unlink()
    assert owners(workspace) == {"Trip": ["of the Walk"], "Walk": ["of the Trip"]}


def test_a_folder_renamed_to_that_of_a_deleted_one_keeps_its_own_words(workspace: Workspace) -> None:
    shutil.rmtree(workspace.library / "Walk")
    rename(workspace, "Trip", "Walk")
    adopt_renamed(workspace, NOW)
    assert owners(workspace) == {"Walk": ["of the Trip"]}
    assert list(workspace.vanished().values()) == ["Walk (before)"]


def test_an_edited_folder_beside_a_copy_of_what_it_was_keeps_its_words(workspace: Workspace) -> None:
    shutil.copytree(workspace.library / "Trip", workspace.library / "Backup")
    for path in (workspace.library / "Trip").iterdir():
        path.write_bytes(path.read_bytes() + b"a rating")
    adopt_renamed(workspace, NOW)
    assert (owners(workspace)["Trip"], owners(workspace)["Backup"]) == (["of the Trip"], [])


@pytest.mark.parametrize("other", [True, False])
def test_a_folder_with_other_pictures_keeps_its_project_where_nobody_has_the_former_ones(
    workspace: Workspace, other: bool
) -> None:
    shutil.rmtree(workspace.library / "Trip")
    if other:
        pictures(workspace, "Trip", 70)
    else:
        (workspace.library / "Trip").mkdir()
    pictures(workspace, "New", 100)
    adopt_renamed(workspace, NOW)
    assert (owners(workspace)["Trip"], find_renamed(workspace)) == (["of the Trip"], [])


def test_the_sensor_runs_swapped_folders_once_more_under_their_own_keys(workspace: Workspace) -> None:
    keys = {p.name: p.key for p in workspace.projects()}
    now, before, runs = 0.0, look_through(workspace, workspace.projects(), {}, 10, 0).watched, list[str]()

    def ticks(number: int) -> None:
        nonlocal now, before
        for _ in range(number):
            now += 20
            found = look_through(workspace, workspace.remember(), before, 10, now)
            before = found.watched
            runs.extend(found.runs)

    ticks(3)
    assert sorted(r[: len(keys["Trip"])] for r in runs) == sorted(keys.values())
    for before_, after in (("Trip", "x"), ("Walk", "Trip"), ("x", "Walk")):
        rename(workspace, before_, after)
    ticks(6)
    assert owners(workspace) == {"Trip": ["of the Walk"], "Walk": ["of the Trip"]}
    assert len(runs) == len(set(runs))
    assert {k: sum(r.startswith(k) for r in runs) for k in keys.values()} == dict.fromkeys(keys.values(), 2)
    assert workspace.project("Trip").ledger.rows(ProjectFolder)["folder_name"].to_list()[-1] == "Trip"
