from __future__ import annotations

import multiprocessing as mp
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from proofsheet.core.config import load, write_new
from proofsheet.core.errors import Locked, UsageError
from proofsheet.core.files import printable, write_atomic
from proofsheet.core.locks import acquire
from proofsheet.core.progress import Lines
from proofsheet.storage.chunk_cache import ChunkCache
from proofsheet.storage.project_keys import project_key
from proofsheet.storage.workspace import Workspace
from schemas.settings.library import PlaceSettings
from tests.support.kit import configuration


@pytest.fixture
def library(tmp_path: Path) -> Path:
    for name in ("mojo", "mojo1", "mojo1_backup", "Ürlaub 2024", ".hidden"):
        (tmp_path / "library" / name).mkdir(parents=True)
    (tmp_path / "library" / "loose.jpg").write_bytes(b"x")
    (tmp_path / "library" / "link").symlink_to(tmp_path)
    return tmp_path / "library"


def test_projects_are_the_folders_and_never_compare_equal(library: Path, tmp_path: Path) -> None:
    workspace = Workspace(configuration(library, tmp_path / "home").place)
    assert [p.name for p in workspace.projects()] == ["mojo", "mojo1", "mojo1_backup", "Ürlaub 2024"]
    assert len({p.key for p in workspace.projects()}) == 4
    assert workspace.shelf().loose == 1
    assert workspace.project("mojo1").folder.name == "mojo1"
    with pytest.raises(UsageError, match="mojo, mojo1, mojo1_backup"):
        workspace.project("unknown")


@pytest.mark.parametrize(
    ("one", "two"), [("a b", "a-b"), ("é", "e\u0301"), ("A", "a"), ("", "project"), ("🦊", "🐻")]
)
def test_keys_of_different_names_differ(one: str, two: str) -> None:
    assert project_key(one) != project_key(two)
    assert project_key(one).replace("-", "").isalnum()


def test_a_home_inside_the_library_is_refused(library: Path) -> None:
    with pytest.raises(UsageError, match="inside the library"):
        Workspace(PlaceSettings(library=str(library), home=str(library / "home")))


def test_settings_come_from_environment_then_file_then_default(tmp_path: Path) -> None:
    write_new(tmp_path, tmp_path / "lib", tmp_path / "home")
    with (tmp_path / "proofsheet.toml").open("a") as stream:
        stream.write("[groups]\nmax_size = 3\nwindow = 5\n")
    below = tmp_path / "deep" / "down"
    below.mkdir(parents=True)
    found = load(below, {"PROOFSHEET_GROUPS_WINDOW": "7", "PROOFSHEET_LIBRARY": "/elsewhere"})
    assert (found.groups.max_size, found.groups.window, found.groups.similarity) == (3, 7, 0.60)
    assert (found.place.library, found.place.home) == ("/elsewhere", str(tmp_path / "home"))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[place\n", "not valid TOML"),
        ('[place]\nlibrary = "a"\nhome = "b"\n[groups]\nmax_size = 99\n', "groups.max_size"),
        ('[place]\nlibrary = "a"\nhome = "b"\n[gruops]\n', "gruops"),
        ('[place]\nlibrary = "a"\nhome = "b"\ntypo = 1\n', "place.typo"),
        ("[place]\nlibrary = 3\nhome = 4\n", "place.library"),
        ("", "proofsheet init"),
    ],
)
def test_a_wrong_file_is_told_in_one_line(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "proofsheet.toml").write_text(text)
    with pytest.raises(UsageError) as error:
        load(tmp_path, {})
    assert told in str(error.value)
    assert "\n" not in str(error.value)


def test_a_file_that_is_there_is_not_overwritten(tmp_path: Path) -> None:
    write_new(tmp_path, tmp_path, tmp_path)
    with pytest.raises(UsageError, match="there already"):
        write_new(tmp_path, tmp_path, tmp_path)


SCHEMA = pl.Schema({"k": pl.String, "v": pl.List(pl.Float64)})


