"""Keys of folders: one for each, whatever their names are, and the same ones at every look."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from proofsheet.core.errors import UsageError
from proofsheet.core.files import printable
from proofsheet.library.renamed_folders import adopt
from proofsheet.storage.project_keys import Registry, keys_of, project_key
from proofsheet.storage.workspace import Workspace
from tests.support.kit import NOW, configuration

RAW, WRITTEN = "caf\udce9", "caf\\xe9"  # the byte E9 alone, and a name that is printed like it


@pytest.mark.parametrize("folders", [[RAW, WRITTEN], [WRITTEN, RAW]])
def test_two_folders_that_are_printed_alike_keep_their_keys(folders: list[str]) -> None:
    fresh = keys_of(folders, {})
    assert fresh == {name: project_key(name) for name in folders}
    assert keys_of(folders, {key: printable(name) for name, key in fresh.items()}) == fresh, (
        "as former versions noted them"
    )
    assert keys_of(folders, {key: name for name, key in fresh.items()}) == fresh
    for name in folders:
        noted = {fresh[name]: printable(name)}
        assert keys_of(folders, noted) == fresh, "the other one is new"


def test_a_key_that_a_folder_took_over_is_its_own_alone() -> None:
    noted = {"trip-1": RAW, project_key(RAW): "elsewhere"}
    keys = keys_of([WRITTEN, RAW], noted)
    assert keys == {WRITTEN: project_key(WRITTEN), RAW: "trip-1"}
    assert keys_of([RAW], {project_key(RAW): "elsewhere"}) == {RAW: project_key(RAW, "1")}


def test_names_that_are_no_text_survive_the_file(tmp_path: Path) -> None:
    registry = Registry(tmp_path)
    registry.remember({"a-1": RAW, "b-2": WRITTEN, "c-3": "\u6e0b\u8c37"})
    assert Registry(tmp_path).names() == {"a-1": RAW, "b-2": WRITTEN, "c-3": "\u6e0b\u8c37"}
    assert "\u6e0b\u8c37" in (tmp_path / "projects.json").read_text("utf-8")


def test_a_workspace_keeps_such_folders_apart_and_asks_which_is_meant(tmp_path: Path) -> None:
    for name in (RAW, WRITTEN, "lake"):
        os.makedirs(os.fsencode(tmp_path / "library" / name))  # noqa: PTH103
    workspace = Workspace(configuration(tmp_path / "library", tmp_path / "home").place)
    first = {p.folder.name: p.key for p in workspace.remember()}
    assert len({*first.values()}) == 3
    assert {p.folder.name: p.key for p in workspace.remember()} == first
    with pytest.raises(UsageError, match="2 folders are named"):
        workspace.project(WRITTEN)
    assert workspace.project(first[RAW]).folder.name == RAW
    (tmp_path / "library" / RAW).rmdir()
    assert workspace.vanished() == {first[RAW]: WRITTEN}
    adopt(workspace, "lake", first[RAW], "by a person", NOW)
    assert {p.folder.name: p.key for p in workspace.remember()} == {
        "lake": first[RAW],
        WRITTEN: first[WRITTEN],
    }
