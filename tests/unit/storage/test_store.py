from __future__ import annotations

import hashlib
import multiprocessing as mp
import os
from pathlib import Path

import duckdb
import polars as pl
import pytest

from proofsheet.core.errors import Damaged, GateRefused, StoreError, StoreTooNew, UsageError
from proofsheet.storage.manifest import Part
from proofsheet.storage.parts import file_sum
from proofsheet.storage.stamps import Stamp
from proofsheet.storage.store import RECENT, Store
from schemas.library import OtherFile
from schemas.publish import Takedown
from schemas.storage import StoredTable
from schemas.vectors import VECTOR_LENGTH, Embedding


def others(*paths: str, project: str = "p") -> pl.DataFrame:
    return OtherFile.frame({"project": project, "path": p, "role": "other", "extension": ""} for p in paths)


def parts(store: Store) -> list[Path]:
    return sorted(store.folder.glob("tables/*/*.parquet"))


def rewrite(store: Store, old: bytes, new: bytes) -> None:
    """Change the first manifest as if it had been written so."""
    path = store.generations.path(1)
    path.write_bytes(path.read_bytes().replace(old, new))
    (store.folder / "CURRENT").write_text(f"1 {file_sum(path)}\n")


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
    row = {
        "project": "p",
        "photo_id": "x",
        "encoder_id": "e",
        "vector": [i / 7 / length for i in range(VECTOR_LENGTH)],
    }
    frame = Embedding.frame([row])
    store.publish({Embedding: frame}, Stamp("1"))
    assert store.read(Embedding).equals(frame)
    (found,) = store.query("SELECT data_type FROM duckdb_columns() WHERE column_name = 'vector'").rows()
    assert found == ("FLOAT[512]",)
    store.show()
    with duckdb.connect(store.open_copy, read_only=True) as con:
        assert con.sql("SELECT data_type FROM duckdb_columns() WHERE column_name = 'vector'").fetchall() == [
            found
        ]


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
    rows = [
        {"project": "p", "photo_id": str(n), "encoder_id": "e", "vector": [1.0] + [0.0] * n} for n in (2, 3)
    ]
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


def test_only_two_generations_are_kept(store: Store) -> None:
    for number in range(5):
        store.publish({OtherFile: others(f"{number}")}, Stamp(str(number)))
    assert sorted(p.name for p in store.folder.glob("0*")) == ["000004.json", "000005.json"]
    assert store.read(OtherFile)["path"].to_list() == ["4"]


def test_equal_rows_are_one_file_that_is_written_once(store: Store) -> None:
    store.publish({OtherFile: others("a")}, Stamp("1"))
    (part,) = parts(store)
    written = part.stat().st_ino
    assert store.publish({OtherFile: others("a")}, Stamp("2")).changed
    assert [p.stat().st_ino for p in parts(store)] == [written]
    store.publish({OtherFile: others("b")}, Stamp("3"))
    store.publish({OtherFile: others("a")}, Stamp("4"))
    assert len(parts(store)) == 2
    assert part.stat().st_ino == written


def test_a_publish_writes_its_own_tables_alone(store: Store) -> None:
    store.publish({OtherFile: others("a"), Takedown: Takedown.frame()}, Stamp("1"))
    before = {p: p.stat().st_ino for p in parts(store)}
    store.publish({OtherFile: others("b")}, Stamp("2"))
    assert {p: p.stat().st_ino for p in parts(store) if p in before} == before
    assert set(store.tables()) == {OtherFile.name, Takedown.name}
    assert store.tables()[Takedown.name][StoredTable.inputs] == "1"


def test_several_tables_change_in_one_step(store: Store) -> None:
    store.publish({OtherFile: others("a"), Takedown: Takedown.frame()}, Stamp("1"))
    assert store.generation() == 1
    assert store.read(StoredTable).height == 2


