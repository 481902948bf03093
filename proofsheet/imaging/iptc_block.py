"""IPTC-IIM as files store it: datasets, inside the image resources of Photoshop or alone.

Holds `iptc_of`, `datasets` and `is_edited`.
Add here: another container of datasets.
Keep out: what a dataset says (metadata/iptc_texts.py).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence

from PIL import Image, TiffImagePlugin

_MARK, _LONG = 0x1C, 0x8000
_IPTC, _CHECKSUM = 0x0404, 0x0425  # image resources
_RESOURCES = 34377  # tag of a TIFF
_MOST = 10_000  # datasets of a file


def iptc_of(image: Image.Image, profile: bytes = b"") -> tuple[bytes, bytes]:
    """The block of a picture, and the checksum of it that a program noted as it wrote the XMP; or empty.

    Args:
        image: that Pillow has opened.
        profile: a block from a text of a PNG; the one or the other.
    """
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        stored = image.tag_v2._tagdata  # as bytes, whatever their types
        found = _resources(stored.get(_RESOURCES))
        alone = stored.get(TiffImagePlugin.IPTC_NAA_CHUNK)
        return alone or found.get(_IPTC, b""), found.get(_CHECKSUM, b"")
    if profile:
        found = _resources(profile)
        return found.get(_IPTC, b"" if found else profile), found.get(_CHECKSUM, b"")
    parts = image.info.get("photoshop")
    if not isinstance(parts, Mapping):
        return b"", b""
    return parts.get(_IPTC, b""), parts.get(_CHECKSUM, b"")


def is_edited(iptc: bytes, checksum: bytes) -> bool:
    """Whether a block is another one than that of the checksum; without a checksum it is not known."""
    return bool(iptc) and len(checksum) == 16 and hashlib.md5(iptc).digest() != checksum  # noqa: S324


def datasets(iptc: bytes) -> dict[tuple[int, int], Sequence[bytes]]:
    """The values of a block by record and number; what follows damage is not read."""
    found: dict[tuple[int, int], list[bytes]] = {}
    for number, (place, value) in enumerate(_walk(iptc)):
        if number >= _MOST:
            break
        found.setdefault(place, []).append(value)
    return dict(found)


def _walk(iptc: bytes) -> Iterator[tuple[tuple[int, int], bytes]]:
    at = 0
    while at + 5 <= len(iptc) and iptc[at] == _MARK:
        place, length = (iptc[at + 1], iptc[at + 2]), int.from_bytes(iptc[at + 3 : at + 5], "big")
        at += 5
        if length & _LONG:  # the length of the length
            more = length & ~_LONG
            length = int.from_bytes(iptc[at : at + more], "big")
            at += more
        if at + length > len(iptc):
            return
        yield place, iptc[at : at + length]
        at += length


def _resources(data: object) -> dict[int, bytes]:
    """Image resources by number."""
    found: dict[int, bytes] = {}
    if not isinstance(data, bytes):
        return found
    at = 14 if data.startswith(b"Photoshop 3.0\0") else 0
    while data[at : at + 4] == b"8BIM" and at + 12 <= len(data):
        number, name = int.from_bytes(data[at + 4 : at + 6], "big"), data[at + 6]
        begin = at + 7 + name
        begin += begin & 1
        length = int.from_bytes(data[begin : begin + 4], "big")
        found.setdefault(number, data[begin + 4 : begin + 4 + length])
        at = begin + 4 + length
        at += at & 1
    return found
