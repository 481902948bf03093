"""What a converted file carries of the metadata of its original.

Holds `CarriedMetadata` and `carried_metadata`.
Add here: another block.
Keep out: how blocks are changed (exif_block.py, xmp_text.py), and writing them (coding.py).
"""

from __future__ import annotations

import hashlib
import io
import re
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from PIL import Image

from proofsheet.imaging.decode import exif_of
from proofsheet.imaging.metadata_blocks import Blocks, read_blocks
from proofsheet.publish.conversion.exif_block import (
    DATE,
    ExifChange,
    changed_block,
    described_block,
    of_raw_file,
)
from proofsheet.publish.conversion.file_end import after_the_end
from proofsheet.publish.conversion.iptc_as_xmp import packet_with_iptc
from proofsheet.publish.conversion.xmp_text import XmpChange, changed_packet
from schemas.settings.convert import TargetName

_EXIF_HEAD = b"Exif\0\0"
_SEGMENT = 65_000  # bytes that a block may have in a JPEG
_UNREADABLE = (ValueError, TypeError, LookupError, OSError, OverflowError, RuntimeError, struct.error)
_SEGMENTS = {  # what the segments of a JPEG begin with that are carried, replaced or named elsewhere
    "APP0": ("JFIF", "JFXX"),
    "APP1": ("Exif", "http://ns.adobe.com/x"),
    "APP2": ("ICC_PROFILE", "MPF", "urn:iso:std:iso:ts:21496"),
    "APP11": ("JP",),
    "APP13": ("Photoshop",),
    "APP14": ("Adobe",),
}
# IPTC and its checksum, resolution, small pictures, profile, and what Photoshop notes of its own windows
_RESOURCES = frozenset({0x0404, 0x0425, 0x03ED, 0x0409, 0x040C, 0x040F, 0x0421, 0x03F3, 0x0408, 0x041A})
_PACKET = "XML:com.adobe.xmp"  # the text of a PNG that is XMP


@dataclass(frozen=True)
class CarriedMetadata:
    """Blocks of a converted file, each empty for none.

    Attributes:
        exif: from its byte order on.
        xmp: the packet.
        iptc: image resources of Photoshop with the datasets, for JPEG.
        texts: of a PNG, by keyword.
        comment: of a JPEG.
        left: what is not carried, in words.
    """

    exif: bytes = b""
    xmp: bytes = b""
    iptc: bytes = b""
    texts: Mapping[str, str] | None = None
    comment: bytes = b""
    left: tuple[str, ...] = ()


def carried_metadata(
    image: Image.Image, data: bytes, change: XmpChange, to: TargetName, raw: Blocks | None = None
) -> CarriedMetadata:
    """The metadata of an original, for a file with new pixels.

    Args:
        image: opened and decoded.
        data: the whole original.
        change: of the pixels.
        to: the format of the new file.
        raw: blocks of the RAW file that `data` was developed from; the developing program writes its own.
    """
    blocks, left = raw or read_blocks(image, io.BytesIO(data)), list[str]()
    exif = _exif(image, ExifChange(*change[:3]), left)
    exif = of_raw_file(exif, raw.raw_exif.get(DATE)) if raw and exif else exif
    xmp = _xmp(blocks, change, left)
    iptc = b""
    if to == "jpeg":
        iptc = _resources(blocks)
    elif blocks.iptc:
        xmp, missing = packet_with_iptc(xmp, blocks.iptc, edited=blocks.iptc_edited)
        left += missing
    texts = {k: v for k, v in getattr(image, "text", {}).items() if _is_text(k, v)}
    comment = image.info.get("comment", b"")
    comment = comment if isinstance(comment, bytes) else b""
    if texts and to != "png":
        left.append(f"texts of the file: {', '.join(sorted(texts))}")
    if comment and to != "jpeg":
        left.append("comment")
    left += [*sorted(set(_other_segments(image))), *after_the_end(image, data)]
    if blocks.manifest:
        left.append("content credentials (C2PA), which hold for the original alone")
    if to == "jpeg" and len(exif) > _SEGMENT:
        left.append("EXIF, which is too large for a JPEG")
        exif = b""
    if to == "jpeg" and len(xmp) > _SEGMENT:
        left.append("XMP, which is too large for a JPEG")
        xmp = b""
    return CarriedMetadata(exif, xmp, iptc, texts, comment[:_SEGMENT], tuple(left))


def _other_segments(image: Image.Image) -> Iterator[str]:
    """Segments of a JPEG, and image resources of Photoshop, that nobody here knows."""
    for marker, data in getattr(image, "applist", ()):
        label = re.split(rb"[^\x20-\x7e]", data[:24])[0].decode("ascii")
        if marker.startswith("APP") and not label.startswith(_SEGMENTS.get(marker, ())):
            yield f"segment {marker} {label}".rstrip()
    resources = image.info.get("photoshop")
    others = set(resources) - _RESOURCES if isinstance(resources, dict) else set()
    if others:
        yield f"{len(others)} image resources of Photoshop"


def _is_text(name: object, value: object) -> bool:
    if not isinstance(name, str) or not isinstance(value, str) or name == _PACKET:
        return False
    return not name.startswith("Raw profile type")  # EXIF, XMP or IPTC in a form of its own


def _exif(image: Image.Image, change: ExifChange, left: list[str]) -> bytes:
    stored = image.info.get("exif")
    block = stored.removeprefix(_EXIF_HEAD) if isinstance(stored, bytes) else b""
    try:
        if block:
            return changed_block(block, change)
    except ValueError:
        left.append("EXIF that is damaged")  # what can be read of it follows
    try:
        block, missing = described_block(exif_of(image))
        left += [f"EXIF {name}" for name in missing]
        return changed_block(block, change) if block else b""
    except _UNREADABLE as error:
        left.append(f"EXIF: {error}")
        return b""


def _xmp(blocks: Blocks, change: XmpChange, left: list[str]) -> bytes:
    if not blocks.xmp.strip(b"\0 \r\n\t"):
        return b""
    try:
        packet, missing = changed_packet(blocks.xmp, change)
    except ValueError as error:
        left.append(f"XMP: {error}")
        return b""
    left += missing
    return packet


def _resources(blocks: Blocks) -> bytes:
    """Datasets as the image resource of Photoshop that JPEG stores, with their checksum where one was noted.

    The checksum stays one of other datasets if they were edited after the XMP.
    """
    block = b""
    for (record, number), values in blocks.iptc.items():
        for value in values:
            size = len(value)
            length = size.to_bytes(2, "big") if size < 0x8000 else b"\x80\x04" + size.to_bytes(4, "big")
            block += bytes((0x1C, record, number)) + length + value
    if not block:
        return b""
    noted = b""
    if blocks.iptc_checksum:
        noted = blocks.iptc_checksum if blocks.iptc_edited else hashlib.md5(block).digest()  # noqa: S324
    return b"Photoshop 3.0\0" + _resource(0x0404, block) + _resource(0x0425, noted)


def _resource(number: int, data: bytes) -> bytes:
    """An image resource without a name; nothing for no data."""
    head = b"8BIM" + number.to_bytes(2, "big") + bytes(2) + len(data).to_bytes(4, "big")
    return head + data + bytes(len(data) % 2) if data else b""
