"""The database for users: only changed tables are written again, and it is as if all were."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import duckdb
import polars as pl
import pytest

from proofsheet.storage import database, shown_tables
from proofsheet.storage.shown_tables import show_tables
from proofsheet.storage.stamps import Stamp
from proofsheet.storage.store import Store
from schemas.library import OtherFile
from schemas.publish import Takedown
from schemas.storage import StoredTable

BOOK = f"SELECT * EXCLUDE published_at FROM {StoredTable.name} ORDER BY table_name"
COMMENTS = "SELECT table_name, column_name, data_type, comment FROM duckdb_columns() ORDER BY ALL"
KEYS = "SELECT table_name, constraint_text FROM duckdb_constraints() ORDER BY ALL"


def others(*paths: str) -> pl.DataFrame:
    return OtherFile.frame({"project": "p", "path": p, "role": "other", "extension": ""} for p in paths)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(tmp_path, "p")
    store.publish({OtherFile: others("a"), Takedown: Takedown.frame()}, Stamp("1"))
    assert store.show()
    return store


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    names: list[str] = []
    copy = database._copy
    monkeypatch.setattr(
        database, "_copy", lambda con, name, *more: (names.append(name), copy(con, name, *more))
    )
    return names


def seen(path: Path) -> list[object]:
    with duckdb.connect(path, read_only=True) as con:
        asked = (BOOK, COMMENTS, KEYS, "SELECT * FROM other_files ORDER BY ALL")
        return [con.execute(sql).fetchall() for sql in asked]


def test_only_changed_tables_are_written_and_the_file_is_as_if_all_were(
    store: Store, written: list[str]
) -> None:
    store.publish({OtherFile: others("a", "b")}, Stamp("2"))
    assert store.show()
    assert written == [OtherFile.name]
    found = seen(store.open_copy)
    store.open_copy.unlink()
    assert store.show()
    assert sorted(written) == sorted([OtherFile.name, OtherFile.name, Takedown.name])
    assert seen(store.open_copy) == found
    assert len(found[3]) == 2  # type: ignore[arg-type]


def changed_by_another_program(store: Store) -> None:
    with duckdb.connect(store.open_copy) as con:
        con.execute("INSERT INTO takedowns BY NAME SELECT * FROM takedowns")
        con.execute("CREATE TABLE mine AS SELECT 1 AS one")


def without_note(store: Store) -> None:
    (store.folder / "shown.json").unlink()


def with_a_note_that_is_none(store: Store) -> None:
    (store.folder / "shown.json").write_text("{}")


def grown(store: Store) -> None:
    note = store.folder / "shown.json"
    note.write_text(json.dumps({**json.loads(note.read_text()), "whole_size": 1}))


@pytest.mark.parametrize(
    "before", [changed_by_another_program, without_note, with_a_note_that_is_none, grown]
)
def test_all_is_written_where_the_file_may_be_another(
    store: Store, written: list[str], before: Callable[[Store], None]
) -> None:
    before(store)
    store.publish({OtherFile: others("a", "b")}, Stamp("2"))
    store.open_copy.touch()
    made = store.generations.path(store.generation()).stat().st_mtime_ns
    show_tables(store.open_copy, store.folder, store.manifest(), made)
    assert sorted(written) == sorted([OtherFile.name, Takedown.name])
    with duckdb.connect(store.open_copy, read_only=True) as con:
        assert ("mine",) not in con.execute("SELECT table_name FROM duckdb_tables()").fetchall()


def test_a_table_with_another_declaration_is_written_again(
    store: Store, written: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest, ddl = store.manifest(), Takedown.ddl
    monkeypatch.setattr(Takedown, "ddl", lambda lengths=None: [*ddl(lengths)[:-1]])
    show_tables(store.open_copy, store.folder, manifest, 1)
    assert written == [Takedown.name]


def test_a_table_that_is_gone_is_removed(store: Store, written: list[str]) -> None:
    manifest = store.manifest()
    left = {OtherFile.name: manifest.parts[OtherFile.name]}
    show_tables(store.open_copy, store.folder, replace(manifest, parts=left), 1)
    assert written == []
    with duckdb.connect(store.open_copy, read_only=True) as con:
        names = {row[0] for row in con.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
    assert names == {OtherFile.name, StoredTable.name}


def test_what_cannot_be_changed_is_written_whole(
    store: Store, written: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write = shown_tables.write_database

    def refuse(target: Path, folder: Path, manifest: object, same: object = ()) -> None:
        if same:
            raise OSError("the file is damaged")
        write(target, folder, manifest)  # type: ignore[arg-type]

    monkeypatch.setattr(shown_tables, "write_database", refuse)
    store.publish({OtherFile: others("a", "b")}, Stamp("2"))
    assert store.show()
    assert sorted(written) == sorted([OtherFile.name, Takedown.name])
