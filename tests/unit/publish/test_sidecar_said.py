"""Stars, labels and flags of people in sidecars: written, kept, and what another program changed since."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from proofsheet.publish.sidecar_merge import FLAG, LABEL, MARKS, RATING, MergeSources
from proofsheet.publish.sidecar_said import said_value
from proofsheet.publish.xmp_sidecar import Fields, merge_sidecar, read_sidecar

needs_exiftool = pytest.mark.skipif(
    shutil.which("exiftool") is None, reason="Debian's libimage-exiftool-perl is not installed"
)
NOTHING = {RATING: "", LABEL: "", FLAG: ""}


def change(path: Path, *fields: str) -> None:
    subprocess.run(["exiftool", "-q", "-overwrite_original", *fields, str(path)], check=True)


def written(
    path: Path, fields: Fields, said: dict[str, str], people: dict[str, str] | None = None
) -> list[str]:
    merged = merge_sidecar(path, fields, extension=".jpg", sources=MergeSources(people or {}, (), True, said))
    return list(merged.conflicts)


def marks(path: Path) -> tuple[str | None, str | None, str | None]:
    found = read_sidecar(path)
    return found.get(RATING), found.get(LABEL), found.get(FLAG)


@needs_exiftool
def test_marks_are_written_changed_and_taken_away(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg.xmp"
    assert written(path, Fields(rating=4, label="Red", flag=1), NOTHING) == []
    assert marks(path) == ("4", "Red", "1")
    assert written(path, Fields(rating=2, label="Blue", flag=-1), NOTHING) == []
    assert marks(path) == ("2", "Blue", "-1")
    assert written(path, Fields(rating=0, label="", flag=0), NOTHING) == []
    assert marks(path) == ("0", "", "0")  # an empty label is none
    assert written(path, Fields(rating=3), {RATING: ""}) == []
    assert marks(path)[0] == "3"


@needs_exiftool
def test_what_another_program_changed_since_stays_and_is_listed(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg.xmp"
    change(path, "-XMP-xmp:Rating=3", "-XMP-xmp:Label=Green", "-XMP-dc:Creator=Ada")
    assert written(path, Fields(rating=5), {RATING: "3"}) == []  # it is what you looked at
    assert marks(path) == ("5", "Green", None)
    change(path, "-XMP-xmp:Rating=1")
    assert written(path, Fields(rating=5), {RATING: "3"}) == ["rating: people wrote another one"]
    assert marks(path)[0] == "1"
    assert written(path, Fields(rating=4), {RATING: "1"}) == []  # you looked again
    change(path, "-XMP-xmp:Rating=")
    assert written(path, Fields(rating=4), {RATING: "1"}) == ["rating: people removed it"]
    assert written(path, Fields(label="Blue"), {LABEL: ""}) == ["label: people wrote another one"]
    assert read_sidecar(path)["XMP-dc:Creator"] == ["Ada"]


@needs_exiftool
def test_stars_of_a_model_make_room_and_those_in_the_picture_count(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg.xmp"
    merge_sidecar(path, Fields(rating=2), extension=".jpg")  # as `rate` writes them
    assert written(path, Fields(rating=5), {RATING: ""}) == []
    assert marks(path)[0] == "5"
    other = tmp_path / "b.jpg.xmp"
    assert written(other, Fields(rating=5), {RATING: ""}, {RATING: "3"}) == [
        "rating: people wrote another one"
    ]
    assert written(other, Fields(rating=5), {RATING: "3"}, {RATING: "3"}) == []
    assert marks(other)[0] == "5"


@needs_exiftool
def test_an_undo_gives_back_what_was_written_here_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg.xmp"
    undone = {RATING: None, LABEL: None}
    change(path, "-XMP-xmp:Rating=3", "-XMP-xmp:Label=Green")
    before = path.read_bytes()
    assert written(path, Fields(rating=0, label=""), undone) == []  # nothing was ever written here
    assert path.read_bytes() == before
    assert written(path, Fields(rating=0, label=""), {RATING: "3", LABEL: "Green"}) == []
    assert marks(path)[:2] == ("0", "")
    assert written(path, Fields(rating=3, label="Green"), undone) == []
    assert marks(path)[:2] == ("3", "Green")
    assert not read_sidecar(path).get(MARKS)
    assert written(path, Fields(rating=5), {RATING: "3"}) == []
    change(path, "-XMP-xmp:Rating=4")  # after it was written
    assert written(path, Fields(rating=3), undone) == []
    assert marks(path)[0] == "4"


@needs_exiftool
def test_stars_and_flags_take_the_place_of_a_rejection_that_was_seen(tmp_path: Path) -> None:
    path, digikam = tmp_path / "a.jpg.xmp", tmp_path / "b.jpg.xmp"
    change(path, "-XMP-xmp:Rating=-1")
    assert written(path, Fields(rating=0, flag=1), {RATING: "-1", FLAG: ""}) == []
    assert (marks(path)[0], marks(path)[2]) == ("0", "1")
    assert written(path, Fields(rating=-1, flag=0), {RATING: None, FLAG: None}) == []
    assert (marks(path)[0], marks(path)[2]) == ("-1", "0")
    change(digikam, "-XMP-digiKam:PickLabel=1", "-XMP-xmp:Rating=2.5")
    assert written(digikam, Fields(rating=4, flag=0), {RATING: "2.5", FLAG: "-1"}) == []
    assert (marks(digikam)[0], marks(digikam)[2]) == ("4", "0")


@pytest.mark.parametrize(("there", "wanted"), [("3.0", "3"), ("", "0"), ("0", ""), ("4", "4")])
def test_what_says_the_same_is_not_written(there: str, wanted: str) -> None:
    found = said_value(there, wanted, "", ("rating:a", "rating:b"), ["label:x"])
    assert (found.write, found.conflict, found.marks) == (False, "", ["label:x"])
