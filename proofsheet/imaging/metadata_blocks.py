"""Metadata besides the pixels and the EXIF: XMP, IPTC, the C2PA manifest.

Holds `Blocks`, `read_blocks` and `read_raw_blocks`.
Add here: where another container keeps such a block.
Keep out: what the blocks say (metadata/), and how IPTC is stored (iptc_block.py).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO

from PIL import Image

from proofsheet.imaging.iptc_block import datasets, iptc_of, is_edited

_MOST = 16 << 20  # bytes of a block that are read
_MOST_BLOCKS = 100_000
_TIFF_C2PA = 0xCD41
_C2PA_BOX = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")  # the uuid of a manifest's box in HEIC and AVIF
_KEPT = {b"caBX", b"C2PA", b"uuid"}


@dataclass(frozen=True)
class Blocks:
    """Blocks of one file, as stored, or empty.

    Attributes:
        xmp: the packet.
        iptc: datasets by record and number, each with its values in order.
        manifest: the store of C2PA manifests (JUMBF).
        iptc_edited: whether a program without XMP wrote the IPTC after the XMP, by its checksum.
        raw_exif: the first directory of a RAW file itself; a program that developed it may have changed it.
        iptc_checksum: of the IPTC as it was when the XMP was written (MD5); empty if none was noted.
    """

    xmp: bytes = b""
    iptc: Mapping[tuple[int, int], Sequence[bytes]] = field(default_factory=dict)
    manifest: bytes = b""
    iptc_edited: bool = False
    raw_exif: Mapping[int, object] = field(default_factory=dict)
    iptc_checksum: bytes = b""


def read_blocks(image: Image.Image, stream: IO[bytes]) -> Blocks:
    """The blocks of a file that Pillow has opened and decoded; none if they are damaged.

    Args:
        image: the decoded picture.
        stream: the file; it is read from its beginning.
    """
    try:
        return _blocks(image, stream)
    except (OSError, SyntaxError, ValueError, TypeError, LookupError, OverflowError, struct.error):
        return Blocks()


def read_raw_blocks(path: Path) -> Blocks:
    """The blocks of a RAW file that is built like a TIFF; none of any other, and no pixel is decoded.

    Args:
        path: of a regular file.
    """
    try:
        with path.open("rb") as stream, Image.open(stream, formats=["TIFF"]) as image:
            return replace(_blocks(image, stream), raw_exif=dict(image.getexif()))
    except (OSError, SyntaxError, ValueError, TypeError, LookupError, OverflowError, struct.error):
        return Blocks()


def _blocks(image: Image.Image, stream: IO[bytes]) -> Blocks:
    xmp = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp") or _raw_profile(image, "xmp")
    found = dict(_chunks(stream, image.format or ""))
    manifest = (
        found.get(b"C2PA", b"") or found.get(b"caBX", b"") or _jpeg_manifest(image) or _tiff_manifest(image)
    )
    iptc, checksum = iptc_of(image, _raw_profile(image, "iptc") or _raw_profile(image, "8bim"))
    packet = xmp.encode() if isinstance(xmp, str) else bytes(xmp or b"")
    return Blocks(packet, datasets(iptc), manifest, is_edited(iptc, checksum), iptc_checksum=checksum)


def _raw_profile(image: Image.Image, name: str) -> bytes:
    """A block that ImageMagick wrote into a text of a PNG.

    It is a line with its name, its length, then hexadecimal digits.
    """
    text = image.info.get(f"Raw profile type {name}")
    try:
        return bytes.fromhex("".join(text.strip().splitlines()[2:])) if isinstance(text, str) else b""
    except ValueError:
        return b""


def _jpeg_manifest(image: Image.Image) -> bytes:
    """The parts of a manifest's box out of a JPEG's segments, put together."""
    parts: dict[tuple[bytes, int], bytes] = {}
    for marker, data in getattr(image, "applist", ()):
        if marker == "APP11" and data[:2] == b"JP" and len(data) > 16:
            parts[data[2:4], int.from_bytes(data[4:8], "big")] = data
    boxes: dict[bytes, bytes] = {}
    for (instance, _), data in sorted(parts.items()):
        boxes[instance] = boxes[instance] + data[16:] if instance in boxes else data[8:]
    return next((b for b in boxes.values() if b"c2pa" in b[:200]), b"")


def _tiff_manifest(image: Image.Image) -> bytes:
    value = getattr(image, "tag_v2", {}).get(_TIFF_C2PA)
    return value if isinstance(value, bytes) else b""


def _chunks(stream: IO[bytes], name: str) -> Iterator[tuple[bytes, bytes]]:
    """The chunks or boxes of the outermost level that are wanted, by name."""
    if name == "PNG":
        yield from _walk(stream, 8, ">I4s", after=4)
    elif name == "WEBP":
        yield from _walk(stream, 12, "<4sI", after=0, padded=True)
    elif name in {"AVIF", "HEIF"}:
        for _, data in _walk(stream, 0, ">I4s", after=0, whole=True):
            if data[:16] == _C2PA_BOX and (start := data.find(b"jumb")) >= 4:
                yield b"C2PA", data[start - 4 :]


def _walk(
    stream: IO[bytes], start: int, head: str, *, after: int, padded: bool = False, whole: bool = False
) -> Iterator[tuple[bytes, bytes]]:
    """Chunks from a place on.

    Args:
        stream: the file.
        start: of the first chunk.
        head: how length and name are stored.
        after: bytes behind each chunk, such as its checksum.
        padded: whether odd lengths are followed by a byte.
        whole: whether the length counts the head as well.
    """
    for _ in range(_MOST_BLOCKS):
        stream.seek(start)
        if len(raw := stream.read(8)) < 8:
            return
        fields = struct.unpack(head, raw)
        name, length = (fields[1], fields[0]) if isinstance(fields[0], int) else fields
        begin = start + 8
        if whole and length == 1:  # a length of eight bytes follows
            length, begin = int.from_bytes(stream.read(8), "big"), start + 16
        if whole and length < begin - start:
            return
        body = length - (begin - start) if whole else length
        if name in _KEPT and body <= _MOST:
            yield name, stream.read(body)
        start = begin + body + (body & 1 if padded else 0) + after
