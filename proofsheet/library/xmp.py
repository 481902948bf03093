"""Properties of an XMP packet.

Holds `properties`.
Add here: another namespace, in `SPACES`.
Keep out: what a property means (exif.py, generated.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree

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
}
_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"


def properties(packet: bytes) -> dict[str, str]:
    """The first value of every known property, such as `exif:DateTimeOriginal`; empty for what is no XMP.

    A packet with a document type is not read: it may hold entities.
    """
    start, end = packet.find(b"<"), packet.rfind(b">")
    if start < 0 or b"<!DOCTYPE" in packet or b"<!ENTITY" in packet:
        return {}
    try:
        root = ElementTree.fromstring(packet[start : end + 1])  # noqa: S314 - entities are refused above
    except (ElementTree.ParseError, ValueError, LookupError):
        return {}
    found: dict[str, str] = {}
    for description in root.iter(f"{_RDF}Description"):
        for name, value in _values(description):
            if name and value.strip():
                found.setdefault(name, value.strip())
    return found


def _values(description: ElementTree.Element) -> Iterator[tuple[str, str]]:
    for tag, value in description.attrib.items():
        yield _name(tag), value
    for child in description:
        first = next(child.iter(f"{_RDF}li"), child)
        yield _name(child.tag), first.get(f"{_RDF}resource") or child.get(f"{_RDF}resource") or first.text or ""


def _name(tag: str) -> str:
    space, _, name = tag.removeprefix("{").rpartition("}")
    return f"{SPACES[space]}:{name}" if space in SPACES else ""
