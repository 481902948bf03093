from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from proofsheet.core.errors import StoreError, StoreTooNew
from proofsheet.storage.ledger import Ledger
from proofsheet.storage.ledger_file import FORMAT
from schemas.answers import ModelAnswer
from schemas.metrics import RunRecord
from schemas.proof import ProofAttempt
from schemas.publish import Upload
from schemas.review import ReviewDecision
from tests.support.kit import NOW


def answer(image: str, reply: str = "{}") -> dict[str, object]:
    return {
        "image_hash": image,
        "prompt_hash": "p",
        "model_digest": "d",
        "options_hash": "o",
        "job": "caption",
        "model": "m",
        "prompt_version": "1",
        "reply": reply,
        "answered_at": NOW,
    }


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "p.sqlite", "p")


def test_an_answer_is_kept_once(ledger: Ledger) -> None:
    assert ledger.add(ModelAnswer, [answer("a", "first")]) == 1
    assert ledger.add(ModelAnswer, [answer("a", "second"), answer("b")]) == 1
    assert ledger.rows(ModelAnswer)["reply"].to_list() == ["first", "{}"]
    assert ledger.rows(ModelAnswer, image_hash="b").height == 1


def test_lists_and_times_come_back(ledger: Ledger) -> None:
    issue = {"rule": "empty", "field": "title", "start": 0, "end": 0, "message": "“leer”"}
    row = {
        "photo_id": "x",
        "attempt": 1,
        "status": "blocked",
        "issues": [issue],
        "title": "",
        "caption": "c",
        "alt_text": "a",
        "keywords": ["k", "l"],
        "model": "m",
        "prompt_version": "1",
        "rules_version": "r",
        "proved_at": NOW,
    }
    ledger.add(ProofAttempt, [row])
    found = ledger.rows(ProofAttempt).row(0, named=True)
    assert found["issues"] == [issue]
    assert found["keywords"] == ["k", "l"]
    assert found["proved_at"] == NOW
    assert found["project"] == "p"


def test_a_failed_row_adds_none(ledger: Ledger) -> None:
    bad = answer("b") | {"reply": None}
    with pytest.raises(StoreError, match="NOT NULL"):
        ledger.add(ModelAnswer, [answer("a"), bad])
    assert ledger.rows(ModelAnswer).is_empty()


def test_the_ledger_of_another_project_is_refused(ledger: Ledger) -> None:
    ledger.add(ModelAnswer, [answer("a")])
    with pytest.raises(StoreError, match="belongs to project 'p'"):
        Ledger(ledger.path, "q").rows(ModelAnswer)


def test_a_newer_format_is_refused(ledger: Ledger) -> None:
    ledger.add(ModelAnswer, [answer("a")])
    with sqlite3.connect(ledger.path) as con:
        con.execute("PRAGMA user_version=99")
    with pytest.raises(StoreTooNew, match="format 99"):
        ledger.rows(ModelAnswer)


def test_an_older_format_is_brought_up_to_date_and_keeps_its_rows(ledger: Ledger) -> None:
    ledger.add(ModelAnswer, [answer("a")])
    with sqlite3.connect(ledger.path) as con:
        con.execute("DROP TABLE runs")
        con.execute("PRAGMA user_version=1")
    assert ledger.rows(RunRecord).is_empty()
    assert ledger.rows(ModelAnswer)["image_hash"].to_list() == ["a"]
    with sqlite3.connect(ledger.path) as con:
        assert con.execute("PRAGMA user_version").fetchone()[0] == FORMAT


def test_uploads_of_a_ledger_without_their_numbers_become_the_first_ones(ledger: Ledger) -> None:
    row: dict[str, object] = dict.fromkeys(
        (Upload.photo_id, Upload.target, Upload.path, Upload.name_there, Upload.content_hash), "x"
    )
    ledger.add(
        Upload, [row | {Upload.proof: "read", Upload.attempt: 1, Upload.number: 1, Upload.uploaded_at: NOW}]
    )
    with sqlite3.connect(ledger.path) as con:  # as format 8 had it
        con.execute("DROP TABLE uploads")
        con.execute(
            "CREATE TABLE uploads (photo_id TEXT NOT NULL, attempt INTEGER NOT NULL, target TEXT "
            "NOT NULL, path TEXT NOT NULL,"
            " name_there TEXT NOT NULL,"
            " content_hash TEXT NOT NULL, proof TEXT NOT NULL, uploaded_at TEXT NOT NULL, project "
            "TEXT NOT NULL,"
            " PRIMARY KEY (photo_id, attempt, target)) STRICT"
        )
        con.execute(
            "INSERT INTO uploads VALUES ('a', 2, 'site', 'a.jpg', 'a.jpg', 'c', 'read', "
            f"'{NOW.isoformat()}', 'p')"
        )
        con.execute(
            "CREATE TRIGGER kept_uploads_DELETE BEFORE DELETE ON uploads BEGIN SELECT RAISE(ABORT, "
            "'kept'); END"
        )
        con.execute("PRAGMA user_version=8")
    (kept,) = ledger.rows(Upload).to_dicts()
    assert (kept[Upload.photo_id], kept[Upload.attempt], kept[Upload.number], kept[Upload.version]) == (
        "a",
        2,
        1,
        None,
    )
    ledger.add(Upload, [kept | {Upload.number: 2}])
    assert ledger.rows(Upload).height == 2
    with pytest.raises(StoreError, match="kept for ever"):
        ledger.put(Upload, [kept])


