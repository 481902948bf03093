"""Stores of earlier versions.

Of format 1 (a DuckDB file a generation, in an archive beside this file), and with former names.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import polars as pl
import pytest

from proofsheet.core.errors import Damaged, StoreError, StoreTooNew
from proofsheet.storage.parts import file_sum
from proofsheet.storage.stamps import Stamp
from proofsheet.storage.store import RECENT, Store, checksum
from schemas.everything import every_table
from schemas.library import OtherFile, Photo
from schemas.storage import StoredTable

ARCHIVE = Path(__file__).with_name("store_of_format_1.tar.xz")
PROJECT, GENERATION = "one-d87f69", 43


@pytest.fixture
def store(tmp_path: Path) -> Store:
    shutil.unpack_archive(ARCHIVE, tmp_path)  # `filter` of tarfile is newer than Python 3.11.2
    RECENT.clear()
    return Store(tmp_path / "store", PROJECT)


def former(store: Store) -> Path:
    return store.generations.path(GENERATION)


def point(store: Store) -> None:
    """Let the pointer say that the former generation is as it was written."""
    (store.folder / "CURRENT").write_text(f"{GENERATION} {file_sum(former(store))}\n")


def test_every_table_is_read_as_it_was_written(store: Store) -> None:
    with duckdb.connect(former(store), read_only=True) as con:
        rows = dict(con.sql("SELECT table_name, row_count FROM _tables").fetchall())
        times = dict(con.sql("SELECT table_name, published_at FROM _tables").fetchall())
    before = former(store).read_bytes()
    books = store.tables()
    assert {name: book[StoredTable.row_count] for name, book in books.items()} == rows
    assert {name: book[StoredTable.published_at] for name, book in books.items()} == times
    known = [t for t in every_table() if t.name in books]
    assert len(known) > 50
    for table in known:
        found = store.read(table)
        if (
            found.height or not rows[table.name]
        ):  # a table that has other columns by now is made by the next run
            assert checksum(table, found) == books[table.name][StoredTable.checksum], table.name
    assert store.read(Photo).height == 3
    assert former(store).read_bytes() == before


def test_it_is_taken_over_once_and_goes_on(store: Store) -> None:
    assert store.read(Photo).height == 3
    assert store.generation() == GENERATION + 1
    assert store.query("SELECT count(*) AS n FROM photos")["n"].to_list() == [3]
    store.check()
    assert store.show()
    row = {"project": PROJECT, "path": "a", "role": "other", "extension": ""}
    store.publish({OtherFile: OtherFile.frame([row])}, Stamp("1"))
    assert store.generation() == GENERATION + 2
    assert sorted(p.name for p in store.folder.glob("0*")) == ["000044.json", "000045.json"]
    assert (store.read(Photo).height, store.read(OtherFile).height) == (3, 1)


def test_a_publish_takes_it_over_first(store: Store) -> None:
    row = {"project": PROJECT, "path": "a", "role": "other", "extension": ""}
    store.publish({OtherFile: OtherFile.frame([row])}, Stamp("1"))
    assert len(store.tables()) > 50
    assert store.read(Photo).height == 3


def test_a_damaged_one_is_told_and_the_one_before_is_taken_over(store: Store) -> None:
    path = former(store)
    path.write_bytes(b"no database" * 1000)
    for look in (store.check, store.tables):
        with pytest.raises(Damaged) as told:
            look()
        assert told.value.file == path
    news: list[str] = []
    store.generations.repair(news.append)
    assert "generation 43 was damaged" in news[0]
    assert news[1:] == ["going on from generation 42"]
    assert store.read(Photo).height == 3
    assert [p.name.split("-")[0] for p in (store.folder / "damaged").iterdir()] == [path.name]


def test_a_newer_format_of_it_is_refused(store: Store) -> None:
    with duckdb.connect(former(store)) as con:
        con.execute("UPDATE _format SET version = 99")
    point(store)
    before = former(store).read_bytes()
    with pytest.raises(StoreTooNew, match="format 99"):
        store.read(Photo)
    assert former(store).read_bytes() == before


def test_a_disk_without_room_leaves_it_as_it_is(store: Store) -> None:
    (store.folder / "tables").write_text("in the way of the new files")
    with pytest.raises(StoreError, match="could not be written"):
        store.read(Photo)
    assert store.generation() == GENERATION
    (store.folder / "tables").unlink()
    assert store.read(Photo).height == 3


class Older(OtherFile, name="older_files"):
    """A table as it was called one version ago."""


class Newer(OtherFile, name="newer_files", former="older_files"):
    """The same with another name."""


def one_file(path: str) -> pl.DataFrame:
    return OtherFile.frame([{"project": "p", "path": path, "role": "other", "extension": ""}])


def test_a_table_with_another_name_is_read_under_its_former_one_until_a_run_makes_it(tmp_path: Path) -> None:
    store = Store(tmp_path, "p")
    store.publish({Older: one_file("a.txt")}, Stamp("1"))
    assert store.read(Newer).equals(store.read(Older))
    store.publish({Newer: one_file("b.txt")}, Stamp("1"))
    assert store.read(Newer)[OtherFile.path].to_list() == ["b.txt"]
    assert "older_files" not in store.tables()
