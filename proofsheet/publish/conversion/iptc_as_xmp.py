"""Texts of IPTC as XMP, for files that hold no IPTC.

Holds `packet_with_iptc`.
Add here: another dataset, with the property that says the same.
Keep out: how IPTC is read (metadata/iptc_texts.py).

What the packet says itself stays: a dataset is added only if the packet has no such property.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple
from xml.sax.saxutils import escape

from proofsheet.metadata.iptc_texts import iptc_texts
from proofsheet.metadata.xmp import parsed


class _Property(NamedTuple):
    """A property of XMP, and its form: a list (Bag, Seq), a text by language (Alt), or plain."""

    name: str
    form: str = ""


_RECORD = 2  # of what people fill in
_BOOKKEEPING = frozenset({(1, 90), (2, 0)})
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
_NEW = (
    "<?xpacket begin='\ufeff' id='W5M0MpCehiHzreSzNTczkc9d'?>\n<x:xmpmeta xmlns:x='adobe:ns:meta/'>"
    f"<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>{_END}</x:xmpmeta>\n"
    "<?xpacket end='w'?>"
)


def packet_with_iptc(
    packet: bytes, iptc: Mapping[tuple[int, int], Sequence[bytes]]
) -> tuple[bytes, list[str]]:
    """A packet that says what IPTC says, and the datasets that have no place in it.

    Args:
        packet: of XMP; empty for none.
        iptc: values by record and number.
    """
    names = {number: one.name for number, one in _PROPERTIES.items()}
    texts, text = iptc_texts(iptc, names), packet.decode("utf-8", "replace") or _NEW
    left = [f"IPTC {r}:{n}" for r, n in iptc if (r, n) not in _BOOKKEEPING and not _has_place(r, n)]
    added = [
        _element(one, _values(number, texts[one.name]))
        for number, one in _PROPERTIES.items()
        if one.name in texts and not re.search(rf"\b{one.name}\b", text)
    ]
    if not added:
        return packet, left
    whole = text.replace(_END, _DESCRIPTION.format("".join(added)) + _END, 1).encode()
    try:
        parsed(whole)
    except ValueError:
        return packet, [*left, "IPTC, which does not fit into the XMP"]
    return (whole, left) if _END in text else (packet, [*left, "IPTC, which does not fit into the XMP"])


def _has_place(record: int, number: int) -> bool:
    return record == _RECORD and number in _PROPERTIES


def _values(number: int, values: Sequence[str]) -> Sequence[str]:
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
    return escape("".join(c for c in value if c in "\t\n\r" or c >= " "))
