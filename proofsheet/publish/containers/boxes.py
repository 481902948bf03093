"""Boxes of HEIC and AVIF files: the items of a file, their properties and references, read and written.

Holds `Item`, `Items`, `boxes`, `written`, `read_items` and `meta_box`.
Add here: another version of one of these boxes.
Keep out: which items and properties a copy has (heif.py).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from proofsheet.publish.containers.part import CannotClean

FULL = 4  # bytes of version and flags


class Box(NamedTuple):
    """A box: its kind, its content, and where the content begins in the file."""

    kind: bytes
    data: bytes
    at: int


@dataclass
class Item:
    """An item of a file.

    It has its kind, content type, bytes, their place, its properties and if each is essential, and if it is
    hidden.
    """

    kind: bytes
    content_type: bytes = b""
    data: bytes = b""
    spans: list[tuple[int, int]] = field(default_factory=list)
    properties: list[tuple[int, bool]] = field(default_factory=list)
    hidden: bool = False


@dataclass
class Items:
    """The content of the box `meta`.

    It has the items by number, the one that is shown, references by kind, and properties in order from 1.
    """

    primary: int
    items: dict[int, Item]
    references: list[tuple[bytes, int, tuple[int, ...]]]
    properties: list[tuple[bytes, bytes]]


def boxes(data: bytes, start: int = 0, base: int = 0) -> Iterator[Box]:
    """Boxes in order; what follows the last whole one is a box of no kind.

    Args:
        data: bytes of the file.
        start: of the first one in it.
        base: place of `data` in the file.
    """
    at = start
    while at + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        head = 8
        if size == 1 and at + 16 <= len(data):
            (size,), head = struct.unpack_from(">Q", data, at + 8), 16
        elif size == 0:
            size = len(data) - at
        if size < head or at + size > len(data):
            break
        yield Box(kind, data[at + head : at + size], base + at + head)
        at += size
    if at < len(data):
        yield Box(b"", data[at:], base + at)


def written(kind: bytes, *content: bytes) -> bytes:
    """A box."""
    whole = b"".join(content)
    return struct.pack(">I4s", len(whole) + 8, kind) + whole


def read_items(data: bytes) -> Items:
    """The items of a file.

    Raises:
        CannotClean: if it has no items, or a box is damaged.
    """
    try:
        meta = next((b for b in boxes(data) if b.kind == b"meta"), None)
        if meta is None:
            raise CannotClean("it holds no picture items")
        inner = {b.kind: b for b in boxes(meta.data, FULL, meta.at)}
        properties = {b.kind: b.data for b in boxes(inner[b"iprp"].data)}
        items = dict(_items(inner[b"iinf"].data))
        for number, spans in _places(inner[b"iloc"].data, inner[b"idat"].at if b"idat" in inner else None):
            if number in items:
                items[number].spans = spans
                items[number].data = b"".join(data[a:b] for a, b in spans)
        for number, some in _associations(properties[b"ipma"]):
            if number in items:
                items[number].properties = some
        primary = inner[b"pitm"].data
        (shown,) = struct.unpack_from(">H" if primary[0] == 0 else ">I", primary, FULL)
        references = list(_references(inner[b"iref"].data)) if b"iref" in inner else []
        return Items(shown, items, references, [(b.kind, b.data) for b in boxes(properties[b"ipco"])])
    except (struct.error, KeyError, IndexError) as error:
        raise CannotClean(f"its boxes are damaged: {error}") from error


def _items(data: bytes) -> Iterator[tuple[int, Item]]:
    for box in boxes(data, FULL + (2 if data[0] == 0 else 4)):
        if box.kind != b"infe" or box.data[0] not in (2, 3):
            raise CannotClean("its items are listed in a way that is not known here")
        number, _, kind = struct.unpack_from(">HH4s" if box.data[0] == 2 else ">IH4s", box.data, FULL)
        texts = box.data[FULL + (8 if box.data[0] == 2 else 10) :].split(b"\0")
        yield (
            number,
            Item(kind, texts[1] if kind == b"mime" and len(texts) > 1 else b"", hidden=bool(box.data[3] & 1)),
        )


def _places(data: bytes, idat: int | None) -> Iterator[tuple[int, list[tuple[int, int]]]]:
    """Items and the spans of their bytes in the file."""
    version, sizes = data[0], struct.unpack_from(">BB", data, FULL)
    wide = {
        "offset": sizes[0] >> 4,
        "length": sizes[0] & 15,
        "base": sizes[1] >> 4,
        "index": sizes[1] & 15 if version else 0,
    }
    at = FULL + 2

    def number(size: int) -> int:
        nonlocal at
        if at + size > len(data):
            raise CannotClean("its boxes are damaged: places of items are incomplete")
        at += size
        return int.from_bytes(data[at - size : at], "big")

    for _ in range(number(4 if version == 2 else 2)):
        item = number(4 if version == 2 else 2)
        method = number(2) & 15 if version else 0
        elsewhere, base = number(2), number(wide["base"])
        if elsewhere or method > 1 or (method and idat is None):
            raise CannotClean("an item is in another file or in another item")
        spans = []
        for _ in range(number(2)):
            number(wide["index"])
            start, size = (
                base + number(wide["offset"]) + ((idat or 0) if method else 0),
                number(wide["length"]),
            )
            spans.append((start, start + size))
        yield item, spans


def _associations(data: bytes) -> Iterator[tuple[int, list[tuple[int, bool]]]]:
    version = data[0]
    wide = data[3] & 1
    at = FULL + 4
    for _ in range(struct.unpack_from(">I", data, FULL)[0]):
        (number,) = struct.unpack_from(">I" if version else ">H", data, at)
        at += 4 if version else 2
        count, at = data[at], at + 1
        found = struct.unpack_from(f">{count}{'H' if wide else 'B'}", data, at)
        at += count * (2 if wide else 1)
        top = 0x8000 if wide else 0x80
        yield number, [(v & (top - 1), bool(v & top)) for v in found]


def _references(data: bytes) -> Iterator[tuple[bytes, int, tuple[int, ...]]]:
    code = "I" if data[0] else "H"
    for box in boxes(data, FULL):
        source, count = struct.unpack_from(f">{code}H", box.data, 0)
        yield box.kind, source, struct.unpack_from(f">{count}{code}", box.data, 6 if data[0] else 4)


def meta_box(found: Items, offset: int) -> bytes:
    """The box `meta` for items in a row, one after the other.

    Args:
        found: numbers of items below 65,536.
        offset: place of the first item in the file.
    """
    infos, places, chosen = b"", b"", b""
    for number, item in found.items.items():
        infos += written(
            b"infe", bytes((2, 0, 0, item.hidden)), struct.pack(">HH4s", number, 0, item.kind), b"\0"
        )
        places += struct.pack(">HHHHII", number, 0, 0, 1, offset, len(item.data))
        offset += len(item.data)
        used = b"".join(struct.pack(">H", n | essential << 15) for n, essential in item.properties)
        chosen += struct.pack(">HB", number, len(item.properties)) + used
    count = struct.pack(">H", len(found.items))
    references = [
        written(k, struct.pack(f">HH{len(to)}H", source, len(to), *to)) for k, source, to in found.references
    ]
    properties = written(b"ipco", *(written(*p) for p in found.properties))
    associations = written(b"ipma", b"\0\0\0\1", struct.pack(">I", len(found.items)), chosen)
    return written(
        b"meta",
        bytes(4),
        written(b"hdlr", bytes(8), b"pict", bytes(13)),
        written(b"pitm", bytes(4), struct.pack(">H", found.primary)),
        written(b"iloc", b"\1\0\0\0\x44\0", count, places),
        written(b"iinf", bytes(4), count, infos),
        *([written(b"iref", bytes(4), *references)] if references else []),
        written(b"iprp", properties, associations),
    )
