"""What a file holds besides metadata: image data, tables, profiles, and everything unknown.

Holds `picture_data`.
Add here: another container in which metadata is written.
Keep out: decoding (decode.py), and what metadata says (metadata/).

Two files with the same digest differ at most in EXIF, XMP and IPTC, and in how a WebP announces its size and
transparency.
"""

from __future__ import annotations

import hashlib
import re
import struct
from collections.abc import Callable, Iterator, Mapping

from proofsheet.imaging.formats import format_of
from proofsheet.imaging.heif_data import heif_data
from proofsheet.imaging.tiff_data import tiff_data

_JPEG_METADATA = (
    (0xE1, b"Exif\0\0"),
    (0xE1, b"http://ns.adobe.com/xap/1.0/\0"),
    (0xE1, b"http://ns.adobe.com/xmp/extension/\0"),
    (0xE2, b"MPF\0"),  # places of further pictures, whose bytes count
    (0xED, b"Photoshop 3.0\0"),
)
_PNG_TEXT = re.compile(rb"(XML:com\.adobe\.xmp|Raw profile type \w+)\0")
_PNG_SHOWN = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"acTL", b"fcTL", b"fdAT"})
_SOS, _ALONE = 0xDA, frozenset({0x01, *range(0xD0, 0xD9)})


def picture_data(data: bytes) -> str:
    """SHA-256 of everything in a file but its EXIF, XMP and IPTC.

    Args:
        data: the whole file: JPEG, TIFF, DNG, PNG, WebP, HEIC or AVIF.

    Raises:
        ValueError: with the reason in words, if it is another file or damaged.
    """
    parts = _CONTAINERS.get(format_of(data[:32]) or "")
    if parts is None:
        raise ValueError("it is no JPEG, TIFF, PNG, WebP, HEIC or AVIF")
    digest = hashlib.sha256()
    try:
        for part in parts(data):
            digest.update(len(part).to_bytes(8, "little"))
            digest.update(part)
    except (struct.error, IndexError) as error:
        raise ValueError(f"it is damaged: {error}") from error
    return digest.hexdigest()


def _jpeg(data: bytes) -> Iterator[bytes]:
    at = 2
    while True:
        if data[at] != 0xFF:
            raise ValueError(f"it is damaged: no marker at byte {at}")
        marker = data[at + 1]
        if marker == 0xFF:  # a fill byte
            at += 1
            continue
        if marker == _SOS:
            yield data[at:]  # up to the end of the file, with all that follows the picture
            return
        end = at + 2 if marker in _ALONE else at + 2 + struct.unpack_from(">H", data, at + 2)[0]
        if not any(marker == m and data.startswith(name, at + 4) for m, name in _JPEG_METADATA):
            yield data[at:end]
        at = end


def _png(data: bytes) -> Iterator[bytes]:
    """Chunks that are shown in their order, then the others, which may be at other places."""
    at, others = 8, list[bytes]()
    while at < len(data):
        length, name = struct.unpack_from(">I4s", data, at)
        end = at + 12 + length
        if end > len(data):
            raise ValueError("it is damaged: a chunk ends outside of the file")
        is_text = name in {b"tEXt", b"zTXt", b"iTXt"} and _PNG_TEXT.match(data, at + 8)
        if name in _PNG_SHOWN:
            yield data[at:end]
        elif name not in {b"eXIf", b"zxIf"} and not is_text:
            others.append(data[at:end])
        if name == b"IEND":
            yield from (*sorted(others), data[end:])
            return
        at = end
    raise ValueError("it is damaged: its end is missing")


def _webp(data: bytes) -> Iterator[bytes]:
    """All chunks but the first, which a simple file gets with its first metadata."""
    end = min(len(data), 8 + int.from_bytes(data[4:8], "little"))
    at = 12
    while at + 8 <= end:
        name, length = struct.unpack_from("<4sI", data, at)
        if at + 8 + length > len(data):
            raise ValueError("it is damaged: a chunk ends outside of the file")
        if name not in {b"VP8X", b"EXIF", b"XMP "}:
            yield data[at : at + 8 + length]
        at += 8 + length + (length & 1)
    yield data[end:]


_CONTAINERS: Mapping[str, Callable[[bytes], Iterator[bytes]]] = {
    "JPEG": _jpeg,
    "PNG": _png,
    "WEBP": _webp,
    "TIFF": tiff_data,
    "HEIF": heif_data,
}
