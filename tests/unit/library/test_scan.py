from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

import pytest

from proofsheet.core.files import Refused
from proofsheet.core.progress import Quiet
from proofsheet.library.file_hashes import Scan
from proofsheet.library.scan import other_rows, photo_rows, scan
from proofsheet.library.stage_names import parse_stage
from tests.support.kit import jpeg_bytes, own_ids, save_picture


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "project"
    made.mkdir()
    return made


def look(folder: Path) -> Scan:
    return scan(folder, folder.parent / "cache", Quiet(), raw=False)


def test_every_file_is_counted_once(folder: Path) -> None:
    save_picture(folder / "a.jpg", 1)
    save_picture(folder / "sub" / "b.png", 2)
    (folder / "a.txt").write_text("companion")
    (folder / "a.jpg.xmp").write_text("companion")
    (folder / "notes.txt").write_text("other")
    (folder / "raw.cr2").write_bytes(b"raw")
    (folder / "layers.psd").write_bytes(b"psd")
    (folder / "nameless").write_bytes(jpeg_bytes())
    (folder / ".hidden.jpg").write_bytes(jpeg_bytes())
    (folder / ".git").mkdir()
    (folder / ".git" / "x").write_text("x")
    (folder / "empty.jpg").write_bytes(b"")
    (folder / "link.jpg").symlink_to(folder / "a.jpg")
    (folder / "away").symlink_to("/")
    os.mkfifo(folder / "pipe.jpg")
    found = look(folder)
    assert [p.path for p in found.pictures] == ["a.jpg", "sub/b.png"]
    rows = photo_rows("p", found, {p.file.content_hash: "JPEG" for p in found.pictures}, own_ids(found))
    assert rows["companions"].to_list() == [["a.jpg.xmp", "a.txt"], []]
    assert {p: r.kind for p, r in found.refused.items()} == {
        "raw.cr2": "unsupported_format",
        "layers.psd": "unsupported_format",
        "nameless": "wrong_extension",
        "empty.jpg": "empty_file",
        "link.jpg": "link",
        "away": "link",
        "pipe.jpg": "special_file",
    }
    assert found.others == {
        "a.txt": "companion",
        "a.jpg.xmp": "companion",
        "notes.txt": "other",
        ".hidden.jpg": "hidden",
        ".git/x": "hidden",
    }
    on_disk = (
        sum(len(names) for _, _, names in os.walk(folder)) + 1
    )  # the link to a folder counts as one file
    assert found.files == on_disk == 14


def test_a_second_look_hashes_nothing_and_one_changed_byte_under_old_times_is_found(folder: Path) -> None:
    path = save_picture(folder / "a.png", 1)
    save_picture(folder / "b.png", 2)
    first = look(folder)
    assert first.hashed == 2
    second = look(folder)
    assert second.hashed == 0
    assert [p.file for p in second.pictures] == [p.file for p in first.pictures]
    before = path.stat()
    content = bytearray(path.read_bytes())
    content[-20] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_mtime_ns == before.st_mtime_ns
    third = look(folder)
    assert third.hashed == 1
    assert third.pictures[0].file.content_hash != first.pictures[0].file.content_hash


@pytest.mark.parametrize(
    "name",
    ["new\nline.jpg", "quote'\".jpg", "🦊.jpg", "=cmd().jpg", "e\u0301.jpg", "x" * 251 + ".jpg", "-rf.jpg"],
)
def test_strange_names_are_kept(folder: Path, name: str) -> None:
    save_picture(folder / "plain.jpg", 1).rename(folder / name)
    found = look(folder)
    assert [p.path for p in found.pictures] == [name]
    rows = photo_rows("p", found, {found.pictures[0].file.content_hash: "JPEG"}, own_ids(found))
    assert rows["path"].to_list() == [name]


def test_a_name_that_is_no_text_is_refused_printably(folder: Path) -> None:
    os.rename(save_picture(folder / "a.jpg"), os.fsencode(folder) + b"/\xff\xfe.jpg")  # noqa: PTH104
    found = look(folder)
    assert list(found.refused) == ["\\xff\\xfe.jpg"]
    assert found.refused["\\xff\\xfe.jpg"].kind == "name_not_text"
    assert found.files == 1


