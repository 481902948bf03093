"""Kinds of damage to ledger, store, pointer, cache and registry.

Told with file and next step, one project at a time.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import resource
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner

from dagster_project.cli import main
from proofsheet.core.errors import Damaged, StoreError, UsageError
from proofsheet.storage.chunk_cache import ChunkCache
from proofsheet.storage.health import each_alone, readable, set_aside_damaged, trouble_of
from proofsheet.storage.project_keys import note_folder
from proofsheet.storage.stamps import Stamp
from proofsheet.storage.store import RECENT
from proofsheet.storage.workspace import Project, Workspace
from schemas.edits import Waiver
from schemas.library import OtherFile, ProjectFolder
from tests.support.kit import NOW, configuration

Damage = Callable[[Path], object]
WAIVER = {
    "photo_id": "x",
    "rule": "length",
    "field": "title",
    "text_hash": "t",
    "text": "t",
    "reason": "it is meant so",
    "waived_at": NOW,
}


def overwritten(at: float, size: int = 3000) -> Damage:
    def damage(path: Path) -> None:
        with path.open("r+b") as stream:
            stream.seek(int(path.stat().st_size * at))
            stream.write(random.Random(6).randbytes(size))

    return damage


def folder_in_its_place(path: Path) -> None:
    path.unlink()
    path.mkdir()


def another_database(path: Path) -> None:
    path.unlink()
    with sqlite3.connect(path) as con:
        con.execute("CREATE TABLE photos (id INTEGER)")
    con.close()


def a_table_without_a_column(path: Path) -> None:
    with sqlite3.connect(path) as con:
        con.execute(f'ALTER TABLE "{Waiver.name}" DROP COLUMN "{Waiver.reason}"')
    con.close()


def no_permission(path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may read everything")
    path.chmod(0)


def shortened(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


ANY_FILE: dict[str, Damage] = {
    "overwritten at its beginning": overwritten(0),
    "no bytes": lambda p: os.truncate(p, 0),
    "shortened": shortened,
    "a folder in its place": folder_in_its_place,
    "text": lambda p: p.write_text("not a database, only words\n" * 200),
    "random bytes": lambda p: p.write_bytes(random.Random(1).randbytes(9000)),
    "no permission": no_permission,
}
LEDGER = ANY_FILE | {
    "another program's database": another_database,
    "a table without a column": a_table_without_a_column,
    "random bytes in its middle": lambda p: [overwritten(at / 10, 4096)(p) for at in range(2, 9)],
}
STORE = ANY_FILE | {
    "one byte": overwritten(0.5, 1),
    "random bytes in its middle": overwritten(0.4),
    "gone": lambda p: p.unlink(),
}
POINTER = ANY_FILE | {
    "a generation that is not there": lambda p: p.write_text(f"99 {'0' * 64}\n"),
    "another hash": lambda p: p.write_text(f"1 {'0' * 64}\n"),
}


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """Three projects with a row in store and ledger each."""
    for name in "abc":
        (tmp_path / "library" / name).mkdir(parents=True)
    found = Workspace(configuration(tmp_path / "library", tmp_path / "home").place)
    for project in found.remember():
        project.ledger.add(Waiver, [WAIVER])
        note_folder(project.ledger, project.name, "run", NOW)
        row = {"project": project.key, "path": "notes.txt", "role": "other", "extension": ".txt"}
        project.store.publish({OtherFile: OtherFile.frame([row])}, Stamp())
    return found


def rows_of(project: Project) -> tuple[int, int]:
    return project.store.read(OtherFile).height, project.ledger.rows(Waiver).height


def only_b_is_in_trouble(workspace: Workspace, file: Path) -> None:
    RECENT.clear()
    left: dict[str, str] = {}
    assert [p.name for p in readable(workspace.projects(), left)] == ["a", "c"]
    assert list(left) == ["b"]
    trouble = trouble_of(workspace.project("b"))
    assert trouble is not None
    assert trouble.file == str(file)
    assert str(file) in trouble.problem
    assert len(trouble.next_step) > 20
    asked = each_alone([p for p in workspace.projects() if p.name != "b"], rows_of)
    assert [rows for _project, rows in asked.results] == [(1, 1), (1, 1)]


@pytest.mark.parametrize("kind", LEDGER)
def test_a_damaged_ledger_is_told_and_kept_and_the_others_go_on(workspace: Workspace, kind: str) -> None:
    project = workspace.project("b")
    path = project.ledger.path
    LEDGER[kind](path)
    only_b_is_in_trouble(workspace, path)
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(StoreError):
        project.ledger.check()
    assert (path.read_bytes() if path.is_file() else None) == before
    kept = set_aside_damaged(project)
    assert kept is not None
    assert (kept.read_bytes() if kept.is_file() else None) == before
    assert trouble_of(project) is None
    assert project.ledger.add(Waiver, [WAIVER]) == 1


def test_a_whole_ledger_is_never_set_aside(workspace: Workspace) -> None:
    project = workspace.project("b")
    result = CliRunner().invoke(
        main,
        ["projects", "set-aside", "b"],
        env={"PROOFSHEET_LIBRARY": str(workspace.library), "PROOFSHEET_HOME": str(workspace.home)},
    )
    assert (result.exit_code, "is intact" in result.output) == (UsageError.exit_code, True)
    assert rows_of(project) == (1, 1)
    assert not (workspace.home / "ledger" / "set-aside").exists()


@contextlib.contextmanager
def no_more_files() -> Iterator[None]:
    """Take every file that this process may open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(map(int, os.listdir("/proc/self/fd"))) + 1, hard))  # noqa: PTH208
    with contextlib.ExitStack() as held:
        with contextlib.suppress(OSError):
            while True:
                held.enter_context(open(os.devnull))  # noqa: PTH123
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="this system does not tell open files")
def test_an_error_that_passes_is_no_damage(workspace: Workspace) -> None:
    project = workspace.project("b")
    with no_more_files():
        trouble = trouble_of(project)
        with pytest.raises(StoreError, match="Too many open files") as mending:
            project.store.generations.repair(lambda _news: None)
    assert trouble is not None
    assert (trouble.file, isinstance(trouble.error, Damaged), isinstance(mending.value, Damaged)) == (
        "",
        False,
        False,
    )
    assert trouble_of(project) is None
    assert rows_of(project) == (1, 1)


