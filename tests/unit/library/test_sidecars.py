"""Sidecars of photos: whose they are, read again when they change, and hostile ones."""

from __future__ import annotations

import os
from pathlib import Path

import polars as pl
import pytest

from proofsheet.core.progress import Quiet
from proofsheet.library import sidecars
from proofsheet.library.scan import photo_rows, scan
from proofsheet.library.sidecars import sidecar_news, sidecar_rows, sidecars_of
from proofsheet.library.written_metadata import written_rows
from proofsheet.metadata.own_marks import mark_of
from proofsheet.metadata.xmp_packet import MOST_BYTES
from schemas.written import REGION, EmbeddedMetadata, SidecarMetadata, WrittenMetadata
from tests.support.kit import own_ids, save_picture
from tests.support.written_kit import sidecar


def photos_in(folder: Path) -> pl.DataFrame:
    found = scan(folder, folder.parent / "cache", Quiet(), raw=True)
    return photo_rows("p", found, {p.file.content_hash: "JPEG" for p in found.pictures}, own_ids(found))


def rows_in(folder: Path) -> pl.DataFrame:
    return sidecar_rows("p", photos_in(folder), folder, folder.parent / "cache")


def touch(folder: Path, *names: str) -> Path:
    for name in names:
        if name.endswith(".xmp"):
            (folder / name).write_text(sidecar("xmp:Rating='3'"))
        else:
            save_picture(folder / "x.jpg", sum(name.encode()) % 97).rename(folder / name)
    return folder


@pytest.mark.parametrize(
    ("names", "whose"),
    [
        (("a.jpg", "a.jpg.xmp"), {"a.jpg": "a.jpg.xmp"}),
        (("a.jpg", "a.xmp"), {"a.jpg": "a.xmp"}),
        (("a.jpg", "a.XMP"), {"a.jpg": "a.XMP"}),
        (("a.jpg", "a.xmp", "a.jpg.xmp"), {"a.jpg": "a.jpg.xmp"}),
        (("a.jpg", "a.CR2", "a.xmp"), {"a.CR2": "a.xmp"}),
        (("a.jpg", "a.CR2", "a.xmp", "a.jpg.xmp"), {"a.CR2": "a.xmp", "a.jpg": "a.jpg.xmp"}),
        (("a.jpg", "a.png", "a.xmp"), {}),
        (("a.jpg", "a_01.jpg.xmp"), {}),
        (("a.jpg", "b.xmp"), {}),
    ],
)
def test_whose_a_sidecar_is(tmp_path: Path, names: tuple[str, ...], whose: dict[str, str]) -> None:
    folder = tmp_path / "p"
    folder.mkdir()
    photos = photos_in(touch(folder, *names))
    assert sidecars_of(photos, folder) == whose


def test_a_photo_with_the_longest_name_has_no_sidecar(tmp_path: Path) -> None:
    folder = tmp_path / "p"
    folder.mkdir()
    assert sidecars_of(photos_in(touch(folder, "a" * 251 + ".jpg")), folder) == {}


def test_a_sidecar_of_another_extension_is_not_taken(tmp_path: Path) -> None:
    folder = touch(tmp_path, "a.jpg")
    (folder / "a.xmp").write_text(sidecar("photoshop:SidecarForExtension='CR2' xmp:Rating='3'"))
    assert rows_in(folder).is_empty()
    (folder / "a.xmp").write_text(sidecar("photoshop:SidecarForExtension='jpg' xmp:Rating='3'"))
    assert rows_in(folder)[SidecarMetadata.rating].to_list() == [3.0]


def test_only_a_changed_sidecar_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "p"
    folder.mkdir()
    touch(folder, "a.jpg", "b.jpg", "a.jpg.xmp", "b.jpg.xmp")
    before = rows_in(folder)
    seen, read = [], sidecars._read
    monkeypatch.setattr(sidecars, "_read", lambda path: (seen.append(path.name), read(path))[1])
    assert rows_in(folder).equals(before)
    assert seen == []
    assert sidecar_news(before, folder) == 0
    (folder / "b.jpg.xmp").write_text(sidecar("xmp:Rating='5'"))
    assert sidecar_news(before, folder) == 1
    assert sorted(rows_in(folder)[SidecarMetadata.rating]) == [3.0, 5.0]
    assert seen == ["b.jpg.xmp"]
    (folder / "a.jpg.xmp").unlink()
    assert sidecar_news(before, folder) == 2
    assert rows_in(folder).height == 1


