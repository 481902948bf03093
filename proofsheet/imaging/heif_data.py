"""What a HEIC or AVIF holds besides metadata, item by item.

Holds `heif_data`.
Add here: another version of a box.
Keep out: other containers (picture_data.py), and decoding.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

_METADATA = frozenset({b"Exif", b"mime"})  # types of items: EXIF and XMP
_KEPT = frozenset({b"hdlr", b"pitm", b"iprp", b"grpl"})  # iref names metadata too


class _Extent(NamedTuple):
    """A run of bytes of an item; `inside` if it counts from the box idat."""

    at: int
    length: int
    inside: bool


def heif_data(data: bytes) -> Iterator[bytes]:
    """The type, the properties and the bytes of every item that is no metadata, gain maps among them.

    Args:
        data: the whole file.

    Raises:
        ValueError: with the reason in words, if it is damaged or a sequence.
    """
    top = dict(_boxes(data, 0, len(data)))
    if b"meta" not in top:
        raise ValueError("it is damaged: it has no list of its items")
    if b"moov" in top:
        raise ValueError("it is a sequence of pictures")
    start, end = top[b"meta"]
    inner = dict(_boxes(data, start + 4, end))
    yield data[slice(*top[b"ftyp"])] if b"ftyp" in top else b""
    yield from (data[slice(*inner[name])] for name in sorted(_KEPT & inner.keys()))
    types = dict(_types(data, *inner[b"iinf"])) if b"iinf" in inner else {}
    places = dict(_places(data, *inner[b"iloc"])) if b"iloc" in inner else {}
    base = inner.get(b"idat", (0, 0))[0]
    for item, kind in sorted(types.items()):
        if kind in _METADATA:
            continue
        runs = (data[_at(one, base) : _at(one, base) + one.length] for one in places.get(item, []))
        yield struct.pack(">I4s", item, kind) + b"".join(runs)


def _at(one: _Extent, base: int) -> int:
    return one.at + (base if one.inside else 0)


def _boxes(data: bytes, at: int, end: int) -> Iterator[tuple[bytes, tuple[int, int]]]:
    """Name, and beginning and end of the content, of the boxes in a range."""
    while at + 8 <= end:
        length, name = struct.unpack_from(">I4s", data, at)
        head = 8
        if length == 1:
            (length,) = struct.unpack_from(">Q", data, at + 8)
            head = 16
        stop = end if length == 0 else at + length
        if stop > end or stop < at + head:
            raise ValueError("it is damaged: a box ends outside of the file")
        yield name, (at + head, stop)
        at = stop


def _types(data: bytes, start: int, end: int) -> Iterator[tuple[int, bytes]]:
    """Number and type of every item."""
    at = start + (8 if data[start] else 6)
    for name, (begin, _stop) in _boxes(data, at, end):
        if name != b"infe" or data[begin] < 2:
            raise ValueError("its list of items has another version")
        wide = data[begin] == 3
        (item,) = struct.unpack_from(">I" if wide else ">H", data, begin + 4)
        at = begin + (10 if wide else 8)
        yield item, data[at : at + 4]


def _places(data: bytes, start: int, end: int) -> Iterator[tuple[int, list[_Extent]]]:
    """Number and extents of every item."""
    version, sizes = data[start], struct.unpack_from(">H", data, start + 4)[0]
    offset, length, base, index = (sizes >> 12 & 15, sizes >> 8 & 15, sizes >> 4 & 15, sizes & 15)
    wide = version == 2
    at = start + 6
    count, at = _number(data, at, 4 if wide else 2)
    for _item in range(count):
        item, at = _number(data, at, 4 if wide else 2)
        method, at = _number(data, at, 2) if version else (0, at)
        _reference, at = _number(data, at, 2)
        first, at = _number(data, at, base)
        extents, at = _number(data, at, 2)
        found = []
        for _extent in range(extents):
            at += index if version else 0
            place, at = _number(data, at, offset)
            size, at = _number(data, at, length)
            if at > end:
                raise ValueError("it is damaged: its list of places ends outside of its box")
            found.append(_Extent(first + place, size, method & 15 == 1))
        yield item, found


def _number(data: bytes, at: int, size: int) -> tuple[int, int]:
    """A number of so many bytes, and the place after it."""
    return int.from_bytes(data[at : at + size], "big"), at + size