@pytest.mark.parametrize("kind", STORE)
@pytest.mark.parametrize("of", ["manifest", "rows"])
def test_a_damaged_generation_is_told_and_the_next_run_sets_it_aside(
    workspace: Workspace, of: str, kind: str
) -> None:
    project = workspace.project("b")
    path = (
        project.store.generations.path(1)
        if of == "manifest"
        else next(project.store.folder.glob("tables/*/*"))
    )
    assert trouble_of(project) is None
    STORE[kind](path)
    only_b_is_in_trouble(workspace, path)
    made_whole(project)


@pytest.mark.parametrize("kind", POINTER)
def test_a_damaged_pointer_is_told_and_the_next_run_sets_it_aside(workspace: Workspace, kind: str) -> None:
    project = workspace.project("b")
    pointer = project.store.folder / "CURRENT"
    POINTER[kind](pointer)
    of_a_generation = {
        "a generation that is not there": "000099.json",
        "another hash": "000001.json",
        "shortened": "000001.json",
    }
    named = of_a_generation.get(kind, "CURRENT")
    only_b_is_in_trouble(workspace, project.store.folder / named)
    made_whole(project)


def test_a_file_in_the_place_of_a_store_is_set_aside(workspace: Workspace) -> None:
    project = workspace.project("b")
    shutil.rmtree(project.store.folder)
    project.store.folder.write_text("no folder")
    only_b_is_in_trouble(workspace, project.store.folder / "CURRENT")
    made_whole(project)


def made_whole(project: Project) -> None:
    """What a run does before its first step; then the rows can be made again."""
    project.store.generations.repair(lambda _news: None)
    assert trouble_of(project) is None
    row = {"project": project.key, "path": "notes.txt", "role": "other", "extension": ".txt"}
    project.store.publish({OtherFile: OtherFile.frame([row])}, Stamp())
    assert rows_of(project) == (1, 1)


def test_a_value_that_is_no_text_any_more_is_damage(workspace: Workspace) -> None:
    project = workspace.project("b")
    content = bytearray(project.ledger.path.read_bytes())
    at = content.index(b"it is meant so")
    content[at : at + 6] = b"\xff\xfe\xff\xfe\xff\xfe"
    project.ledger.path.write_bytes(content)
    only_b_is_in_trouble(workspace, project.ledger.path)
    with pytest.raises(Damaged):
        project.ledger.rows(Waiver)


@pytest.mark.parametrize("kind", [k for k in ANY_FILE if k not in {"no permission"}])
def test_a_damaged_cache_costs_time_alone(tmp_path: Path, kind: str) -> None:
    schema = pl.Schema({"k": pl.String, "v": pl.Int64})
    cache = ChunkCache(tmp_path, schema, "k")
    cache.append(pl.DataFrame({"k": ["a"], "v": [1]}, schema=schema))
    (chunk,) = tmp_path.iterdir()
    ANY_FILE[kind](chunk)
    assert cache.read(["a"]).is_empty()
    assert [p.suffix for p in tmp_path.iterdir()] == [".damaged"]


@pytest.mark.parametrize("text", ["", "no json", "[1, 2]", '{"a": 1}', None])
def test_a_damaged_registry_is_set_aside_and_made_again_from_the_ledgers(
    workspace: Workspace, text: str | None
) -> None:
    project, book = workspace.project("b"), workspace.home / "projects.json"
    note_folder(project.ledger, "b2", "found by its contents", NOW)
    project.folder.rename(project.folder.with_name("b2"))
    book.unlink() if text is None else book.write_text(text)
    assert workspace.project("b2").key == project.key
    workspace.remember()
    assert json.loads(book.read_text())[project.key] == "b2"
    assert len(list(workspace.home.glob("projects.json.damaged-*"))) == (text is not None)
    assert project.ledger.rows(ProjectFolder)["how"].to_list() == ["run", "found by its contents"]
