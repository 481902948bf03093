from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from proofsheet.errors import StoreError, StoreTooNew
from proofsheet.ledger import FORMAT, Ledger
from schemas.facts import ModelAnswer, ProofAttempt, RunRecord
from tests.kit import NOW


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


def test_it_writes_with_full_sync_in_wal_mode(ledger: Ledger) -> None:
    ledger.add(ModelAnswer, [answer("a")])
    with sqlite3.connect(ledger.path) as con:
        assert con.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    with ledger._open() as con:
        assert con.execute("PRAGMA synchronous").fetchone()[0] == 2