def test_files_that_no_generation_names_are_removed_after_a_grace_time(store: Store) -> None:
    for number in range(4):
        store.publish({OtherFile: others(f"{number}")}, Stamp(str(number)))
        for part in parts(store):
            os.utime(part, (1, 1))
    (folder,) = {p.parent for p in parts(store)}
    store.publish({OtherFile: others("4")}, Stamp("4"))
    assert len(parts(store)) == 5
    removed = store.tidy(60)  # the file of the third publish was let go just now
    assert (len(removed), len(parts(store)), min(removed) > 0) == (2, 3, True)
    assert store.tidy(60) == []
    (folder / ".half.parquet.1.tmp").touch()
    assert len(store.tidy(-1)) == 1
    assert store.read(OtherFile)["path"].to_list() == ["4"]
    assert len(list(folder.iterdir())) == 2


def test_a_reader_that_comes_late_reads_the_newer_generation(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.publish({OtherFile: others("a")}, Stamp("1"))
    late = Store(store.folder.parent, "p")
    former, read = late.generations.manifest(), late.parts.read

    def slow(part: Part) -> pl.DataFrame:
        if part in former.parts.values():
            for number in range(2, 4):
                store.publish({OtherFile: others(str(number))}, Stamp(str(number)))
            store.tidy(-1)
        return read(part)

    RECENT.clear()
    monkeypatch.setattr(late.parts, "read", slow)
    assert late.read(OtherFile)["path"].to_list() == ["3"]


def test_the_database_for_people_is_made_when_tables_changed(store: Store) -> None:
    assert not store.show()
    store.publish({OtherFile: others("a")}, Stamp("1"))
    assert not store.open_copy.exists()
    assert (store.show(), store.show()) == (True, False)
    with duckdb.connect(store.open_copy) as con:
        con.execute("DELETE FROM other_files")
    assert (store.show(), store.read(OtherFile).height) == (False, 1)
    store.publish({OtherFile: others("a", "b")}, Stamp("2"))
    assert store.show()
    with duckdb.connect(store.open_copy, read_only=True) as con:
        assert con.sql("SELECT count(*) FROM other_files").fetchall() == [(2,)]
        assert con.sql("SELECT row_count FROM _tables").fetchall() == [(2,)]
    store.open_copy.unlink()
    store.open_copy.mkdir()
    assert store.show()
    assert [p.is_dir() for p in sorted(store.folder.parent.glob("p.duckdb*"))] == [False, True]


def test_a_database_for_people_that_cannot_be_written_is_told(store: Store) -> None:
    store.publish({OtherFile: others("a")}, Stamp("1"))
    store.open_copy.with_suffix(".tmp").mkdir()
    with pytest.raises(StoreError, match=r"p\.duckdb could not be written"):
        store.show()
    assert store.read(OtherFile).height == 1


def _hold_open(path: str, ready: object, done: object) -> None:
    with duckdb.connect(path) as con:
        con.execute("CREATE TABLE mine (x INTEGER)")
        ready.set()  # type: ignore[attr-defined]
        done.wait(60)  # type: ignore[attr-defined]


def test_a_client_that_holds_the_database_for_writing_blocks_nothing(store: Store) -> None:
    store.publish({OtherFile: others("a")}, Stamp("1"))
    store.show()
    context = mp.get_context("spawn")
    ready, done = context.Event(), context.Event()
    client = context.Process(target=_hold_open, args=(str(store.open_copy), ready, done))
    client.start()
    try:
        assert ready.wait(60)
        assert store.read(OtherFile)["path"].to_list() == ["a"]
        store.publish({OtherFile: others("b")}, Stamp("2"))
        assert store.read(OtherFile)["path"].to_list() == ["b"]
        assert store.show()
    finally:
        done.set()
        client.join()


def test_files_never_change(store: Store) -> None:
    store.publish({OtherFile: others("a")}, Stamp("1"))
    paths = [store.generations.path(1), *parts(store)]
    before = [p.read_bytes() for p in paths]
    with parts(store)[0].open("rb") as held:
        store.publish({OtherFile: others("b")}, Stamp("2"))
        store.tidy(-1)
        assert [p.read_bytes() for p in paths] == before
        store.publish({OtherFile: others("c")}, Stamp("3"))
        store.tidy(-1)
        assert held.read() == before[1]


def test_a_newer_format_is_refused_in_one_line(store: Store) -> None:
    store.publish({OtherFile: others("a")}, Stamp("1"))
    rewrite(store, b'"format": 2', b'"format": 99')
    before = store.generations.path(1).read_bytes()
    for look in (
        lambda: store.read(OtherFile),
        store.check,
        lambda: store.generations.repair(lambda _news: None),
    ):
        with pytest.raises(StoreTooNew, match="format 99"):
            look()
    assert store.generations.path(1).read_bytes() == before


@pytest.mark.parametrize("wrong", [b"no database" * 1000, b""])
@pytest.mark.parametrize("of", ["manifest", "rows"])
def test_a_damaged_file_is_told(store: Store, of: str, wrong: bytes) -> None:
    store.publish({OtherFile: others("a")}, Stamp("1"))
    file = store.generations.path(1) if of == "manifest" else parts(store)[0]
    file.write_bytes(wrong)
    RECENT.clear()
    for look in (
        lambda: store.read(OtherFile),
        store.check,
        lambda: store.query("from other_files"),
        store.show,
    ):
        with pytest.raises(Damaged) as told:
            look()
        assert told.value.file == file


def test_a_table_with_the_columns_of_another_version_reads_as_not_made(store: Store) -> None:
    store.publish({OtherFile: others("a")}, Stamp("1"))
    (part,) = parts(store)
    former = hashlib.sha256(part.read_bytes()).hexdigest().encode()
    others("a").drop("extension").write_parquet(part)
    rewrite(store, former, hashlib.sha256(part.read_bytes()).hexdigest().encode())
    RECENT.clear()
    assert store.read(OtherFile).is_empty()
    assert store.show()
    assert store.publish({OtherFile: others("a")}, Stamp("2")).changed
    assert store.read(OtherFile).height == 1


def test_a_question_cannot_change_the_store(store: Store) -> None:
    store.publish({OtherFile: others("a")}, Stamp("1"))
    for statement in (
        "DELETE FROM other_files",
        "DROP TABLE other_files",
        "CREATE TABLE mine AS SELECT 1",
        "ATTACH 'mine.duckdb'",
    ):
        with pytest.raises(UsageError, match="read-only"):
            store.query(statement)
    assert not Path("mine.duckdb").exists()
    assert store.query("SELECT count(*) AS n FROM other_files")["n"].to_list() == [1]


def test_a_question_may_be_about_the_catalog_or_name_no_table_at_all(store: Store) -> None:
    store.publish({OtherFile: others("a")}, Stamp("1"))
    assert OtherFile.name in store.query("show tables")["name"].to_list()
    assert store.query("select count(*) as n from query_table('other' || '_files')")["n"].to_list() == [1]
    with pytest.raises(UsageError, match="other_files"):
        store.query("select * from other_file")


def test_key_and_comments_stand_in_the_database(store: Store) -> None:
    store.publish({OtherFile: others("a")}, Stamp("1"))
    asked = "SELECT comment FROM duckdb_columns() WHERE table_name='other_files' AND column_name='role'"
    assert store.query(asked).item() == OtherFile.columns()["role"].meaning
    store.show()
    with duckdb.connect(store.open_copy, read_only=True) as con:
        assert con.sql(asked).fetchall() == [(OtherFile.columns()["role"].meaning,)]
        keys = con.sql(
            "SELECT constraint_column_names FROM duckdb_constraints() WHERE constraint_type='PRIMARY KEY'"
        ).fetchall()
    assert (["project", "path"],) in keys
