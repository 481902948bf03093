"""`proofsheet photos`: words follow renamed files, and people say which photo a file is."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from proofsheet.library.identity_records import paths_of_photos
from proofsheet.storage.workspace import Project, Workspace
from schemas.edits import WordEdit
from schemas.library import Photo
from tests.support.kit import Shell, configuration, save_picture


def projects(folder: Path) -> list[Project]:
    return Workspace(configuration(folder / "library", folder / "home").place).projects()


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """A library of one project with three pictures and an edited title, after a run."""
    monkeypatch.setenv("PROOFSHEET_LIBRARY", str(tmp_path / "library"))
    monkeypatch.setenv("PROOFSHEET_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PROOFSHEET_ENCODER_ENCODER", "embedded")
    monkeypatch.chdir(tmp_path)
    for seed, name in enumerate("abc"):
        save_picture(tmp_path / "library" / "Trip" / f"{name}.png", seed)
    told = Shell(tmp_path)
    told("run", "Trip", "--select", "photos")
    told("words", "edit", "Trip", "a.png", "--title", "A blue card on a table")
    return told


@pytest.fixture
def trip(shell: Shell) -> Path:
    return shell.folder / "library" / "Trip"


def titles(shell: Shell) -> dict[str, str]:
    """Path to the title that a person wrote."""
    (project,) = projects(shell.folder)
    edits = project.ledger.rows(WordEdit)
    written = dict(edits.select(WordEdit.photo_id, WordEdit.value).iter_rows())
    photos = project.store.read(Photo).select(Photo.path, Photo.photo_id).iter_rows()
    return {path: written[photo] for path, photo in photos if photo in written}


def look(shell: Shell) -> None:
    shell("run", "Trip", "--select", "photos,identity_questions,gone_photos")


def test_words_follow_a_renamed_file(shell: Shell, trip: Path) -> None:
    (trip / "a.png").rename(trip / "lake.png")
    look(shell)
    assert titles(shell) == {"lake.png": "A blue card on a table"}
    assert shell.json("photos", "list", "Trip") == {"questions": [], "gone": [], "gone_in_all": 0}


def test_a_gone_photo_keeps_its_words_and_returns_with_them(shell: Shell, trip: Path) -> None:
    shutil.move(trip / "a.png", shell.folder / "a.png")
    look(shell)
    (gone,) = shell.json("photos", "list", "Trip")["gone"]
    assert gone["path"] == "a.png"
    assert (
        "a.png: gone; its texts and decisions return with the file" in shell("photos", "list", "Trip").stdout
    )
    assert (
        "gone photos with texts or decisions, which return with the files: 1"
        in shell("status", "Trip").stdout
    )
    (trip / "back").mkdir()
    shutil.move(shell.folder / "a.png", trip / "back" / "other name.png")
    look(shell)
    assert titles(shell) == {"back/other name.png": "A blue card on a table"}


def test_another_picture_with_the_name_of_a_gone_one_waits_for_an_answer(shell: Shell, trip: Path) -> None:
    (trip / "a.png").unlink()
    look(shell)
    save_picture(trip / "a.png", 9)
    look(shell)
    assert titles(shell) == {}
    (asked,) = shell.json("photos", "list", "Trip")["questions"]
    assert (asked["path"], asked["former_path"]) == ("a.png", "a.png")
    said = shell("photos", "list", "Trip").stdout
    assert f"proofsheet photos adopt Trip a.png {asked['former_photo_id']}" in said
    assert "files that may be gone photos: 1" in shell("status", "Trip").stdout
    shell("photos", "adopt", "Trip", "a.png", "--none")
    look(shell)
    assert (titles(shell), shell.json("photos", "list", "Trip")["questions"]) == ({}, [])
    former = asked["former_photo_id"]
    shutil.copy(trip / "b.png", trip / "-b.png")
    look(shell)
    shell("photos", "adopt", "--", "Trip", "-b.png", former)
    said = shell("photos", "adopt", "Trip", "a.png", former, code=2).stderr
    assert "You answered that -b.png is a.png." in said
    shell("photos", "adopt", "--none", "--", "Trip", "-b.png")
    shell("photos", "adopt", "Trip", "a.png", former)
    told = shell.json("photos", "adopt", "Trip", "a.png", former)["told"]
    assert told.startswith("a.png is a.png; the next run gives it the texts and decisions; `proofsheet")
    look(shell)
    assert titles(shell) == {"a.png": "A blue card on a table"}


def test_words_that_are_written_after_the_answer_are_not_lost(shell: Shell, trip: Path) -> None:
    (trip / "a.png").unlink()
    look(shell)
    save_picture(trip / "n.png", 9)
    look(shell)
    (gone,) = shell.json("photos", "list", "Trip")["gone"]
    shell("photos", "adopt", "Trip", "n.png", gone["photo_id"])
    shell("words", "edit", "Trip", "n.png", "--title", "Another card")
    look(shell)
    assert titles(shell) == {"n.png": "Another card"}
    told = shell.json("photos", "list", "Trip")
    assert (told["gone"], [q["path"] for q in told["questions"]]) == ([gone], ["n.png"])
    shell("photos", "adopt", "Trip", "n.png", "--none")
    look(shell)
    assert shell.json("photos", "list", "Trip")["questions"] == []


def test_a_photo_that_returned_before_the_answer_was_followed_stays_itself(shell: Shell, trip: Path) -> None:
    shutil.move(trip / "a.png", shell.folder / "a.png")
    save_picture(trip / "n.png", 9)
    look(shell)
    (gone,) = shell.json("photos", "list", "Trip")["gone"]
    shell("photos", "adopt", "Trip", "n.png", gone["photo_id"])
    shutil.move(shell.folder / "a.png", trip / "back.png")
    look(shell)
    assert titles(shell) == {"back.png": "A blue card on a table"}


def test_answers_that_cannot_be_taken_say_why(shell: Shell, trip: Path) -> None:
    shutil.copy(trip / "b.png", shell.folder / "b.png")
    (trip / "b.png").unlink()
    look(shell)
    for words, said in (
        (("a.png", "b.png"), "a.png already has texts or decisions of its own."),
        (("nothing.png", "b.png"), "Trip has no photo 'nothing.png'."),
        (("c.png", "nothing.png"), "Trip has no gone photo 'nothing.png'."),
        (("c.png",), "Name the former photo, or give --none (not both)."),
    ):
        assert said in shell("photos", "adopt", "Trip", *words, code=2).stderr
    shell("photos", "adopt", "Trip", "c.png", "b.png")
    look(shell)
    (project,) = projects(shell.folder)
    row = project.store.read(Photo).filter(path="c.png").row(0, named=True)
    paths = [path for _since, path in paths_of_photos(project.ledger)[row[Photo.photo_id]]]
    assert paths == ["b.png", "b.png", "c.png"]


def test_homes_from_before_the_ledger_kept_ids_keep_theirs(shell: Shell, trip: Path) -> None:
    (project,) = projects(shell.folder)
    before = dict(project.store.read(Photo).select(Photo.path, Photo.photo_id).iter_rows())
    edits = project.ledger.rows(WordEdit).to_dicts()
    project.ledger.path.unlink()
    project.ledger.add(WordEdit, edits)
    (trip / "a.png").rename(trip / "lake.png")
    look(shell)
    after = dict(project.store.read(Photo).select(Photo.path, Photo.photo_id).iter_rows())
    assert after == {"lake.png": before["a.png"], "b.png": before["b.png"], "c.png": before["c.png"]}
