from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from proofsheet.core.errors import Damaged
from proofsheet.storage.stamps import Stamp
from proofsheet.storage.store import Store
from proofsheet.storage.workspace import Project
from schemas.library import OtherFile
from schemas.review import ReviewDecision
from schemas.sets import SetContext
from tests.support.kit import NOW
from tests.unit.storage.test_store import others


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project("p-123456", "p", tmp_path / "library" / "p", tmp_path / "home")


def paths(store: Store) -> list[str]:
    return store.read(OtherFile)["path"].to_list()


def test_one_generation_is_read_while_another_process_publishes(tmp_path: Path) -> None:
    store, writer = Store(tmp_path, "p"), Store(tmp_path, "p")
    store.publish({OtherFile: others("old")}, Stamp("1"))
    with store.held_still(), store.held_still():
        writer.generations.add({})  # as another process would
        assert paths(store) == ["old"]
        assert store.generation() == 1
    assert paths(store) == []
    assert store.generation() == 2


def test_own_writes_show_at_once(tmp_path: Path) -> None:
    store = Store(tmp_path, "p")
    with store.held_still():
        store.publish({OtherFile: others("new")}, Stamp("1"))
        assert paths(store) == ["new"]
        assert store.generation() == 1


def test_the_generation_is_looked_up_once(tmp_path: Path) -> None:
    store = Store(tmp_path, "p")
    store.publish({OtherFile: others("a")}, Stamp("1"))
    pointer = store.folder / "CURRENT"
    with store.held_still():
        pointer.write_text("damaged")
        assert store.tables().keys() == {OtherFile.name}
    with pytest.raises(Damaged, match="CURRENT"), store.held_still():
        pass


def names(project: Project) -> list[str]:
    return project.ledger.rows(SetContext)[SetContext.folder].to_list()


def add(project: Project, folder: str) -> None:
    project.ledger.add(
        SetContext, [dict.fromkeys(SetContext.columns()) | {"folder": folder, "noted_at": NOW}]
    )


def elsewhere(project: Project, folder: str) -> None:
    """Another thread has a connection of its own, as another process."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(add, project, folder).result()


def test_facts_are_those_of_one_moment(project: Project) -> None:
    add(project, "a")
    with project.at_one_moment(), project.at_one_moment():
        elsewhere(project, "b")
        assert names(project) == ["a"]
        assert project.ledger.versions()[SetContext.name] == 1
        with project.ledger.snapshot() as inside:
            assert not inside.rows_after(ReviewDecision, ReviewDecision.number, 0)
        assert names(project) == ["a"]
    assert names(project) == ["a", "b"]


def test_own_facts_show_at_once_and_hide_none_of_others(project: Project) -> None:
    add(project, "a")
    with project.at_one_moment():
        elsewhere(project, "b")
        add(project, "c")
        assert names(project) == ["a", "b", "c"]
        with project.ledger.exclusive() as inside:
            assert inside.rows_after(ReviewDecision, ReviewDecision.number, 0) == []
    with project.at_one_moment():
        elsewhere(project, "d")
        with project.ledger.exclusive() as inside:
            assert names(project) == ["a", "b", "c", "d"]
        elsewhere(project, "e")
        assert names(project)[-1] == "e"


def test_a_project_without_anything_is_asked_like_any_other(project: Project) -> None:
    with project.at_one_moment():
        assert not project.store.tables()
        assert not project.ledger.is_there()
