"""Subject and place of a folder follow its pictures, and no others."""

from __future__ import annotations

from pathlib import Path

from proofsheet.library.folder_notes import carried_notes, moved_folders
from proofsheet.library.identities import recognise
from proofsheet.library.identity_signs import KnownPhoto, Sighting
from proofsheet.storage.ledger import Ledger
from schemas.sets import SetContext
from tests.support.kit import NOW

KNOWN = [KnownPhoto(p, p, f"bytes of {p}") for p in ("one/a.jpg", "one/b.jpg", "two/c.jpg", "d.jpg")]


def moved(*pairs: tuple[str, str], new: tuple[str, ...] = ()) -> dict[str, str]:
    files = [Sighting(now, f"bytes of {before}") for before, now in pairs]
    return moved_folders(recognise([*files, *(Sighting(n, n) for n in new)], KNOWN))


def test_a_renamed_folder_is_told_from_pictures_that_went_elsewhere() -> None:
    stay = (("two/c.jpg", "two/c.jpg"), ("d.jpg", "d.jpg"))
    a, b = ("one/a.jpg", "in/uno/a.jpg"), ("one/b.jpg", "in/uno/x.jpg")
    assert moved(a, b, *stay) == {"one": "in/uno"}
    assert moved(a, *stay) == {"one": "in/uno"}  # the other one is gone
    assert moved(a, ("one/b.jpg", "one/b.jpg"), *stay) == {}
    assert moved(a, ("one/b.jpg", "else/b.jpg"), *stay) == {}
    assert moved(a, b, *stay, new=("in/uno/n.jpg",)) == {"one": "in/uno"}
    assert moved(("one/a.jpg", "two/a.jpg"), ("one/b.jpg", "two/b.jpg"), *stay) == {}
    assert moved(("d.jpg", "sub/d.jpg")) == {"": "sub"}
    assert moved(("one/a.jpg", "two/a.jpg"), ("two/c.jpg", "one/c.jpg")) == {
        "one": "two",
        "two": "one",
    }
    assert moved(("one/a.jpg", "two/a.jpg"), ("one/b.jpg", "one/b.jpg"), ("two/c.jpg", "one/c.jpg")) == {}


def test_notes_are_carried_and_never_written_over(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "l.sqlite", "p")
    for folder, subject in (("one", "Boats"), ("two", "Gulls")):
        ledger.put(
            SetContext,
            [{SetContext.folder: folder, SetContext.subject: subject, SetContext.noted_at: NOW}],
        )
    carry(ledger, {"one": "uno"})
    assert subjects(ledger) == {"one": "Boats", "two": "Gulls", "uno": "Boats"}
    carry(ledger, {"uno": "two"})
    assert subjects(ledger) == {"one": "Boats", "two": "Gulls", "uno": "Boats"}
    carry(ledger, {"one": "two", "two": "one"})
    assert subjects(ledger) == {"one": "Gulls", "two": "Boats", "uno": "Boats"}
    carry(ledger, {"one": "two", "two": "uno"})  # those of "uno" would be lost
    assert subjects(ledger) == {"one": "Gulls", "two": "Boats", "uno": "Boats"}
    carry(ledger, {"bare": "two", "two": "bare"})
    assert subjects(ledger) == {"one": "Gulls", "two": None, "uno": "Boats", "bare": "Boats"}


def carry(ledger: Ledger, moved: dict[str, str]) -> None:
    ledger.put(SetContext, carried_notes(ledger, moved, NOW).contexts)


def subjects(ledger: Ledger) -> dict[str, str | None]:
    return dict(ledger.rows(SetContext).select(SetContext.folder, SetContext.subject).iter_rows())
