from __future__ import annotations

import hashlib
import multiprocessing as mp
import os
from pathlib import Path

import duckdb
import polars as pl
import pytest

from proofsheet.core.errors import GateRefused, StoreError, StoreTooNew, UsageError
from proofsheet.storage.stamps import Stamp
from proofsheet.storage.store import RECENT, Store
from schemas.library import OtherFile
from schemas.vision import VECTOR_LENGTH, Embedding


def others(*paths: str, project: str = "p") -> pl.DataFrame:
    return OtherFile.frame({"project": project, "path": p, "role": "other", "extension": ""} for p in paths)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path, "p")


def test_rows_come_back_as_they_were(store: Store) -> None:
    assert store.read(OtherFile).is_empty()
    published = store.publish({OtherFile: others("b", "a")}, Stamp("1"))
    assert (published.generation, published.changed) == (1, True)
    assert store.read(OtherFile)["path"].to_list() == ["a", "b"]


def test_vectors_come_back_bit_for_bit(store: Store) -> None:
    length = sum((i / 7) ** 2 for i in range(VECTOR_LENGTH)) ** 0.5
    row = {"project": "p", "photo_id": "x", "encoder_id": "e", "vector": [i / 7 / length for i in range(VECTOR_LENGTH)]}
    frame = Embedding.frame([row])
    store.publish({Embedding: frame}, Stamp("1"))
    assert store.read(Embedding).equals(frame)
    (found,) = store.query("SELECT data_type FROM duckdb_columns() WHERE column_name = 'vector'").rows()
    assert found == ("FLOAT[512]",)


@pytest.mark.parametrize("bad", [[1.0, 1.0], [float("nan"), 1.0], [0.0, 0.0]])
def test_a_vector_that_is_none_is_refused(store: Store, bad: list[float]) -> None:
    rows = [{"project": "p", "photo_id": "x", "encoder_id": "e", "vector": bad}]
    with pytest.raises(GateRefused, match="finite and of length 1"):
        store.publish({Embedding: Embedding.frame(rows)}, Stamp("1"))


def test_vectors_of_two_encoders_never_meet(store: Store) -> None:
    rows = [{"project": "p", "photo_id": e, "encoder_id": e, "vector": [1.0, 0.0]} for e in ("one", "two")]
    with pytest.raises(GateRefused, match="come from one encoder"):
        store.publish({Embedding: Embedding.frame(rows)}, Stamp("1"))


def test_vectors_of_two_lengths_are_refused(store: Store) -> None:
    rows = [{"project": "p", "photo_id": str(n), "encoder_id": "e", "vector": [1.0] + [0.0] * n} for n in (2, 3)]
    with pytest.raises(GateRefused, match="same number"):
        store.publish({Embedding: Embedding.frame(rows)}, Stamp("1"))


def test_equal_rows_from_equal_inputs_make_no_generation(store: Store) -> None:
    store.publish({OtherFile: others("a", "b")}, Stamp("1"))
    again = store.publish({OtherFile: others("b", "a")}, Stamp("1"))
    assert (again.generation, again.changed) == (1, False)


def test_a_refused_frame_leaves_everything_as_it_was(store: Store) -> None:
    store.publish({OtherFile: others("a")}, Stamp("1"))
    with pytest.raises(GateRefused):
        store.publish({OtherFile: others("a", project="another")}, Stamp("2"))
    assert store.generation() == 1
    assert store.read(OtherFile)["path"].to_list() == ["a"]


def test_only_two_generations_are_kept_and_the_open_copy_is_the_current_one(store: Store, tmp_path: Path) -> None:
    for number in range(5):
        store.publish({OtherFile: others(f"{number}")}, Stamp(str(number)))
    assert sorted(p.name for p in store.folder.glob("*.duckdb")) == ["000004.duckdb", "000005.duckdb"]
    with duckdb.connect(tmp_path / "p.duckdb", read_only=True) as con:
        assert con.sql("SELECT path FROM other_files").fetchall() == [("4",)]


def test_edits_in_the_open_copy_are_discarded(store: Store) -> None:
    store.publish({OtherFile: others("a")}, Stamp("1"))
    with duckdb.connect(store.open_copy) as con:
        con.execute("DELETE FROM other_files")
    assert store.read(OtherFile).height == 1
    store.publish({OtherFile: others("a", "b")}, Stamp("2"))
    with duckdb.connect(store.open_copy, read_only=True) as con:
        assert con.sql("SELECT count(*) FROM other_files").fetchall() == [(2,)]


