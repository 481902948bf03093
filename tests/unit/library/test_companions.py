"""Who belongs to whom by name: every form, what is no companion, and what goes with two pictures."""

from __future__ import annotations

from pathlib import Path

import pytest

from proofsheet.core.errors import UsageError
from proofsheet.core.folder_walk import FOLDERS, KEPT_BY_PROGRAMS
from proofsheet.library.companions import companions, nearby, of_a_folder, one_shot
from tests.support.kit import place_in_memory, where_rights_count
from tests.support.namings_kit import NAMINGS, Naming

KEPT = FOLDERS[KEPT_BY_PROGRAMS]


@pytest.mark.parametrize("naming", NAMINGS, ids=lambda n: n.by)
@pytest.mark.parametrize("folder", ["", "day one/"])
def test_every_form_finds_its_pictures(naming: Naming, folder: str) -> None:
    strangers = ["zzz.jpg", "IMG.jpg", "T.jpg", "DSC.jpg"]
    pictures = [folder + p for p in naming.pictures]
    found = companions(
        [*pictures, *(folder + s for s in strangers), "elsewhere/a.jpg"], [folder + b for b in naming.beside]
    )
    wanted = {
        p: sorted(folder + b for b, owners in naming.beside.items() if n in owners)
        for n, p in enumerate(pictures)
    }
    assert found == {p: w for p, w in wanted.items() if w}


def test_all_forms_in_one_folder_do_not_disturb_each_other() -> None:
    found = companions([p for n in NAMINGS for p in n.pictures], [b for n in NAMINGS for b in n.beside])
    for naming in NAMINGS:
        for number, picture in enumerate(naming.pictures):
            assert found.get(picture, []) == sorted(
                b for b, owners in naming.beside.items() if number in owners
            ), naming.by


@pytest.mark.parametrize(
    "name",
    [
        *(
            "IMG_0002.xmp",
            "IMG_00010.xmp",
            "sub/IMG_0001.xmp",
            "../IMG_0001.xmp",
            "notes.txt",
            ".IMG_0001.JPG.swp",
            ".git/IMG_0001.JPG",
        ),
        *(
            "@eaDir/IMG_0001.JPG/SYNOPHOTO_THUMB_M.jpg",
            ".DS_Store",
            "Thumbs.db",
            "metadata.json",
            ".picasa.ini",
            "IMG_0001x.xmp",
        ),
        *(
            "NKSC_PARAM/IMG_0002.NEF.nksc",
            "other/NKSC_PARAM/IMG_0001.JPG.nksc",
            "IMG_0001.JPG(1).json",
            "CaptureOne/IMG_0001.JPG.cos",
        ),
    ],
)
def test_other_files_belong_to_nobody(name: str) -> None:
    assert companions(["IMG_0001.JPG"], [name]) == {}


def test_what_belongs_to_a_refused_picture_goes_where_that_goes() -> None:
    others = ["a.CR2", "a.CR2.xmp", "a_01.CR2.xmp", "b.CR2", "b.CR2.xmp", "b.xmp"]
    assert companions(["a.jpg", "a_01.jpg"], others) == {"a.jpg": ["a.CR2", "a.CR2.xmp", "a_01.CR2.xmp"]}


def test_raw_and_what_the_camera_wrote_beside_it_are_one_shot() -> None:
    pixel = {"p/PXL_1.RAW-01.COVER.jpg", "p/PXL_1.RAW-02.ORIGINAL.dng"}
    found = one_shot(["a.jpg", "A.CR2", "b.jpg", "b.png", "c.jpg", "sub/c.CR2", *pixel])
    assert found == {p: s for s in ({"a.jpg", "A.CR2"}, pixel) for p in s}


def test_files_of_a_whole_folder_are_known() -> None:
    assert all(
        map(
            of_a_folder,
            (
                "x/.picasa.ini",
                "Picasa.ini",
                "descript.ion",
                "Takeout/metadata.json",
                "me\u0301tadonne\u0301es.json",
            ),
        )
    )
    assert not of_a_folder("picasa.jpg")


def test_folders_that_differ_in_the_form_of_accents_alone_are_two() -> None:
    composed, apart = "\u00e9", "e\u0301"
    found = companions(
        [f"{composed}/a.jpg", f"{apart}/b.jpg"], [f"{apart}/a.xmp", f"{composed}/b.xmp", f"{apart}/b.xmp"]
    )
    assert found == {f"{apart}/b.jpg": [f"{apart}/b.xmp"]}


def test_originals_that_programs_keep_belong_to_the_picture_beside_their_folder() -> None:
    for kept in KEPT:
        name = kept.replace("[[]", "[")
        assert companions(["day/a.jpg"], [f"day/{name}/a.jpg"]) == {"day/a.jpg": [f"day/{name}/a.jpg"]}, kept


def test_a_folder_that_cannot_be_listed_is_no_empty_one() -> None:
    with place_in_memory() as place:
        for name in ("day/a.jpg", "day/CaptureOne/Settings1/a.jpg.cos"):
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            (place / name).write_text("x")
        assert nearby(place, "gone") == []
        for closed, mode in (("day/CaptureOne/Settings1", 0), ("day/CaptureOne", 0o644), ("day", 0)):
            (place / closed).chmod(mode)
            with (
                where_rights_count(),
                pytest.raises(UsageError, match="denied, and files in it may go with the pictures"),
            ):
                nearby(place, "day")
            (place / closed).chmod(0o755)


def test_only_the_folder_and_what_programs_keep_in_it_is_listed(tmp_path: Path) -> None:
    kept = ("day/CaptureOne/Cache/Proxies/c.jpg.cop", "day/nksc_param/c.jpg.nksc")
    for name in ("a.jpg", "sub/b.jpg", "day/c.jpg", "day/.git/x", *kept):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    (tmp_path / "day/NKSC_PARAM").symlink_to(tmp_path / "sub")
    assert sorted(nearby(tmp_path, "")) == ["a.jpg"]
    assert sorted(nearby(tmp_path, "day")) == sorted([*kept, "day/NKSC_PARAM", "day/c.jpg"])