def chunk(*keys: str) -> pl.DataFrame:
    return pl.DataFrame({"k": list(keys), "v": [[1.0]] * len(keys)}, schema=SCHEMA)


def test_the_cache_gives_back_what_was_asked_for(tmp_path: Path) -> None:
    cache = ChunkCache(tmp_path / "c", SCHEMA, "k")
    assert cache.read(["a"]).is_empty()
    cache.append(chunk("a", "b"))
    cache.append(chunk("b", "c"))
    assert sorted(cache.read(["b", "c", "x"])["k"]) == ["b", "c"]


def test_a_damaged_chunk_is_set_aside(tmp_path: Path) -> None:
    cache = ChunkCache(tmp_path / "c", SCHEMA, "k")
    cache.append(chunk("a"))
    cache.append(chunk("b"))
    first = sorted((tmp_path / "c").glob("*.parquet"))[0]
    first.write_bytes(b"garbage")
    assert cache.read(["a", "b"]).height == 1
    assert first.with_suffix(".damaged").exists()


def test_many_chunks_become_one(tmp_path: Path) -> None:
    cache = ChunkCache(tmp_path / "c", SCHEMA, "k")
    keys = [f"k{i}" for i in range(70)]
    for key in keys:
        cache.append(chunk(key))
    cache.compact()
    assert len(list((tmp_path / "c").glob("*.parquet"))) == 1
    assert sorted(cache.read(keys)["k"]) == sorted(keys)


def _hold(path: str, ready: Any, done: Any) -> None:
    with acquire(Path(path), "run 4711"):
        ready.set()
        done.wait(60)


def test_a_lock_says_who_holds_it_and_is_taken_over_from_the_dead(tmp_path: Path) -> None:
    path = tmp_path / "p.lock"
    context = mp.get_context("spawn")
    ready, done = context.Event(), context.Event()
    other = context.Process(target=_hold, args=(str(path), ready, done))
    other.start()
    assert ready.wait(60)
    with pytest.raises(Locked, match=rf"run 4711 \(process {other.pid}"), acquire(path, "me", wait_s=0):
        pass
    news: list[str] = []
    with (
        pytest.raises(Locked, match=r"still held after 0\.3 s"),
        acquire(path, "me", wait_s=0.3, on_news=news.append),
    ):
        pass
    assert news[0].startswith("waiting for run 4711")
    other.kill()
    other.join()
    news.clear()
    with acquire(path, "me", wait_s=5, on_news=news.append):
        assert "took over the lock of run 4711" in news[0]
    assert not path.with_suffix(".json").exists()


def test_a_project_is_named_as_its_name_is_typed(tmp_path: Path) -> None:
    (tmp_path / "library" / "e\u0301te\u0301").mkdir(parents=True)
    workspace = Workspace(configuration(tmp_path / "library", tmp_path / "home").place)
    assert workspace.project("\u00e9t\u00e9").name == "e\u0301te\u0301"
    (tmp_path / "library" / "\u00e9t\u00e9").mkdir()
    assert workspace.project("\u00e9t\u00e9").name == "\u00e9t\u00e9"


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "f"
    write_atomic(target, b"old")
    with pytest.raises(TypeError):
        write_atomic(target, "no bytes")  # type: ignore[arg-type]
    assert target.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["f"]


def test_undecodable_names_are_printable() -> None:
    assert printable("a\udcff") == "a\\xff"


def test_progress_tells_rate_and_time_left() -> None:
    clock = iter(range(0, 100, 10))
    lines: list[str] = []
    listener = Lines(lines.append, every_s=5, clock=lambda: float(next(clock)))
    for done in range(1, 5):
        listener.step("files", done, 4)
    assert lines == [
        "files: 2 of 4 (0.2/s, 10 s left)",
        "files: 3 of 4 (0.1/s, 7 s left)",
        "files: 4 of 4 (0.1/s)",
    ]