def test_it_writes_with_full_sync_in_wal_mode(ledger: Ledger) -> None:
    ledger.add(ModelAnswer, [answer("a")])
    with sqlite3.connect(ledger.path) as con:
        assert con.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    with ledger._open() as con:
        assert con.execute("PRAGMA synchronous").fetchone()[0] == 2


def test_a_table_with_another_name_keeps_its_rows_its_count_and_its_promises(ledger: Ledger) -> None:
    """Format 10 called the decisions of the review verdicts."""
    row = dict.fromkeys(ReviewDecision.columns()) | {"verdict_id": "v", "group_id": "g", "photo_ids": ["a"]}
    row |= {
        "action": "approved",
        "proposed_by": "rule",
        "proposed_photo_id": "a",
        "blind": False,
        "bulk": False,
        "decided_at": NOW,
        "number": 1,
    }
    ledger.add(ReviewDecision, [row])
    with sqlite3.connect(ledger.path) as con:
        for (name,) in con.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            con.execute(f'DROP TRIGGER "{name}"')
        con.execute("ALTER TABLE review_decisions RENAME TO verdicts")
        con.execute(
            "CREATE TRIGGER kept_verdicts_DELETE BEFORE DELETE ON verdicts BEGIN SELECT "
            "RAISE(ABORT, 'kept'); END"
        )
        con.execute("UPDATE changes SET table_name = 'verdicts'")
        con.execute("PRAGMA user_version=10")
    assert ledger.rows(ReviewDecision)["group_id"].to_list() == ["g"]
    assert ledger.versions() == {"review_decisions": 1}
    assert ledger.add(ReviewDecision, [row | {"verdict_id": "w", "number": 2}]) == 1
    assert ledger.versions() == {"review_decisions": 2}
    with pytest.raises(StoreError, match="kept for ever"):
        ledger.put(ReviewDecision, [row])
    with sqlite3.connect(ledger.path) as con:
        assert not con.execute("SELECT name FROM sqlite_master WHERE tbl_name = 'verdicts'").fetchall()


def add_and_fail(ledger: Ledger) -> None:
    with ledger.exclusive() as inside:
        inside.add(ModelAnswer, [answer("e")])
        raise KeyError


def test_a_ledger_that_is_kept_open_is_opened_once_and_hides_nothing(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger.add(ModelAnswer, [answer("a")])
    opened: list[object] = []
    connect = sqlite3.connect
    monkeypatch.setattr(
        sqlite3, "connect", lambda *given, **more: opened.append(given) or connect(*given, **more)
    )
    same = Ledger(ledger.path, "p")
    with ledger.kept_open(), same.kept_open():
        assert same.add(ModelAnswer, [answer("b")]) == 1
        assert ledger.rows(ModelAnswer).height == 2
        with ledger.exclusive() as inside:
            inside.add(ModelAnswer, [answer("c")])
        with ThreadPoolExecutor(1) as pool:  # another thread has a connection of its own
            assert pool.submit(same.add, ModelAnswer, [answer("d")]).result() == 1
        assert ledger.rows(ModelAnswer)["image_hash"].to_list() == ["a", "b", "c", "d"]
        with pytest.raises(KeyError):
            add_and_fail(ledger)
        assert ledger.rows(ModelAnswer).height == 4
    assert len(opened) == 2
    ledger.rows(ModelAnswer)
    assert len(opened) == 3


def test_a_ledger_that_is_not_there_is_not_made_by_being_kept_open(ledger: Ledger) -> None:
    with ledger.kept_open():
        assert ledger.rows(ModelAnswer).is_empty()
    assert not ledger.path.exists()
