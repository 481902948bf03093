"""Sidecars: merged by exiftool, nothing foreign lost, values never taken for options."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from proofsheet.core.errors import UsageError
from proofsheet.metadata.own_marks import mark_of
from proofsheet.metadata.sidecar_packet import sidecar_fields
from proofsheet.publish.sidecar_merge import DESCRIPTION, HIERARCHY, RATING, SUBJECT, TITLE, MergeSources
from proofsheet.publish.sidecar_names import sidecar_path
from proofsheet.publish.xmp_sidecar import (
    Fields,
    Merged,
    foreign,
    merge_sidecar,
    read_sidecar,
    would_change,
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
    done = merge_sidecar(path, OURS, extension="jpg")
    assert done.changed
    assert done.conflicts == ("rating: people wrote another one", "title: people wrote another one")
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
    assert not merge_sidecar(path, OURS, extension="jpg").changed  # merging again changes nothing


def test_what_a_person_wrote_is_never_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg.xmp"
    path.write_bytes(FORMS["utf-8"])
    merge_sidecar(path, OURS, extension="jpg", sources=MergeSources(replace=True))
    assert (read_sidecar(path)[RATING], read_sidecar(path)[TITLE]) == ("4", "My own title")


def test_what_we_wrote_is_replaced_only_if_asked(tmp_path: Path) -> None:
    path, news = tmp_path / "a.jpg.xmp", Fields(rating=5, title="Grey heron", keywords=("heron", "reed"))
    merge_sidecar(path, OURS, extension="jpg")
    merge_sidecar(path, news, extension="jpg")
    assert (read_sidecar(path)[RATING], read_sidecar(path)[TITLE]) == ("2", "Heron")
    assert read_sidecar(path)[SUBJECT] == ["heron", "lake", "reed"]
    assert not merge_sidecar(path, news, extension="jpg", sources=MergeSources(replace=True)).conflicts
    assert (read_sidecar(path)[RATING], read_sidecar(path)[TITLE]) == ("5", "Grey heron")
    assert read_sidecar(path)[SUBJECT] == ["heron", "reed"]


def by_a_person(path: Path, *fields: str) -> None:
    subprocess.run(["exiftool", "-q", "-overwrite_original", *fields, str(path)], check=True)


def test_what_a_person_changed_since_stands_against_ours(tmp_path: Path) -> None:
    path, own = tmp_path / "a.jpg.xmp", MergeSources(replace=True)
    merge_sidecar(path, OURS, extension="jpg", sources=own)
    by_a_person(
        path, "-XMP-dc:Title=Reiher", "-XMP-xmp:Rating=1", "-XMP-dc:Subject-=lake", "-XMP-dc:Subject+=Eis"
    )
    again = Fields(rating=3, title="Grey heron", description="A heron.", keywords=("heron", "lake", "reed"))
    before = path.read_bytes()
    told = would_change(path, again, extension="jpg", sources=own)
    assert path.read_bytes() == before
    assert merge_sidecar(path, again, extension="jpg", sources=own) == told
    assert told.conflicts == (
        "rating: people wrote another one",
        "title: people wrote another one",
        "keywords: people removed lake",
    )
    found = read_sidecar(path)
    assert (found[RATING], found[TITLE], found[DESCRIPTION]) == ("1", "Reiher", "A heron.")
    assert found[SUBJECT] == ["heron", "Eis", "reed"]


def test_what_a_person_took_out_is_not_written_again(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg.xmp"
    merge_sidecar(path, OURS, extension="jpg")
    by_a_person(path, "-XMP-dc:Title=", "-XMP-xmp:Rating=0")
    done = merge_sidecar(path, OURS, extension="jpg", sources=MergeSources(replace=True))
    assert not done.changed
    assert done.conflicts == ("rating: people removed it", "title: people removed it")
    assert read_sidecar(path)[RATING] == "0"


def test_what_a_person_wrote_into_the_picture_counts_where_the_sidecar_says_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg.xmp"
    people = {RATING: "5", TITLE: "Reiher", SUBJECT: ["See", "heron"]}
    done = merge_sidecar(path, OURS, extension="jpg", sources=MergeSources(people, replace=True))
    assert done.conflicts == ("rating: people wrote another one", "title: people wrote another one")
    found = read_sidecar(path)
    assert (found.get(RATING), found.get(TITLE)) == (None, None)
    assert found[SUBJECT] == ["See", "heron", "lake"]
    assert sidecar_fields(path.read_bytes())["written_here"] == [
        mark_of("description", "A heron."),
        mark_of("keywords", "lake"),
        mark_of("hierarchical_keywords", "animal|bird|heron"),
    ]


def test_texts_that_were_written_before_there_were_marks_are_known_as_ours(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg.xmp"
    by_a_person(path, "-XMP-dc:Title=Heron", "-XMP-dc:Subject=lake", "-XMP-dc:Subject=mine")
    former = {mark_of("title", "Heron"), mark_of("keywords", "lake")}
    sources = MergeSources(former=former, replace=True)
    done = merge_sidecar(
        path, Fields(title="Grey heron", keywords=("heron",)), extension="jpg", sources=sources
    )
    assert done == Merged(True)
    assert read_sidecar(path)[TITLE] == "Grey heron"
    assert read_sidecar(path)[SUBJECT] == ["mine", "heron"]


def test_all_of_our_keywords_can_go(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg.xmp"
    merge_sidecar(path, Fields(keywords=("lake",)), extension="jpg")
    assert merge_sidecar(path, Fields(title="x"), extension="jpg", sources=MergeSources(replace=True)).changed
    assert read_sidecar(path)[SUBJECT] in ("lake", ["lake"])  # an empty list says nothing of keywords
    gone = Fields(keywords=("reed",))
    assert merge_sidecar(path, gone, extension="jpg", sources=MergeSources(replace=True)).changed
    assert read_sidecar(path)[SUBJECT] in ("reed", ["reed"])


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
