"""IPTC and XMP that say different things, and what is behind a picture, in converted files."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import pytest
from PIL import Image

from proofsheet.core.files import Refused
from proofsheet.imaging.metadata_blocks import Blocks, read_blocks
from proofsheet.metadata.xmp_packet import XmpPacket
from proofsheet.publish.conversion.file_conversion import ConvertedFile
from proofsheet.publish.conversion.iptc_as_xmp import packet_with_iptc
from tests.support.conversion_kit import convert_one, quarters, ultra_hdr

XMP = (
    "<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>"
    "<rdf:Description rdf:about='' xmlns:dc='http://purl.org/dc/elements/1.1/'>"
    "<dc:description><rdf:Alt><rdf:li xml:lang='x-default'>old, of photoshop:Headline</rdf:li></rdf:Alt>"
    "</dc:description><dc:subject><rdf:Bag><rdf:li>a</rdf:li></rdf:Bag></dc:subject>"
    "</rdf:Description></rdf:RDF></x:xmpmeta>"
)
IPTC = {(1, 0): [b"\0\4"], (2, 120): [b"new"], (2, 25): [b"a", b"b"], (2, 105): [b"Boats"]}


def resource(number: int, data: bytes) -> bytes:
    head = b"8BIM" + number.to_bytes(2, "big") + bytes(2) + len(data).to_bytes(4, "big")
    return head + data + bytes(len(data) % 2)


def picture(path: Path, *, edited: bool) -> Path:
    """A JPEG with the datasets, and with a checksum of them or of others."""
    pairs = [(place, v) for place, values in IPTC.items() for v in values]
    block = b"".join(bytes((0x1C, r, n)) + len(v).to_bytes(2, "big") + v for (r, n), v in pairs)
    noted = hashlib.md5(b"others" if edited else block).digest()
    payload = b"Photoshop 3.0\0" + resource(0x0404, block) + resource(0x0425, noted)
    segment = b"\xff\xed" + (len(payload) + 2).to_bytes(2, "big") + payload
    quarters().save(path, xmp=XMP.encode(), extra=segment)
    return path


def blocks_of(made: ConvertedFile | Refused) -> Blocks:
    assert isinstance(made, ConvertedFile), made
    with Image.open(io.BytesIO(made.data)) as image:
        image.load()
        return read_blocks(image, io.BytesIO(made.data))


@pytest.mark.parametrize("to", ["webp", "png", "jpeg"])
@pytest.mark.parametrize("edited", [True, False])
def test_words_that_count_in_the_original_count_in_the_new_file(
    tmp_path: Path, to: str, edited: bool
) -> None:
    made = convert_one(picture(tmp_path / "a.jpg", edited=edited), to)
    found = blocks_of(made)
    said = XmpPacket.read(found.xmp).values
    if to == "jpeg":
        assert found.iptc_edited is edited
        assert found.iptc[2, 120] == [b"new"]
        return
    assert isinstance(made, ConvertedFile)
    assert said["dc:subject"] == ["a", "b"]
    assert said["photoshop:Headline"] == ["Boats"]
    assert said["dc:description"] == (["new"] if edited else ["old, of photoshop:Headline"])
    assert made.left == (() if edited else ("IPTC that differs from XMP dc:description",))


def test_a_text_that_iptc_cut_is_no_other_text() -> None:
    long = "x" * 3000
    packet = XMP.replace("old, of photoshop:Headline", long).encode()
    made, left = packet_with_iptc(packet, {(2, 120): [b"x" * 2000]}, edited=True)
    assert (made, left) == (packet, [])


def test_a_property_under_another_prefix_is_not_said_twice() -> None:
    packet = XMP.replace("xmlns:dc", "xmlns:q").replace("dc:", "q:").encode()
    made, left = packet_with_iptc(packet, {(2, 120): [b"new"]}, edited=True)
    assert (made, left) == (packet, ["IPTC that differs from XMP dc:description"])


@pytest.mark.parametrize("brand", [b"mp42", b"isom", b"M4V ", b"3gp5", b"heic", b"qt  "])
def test_a_video_after_the_end_is_seen_whatever_its_brand(tmp_path: Path, brand: bytes) -> None:
    quarters().save(tmp_path / "a.jpg")
    data = (tmp_path / "a.jpg").read_bytes() + b"\0\0\0\x18ftyp" + brand + bytes(12) + b"x" * 500
    (tmp_path / "a.jpg").write_bytes(data)
    made = convert_one(tmp_path / "a.jpg", "webp")
    assert isinstance(made, Refused)
    assert "video" in made.reason


def test_pictures_and_bytes_after_the_end_are_named(tmp_path: Path) -> None:
    quarters().save(tmp_path / "a.jpg")
    data = (tmp_path / "a.jpg").read_bytes()
    after = {data: "1 further pictures after its end", b"secret": "6 bytes after its end", bytes(40): None}
    for more, wanted in after.items():
        (tmp_path / "b.jpg").write_bytes(data + more)
        made = convert_one(tmp_path / "b.jpg", "webp")
        assert isinstance(made, ConvertedFile)
        assert made.left == ((wanted,) if wanted else ())
    quarters().save(tmp_path / "c.png")
    (tmp_path / "c.png").write_bytes((tmp_path / "c.png").read_bytes() + b"more")
    assert convert_one(tmp_path / "c.png", "webp").left == ("4 bytes after its end",)  # type: ignore[union-attr]
    made = convert_one(ultra_hdr(tmp_path / "d.jpg"), "webp", lossy=True)
    assert isinstance(made, ConvertedFile)
    assert made.losses == ("its gain map (HDR) is left out",)
