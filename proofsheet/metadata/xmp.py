"""Properties of an XMP packet.

Holds `properties`, and `parsed` for those who need more than the first value (xmp_packet.py).
Add here: another namespace, in `SPACES`.
Keep out: what a property means (exif.py, generation_metadata.py).
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from xml.etree import ElementTree

OWN, OWN_SPACE = "proofsheet", "urn:proofsheet:xmp:1.0/"
SPACES = {
    "http://ns.adobe.com/exif/1.0/": "exif",
    "http://cipa.jp/exif/1.0/": "exifEX",
    "http://cipa.jp/exif/1.0": "exifEX",
    "http://ns.adobe.com/tiff/1.0/": "tiff",
    "http://ns.adobe.com/xap/1.0/": "xmp",
    "http://ns.adobe.com/photoshop/1.0/": "photoshop",
    "http://ns.adobe.com/exif/1.0/aux/": "aux",
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://iptc.org/std/Iptc4xmpExt/2008-02-29/": "Iptc4xmpExt",
    "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/": "Iptc4xmpCore",
    "http://ns.adobe.com/xap/1.0/rights/": "xmpRights",
    "http://ns.adobe.com/xmp/1.0/DynamicMedia/": "xmpDM",
    "http://ns.adobe.com/lightroom/1.0/": "lr",
    "http://www.digikam.org/ns/1.0/": "digiKam",
    "http://ns.microsoft.com/photo/1.0/": "MicrosoftPhoto",
    "http://ns.microsoft.com/photo/1.0": "MicrosoftPhoto",
    "http://www.metadataworkinggroup.com/schemas/keywords/": "mwg-kw",
    "http://www.metadataworkinggroup.com/schemas/regions/": "mwg-rs",
    "http://ns.adobe.com/xmp/sType/Area#": "stArea",
    "http://ns.adobe.com/xap/1.0/sType/Dimensions#": "stDim",
    "http://ns.microsoft.com/photo/1.2/": "MP",
    "http://ns.microsoft.com/photo/1.2/t/RegionInfo#": "MPRI",
    "http://ns.microsoft.com/photo/1.2/t/Region#": "MPReg",
    OWN_SPACE: OWN,
}
# The longer marks first: that of UTF-32 begins with that of UTF-16.
_MARKS = (
    *((codecs.BOM_UTF32_LE, "utf-32-le"), (codecs.BOM_UTF32_BE, "utf-32-be")),
    *((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"), (codecs.BOM_UTF8, "utf-8")),
)
_WIDE = ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be")
RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"


def properties(packet: bytes) -> dict[str, str]:
    """The first value of every known property, such as `exif:DateTimeOriginal`; empty for what is no XMP.

    A packet with a document type is not read: it may hold entities.
    """
    try:
        root = parsed(packet)
    except ValueError:
        return {}
    found: dict[str, str] = {}
    for description in root.iter(f"{RDF}Description"):
        for name, value in _values(description):
            if name and value.strip():
                found.setdefault(name, value.strip())
    return found


def parsed(packet: bytes) -> ElementTree.Element:
    """The tree of a packet.

    Raises:
        ValueError: with the reason in words, if it cannot be read, or may hold entities.
    """
    text = _text(packet)
    start, end = text.find(b"<"), text.rfind(b">")
    if start < 0 or end < start:
        raise ValueError("it is no XML")
    if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
        raise ValueError("it declares a document type, which may hold entities")
    declared = (
        None if text is packet else "utf-8"
    )  # a packet that was decoded may still declare the encoding that it had
    try:
        parser = ElementTree.XMLParser(encoding=declared)  # noqa: S314 - entities are refused above
        return ElementTree.fromstring(text[start : end + 1], parser)  # noqa: S314
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise ValueError(f"its XML is damaged: {error}") from error


def _text(packet: bytes) -> bytes:
    """The packet in UTF-8 if it is in UTF-16 or UTF-32, with a mark in front or without; else as it is."""
    for mark, name in _MARKS:
        if packet.startswith(mark):
            return packet[len(mark) :].decode(name, "replace").encode()
    at = packet.find(b"<")
    for name in _WIDE if at >= 0 else ():
        sign = "<".encode(name)
        if packet[at - at % len(sign) :].startswith(sign):
            return packet.decode(name, "replace").encode()
    return packet


def _values(description: ElementTree.Element) -> Iterator[tuple[str, str]]:
    for tag, value in description.attrib.items():
        yield name_of(tag), value
    for child in description:
        first = next(child.iter(f"{RDF}li"), child)
        yield (
            name_of(child.tag),
            first.get(f"{RDF}resource") or child.get(f"{RDF}resource") or first.text or "",
        )


def name_of(tag: str) -> str:
    """The name of a property with the usual prefix of its namespace; empty for an unknown one."""
    space, _, name = tag.removeprefix("{").rpartition("}")
    return f"{SPACES[space]}:{name}" if space in SPACES else ""
