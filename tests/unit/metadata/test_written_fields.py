"""What people wrote about a picture: what counts, what is nobody's word, and broken values."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from proofsheet.metadata.own_marks import WRITTEN_HERE, mark_of
from proofsheet.metadata.sidecar_packet import sidecar_fields
from proofsheet.metadata.written_fields import embedded_metadata
from proofsheet.metadata.xmp_packet import MOST_BYTES
from schemas.written import EmbeddedMetadata, SidecarMetadata, WrittenFields
from tests.support.kit import opened, pixels
from tests.support.written_kit import bag, sidecar


def read(attributes: str = "", body: str = "") -> dict[str, Any]:
    return dict(sidecar_fields(sidecar(attributes, body).encode()))


def of_picture(tmp_path: Path, **tags: Any) -> dict[str, Any]:
    exif = Image.Exif()
    for tag, value in tags.items():
        exif[int(tag.removeprefix("t"), 16)] = value
    Image.fromarray(pixels(1)).save(tmp_path / "a.jpg", exif=exif)
    return dict(embedded_metadata(opened(tmp_path / "a.jpg")))


@pytest.mark.parametrize(
    ("raw", "stars"), [("5", 5.0), ("-1", -1.0), ("4.5", 4.5), (" 3 ", 3.0), ("0", None), ("1.0", 1.0)]
)
def test_a_rating_is_read_as_it_is(raw: str, stars: float | None) -> None:
    found = read(f'xmp:Rating="{raw}"')
    assert (found[WrittenFields.rating], found[EmbeddedMetadata.unread]) == (stars, None)


@pytest.mark.parametrize("raw", ["five", "-7", "6", "NaN", "inf", "-0.5", "1e400", "⭐⭐⭐", "5 of 5", "--"])
def test_what_is_no_rating_is_said_and_never_made_one(raw: str) -> None:
    found = read(f'xmp:Rating="{raw}"')
    assert found[WrittenFields.rating] is None
    assert "is no rating" in found[EmbeddedMetadata.unread]


@pytest.mark.parametrize(("percent", "stars"), [("1", 1), ("25", 2), ("50", 3), ("75", 4), ("99", 5)])
def test_percent_of_windows_are_stars(percent: str, stars: int) -> None:
    assert read(f'MicrosoftPhoto:Rating="{percent}"')[WrittenFields.rating] == stars
    assert read(f'xmp:Rating="2" MicrosoftPhoto:Rating="{percent}"')[WrittenFields.rating] == 2


@pytest.mark.parametrize(
    ("attribute", "flag"),
    [
        ("digiKam:PickLabel='3'", 1),
        ("digiKam:PickLabel='1'", -1),
        ("xmpDM:pick='1'", 1),
        ("xmpDM:pick='-1'", -1),
    ],
)
def test_a_pick_is_read_from_those_who_write_one(attribute: str, flag: int) -> None:
    assert read(attribute)[WrittenFields.pick] == flag


def test_keywords_with_broader_terms_are_one_list_for_all_programs() -> None:
    tree = (
        "<mwg-kw:Keywords rdf:parseType='Resource'><mwg-kw:Hierarchy><rdf:Bag><rdf:li><rdf:Description>"
        "<mwg-kw:Keyword>Tier</mwg-kw:Keyword><mwg-kw:Children><rdf:Bag><rdf:li rdf:parseType='Resource'>"
        "<mwg-kw:Keyword>Vogel</mwg-kw:Keyword></rdf:li></rdf:Bag></mwg-kw:Children></rdf:Description></rdf:li>"
        "</rdf:Bag></mwg-kw:Hierarchy></mwg-kw:Keywords>"
    )
    body = f"<lr:hierarchicalSubject>{bag('Ort|Köln')}</lr:hierarchicalSubject>"
    body += f"<digiKam:TagsList>{bag('Ort/Köln', 'Ort/Bonn')}</digiKam:TagsList>{tree}"
    assert read(body=body)[WrittenFields.hierarchical_keywords] == ["Ort|Köln", "Ort|Bonn", "Tier|Vogel"]


def test_persons_in_the_picture_are_no_keywords() -> None:
    tag = "Iptc4xmpExt:PersonInImage"
    space = 'xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"'
    found = read(body=f"<{tag} {space}>{bag('Ada')}</{tag}>")
    assert (found[WrittenFields.people], found[WrittenFields.keywords]) == (["Ada"], [])


@pytest.mark.parametrize(
    "text",
    [
        *("OLYMPUS DIGITAL CAMERA", "SONY DSC", "SAMSUNG", "          ", "000001", "DSC_0042.JPG"),
        *("Digital Still Camera", "<KENOX S860  / Samsung S860>", "My Phone", "Created with GIMP"),
    ],
)
def test_what_a_camera_writes_by_itself_is_nobodys_word(tmp_path: Path, text: str) -> None:
    assert of_picture(tmp_path, t010E=text, t0110="My Phone")[WrittenFields.description] is None


@pytest.mark.parametrize(
    "text", ["A digital camera on a table", "Sony in the grass", "1984 in Berlin", "❤️", "猫"]
)
def test_a_persons_word_is_not_taken_for_that_of_a_camera(tmp_path: Path, text: str) -> None:
    assert of_picture(tmp_path, t010E=text.encode())[WrittenFields.description] == text


def test_a_prompt_is_nobodys_description(tmp_path: Path) -> None:
    text = "a red fox\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 42, Size: 512x512, Model: x"
    assert of_picture(tmp_path, t010E=text)[WrittenFields.description] is None


def test_texts_are_cleaned_and_bounded() -> None:
    long = "w" * 100_000
    found = read(body=f"<dc:subject>{bag(long, ' a  b ', 'a b', 'c')}</dc:subject>")
    assert found[WrittenFields.keywords] == ["a b", "c"]
    assert "has 100,000 characters" in found[EmbeddedMetadata.unread]
    many = read(body=f"<dc:subject>{bag(*map(str, range(3000)))}</dc:subject>")
    assert len(many[WrittenFields.keywords]) == 1000
    assert "3,000 entries" in many[EmbeddedMetadata.unread]


@pytest.mark.parametrize("raw", [b"\x01\x02 red\x00", b"\xff\xfe\xfd"])
def test_control_characters_and_lost_bytes_of_exif_do_no_harm(tmp_path: Path, raw: bytes) -> None:
    told = of_picture(tmp_path, t010E=raw)[WrittenFields.description]
    assert told is None or told.isprintable()


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"not xml", "no XML"),
        (b"<x:xmpmeta", "no XML|damaged"),
        (sidecar("xmp:Rating='5'").encode()[:-20], "damaged"),
        (b'<!DOCTYPE x [<!ENTITY a "aaaa">]>' + sidecar("dc:title='&a;'").encode(), "document type"),
        (sidecar(body="<dc:title>\x01</dc:title>").encode(), "damaged"),
        (sidecar().encode() + b" " * MOST_BYTES, "the limit is"),
    ],
)
def test_a_broken_packet_says_why(raw: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        sidecar_fields(raw)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_every_encoding_is_read(encoding: str) -> None:
    raw = sidecar("dc:title='Möwe 灯塔'").encode(encoding)
    assert sidecar_fields(raw)[WrittenFields.title] == "Möwe 灯塔"


def test_deep_nesting_ends() -> None:
    deep = "<mwg-kw:Hierarchy>" * 5000 + "</mwg-kw:Hierarchy>" * 5000
    assert read("xmp:Rating='4'", f"<mwg-kw:Keywords>{deep}</mwg-kw:Keywords>")[WrittenFields.rating] == 4


def test_the_default_language_counts_else_the_first() -> None:
    alt = "<rdf:Alt><rdf:li xml:lang='de'>Möwe</rdf:li>{}</rdf:Alt>"
    gull = "<rdf:li xml:lang='x-default'>Gull</rdf:li>"
    assert read(body=f"<dc:title>{alt.format(gull)}</dc:title>")[WrittenFields.title] == "Gull"
    assert read(body=f"<dc:title>{alt.format('')}</dc:title>")[WrittenFields.title] == "Möwe"


def test_a_sidecar_says_what_was_written_here_and_for_which_file() -> None:
    mark = mark_of(WrittenFields.title, "Heron")
    found = read(
        "photoshop:SidecarForExtension='CR2'", f"<proofsheet:Written>{bag(mark)}</proofsheet:Written>"
    )
    assert WRITTEN_HERE == "proofsheet:Written"
    assert (found["for_extension"], found[SidecarMetadata.written_here]) == ("cr2", [mark])
    assert mark_of("rating", 2.0) == mark_of("rating", "2")
    assert mark_of("title", " The  HERON\n") == mark_of("title", "the heron")
