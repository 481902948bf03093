"""A home of 0.1.0: it opens, every fact is as it was, and a run derives the same rows.

`home_of_0.1.0.tar.xz` was made by commands of 0.1.0 over ten pictures and a broken one: `init`, `run --all`,
one `words edit`, `decisions import` of two decisions. `as_0.1.0_read_it.json` in it holds facts, and rows of
four tables, as 0.1.0 read them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from proofsheet.core.config import Configuration
from proofsheet.storage.workspace import Project
from schemas.choices import Choice
from schemas.edits import WordEdit
from schemas.everything import every_table
from schemas.proof import MetadataQuality
from schemas.table import Table
from tests.support.kit import configuration, only_project, run

ARCHIVE = Path(__file__).parent / "home_of_0.1.0.tar.xz"
QUESTIONS = {
    "photos": "select photo_id, path from photos order by path",
    "sets": "select group_id, photo_id from photo_groups order by all",
    "quarantine": "select path from quarantine",
    "captions": "select photo_id, caption from captions order by all",
}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    shutil.unpack_archive(ARCHIVE, tmp_path)  # `filter` of tarfile is newer than Python 3.11.2
    return tmp_path


@pytest.fixture
def settings(place: Path) -> Configuration:
    return configuration(place / "library", place / "proofsheet-home")


@pytest.fixture
def former(place: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((place / "as_0.1.0_read_it.json").read_text("utf-8"))
    return found


def as_told(row: dict[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(json.dumps(row, default=str))
    return told


def derived(project: Project) -> dict[str, list[dict[str, Any]]]:
    return {name: project.store.query(question).to_dicts() for name, question in QUESTIONS.items()}


def facts_of(project: Project, names: dict[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    """Rows of these tables of facts under their former names, in the columns that they had."""
    by_name: dict[str, type[Table]] = {t.former or t.name: t for t in every_table() if t.origin == "fact"}
    by_name |= {t.name: t for t in every_table() if t.origin == "fact"}
    found = {}
    for name, rows in names.items():
        columns = [n for n in rows[0] if n in by_name[name].columns()]
        assert set(columns) == set(rows[0]), f"{name} lost columns"
        found[name] = [
            as_told({n: row[n] for n in columns}) for row in project.ledger.rows(by_name[name]).to_dicts()
        ]
    return found


def test_facts_and_tables_are_read_as_they_were(settings: Configuration, former: dict[str, Any]) -> None:
    project = only_project(settings)
    assert facts_of(project, former["facts"]) == former["facts"]
    assert derived(project) == former["derived"]


@pytest.mark.long
def test_a_run_derives_the_same_and_keeps_every_word(settings: Configuration, former: dict[str, Any]) -> None:
    project = only_project(settings)
    assert run(settings, project).success
    now = derived(project)
    for name in ("photos", "sets", "quarantine"):
        assert now[name] == former["derived"][name], name
    kept = facts_of(project, former["facts"])
    for name, rows in former["facts"].items():
        if name == "refusals":  # says when a file was looked at last
            continue
        assert [row for row in rows if row not in kept[name]] == [], name
    (edit,) = project.ledger.rows(WordEdit).to_dicts()
    proofs = project.store.read(MetadataQuality).filter(pl.col(MetadataQuality.is_current)).to_dicts()
    current = {r[MetadataQuality.photo_id]: r for r in proofs}
    assert (
        current[edit[WordEdit.photo_id]][MetadataQuality.accepted_caption]
        == "Two boats rest beside a wooden pier at low tide."
    )
    choices = {r[Choice.group_id]: r for r in project.store.read(Choice).to_dicts()}
    by_person = {g: r[Choice.chosen_path] for g, r in choices.items() if r[Choice.decided_by] == "person"}
    assert by_person == {
        "3fc94583fe067160": "2025_0002_stage2_upscaled.png",
        "55a80c62ba4c0647": "2025_0000_stage3_enhanced.png",
    }