@pytest.mark.parametrize(
    ("stem", "series", "stage", "label"),
    [
        ("20250708_060416_stage1_generated", "20250708_060416", 1.0, "generated"),
        ("20250708_060416_stage1.5_face_swapped", "20250708_060416", 1.5, "face_swapped"),
        ("a_stage3", "a", 3.0, None),
        ("A-Stage2-up", "A", 2.0, "up"),
    ],
)
def test_stages_are_parsed(stem: str, series: str, stage: float, label: str | None) -> None:
    found = parse_stage(stem)
    assert found is not None
    assert (found.series, found.stage, found.label) == (series, stage, label)


@pytest.mark.parametrize("stem", ["stage1_generated", "backstage1", "my_stage", "a_stageX_b", "onstage2_x"])
def test_other_names_have_no_stage(stem: str) -> None:
    assert parse_stage(stem) is None


def test_rows_hold_what_was_found(folder: Path) -> None:
    save_picture(folder / "sub" / "x_stage1.5_up.jpg", 1)
    (folder / "z.txt").write_text("z")
    found = look(folder)
    row = photo_rows("p", found, {found.pictures[0].file.content_hash: "JPEG"}, own_ids(found)).row(
        0, named=True
    )
    assert (row["folder"], row["file_name"], row["stage"], row["stage_label"]) == (
        "sub",
        "x_stage1.5_up.jpg",
        1.5,
        "up",
    )
    assert row["size_bytes"] == (folder / "sub" / "x_stage1.5_up.jpg").stat().st_size
    assert other_rows("p", found).select("path", "role", "extension").rows() == [("z.txt", "other", ".txt")]


def test_refusals_name_every_path_of_a_bad_content(folder: Path) -> None:
    for name in ("a.jpg", "b.jpg"):
        (folder / name).write_bytes(b"broken")
    found = look(folder)
    why = Refused("unreadable", "broken", "mend")
    refused, hashes = found.refusals({found.pictures[0].file.content_hash: why})
    assert refused == {"a.jpg": why, "b.jpg": why}
    assert set(hashes) == {"a.jpg", "b.jpg"}


def test_a_raw_that_could_not_be_opened_goes_with_its_jpeg_and_is_told(folder: Path) -> None:
    save_picture(folder / "a.jpg", 1)
    for name in ("a.CR2", "a.CR2.xmp", ".picasa.ini", "._a.jpg"):
        (folder / name).write_text(name)
    found = scan(folder, folder.parent / "cache", Quiet(), raw=True)
    assert [p.path for p in found.pictures] == ["a.CR2", "a.jpg"]
    rows = photo_rows("p", found, {found.pictures[1].file.content_hash: "JPEG"}, own_ids(found))
    assert rows["companions"].to_list() == [["._a.jpg", "a.CR2", "a.CR2.xmp"]]
    assert found.others == {".picasa.ini": "folder", "._a.jpg": "companion", "a.CR2.xmp": "companion"}


def test_a_renamed_picture_keeps_stage_and_time_of_its_former_name(tmp_path: Path) -> None:
    for seed, name in enumerate(("best.png", "other_stage2_upscaled.png")):
        save_picture(tmp_path / "library" / name, seed)
    found = scan(tmp_path / "library", tmp_path / "cache", Quiet())
    formats = {p.file.content_hash: "PNG" for p in found.pictures}
    former = {name: ["trip.png", "20250708_060416_stage3_enhanced.png"] for name in own_ids(found)}
    rows = photo_rows("p", found, formats, own_ids(found), former=former)
    told = rows.select("series", "stage", "stage_label", "named_at").rows()
    then = datetime(2025, 7, 8, 6, 4, 16)
    assert told == [("20250708_060416", 3.0, "enhanced", then), ("other", 2.0, "upscaled", then)]
