from __future__ import annotations

from pathlib import Path

import pytest

from proofsheet.core.errors import Damaged
from proofsheet.storage.stamps import Stamp
from proofsheet.storage.store import Store
from proofsheet.storage.workspace import Project
from schemas.library import OtherFile
from tests.unit.storage.test_store import others


def paths(store: Store) -> list[str]:
    return store.read(OtherFile)["path"].to_list()


def test_one_generation_is_read_while_another_process_publishes(tmp_path: Path) -> None:
    store, writer = Store(tmp_path, "p"), Store(tmp_path, "p")
    store.publish({OtherFile: others("old")}, Stamp("1"))
    with store.held_still(), store.held_still():
        writer.generations.add({})  # as another process would
        assert paths(store) == ["old"]
    assert paths(store) == []


def test_own_writes_show_at_once(tmp_path: Path) -> None:
    store = Store(tmp_path, "p")
    with store.held_still():
        store.publish({OtherFile: others("new")}, Stamp("1"))
        assert paths(store) == ["new"]


def test_the_generation_is_looked_up_once(tmp_path: Path) -> None:
    store = Store(tmp_path, "p")
    store.publish({OtherFile: others("a")}, Stamp("1"))
    pointer = store.folder / "CURRENT"
    with store.held_still():
        pointer.write_text("damaged")
        assert store.tables().keys() == {OtherFile.name}
    with pytest.raises(Damaged, match="CURRENT"), store.held_still():
        pass


def test_a_project_without_anything_is_asked_like_any_other(tmp_path: Path) -> None:
    project = Project("p-123456", "p", tmp_path / "library" / "p", tmp_path / "home")
    with project.at_one_moment():
        assert not project.store.tables()
        assert not project.ledger.is_there()
