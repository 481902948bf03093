"""Settings from the file and the environment: every wrong value is named with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from assets.factory.metadata import REVIEW_ADDRESS
from dagster_project.supervisor import MARK
from proofsheet.core.config import SECTIONS, Configuration, load
from proofsheet.core.errors import UsageError
from proofsheet.core.setting_sources import Sources

PLACE = '[place]\nlibrary = "a"\nhome = "b"\n'


def read(folder: Path, text: str = "", **variables: str) -> Configuration:
    (folder / "proofsheet.toml").write_text(PLACE + text, "utf-8")
    return load(folder, {f"PROOFSHEET_{name}": value for name, value in variables.items()})


def refused(folder: Path, text: str = "", **variables: str) -> str:
    with pytest.raises(UsageError) as error:
        read(folder, text, **variables)
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize(
    ("text", "line", "key"),
    [
        ("[groups]\nwindow = 3\nmax_size = 99\n", 6, "groups.max_size"),
        ("[groups]\nwindw = 3\n", 5, "groups.windw"),
        ("[groups] # of pictures\n'max_size'=99\n", 5, "groups.max_size"),
        ('[encoder]\nmodel = "x"\n[model]\nseed = -1\n', 7, "model.seed"),
        ('[crops]\nloss = "giou"\n[ranker]\nloss = "x"\n', 7, "ranker.loss"),
        ("[ranker]\nepochs = 3\n[ranker.overrule_at_of]\nepochs = 'x'\n", 6, "ranker.overrule_at_of"),
        ("[inventory]\nformats = { JPEG = 0.5 }\n", 4, "inventory"),
        ("[gruops]\n", 4, "gruops"),
    ],
)
def test_a_wrong_value_of_the_file_has_its_line(tmp_path: Path, text: str, line: int, key: str) -> None:
    found = refused(tmp_path, text)
    assert f"proofsheet.toml, line {line}: {key}" in found
    assert found.endswith("Correct it there.")


@pytest.mark.parametrize("text", ["groups.max_size = 99\n", "groups = { max_size = 99 }\n"])
def test_it_has_its_line_above_the_sections_too(tmp_path: Path, text: str) -> None:
    (tmp_path / "proofsheet.toml").write_text("\n" + text + PLACE, "utf-8")
    with pytest.raises(UsageError, match=r"line 2: groups\.max_size"):
        load(tmp_path, {})


@pytest.mark.parametrize("text", ["groups = 3\n", 'place = "a"\n', "window = 3\n"])
def test_a_value_without_a_section_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "proofsheet.toml").write_text(text, "utf-8")
    with pytest.raises(UsageError, match=r"line 1: .* is not in a section"):
        load(tmp_path, {"PROOFSHEET_LIBRARY": "/a", "PROOFSHEET_HOME": "/b"})


def test_a_wrong_value_of_the_environment_has_its_variable(tmp_path: Path) -> None:
    found = refused(tmp_path, "[groups]\nwindow = 3\n", GROUPS_WINDOW="x")
    assert "variable PROOFSHEET_GROUPS_WINDOW: groups.window" in found
    assert "proofsheet.toml" not in found


def test_a_variable_that_names_no_setting_is_refused_with_the_closest_one(tmp_path: Path) -> None:
    assert "Write PROOFSHEET_GROUPS_WINDOW" in refused(tmp_path, GROUPS_WINDW="3")
    assert "Unset it" in refused(tmp_path, GROUPS_ZZZ="3")


def test_other_variables_are_left_alone(tmp_path: Path) -> None:
    others = {MARK: "1", REVIEW_ADDRESS: "http://127.0.0.1:8765", "PROOFSHEET_GROUPS_WINDOW": ""}
    (tmp_path / "proofsheet.toml").write_text(PLACE, "utf-8")
    assert load(tmp_path, others).groups.window == 12


def test_lists_and_tables_come_from_the_environment(tmp_path: Path) -> None:
    assert read(tmp_path, MODEL_MODELS="a, b").model.models == ["a", "b"]
    assert read(tmp_path, HISTORY_ROOTS="a, b").history.roots == ["a", "b"]
    assert read(tmp_path, HISTORY_PATTERNS=r'["a{1,2}", "b"]').history.patterns == ["a{1,2}", "b"]
    assert read(tmp_path, PUBLISH_KEEP="gps").publish.keep == ["gps"]
    assert read(tmp_path, INVENTORY_FORMATS='{"JPEG": 1.0}').inventory.formats == {"JPEG": 1.0}
    assert "PROOFSHEET_INVENTORY_FORMATS is not valid JSON" in refused(tmp_path, INVENTORY_FORMATS="JPEG=1")


def test_settings_of_earlier_versions_are_left_out(tmp_path: Path) -> None:
    assert (
        read(tmp_path, "[groups]\nclip_similarity = 0.5\n", GROUPS_CLIP_SIMILARITY="0.5").groups.window == 12
    )


def test_a_wrong_password_is_not_shown(tmp_path: Path) -> None:
    found = refused(tmp_path, "[publish]\npassword = 31415\n")
    assert "line 5: publish.password" in found
    assert "31415" not in found


def test_a_value_of_neither_has_no_place() -> None:
    kinds = {name: kind for kind, name in SECTIONS.items()}
    assert Sources(kinds, {}, None).place_of(["groups", "window"]) == "Settings"
