"""What a file holds after the end of its picture.

Holds `after_the_end` and `has_video`.
Add here: another format that says where it ends.
Keep out: pictures that the file itself lists (losses.py).
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

from PIL import Image

_VIDEO = re.compile(rb"\0\0\0[\x08-\xff]ftyp|mpvd")
_START, _SCAN, _STOP = b"\xff\xd8", 0xDA, 0xD9
_MARK = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")  # that ends the codes of a scan
_PNG_END = b"IEND\xaeB`\x82"
_PADDING = 1 << 16  # bytes of zeros that may be between two pictures
_JPEGS = ("JPEG", "MPO")


def after_the_end(image: Image.Image, data: bytes) -> list[str]:
    """Pictures and bytes after the end in words; empty for a file with a video, which is a loss of its own.

    Args:
        image: that was opened from the file.
        data: the whole file.
    """
    ends = list(_ends(image.format or "", data))
    if not ends or has_video(image, data):
        return []
    further, rest = len(ends) - 1, data[ends[-1] :].strip(b"\0")
    told = [f"{further} further pictures after its end"] if further and image.format == "JPEG" else []
    return told + ([f"{len(rest):,} bytes after its end"] if rest else [])


def has_video(image: Image.Image, data: bytes) -> bool:
    """Whether a video follows the picture, whatever its brand.

    Args:
        image: that was opened from the file.
        data: the whole file.
    """
    if image.format in _JPEGS:
        ends = list(_ends(image.format, data))
        return bool(ends) and _VIDEO.search(data, ends[-1]) is not None
    return image.format in ("HEIF", "AVIF") and any(k in (b"ftyp", b"mpvd") for k in list(_boxes(data))[1:])


def _ends(kind: str, data: bytes) -> Iterator[int]:
    """Where the picture ends, and then each JPEG that follows it directly; nothing if it is not known."""
    if kind in _JPEGS:
        at = _jpeg_end(data, 0)
        while at:
            yield at
            start = at + len(data[at : at + _PADDING]) - len(data[at : at + _PADDING].lstrip(b"\0"))
            at = _jpeg_end(data, start) if data.startswith(_START, start) else 0
    elif kind == "PNG" and (at := data.find(_PNG_END)) >= 0:
        yield at + len(_PNG_END)
    elif kind == "WEBP":
        size = int.from_bytes(data[4:8], "little")
        yield 8 + size + size % 2


def _jpeg_end(data: bytes, start: int) -> int:
    """Behind the mark that ends a JPEG; 0 if there is none."""
    at = start + 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        kind = data[at + 1]
        if kind == 0xFF:  # padding
            at += 1
            continue
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if kind == _SCAN:
            found = _MARK.search(data, at)
            at = found.start() if found else len(data)
        if data[at : at + 2] == bytes((0xFF, _STOP)):
            return at + 2
    return 0


def _boxes(data: bytes) -> Iterator[bytes]:
    """The kinds of the outermost boxes."""
    at = 0
    while at + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        yield kind
        if size == 1 and at + 16 <= len(data):
            (size,) = struct.unpack_from(">Q", data, at + 8)
        if size < 8:
            return
        at += size
