"""Texts of IPTC as XMP, for files that hold no IPTC.

Holds `packet_with_iptc`.
Add here: another dataset, with the property that says the same.
Keep out: how IPTC is read (metadata/iptc_texts.py).

What the packet says itself stays, and lists get the items that they lack; a text that differs is named. IPTC
that was edited after the XMP replaces what the XMP says.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple
from xml.sax.saxutils import escape

from proofsheet.metadata.iptc_texts import iptc_texts
from proofsheet.metadata.xmp import RDF
from proofsheet.metadata.xmp_packet import XmpPacket
from proofsheet.publish.conversion.xmp_text import without_property


class _Property(NamedTuple):
    """A property of XMP, and its form: a list (Bag, Seq), a text by language (Alt), or plain."""

    name: str
    form: str = ""


_RECORD = 2  # of what people fill in
_BOOKKEEPING = frozenset({(1, 0), (1, 90), (2, 0)})
_DAY = 55
_PROPERTIES: Mapping[int, _Property] = {
    5: _Property("dc:title", "Alt"),
    120: _Property("dc:description", "Alt"),
    116: _Property("dc:rights", "Alt"),
    25: _Property("dc:subject", "Bag"),
    80: _Property("dc:creator", "Seq"),
    15: _Property("photoshop:Category"),
    20: _Property("photoshop:SupplementalCategories", "Bag"),
    10: _Property("photoshop:Urgency"),
    40: _Property("photoshop:Instructions"),
    _DAY: _Property("photoshop:DateCreated"),
    85: _Property("photoshop:AuthorsPosition"),
    90: _Property("photoshop:City"),
    92: _Property("Iptc4xmpCore:Location"),
    95: _Property("photoshop:State"),
    100: _Property("Iptc4xmpCore:CountryCode"),
    101: _Property("photoshop:Country"),
    103: _Property("photoshop:TransmissionReference"),
    105: _Property("photoshop:Headline"),
    110: _Property("photoshop:Credit"),
    115: _Property("photoshop:Source"),
    122: _Property("photoshop:CaptionWriter"),
}
_DESCRIPTION = (
    "<rdf:Description rdf:about='' xmlns:dc='http://purl.org/dc/elements/1.1/'"
    " xmlns:photoshop='http://ns.adobe.com/photoshop/1.0/'"
    " xmlns:Iptc4xmpCore='http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/'>{}</rdf:Description>"
)
_END = "</rdf:RDF>"
_NO_ROOM = "IPTC, which does not fit into the XMP"
_SHORTEST_LIMIT = 32  # bytes that every text of people may have in IPTC
_NEW = (
    "<?xpacket begin='\ufeff' id='W5M0MpCehiHzreSzNTczkc9d'?>\n<x:xmpmeta xmlns:x='adobe:ns:meta/'>"
    f"<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>{_END}</x:xmpmeta>\n"
    "<?xpacket end='w'?>"
)


def packet_with_iptc(
    packet: bytes, iptc: Mapping[tuple[int, int], Sequence[bytes]], *, edited: bool = False
) -> tuple[bytes, list[str]]:
    """A packet that says what IPTC says, and what of IPTC is not in it, in words.

    Args:
        packet: of XMP; empty for none.
        iptc: values by record and number.
        edited: whether IPTC was written after the XMP, so that it goes before it.
    """
    names = {number: one.name for number, one in _PROPERTIES.items()}
    texts, text = iptc_texts(iptc, names), packet.decode("utf-8", "replace") or _NEW
    left = [f"IPTC {r}:{n}" for r, n in iptc if (r, n) not in _BOOKKEEPING and not _has_place(r, n)]
    try:
        said, new = XmpPacket.read(packet), dict[str, list[str]]()
    except ValueError:
        return packet, [*left, _NO_ROOM]
    for number, one in _PROPERTIES.items():
        if one.name not in texts:
            continue
        there, told = said.values.get(one.name, []), _values(number, texts[one.name])
        wanted = _wanted(one, there, told, edited=edited)
        if not there or wanted != there:
            if not there or _replaceable(text, one.name):
                left += _lost_languages(said, one) if there else []
                text = without_property(text, one.name)
                new[one.name] = wanted if one.form in ("Bag", "Seq") else wanted[:1]
                continue
            left.append(_differs(one))
        elif not _says(one, there, told):
            left.append(_differs(one))
    if not new:
        return packet, left
    added = [_element(one, new[one.name]) for one in _PROPERTIES.values() if one.name in new]
    whole = text.replace(_END, _DESCRIPTION.format("".join(added)) + _END, 1).encode()
    return (whole, left) if _is_whole(said, whole, new) else (packet, [*left, _NO_ROOM])


def _wanted(one: _Property, there: list[str], new: list[str], *, edited: bool) -> list[str]:
    """What the property is to say."""
    if not there or (edited and not _says(one, there, new)):
        return new
    if one.form == "Bag" and not edited:
        return [*there, *dict.fromkeys(v for v in new if not _is_said(v, there))]
    return there


def _says(one: _Property, there: list[str], new: list[str]) -> bool:
    """Whether XMP says what IPTC says, which has the beginning of long texts only."""
    if one.form == "Bag":
        return len(there) == len(new) and all(_is_said(v, there) for v in new)
    some = new[:1] if one.form != "Seq" else new
    return len(there) >= len(some) and all(_is_said(v, [t]) for v, t in zip(some, there, strict=False))


def _is_said(value: str, there: Sequence[str]) -> bool:
    long = len(value.encode()) >= _SHORTEST_LIMIT
    return any(t.strip() == value.strip() or (long and t.startswith(value)) for t in there)


def _replaceable(text: str, name: str) -> bool:
    """Whether a packet has the property once, under its usual prefix."""
    return len(re.findall(rf"<{name}[\s/>]|\s{name}\s*=", text)) == 1


def _lost_languages(said: XmpPacket, one: _Property) -> list[str]:
    element = said.elements.get(one.name)
    several = one.form == "Alt" and element is not None and len(list(element.iter(f"{RDF}li"))) > 1
    return [f"other languages of XMP {one.name}, since IPTC was edited after it"] if several else []


def _differs(one: _Property) -> str:
    return f"IPTC that differs from XMP {one.name}"


def _is_whole(said: XmpPacket, packet: bytes, new: Mapping[str, list[str]]) -> bool:
    """Whether a changed packet can be read, has each new text, and all else as before."""
    try:
        now = XmpPacket.read(packet).values
    except ValueError:
        return False
    wanted = {**said.values, **new}
    return now.keys() == wanted.keys() and all(_words(now[n]) == _words(v) for n, v in wanted.items())


def _words(values: Sequence[str]) -> list[list[str]]:
    return [_plain(v).split() for v in values]


def _has_place(record: int, number: int) -> bool:
    return record == _RECORD and number in _PROPERTIES


def _values(number: int, values: list[str]) -> list[str]:
    """Days of IPTC are 20240506; those of XMP have hyphens."""
    day = re.fullmatch(r"(\d{4})(\d\d)(\d\d)", values[0]) if number == _DAY else None
    return ["-".join(day.groups())] if day else values


def _element(one: _Property, values: Sequence[str]) -> str:
    if not one.form:
        return f"<{one.name}>{_xml(values[0])}</{one.name}>"
    language = " xml:lang='x-default'" if one.form == "Alt" else ""
    some = values[:1] if one.form == "Alt" else values
    items = "".join(f"<rdf:li{language}>{_xml(v)}</rdf:li>" for v in some)
    return f"<{one.name}><rdf:{one.form}>{items}</rdf:{one.form}></{one.name}>"


def _xml(value: str) -> str:
    """Text of XML, without the characters that it may not have."""
    return escape(_plain(value))


def _plain(value: str) -> str:
    return "".join(c for c in value if c in "\t\n\r" or c >= " ")
