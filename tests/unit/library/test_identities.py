"""Files are known again by bytes, pixels and path, in this order; nothing is guessed."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proofsheet.library.identities import recognise
from proofsheet.library.identity_signs import KnownPhoto, Recognition, Sighting, new_id

A = KnownPhoto("A", "a.jpg", "bytes a", "pixels a")
B = KnownPhoto("B", "b.jpg", "bytes b", "pixels b")
NFC, NFD = (unicodedata.normalize(form, "Zoë.jpg") for form in ("NFC", "NFD"))


def seen(*files: Sighting, known: tuple[KnownPhoto, ...] = (A, B), told: tuple[str, ...] = ()) -> Recognition:
    return recognise(files, known, told=lambda: told)


def ids(found: Recognition) -> dict[str, str]:
    return {path: photo.photo_id for path, (photo, _how) in found.matches.items()}


@pytest.mark.parametrize(
    ("file", "photo", "how"),
    [
        (Sighting("a.jpg", "bytes a", "pixels a"), "A", None),
        (Sighting("a.jpg", "other bytes", "pixels a"), "A", "picture"),
        (Sighting("a.jpg", "other bytes", "other pixels"), "A", "path"),
        (Sighting("sub/c.jpg", "bytes a", "pixels a"), "A", "content"),
        (Sighting("sub/c.jpg", "bytes a", None), "A", "content"),
        (Sighting("c.jpg", "other bytes", "pixels a"), "A", "picture"),
        (Sighting("A.JPG", "bytes a", "pixels a"), "A", "content"),
        (Sighting("A.JPG", "other bytes", "other pixels"), "A", "path"),
        (Sighting("c.jpg", "bytes a", "pixels measured otherwise"), "A", "content"),
        (Sighting("a.jpg", "bytes a", "pixels measured otherwise"), "A", "content"),
    ],
)
def test_a_file_is_known_again(file: Sighting, photo: str, how: str | None) -> None:
    found = seen(file)
    assert ids(found) == {file.path: photo}
    assert found.matches[file.path][1] == how
    assert [k.photo_id for k in found.gone] == ["B"]


def test_names_composed_and_apart_are_one_photo() -> None:
    known = KnownPhoto("Z", NFC, "bytes", "pixels")
    assert ids(seen(Sighting(NFD, "bytes", "pixels"), known=(known,))) == {NFD: "Z"}
    assert ids(seen(Sighting(NFD, "edited", "edited too"), known=(known,))) == {NFD: "Z"}


def test_swapped_names_keep_what_is_known_of_each_picture() -> None:
    plain = seen(Sighting("a.jpg", "bytes b", "pixels b"), Sighting("b.jpg", "bytes a", "pixels a"))
    assert ids(plain) == {"a.jpg": "B", "b.jpg": "A"}
    tagged = seen(Sighting("a.jpg", "1", "pixels b"), Sighting("b.jpg", "2", "pixels a"))
    assert ids(tagged) == {"a.jpg": "B", "b.jpg": "A"}


def test_names_that_move_up_by_one_follow_the_pictures() -> None:
    known = tuple(KnownPhoto(str(n), f"IMG_{n}.jpg", f"bytes {n}", f"pixels {n}") for n in range(9))
    files = [Sighting(f"IMG_{n + 1}.jpg", f"tagged {n}", f"pixels {n}") for n in range(9)]
    assert ids(seen(*files, known=known)) == {f"IMG_{n + 1}.jpg": str(n) for n in range(9)}


def test_a_copy_is_a_new_photo_that_knows_its_source() -> None:
    found = seen(Sighting("a.jpg", "bytes a", "pixels a"), Sighting("copy.jpg", "bytes a", "pixels a"))
    assert (ids(found), found.new) == ({"a.jpg": "A"}, {"copy.jpg": "A"})
    assert found.questions == {}


def test_a_picture_copied_over_another_one_is_no_edit_of_it() -> None:
    found = seen(Sighting("a.jpg", "bytes a", "pixels a"), Sighting("b.jpg", "bytes a", "pixels a"))
    assert (ids(found), found.new, [k.photo_id for k in found.gone]) == (
        {"a.jpg": "A"},
        {"b.jpg": "A"},
        ["B"],
    )


def test_another_picture_at_the_path_of_one_that_was_renamed_is_new() -> None:
    found = seen(Sighting("a.jpg", "new bytes", "new pixels"), Sighting("old.jpg", "bytes a", "pixels a"))
    assert (ids(found), found.new) == ({"old.jpg": "A"}, {"a.jpg": None})


def test_a_file_copied_to_several_places_and_deleted_is_the_nearest_of_them() -> None:
    known = replace(A, path="trip/a.jpg")
    files = [Sighting(p, "bytes a", "pixels a") for p in ("all/trip/b.jpg", "trip/b.jpg", "all/c.jpg")]
    found = seen(*files, known=(known,))
    assert ids(found) == {"trip/b.jpg": "A"}
    assert found.new == {"all/trip/b.jpg": "A", "all/c.jpg": "A"}


TWINS = (replace(A, path="a/1.jpg"), replace(A, photo_id="T", path="b/2.jpg"))


def test_gone_twins_are_told_apart_by_name_and_folder() -> None:
    files = [Sighting(p, "bytes a", "pixels a") for p in ("c/1.jpg", "d/2.jpg")]
    assert ids(seen(*files, known=TWINS)) == {"c/1.jpg": "A", "d/2.jpg": "T"}
    files = [Sighting(p, "bytes a", "pixels a") for p in ("a/x.jpg", "b/y.jpg")]
    assert ids(seen(*files, known=TWINS)) == {"a/x.jpg": "A", "b/y.jpg": "T"}


def test_between_gone_twins_nothing_is_guessed() -> None:
    file = Sighting("c/x.jpg", "bytes a", "pixels a")
    quiet = seen(file, known=TWINS)
    assert (ids(quiet), quiet.new, quiet.questions) == ({}, {"c/x.jpg": None}, {})
    asked = seen(file, known=TWINS, told=("A", "T"))
    assert asked.questions == {"c/x.jpg": [*TWINS]}
    again = seen(file, known=(*TWINS, KnownPhoto("N", "c/x.jpg", "bytes a", "pixels a")), told=("A", "T"))
    assert (ids(again), again.questions) == ({"c/x.jpg": "N"}, {"c/x.jpg": [*TWINS]})
    sure = KnownPhoto("N", "c/x.jpg", "bytes a", "pixels a", sure=True)
    assert seen(file, known=(*TWINS, sure), told=("A", "T")).questions == {}
    assert seen(file, known=(*TWINS, replace(sure, sure=False)), told=("A", "T", "N")).questions == {}


COPY = KnownPhoto("C", "copy.jpg", "bytes a", "pixels a", copy_of="A")


def test_the_copy_of_a_gone_photo_with_words_takes_its_place() -> None:
    file = Sighting("copy.jpg", "bytes a", "pixels a")
    found = seen(file, known=(A, COPY), told=("A",))
    assert (ids(found), found.joined, found.gone) == ({"copy.jpg": "A"}, {"C": "A"}, [])
    assert found.matches["copy.jpg"][1] == "copy"
    for told in ((), ("A", "C"), ("C",)):
        kept = seen(file, known=(A, COPY), told=told)
        assert (ids(kept), kept.joined, kept.questions) == ({"copy.jpg": "C"}, {}, {})


def test_one_of_two_copies_takes_the_place_of_a_gone_photo() -> None:
    files = [Sighting(p, "bytes a", "pixels a") for p in ("copy.jpg", "copy2.jpg")]
    other = replace(COPY, photo_id="D", path="copy2.jpg")
    found = seen(*files, known=(A, COPY, other), told=("A",))
    assert (ids(found), found.joined) == ({"copy.jpg": "A", "copy2.jpg": "D"}, {"C": "A"})


def test_a_photo_whose_file_cannot_be_read_is_not_gone_and_nobody_takes_its_place() -> None:
    restored = Sighting("backup.jpg", "bytes a", "pixels a")
    for blocked in ("a.jpg", "A.jpg"):
        found = recognise([restored], [A], {blocked})
        assert (ids(found), found.new, found.gone) == ({}, {"backup.jpg": None}, [])
    inside = replace(A, path="sub/deep/a.jpg")
    assert recognise([restored], [inside], {"sub"}).gone == []
    assert ids(recognise([restored], [inside], {"su"})) == {"backup.jpg": "A"}


def test_what_apply_moved_stays_the_photo_beside_a_copy_at_the_former_path() -> None:
    files = [
        Sighting("a.jpg", "bytes a", "pixels a"),
        Sighting("selected/a.jpg", "bytes a", "pixels a", moved_from="a.jpg"),
    ]
    found = seen(*files, known=(A,))
    assert (ids(found), found.new) == ({"selected/a.jpg": "A"}, {"a.jpg": "A"})


def test_another_picture_with_the_name_of_a_gone_one_is_new_and_asked_about() -> None:
    gone, file = replace(A, gone=True), Sighting("a.jpg", "new bytes", "new pixels")
    found = seen(file, known=(gone,))
    assert (ids(found), found.new, found.questions) == ({}, {"a.jpg": None}, {})
    assert seen(file, known=(gone,), told=("A",)).questions == {"a.jpg": [gone]}
    back = seen(Sighting("a.jpg", "bytes a", "pixels a"), known=(gone,), told=("A",))
    assert back.matches == {"a.jpg": (gone, "content")}


def test_a_copy_of_a_black_picture_is_no_other_black_picture_that_is_gone() -> None:
    black, other = replace(A, picture="black"), replace(B, picture="black")
    files = [Sighting("b.jpg", "bytes b", "black"), Sighting("c.jpg", "bytes b", "black")]
    found = seen(*files, known=(black, other))
    assert (ids(found), found.new) == ({"b.jpg": "B"}, {"c.jpg": "B"})


def test_an_edit_that_is_taken_back_from_a_copy_is_the_same_photo() -> None:
    edited = replace(A, content="edited", picture="edited too", had=frozenset({"bytes a"}))
    backup = replace(COPY, path="backup.jpg")
    both = [Sighting(p, "bytes a", "pixels a") for p in ("a.jpg", "backup.jpg")]
    assert ids(seen(*both, known=(edited, backup))) == {"a.jpg": "A", "backup.jpg": "C"}
    moved_back = seen(both[0], known=(edited, backup))
    assert (ids(moved_back), [k.photo_id for k in moved_back.gone]) == ({"a.jpg": "A"}, ["C"])


def test_a_file_that_was_renamed_over_another_is_not_asked_about() -> None:
    over = Sighting("a.jpg", "bytes b", "pixels b")
    known = (A, replace(B, first_path="b.jpg"))
    found = seen(over, known=known, told=("A",))
    assert (ids(found), found.questions) == ({"a.jpg": "B"}, {})
    again = (replace(A, gone=True), replace(B, path="a.jpg", first_path="b.jpg"))
    assert seen(over, known=again, told=("A",)).questions == {}


def test_an_answer_is_followed_by_the_next_scan_unless_it_cannot_be() -> None:
    gone, file = replace(A, gone=True), Sighting("n.jpg", "new bytes", "new pixels")
    named = KnownPhoto("N", "n.jpg", "new bytes", "new pixels", answer="A")
    found = seen(file, known=(gone, named), told=("A",))
    assert (ids(found), found.joined, found.gone) == ({"n.jpg": "A"}, {"N": "A"}, [])
    written = seen(file, known=(gone, named), told=("A", "N"))
    assert (ids(written), written.joined, written.questions) == ({"n.jpg": "N"}, {}, {"n.jpg": [gone]})
    back = seen(file, Sighting("x.jpg", "bytes a", "pixels a"), known=(gone, named), told=("A",))
    assert (ids(back), back.joined) == ({"n.jpg": "N", "x.jpg": "A"}, {})


def test_pixels_that_are_not_known_are_not_equal() -> None:
    known = replace(A, picture=None)
    found = seen(Sighting("x.jpg", "other", None), known=(known,))
    assert (ids(found), found.new) == ({}, {"x.jpg": None})


def test_a_path_that_gave_an_id_gives_another_one() -> None:
    first = new_id("p", "a.jpg", set())
    second = new_id("p", "a.jpg", {first})
    assert len({first, second, new_id("p", "a.jpg", {first, second}), new_id("q", "a.jpg", set())}) == 4


@dataclass
class Folder:
    """A folder as a person changes it: path to (truth, bytes, pixels), and what a scan knows."""

    files: dict[str, tuple[int, str, str]] = field(default_factory=dict)
    known: dict[str, KnownPhoto] = field(default_factory=dict)
    truth: dict[str, int] = field(default_factory=dict)
    number: count[int] = field(default_factory=count)

    def scan(self) -> None:
        found = recognise(
            [Sighting(p, content, pixels) for p, (_t, content, pixels) in self.files.items()],
            self.known.values(),
        )
        for path in found.new:
            own = new_id("p", path, self.known.keys())
            self.truth[own] = self.files[path][0]
            self.known[own] = KnownPhoto(own, path, *self.files[path][1:])
        for path, (photo, _how) in found.matches.items():
            assert self.truth[photo.photo_id] == self.files[path][0], (path, photo)
            content, picture = self.files[path][1:]
            self.known[photo.photo_id] = replace(
                photo, path=path, content=content, picture=picture, gone=False
            )
        for photo in found.gone:
            self.known[photo.photo_id] = replace(photo, gone=True)
        assert {*found.new, *found.matches} == {*self.files}
        assert len({photo.photo_id for photo, _how in found.matches.values()}) == len(found.matches)


CHANGES: dict[str, Callable[[Folder, str, str, str], None]] = {
    "new": lambda f, _one, _other, path: f.files.setdefault(path, _fresh(f)) and None,
    "rename": lambda f, one, _other, path: f.files.setdefault(path, f.files.pop(one)) and None,
    "swap": lambda f, one, other, _path: f.files.update({one: f.files[other], other: f.files[one]}),
    "tag": lambda f, one, _other, _path: f.files.update({one: _tagged(f, one)}),
    "edit": lambda f, one, _other, _path: f.files.update({one: _edited(f, one)}),
    "delete": lambda f, one, _other, _path: f.files.pop(one) and None,
}


def _fresh(folder: Folder) -> tuple[int, str, str]:
    number = next(folder.number)
    return number, f"bytes {number}", f"pixels {number}"


def _tagged(folder: Folder, path: str) -> tuple[int, str, str]:
    truth, _content, pixels = folder.files[path]
    return truth, f"bytes {next(folder.number)}", pixels


def _edited(folder: Folder, path: str) -> tuple[int, str, str]:
    number = next(folder.number)
    return folder.files[path][0], f"bytes {number}", f"pixels {number}"


NAMES = st.sampled_from([f"{folder}{name}.jpg" for folder in ("", "a/", "b/") for name in "123456"])
STEPS = st.lists(
    st.tuples(st.sampled_from([*CHANGES, "scan", "scan"]), NAMES, st.integers(0, 99), st.integers(0, 99)),
    max_size=60,
)


@given(steps=STEPS)
@settings(max_examples=400, deadline=None)
def test_whatever_is_renamed_swapped_tagged_or_deleted_no_photo_is_taken_for_another(
    steps: list[tuple[str, str, int, int]],
) -> None:
    """Edits of pixels, and what is new or gone at a path, are scanned before anything else moves.

    Between two scans nothing tells an edit from another picture at the same path.
    """
    folder = Folder()
    for act, path, one, other in steps:
        if act == "scan":
            folder.scan()
            continue
        there = sorted(folder.files)
        if act in ("new", "rename") and path in there:
            continue
        if act != "new" and not there:
            continue
        if act in ("edit", "delete", "new", "rename"):
            folder.scan()
        chosen = (there[one % len(there)], there[other % len(there)]) if there else ("", "")
        CHANGES[act](folder, *chosen, path)
        if act in ("edit", "delete"):
            folder.scan()
    folder.scan()