def test_a_copy_that_was_lost_or_left_behind_is_made_again(store: Store) -> None:
    store.publish({OtherFile: others("a")}, Stamp("1"))
    store.open_copy.unlink()
    assert not store.publish({OtherFile: others("a")}, Stamp("1")).changed
    assert store.open_copy.exists()
    store.open_copy.write_bytes(b"of an earlier generation")
    os.utime(store.open_copy, (1, 1))
    store.publish({OtherFile: others("a")}, Stamp("1"))
    assert store.open_copy.read_bytes() == store.generations.path(1).read_bytes()


def _hold_open(path: str, ready: object, done: object) -> None:
    with duckdb.connect(path) as con:
        con.execute("CREATE TABLE mine (x INTEGER)")
        ready.set()  # type: ignore[attr-defined]
        done.wait(60)  # type: ignore[attr-defined]


@pytest.mark.parametrize("which", ["open copy", "generation"])
def test_a_client_that_holds_a_file_for_writing_blocks_nothing(store: Store, which: str) -> None:
    store.publish({OtherFile: others("a")}, Stamp("1"))
    context = mp.get_context("spawn")
    ready, done = context.Event(), context.Event()
    held = store.open_copy if which == "open copy" else store.generations.path(1)
    client = context.Process(target=_hold_open, args=(str(held), ready, done))
    client.start()
    try:
        assert ready.wait(60)
        assert store.read(OtherFile)["path"].to_list() == ["a"]
        store.publish({OtherFile: others("b")}, Stamp("2"))
        assert store.read(OtherFile)["path"].to_list() == ["b"]
    finally:
        done.set()
        client.join()


def test_a_reader_keeps_its_generation_and_files_never_change(store: Store) -> None:
    store.publish({OtherFile: others("a")}, Stamp("1"))
    before = hashlib.sha256(store.generations.path(1).read_bytes()).hexdigest()
    with duckdb.connect(store.generations.path(1), read_only=True) as con:
        store.publish({OtherFile: others("b")}, Stamp("2"))
        assert con.sql("SELECT path FROM other_files").fetchall() == [("a",)]
    assert hashlib.sha256(store.generations.path(1).read_bytes()).hexdigest() == before


def test_a_newer_format_is_refused_in_one_line(store: Store) -> None:
    store.publish({OtherFile: others("a")}, Stamp("1"))
    with duckdb.connect(store.generations.path(1)) as con:
        con.execute("UPDATE _format SET version = 99")
    with pytest.raises(StoreTooNew, match="format 99"):
        store.read(OtherFile)


def test_a_damaged_generation_is_told(store: Store) -> None:
    store.publish({OtherFile: others("a")}, Stamp("1"))
    store.generations.path(1).write_bytes(b"no database" * 1000)
    with pytest.raises(StoreError, match=r"000001\.duckdb"):
        store.read(OtherFile)


def test_a_table_with_the_columns_of_another_version_reads_as_not_made(store: Store) -> None:
    store.publish({OtherFile: others("a")}, Stamp("1"))
    with duckdb.connect(store.generations.path(1)) as con:
        con.execute("ALTER TABLE other_files DROP COLUMN extension")
    RECENT.clear()
    assert store.read(OtherFile).is_empty()
    assert store.publish({OtherFile: others("a")}, Stamp("2")).changed
    assert store.read(OtherFile).height == 1


def test_a_question_cannot_change_the_store(store: Store) -> None:
    store.publish({OtherFile: others("a")}, Stamp("1"))
    with pytest.raises(UsageError, match="read-only"):
        store.query("DELETE FROM other_files")
    assert store.query("SELECT count(*) AS n FROM other_files")["n"].to_list() == [1]


def test_key_and_comments_stand_in_the_file(store: Store) -> None:
    store.publish({OtherFile: others("a")}, Stamp("1"))
    comment = store.query("SELECT comment FROM duckdb_columns() WHERE table_name='other_files' AND column_name='role'")
    assert comment.item() == OtherFile.columns()["role"].meaning
    keys = store.query("SELECT constraint_column_names AS k FROM duckdb_constraints() WHERE constraint_type='PRIMARY KEY'")
    assert ["project", "path"] in keys["k"].to_list()