def test_hostile_sidecars_are_said_and_end_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "p"
    folder.mkdir()
    touch(folder, *(f"{n}.jpg" for n in "abcdefgh"))
    (folder / "a.jpg.xmp").mkdir()
    os.mkfifo(folder / "b.jpg.xmp")
    (folder / "outside.xmp").write_text(sidecar("xmp:Rating='5'"))
    (folder / "c.jpg.xmp").symlink_to(folder / "outside.xmp")
    (folder / "d.jpg.xmp").write_bytes(b"<x:xmpmeta")
    with (folder / "e.jpg.xmp").open("wb") as stream:
        stream.truncate(50 << 20)
    (folder / "f.jpg.xmp").write_bytes(b'<!DOCTYPE x [<!ENTITY a "b">]>' + sidecar("dc:title='&a;'").encode())
    (folder / "g.jpg.xmp").write_bytes(sidecar("xmp:Rating='4'").encode("utf-16"))
    (folder / "h.jpg.xmp").write_bytes(b"")
    rows = {r[SidecarMetadata.sidecar][0]: r for r in rows_in(folder).to_dicts()}
    told = {name: r[SidecarMetadata.unread] for name, r in rows.items()}
    assert "not a regular file" in told["a"]
    assert "not a regular file" in told["b"]
    assert "link" in told["c"]
    assert "no XML" in told["d"]
    assert f"the limit is {MOST_BYTES:,}" in told["e"]
    assert "document type" in told["f"]
    assert (told["g"], rows["g"][SidecarMetadata.rating]) == (None, 4.0)
    assert told["h"] is None
    assert rows["c"][SidecarMetadata.rating] is None
    written = written_rows("p", EmbeddedMetadata.frame(), rows_in(folder))
    assert written.height == 7


def test_a_sidecar_counts_more_than_the_file_and_ours_counts_nothing() -> None:
    empty = {n: [] if str(t).startswith("List") else None for n, t in WrittenMetadata.polars_schema().items()}
    ids = {"project": "p", "photo_id": "1", "tags": [{"field": "title", "tag": "XMP dc:title"}]}
    file = {**empty, **ids, "title": "Of the file", "keywords": ["lake"], "rating": 2.0}
    beside = {**empty, **ids, "title": "Of the sidecar", "keywords": ["heron", "lake"], "rating": 4.0}
    beside |= {"sidecar": "a.xmp", "size_bytes": 1, "written_here": []}
    file.pop("said"), beside.pop("said")
    embedded = EmbeddedMetadata.frame([file])

    def row(**more: object) -> dict[str, object]:
        return written_rows("p", embedded, SidecarMetadata.frame([{**beside, **more}])).row(0, named=True)

    found = row()
    assert (found["title"], found["rating"], found["names_of_people"]) == ("Of the sidecar", 4.0, [])
    region = {f.name: None for f in REGION.fields} | {"kind": "face", "name": "Ada"}
    assert row(people=["Ben"], regions=[region])["names_of_people"] == ["Ben", "Ada"]
    said = {s["field"]: s for s in found["said"]}
    assert (said["title"]["place"], said["title"]["other"]) == ("sidecar", "Of the file")
    ours = [mark_of("title", "Of the sidecar"), mark_of("rating", 4), mark_of("keywords", "heron")]
    found = row(written_here=ours)
    assert (found["title"], found["rating"], found["keywords"]) == ("Of the file", 2.0, ["lake"])
    assert {s["place"] for s in found["said"]} == {"embedded", "sidecar"}
    edited = row(written_here=ours, title="Of a person since", rating=5.0)
    assert (edited["title"], edited["rating"]) == ("Of a person since", 5.0)
