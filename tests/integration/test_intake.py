"""What is said of a folder before its first run, and the suggested subject where it is confirmed."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from dagster_project.guard import allowed_hosts
from dagster_project.review.server import build_app
from proofsheet.storage.workspace import Project, Workspace
from schemas.sets import SetContext, SubjectProposal
from tests.support.kit import NOW, Shell, configuration, save_picture


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project that was never run: two folders with pictures, one without, one that is hidden."""
    for name in ("a.jpg", "day two/b.png", "day two/c.NEF", ".trash/d.jpg"):
        save_picture(tmp_path / "library" / "harbour" / Path(name).with_suffix(".png"))
    (tmp_path / "library" / "harbour" / "day two" / "c.NEF").write_bytes(b"raw")
    (tmp_path / "library" / "harbour" / "notes").mkdir()
    (tmp_path / "library" / "harbour" / "notes" / "plan.txt").write_text("x")
    monkeypatch.setenv("PROOFSHEET_LIBRARY", str(tmp_path / "library"))
    monkeypatch.setenv("PROOFSHEET_HOME", str(tmp_path / "home"))
    return tmp_path


def project_of(place: Path) -> Project:
    return Workspace(configuration(place / "library", place / "home").place).project("harbour")


def proposed(project: Project, number: int, subject: str, refused: str | None = None) -> None:
    row = {
        SubjectProposal.folder: "day two",
        SubjectProposal.number: number,
        SubjectProposal.subject: subject,
        SubjectProposal.refused: refused,
        SubjectProposal.confidence: 0.5,
        SubjectProposal.model: "m",
        SubjectProposal.prompt_version: "1",
        SubjectProposal.context: "{}",
        SubjectProposal.proposed_at: NOW,
    }
    project.ledger.add(SubjectProposal, [row])


def test_folders_that_were_never_run_are_listed_and_take_what_is_said(place: Path) -> None:
    call = Shell(place)
    told = [
        (s["folder"], s["photos"], s["seen"], s["status"])
        for s in call.json("sets", "list", "harbour")["sets"]
    ]
    assert told == [(".", 1, False, None), ("day two", 3, False, None)]
    call("sets", "say", "harbour", "day two", "--hints", "old cranes", "--location", "Kiel")
    (place / "sets.csv").write_text("folder,subject\n.,Boats\n", "utf-8")
    call("sets", "intake", "harbour", str(place / "sets.csv"))
    assert project_of(place).ledger.rows(SetContext).select(
        SetContext.folder, SetContext.subject, SetContext.hints
    ).rows() == [
        ("", "Boats", None),
        ("day two", None, "old cranes"),
    ]
    call("sets", "say", "harbour", "notes", "--subject", "x", code=2)
    assert "No run has read" in call("sets", "subject", "harbour", "day two", code=2).stderr
    assert "day two: 3 photos (no run yet); hints: old cranes" in call("sets", "list", "harbour").stdout


def test_the_page_has_the_suggested_subject_where_it_is_confirmed(place: Path) -> None:
    project = project_of(place)
    proposed(project, 1, "Harbour cranes")
    proposed(project, 2, "Old cranes", "it copies the hints")
    settings = configuration(place / "library", place / "home")
    client = TestClient(
        build_app(settings, allowed_hosts("127.0.0.1", 8765)), base_url="http://127.0.0.1:8765"
    )
    one = {s["folder"]: s for s in client.get("/api/intake").json()["sets"]}["day two"]
    assert (one["suggested"], one["subject"], one["has_run"]) == ("Harbour cranes", "", False)
    said = {"project": "harbour", "sets": [{"folder": "day two", "subject": one["suggested"]}]}
    assert client.post("/api/intake", json=said).json() == {"noted": 1}
    assert {s["folder"]: s["subject"] for s in client.get("/api/intake").json()["sets"]}[
        "day two"
    ] == "Harbour cranes"
    unknown = client.post(
        "/api/intake", json={"project": "harbour", "sets": [{"folder": "notes", "subject": "x"}]}
    )
    assert "No folder with photos: 'notes'" in unknown.json()["problem"]


def test_a_project_that_cannot_be_read_is_told_beside_the_others(place: Path) -> None:
    save_picture(place / "library" / "alps" / "a.png")
    project = project_of(place)
    proposed(project, 1, "x")
    project.ledger.path.write_bytes(b"no database" * 100)
    settings = configuration(place / "library", place / "home")
    client = TestClient(
        build_app(settings, allowed_hosts("127.0.0.1", 8765)), base_url="http://127.0.0.1:8765"
    )
    told = client.get("/api/intake").json()
    assert [s["name"] for s in told["sets"]] == ["alps"]
    assert [p["project"] for p in told["damaged"]] == ["harbour"]
