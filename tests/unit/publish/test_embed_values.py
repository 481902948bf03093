"""What is written into a picture: words of people stay, IPTC has limits, a second time changes nothing."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from proofsheet.apply.metadata_writing import fields_for_merge, with_metadata
from proofsheet.metadata.written_fields import embedded_metadata
from proofsheet.publish.embed_values import EmbedValues, embed_values
from proofsheet.publish.sidecar_merge import FLAG, LABEL, MARKS, RATING, MergeSources, tags_of_people
from proofsheet.publish.xmp_sidecar import Fields
from schemas.written import LISTS, WRITTEN
from tests.support.embed_kit import CONTAINERS, FIELDS, KINDS, picture
from tests.support.kit import opened

pytestmark = pytest.mark.skipif(
    shutil.which("exiftool") is None, reason="Debian's libimage-exiftool-perl is not installed"
)
OURS = MergeSources(replace=True)


def exiftool(path: Path, *tags: str) -> None:
    subprocess.run(["exiftool", "-q", "-overwrite_original", *tags, str(path)], check=True)


def planned(path: Path, fields: Fields = FIELDS) -> EmbedValues:
    """What would be written, as a plan after a run has it."""
    people = tags_of_people(embedded_metadata(opened(path)))
    before = fields_for_merge([path])[0]
    return embed_values(before, fields, MergeSources(people, (), True), KINDS[path.suffix[1:]])


def write(path: Path, fields: Fields = FIELDS) -> EmbedValues:
    made = planned(path, fields)
    if made.values:
        with_metadata(path, made.values, path.parent).replace(path)
    return made


def read(path: Path) -> dict[str, Any]:
    return fields_for_merge([path])[0]


@pytest.mark.parametrize("kind", CONTAINERS)
def test_what_we_wrote_is_no_word_of_people_and_is_not_written_twice(tmp_path: Path, kind: str) -> None:
    path = picture(tmp_path / f"a.{kind}")
    before = {n: v for n, v in embedded_metadata(opened(path)).items() if n in WRITTEN}
    assert write(path).values
    after = {n: v for n, v in embedded_metadata(opened(path)).items() if n in WRITTEN}
    assert after == before
    assert planned(path).values == {}
    assert planned(path).conflicts == []


def test_long_texts_are_cut_in_iptc_alone_and_still_known_as_ours(tmp_path: Path) -> None:
    path = picture(tmp_path / "a.jpg")
    long = Fields(title="ü" * 300, description="鳥 und Möwe\n" * 200, keywords=("k" * 100, "ö" * 64, "kurz"))
    made = write(path, long)
    found = read(path)
    assert found["XMP-dc:Title"] == long.title
    assert found["IPTC:ObjectName"] == "ü" * 32
    assert found["XMP-dc:Description"] == found["IFD0:ImageDescription"] == long.description
    assert len(str(found["IPTC:Caption-Abstract"]).encode()) in range(1990, 2001)
    assert found["IPTC:Keywords"] == ["k" * 64, "ö" * 32, "kurz"]
    assert [n.partition(":")[2].partition(":")[0] for n in made.notes] == [
        *("ObjectName", "Caption-Abstract", "Keywords", "Keywords")
    ]
    assert "the first 64 of 600 bytes" in made.notes[0]
    told = embedded_metadata(opened(path))
    assert [told[n] for n in ("title", "description")] == [None, None]
    assert told["keywords"] == []
    assert planned(path, long).values == {}


def test_two_thousand_characters_and_two_hundred_words_are_written_whole(tmp_path: Path) -> None:
    path = picture(tmp_path / "a.png")
    fields = Fields(description="x" * 2000, keywords=tuple(f"word {n}" for n in range(200)))
    assert write(path, fields).notes == []
    found = read(path)
    assert found["IPTC:Caption-Abstract"] == found["XMP-dc:Description"] == "x" * 2000
    assert found["IPTC:Keywords"] == found["XMP-dc:Subject"] == list(fields.keywords)


@pytest.mark.parametrize(
    ("tags", "field", "stays"),
    [
        (("-XMP-dc:Title=Mine",), "title", {"XMP-dc:Title": "Mine", "IPTC:ObjectName": None}),
        (("-IPTC:ObjectName=Mine",), "title", {"XMP-dc:Title": None, "IPTC:ObjectName": "Mine"}),
        (("-IFD0:XPTitle=Mine",), "title", {"XMP-dc:Title": None, "IFD0:XPTitle": "Mine"}),
        (
            ("-IFD0:ImageDescription=Mine", "-XMP-dc:Title=Also mine"),
            "description",
            {"IFD0:ImageDescription": "Mine", "XMP-dc:Description": None, "XMP-dc:Title": "Also mine"},
        ),
        (("-XMP-xmp:Rating=2",), "rating", {"XMP-xmp:Rating": "2", "IFD0:Rating": None}),
        (("-IFD0:Rating=2",), "rating", {"XMP-xmp:Rating": None, "IFD0:Rating": "2"}),
    ],
)
def test_a_value_of_a_person_is_never_replaced_and_is_listed(
    tmp_path: Path, tags: tuple[str, ...], field: str, stays: dict[str, str | None]
) -> None:
    path = picture(tmp_path / "a.jpg")
    exiftool(path, *tags)
    made = write(path)
    assert f"{field}: people wrote another one" in made.conflicts
    found = read(path)
    assert {n: found.get(n) for n in stays} == stays
    assert found["XMP-iptcCore:AltTextAccessibility"] == FIELDS.alt_text


def test_keywords_of_people_come_first_and_stay_in_every_place(tmp_path: Path) -> None:
    path = picture(tmp_path / "a.jpg")
    exiftool(path, "-IPTC:Keywords=mine", "-IPTC:Keywords=gull")
    write(path)
    assert read(path)["IPTC:Keywords"] == ["mine", "gull", "Möwe", "灯塔", "-gps:all="]
    assert read(path)["XMP-dc:Subject"] == ["mine", "gull", "Möwe", "灯塔", "-gps:all="]
    assert embedded_metadata(opened(path))["keywords"] == ["mine", "gull"]


def test_later_texts_replace_ours_in_every_place_and_words_that_people_removed_stay_away(
    tmp_path: Path,
) -> None:
    path = picture(tmp_path / "a.jpg")
    write(path)
    exiftool(path, "-XMP-dc:Subject-=gull", "-IPTC:Keywords-=gull")
    made = write(path, Fields(rating=5, title="Gulls", description="Two.", keywords=("gull", "sea")))
    found = read(path)
    assert found["XMP-dc:Title"] == found["IPTC:ObjectName"] == "Gulls"
    assert found["XMP-dc:Description"] == found["IPTC:Caption-Abstract"] == "Two."
    assert found["IFD0:ImageDescription"] == "Two."
    assert found["XMP-xmp:Rating"] == found["IFD0:Rating"] == "5"
    assert (found["IPTC:Keywords"], found["XMP-dc:Subject"]) == ("sea", ["sea"])
    assert made.conflicts == ["keywords: people removed gull"]


def test_a_title_that_a_person_edits_after_us_is_theirs(tmp_path: Path) -> None:
    path = picture(tmp_path / "a.jpg")
    write(path)
    exiftool(path, "-XMP-dc:Title=My title", "-IPTC:ObjectName=My title")
    assert embedded_metadata(opened(path))["title"] == "My title"
    assert planned(path).conflicts == ["title: people wrote another one"]
    assert planned(path).values == {}


def test_iptc_in_another_encoding_takes_plain_letters_alone_and_keeps_its_own(tmp_path: Path) -> None:
    path = picture(tmp_path / "a.jpg")
    exiftool(path, "-charset", "iptc=Latin", "-IPTC:City=Köln")
    raw = path.read_bytes()
    assert "Köln".encode("latin-1") in raw
    made = write(path, Fields(title="Möwe", description="A gull."))
    assert "Köln".encode("latin-1") in path.read_bytes()
    assert "IPTC:CodedCharacterSet" not in read(path)
    assert read(path)["XMP-dc:Title"] == "Möwe"
    assert read(path)["IPTC:Caption-Abstract"] == "A gull."
    assert made.notes == ["IPTC:ObjectName: the IPTC of this file is not in UTF-8, the text stays in XMP"]


def test_a_file_of_a_program_without_xmp_keeps_its_iptc_first(tmp_path: Path) -> None:
    path = picture(tmp_path / "a.jpg")
    exiftool(path, "-XMP-photoshop:City=old", "-IPTC:City=new", "-IPTCDigest=" + "0" * 31 + "1")
    assert embedded_metadata(opened(path))["city"] == "new"
    write(path)
    assert embedded_metadata(opened(path))["city"] == "new"


@pytest.mark.parametrize("kind", ["jpg", "tif", "dng"])
def test_the_digest_of_iptc_is_that_of_the_file(tmp_path: Path, kind: str) -> None:
    """Else programs would take the IPTC for newer than the XMP."""
    path = picture(tmp_path / f"a.{kind}")
    exiftool(path, "-XMP-photoshop:City=Bonn", "-IPTC:City=Ulm")
    write(path)
    found = read(path)
    assert found["Photoshop:IPTCDigest"] == found["File:CurrentIPTCDigest"]
    assert embedded_metadata(opened(path))["city"] == "Bonn"


def test_what_a_camera_writes_by_itself_stays_and_is_told(tmp_path: Path) -> None:
    path = picture(tmp_path / "a.jpg")
    exiftool(path, "-IFD0:ImageDescription=OLYMPUS DIGITAL CAMERA")
    made = write(path)
    assert read(path)["IFD0:ImageDescription"] == "OLYMPUS DIGITAL CAMERA"
    assert read(path)["XMP-dc:Description"] == FIELDS.description
    assert made.notes == ["IFD0:ImageDescription: another text is there and stays"]
    assert made.conflicts == []


def test_webp_says_that_it_has_no_iptc(tmp_path: Path) -> None:
    made = planned(picture(tmp_path / "a.webp"))
    assert "IPTC:ObjectName: WEBP has no place for IPTC" in made.notes
    assert not any(n.startswith("IPTC:") for n in made.values)


def test_every_list_and_number_has_a_mark(tmp_path: Path) -> None:
    made = planned(picture(tmp_path / "a.jpg"))
    fields = [m.partition(":")[0] for m in made.values[MARKS]]
    assert sorted(fields) == ["alt_text", "description", *["keywords"] * 4, "rating", "title"]
    assert "keywords" in LISTS


def test_words_and_stars_of_people_in_the_sidecar_go_into_the_file_as_theirs(tmp_path: Path) -> None:
    path = picture(tmp_path / "a.jpg")
    people = {
        "XMP-dc:Title": "Mine",
        "XMP-xmp:Rating": "2",
        "XMP-lr:HierarchicalSubject": ["Tier|Vogel"],
        "XMP-digiKam:TagsList": ["Tier/Vogel"],
        "XMP-dc:Subject": ["Vogel"],
    }
    made = embed_values(read(path), FIELDS, MergeSources(people, (), True), "JPEG", people)
    with_metadata(path, made.values, tmp_path).replace(path)
    found, told = read(path), embedded_metadata(opened(path))
    assert (told["title"], told["rating"], told["hierarchical_keywords"]) == ("Mine", 2.0, ["Tier|Vogel"])
    assert told["keywords"] == ["Vogel"]
    assert (found["IPTC:ObjectName"], found["IFD0:Rating"]) == ("Mine", "2")
    assert found["XMP-dc:Subject"] == ["Vogel", *FIELDS.keywords]
    again = embed_values(read(path), FIELDS, MergeSources(people, (), True), "JPEG", people)
    assert again.values == {}
    other = {"XMP-dc:Title": "Changed"}
    told_again = embed_values(read(path), FIELDS, MergeSources(other, (), True), "JPEG", other)
    assert "title: the sidecar has another one than the file" in told_again.conflicts


def test_stars_label_and_flag_that_are_set_here_stand_above_those_of_the_sidecar(tmp_path: Path) -> None:
    path = picture(tmp_path / "a.jpg")
    sidecar = {RATING: "2", LABEL: "Green", FLAG: "-1"}
    said = Fields(rating=5, label="Red", flag=1)
    made = embed_values(read(path), said, MergeSources(sidecar, (), True, sidecar), "JPEG", sidecar)
    assert {n: made.values[n] for n in sidecar} == {RATING: 5, LABEL: "Red", FLAG: 1}
    assert made.values["IFD0:Rating"] == "5"
    with_metadata(path, made.values, tmp_path).replace(path)
    again = embed_values(read(path), said, MergeSources(sidecar, (), True, sidecar), "JPEG", sidecar)
    assert (again.values, again.conflicts) == ({}, [])
    none = Fields(rating=0, label="", flag=0)
    cleared = picture(tmp_path / "b.jpg")
    made = embed_values(read(cleared), none, MergeSources({}, (), True, sidecar), "JPEG", sidecar)
    assert made.values == {}


def test_names_of_people_in_the_sidecar_do_not_go_into_the_file(tmp_path: Path) -> None:
    row = {
        "keywords": ["beach", "Anna Smith", "Ben"],
        "hierarchical_keywords": ["People|Anna Smith", "Land|Coast"],
        "names_of_people": ["Ben"],
    }
    people = tags_of_people(row)
    of_sidecar = tags_of_people({n: v for n, v in row.items() if n != "names_of_people"})
    before = read(picture(tmp_path / "a.jpg"))
    made = embed_values(before, Fields(keywords=("sea",)), MergeSources(people, (), True), "JPEG", of_sidecar)
    told = repr(made.values)
    assert ("Anna" in told, "Ben" in told) == (False, False)
    assert made.values["XMP-dc:Subject"] == ["beach", "sea"]
    assert made.values["XMP-lr:HierarchicalSubject"] == ["Land|Coast"]
