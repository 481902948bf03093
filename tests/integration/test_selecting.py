"""`run --select`: what a run of a project makes, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from dagster_project.planning import current_freshness
from dagster_project.running import selected_names
from proofsheet.core.config import Configuration
from proofsheet.core.errors import UsageError
from schemas.table import Table
from tests.support.kit import Shell, configuration, only_project, save_picture

SHARED = {name for name, table in Table.tables.items() if table.shared}


@pytest.fixture
def settings(tmp_path: Path) -> Configuration:
    return configuration(tmp_path / "library", tmp_path / "home")


@pytest.mark.parametrize("select", ["photos+", "group:learn", "+scene_fits+", "*", "+captions"])
def test_a_selection_trains_no_model_and_makes_no_facts(settings: Configuration, select: str) -> None:
    names = selected_names(settings, select)
    assert names
    assert not SHARED & set(names)
    assert "text_edits" not in names


def test_several_parts_are_joined(settings: Configuration) -> None:
    assert selected_names(settings, "captions, exports") == ["captions", "exports"]
    assert {"exports", "photos"} < set(selected_names(settings, "photos+,captions"))


@pytest.mark.parametrize(
    ("select", "told"),
    [
        ("text_edits", "names facts, which no run makes. text_edits: What people write"),
        ("captions,uploads", "names facts, which no run makes. uploads: "),
        ("scene_fits", "names scene_fits, which a training over all projects makes."),
        ("captions,ranker_fits", "`proofsheet models train` trains."),
        ("captions,nonsense", "'nonsense' names no asset. Assets: "),
        ("captions,", "'' is not understood"),
        ("captions and (", "is not understood"),
    ],
)
def test_a_part_that_no_run_makes_is_refused_by_its_name(
    settings: Configuration, select: str, told: str
) -> None:
    with pytest.raises(UsageError) as refused:
        selected_names(settings, select)
    assert told in str(refused.value)


def test_a_run_says_which_of_its_inputs_were_never_made(tmp_path: Path) -> None:
    settings = configuration(tmp_path / "library", tmp_path / "home")
    save_picture(tmp_path / "library" / "one" / "a.jpg", 1)
    project, freshness = only_project(settings), current_freshness(settings)
    found = freshness.never_made(project, ["photo_groups", "photos"])
    assert found["layout_vectors"] == ["photo_groups"]
    assert "photos" not in found  # the run makes it
    assert not SHARED & set(found)


def test_the_command_names_the_missing_table_until_it_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    save_picture(tmp_path / "library" / "one" / "a.jpg", 1)
    shell = Shell(tmp_path)
    shell("init", "library")
    said = shell("run", "one", "--select", "photos,picture_hashes,exif_facts,photo_groups")
    told = "one: photo_groups reads layout_vectors, which was never made here: add layout_vectors to --select"
    assert told in said.stdout + said.stderr
    shell("run", "one", "--select", "layout_vectors")
    said = shell("run", "one", "--select", "photo_groups")
    assert "layout_vectors" not in said.stderr
