"""XMP packets: their encodings, and those that are not read."""

from __future__ import annotations

import codecs

import pytest

from proofsheet.metadata.xmp import properties

XMP = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
    'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description '
    'xmlns:dc="http://purl.org/dc/elements/1.1/" dc:format="Möwe 灯塔"/></rdf:RDF></x:xmpmeta>'
)
WRAPPED = f"<?xpacket begin='\ufeff' id='W5M0MpCehiHzreSzNTczkc9d'?>\n{XMP}\n<?xpacket end='w'?>"
ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")
MARKS = dict(
    zip(
        ENCODINGS,
        (codecs.BOM_UTF8, *(getattr(codecs, f"BOM_UTF{n}") for n in ("16_LE", "16_BE", "32_LE", "32_BE"))),
        strict=True,
    )
)
BOMB = '<!DOCTYPE x [<!ENTITY a "aaaa">]>' + XMP.replace("Möwe", "&a;")


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("marked", [True, False])
@pytest.mark.parametrize(
    "packet", [XMP, WRAPPED, f"\n {WRAPPED}  \n", f'<?xml version="1.0" encoding="UTF-16"?>{XMP}']
)
def test_every_encoding_is_read(encoding: str, marked: bool, packet: str) -> None:
    declared = packet.replace("UTF-16", "UTF-8") if encoding == "utf-8" else packet
    raw = (MARKS[encoding] if marked else b"") + declared.encode(encoding)
    assert properties(raw) == {"dc:format": "Möwe 灯塔"}
    assert properties(raw + b"\0") == {"dc:format": "Möwe 灯塔"}


def test_what_a_packet_declares_is_believed() -> None:
    latin = XMP.replace(" 灯塔", "")
    assert properties(f'<?xml version="1.0" encoding="ISO-8859-1"?>{latin}'.encode("latin-1")) == {
        "dc:format": "Möwe"
    }


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("marked", [True, False])
def test_a_packet_with_a_document_type_is_read_in_no_encoding(encoding: str, marked: bool) -> None:
    assert properties((MARKS[encoding] if marked else b"") + BOMB.encode(encoding)) == {}


@pytest.mark.parametrize(
    "raw", [b"", b"\0" * 9, b"<", b"\xff\xfe", b"\xff\xfe<", b"<\0", b">" * 9, b"<a", XMP.encode()[:-9]]
)
def test_what_is_no_xmp_says_nothing(raw: bytes) -> None:
    assert properties(raw) == {}
