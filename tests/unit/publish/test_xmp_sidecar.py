"""Sidecars: merged by exiftool, nothing foreign lost, values never taken for options."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from proofsheet.core.errors import UsageError
from proofsheet.publish.sidecar_names import sidecar_path
from proofsheet.publish.xmp_sidecar import (
    DESCRIPTION,
    HIERARCHY,
    RATING,
    SUBJECT,
    TITLE,
    Fields,
    foreign,
    merge_sidecar,
    read_sidecar,
)
from tests.support.kit import save_picture, tree

pytestmark = pytest.mark.skipif(
    shutil.which("exiftool") is None, reason="Debian's libimage-exiftool-perl is not installed"
)

DARKTABLE = """<?xml version="1.0" encoding="UTF-8"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="XMP Core 4.4.0-Exiv2">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/"
    xmlns:darktable="http://darktable.sf.net/" xmlns:digiKam="http://www.digikam.org/ns/1.0/"
    xmlns:lr="http://ns.adobe.com/lightroom/1.0/" xmlns:exif="http://ns.adobe.com/exif/1.0/"
    xmp:Rating="4" darktable:xmp_version="5" darktable:raw_params="0" darktable:auto_presets_applied="1"
    darktable:history_end="2" digiKam:PickLabel="2" exif:DateTimeOriginal="2020:01:02 03:04:05">
   <dc:subject><rdf:Bag><rdf:li>mine</rdf:li><rdf:li>heron</rdf:li></rdf:Bag></dc:subject>
   <lr:hierarchicalSubject><rdf:Bag><rdf:li>animal|mine</rdf:li></rdf:Bag></lr:hierarchicalSubject>
   <digiKam:TagsList><rdf:Seq><rdf:li>animal/mine</rdf:li></rdf:Seq></digiKam:TagsList>
   <darktable:history><rdf:Seq>
     <rdf:li darktable:num="0" darktable:operation="exposure" darktable:enabled="1" darktable:modversion="6"
       darktable:params="0000000000000000cdcccc3d" darktable:multi_name="" darktable:multi_priority="0"/>
     <rdf:li darktable:num="1" darktable:operation="crop" darktable:enabled="1" darktable:modversion="1"
       darktable:params="00000000000000000000803f" darktable:multi_name="" darktable:multi_priority="0"/>
   </rdf:Seq></darktable:history>
   <dc:title><rdf:Alt><rdf:li xml:lang="x-default">My own title</rdf:li>
     <rdf:li xml:lang="de-DE">Mein Titel</rdf:li></rdf:Alt></dc:title>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
"""
FORMS = {
    "utf-8": DARKTABLE.encode(),
    "crlf": DARKTABLE.replace("\n", "\r\n").encode(),
    "utf-16": DARKTABLE.replace("UTF-8", "UTF-16").encode("utf-16"),
}
OURS = Fields(
    rating=2,
    title="Heron",
    description="A heron.",
    keywords=("heron", "lake"),
    paths=(("animal", "bird", "heron"),),
)


@pytest.mark.parametrize("form", list(FORMS))
def test_nothing_foreign_is_lost(tmp_path: Path, form: str) -> None:
    path = tmp_path / "a.jpg.xmp"
    path.write_bytes(FORMS[form])
    before = read_sidecar(path)
    assert merge_sidecar(path, OURS, extension="jpg")
    after = read_sidecar(path)
    assert foreign(before)
    assert foreign(after) == foreign(before)
    assert (
        [h["Operation"] for h in after["XMP-darktable:History"]] == ["exposure", "crop"]
        if "XMP-darktable:History" in after
        else True
    )
    assert (after[RATING], after[TITLE]) == ("4", "My own title")  # a person's stay
    assert after[DESCRIPTION] == "A heron."
    assert after[SUBJECT] == ["mine", "heron", "lake"]
    assert after[HIERARCHY] == ["animal|mine", "animal|bird|heron"]
    raw = path.read_text("utf-8")
    assert "rdf:Bag" in raw.split("dc:subject")[1]
    assert "rdf:Bag" in raw.split("lr:hierarchicalSubject")[1]
    assert not merge_sidecar(path, OURS, extension="jpg")  # merging again changes nothing


def test_values_are_replaced_only_if_asked(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg.xmp"
    path.write_bytes(FORMS["utf-8"])
    merge_sidecar(path, OURS, extension="jpg", replace=True)
    assert (read_sidecar(path)[RATING], read_sidecar(path)[TITLE]) == ("2", "Heron")


@pytest.mark.parametrize(
    "text",
    [
        "A heron\n-XMP-xmp:Rating=1",
        "-Rating=1",
        "a\n-execute\n-all=",
        "&lt;x&gt; \"'<b>",
        "${Rating}",
        "@file",
        "=1",
    ],
)
def test_a_caption_is_never_an_option(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.jpg.xmp"
    merge_sidecar(path, Fields(rating=5, description=text, keywords=(text,)), extension="jpg")
    found = read_sidecar(path)
    assert found[RATING] == "5"
    assert found[DESCRIPTION] == text
    assert found[SUBJECT] in (text, [text])


@pytest.mark.parametrize("raw", [b"not xml", b"<x:xmpmeta", b"\x00" * 40])
def test_an_unreadable_sidecar_is_never_overwritten(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "a.jpg.xmp"
    path.write_bytes(raw)
    with pytest.raises(UsageError, match="not touched"):
        merge_sidecar(path, OURS, extension="jpg")
    assert path.read_bytes() == raw
    assert list(tree(tmp_path)) == ["a.jpg.xmp"]


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "real.xmp").write_text(DARKTABLE)
    (tmp_path / "a.jpg.xmp").symlink_to(tmp_path / "real.xmp")
    with pytest.raises(UsageError, match="link"):
        merge_sidecar(tmp_path / "a.jpg.xmp", OURS, extension="jpg")
    assert (tmp_path / "real.xmp").read_text() == DARKTABLE


@pytest.mark.parametrize(
    "name", ["new\nline.jpg", "quote'\".jpg", "-o.jpg", "🦊.jpg", "#[CSTR].jpg", "%f.jpg"]
)
def test_strange_names_get_their_own_sidecar(tmp_path: Path, name: str) -> None:
    picture = save_picture(tmp_path / "x.jpg", 1).rename(tmp_path / name)
    path = sidecar_path(picture, "darktable")
    assert merge_sidecar(path, OURS, extension=".jpg")
    assert read_sidecar(path)[DESCRIPTION] == "A heron."
    assert len(tree(tmp_path)) == 2
