"""GIF copies: pictures with the colours in use, their timing and the loop.

Coded pixels are read to their last code.

Holds `rebuilt` and `parts`.
Add here: another extension that changes how the picture looks.
Keep out: XMP (publish/copied_fields.py).
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from PIL import Image

from proofsheet.publish.containers.part import CannotClean, FilePart, Rebuilt, palette_without

_CONTROL, _APPLICATION, _IMAGE, _TRAILER = 0xF9, 0xFF, 0x2C, 0x3B
_LOOPS = (b"NETSCAPE2.0", b"ANIMEXTS1.0")
_XMP = b"XMP DataXMP"
_NAMES = {_CONTROL: "graphic control", _APPLICATION: "application", 0xFE: "comment", 0x01: "plain text"}
_SMALLEST = range(2, 9)  # bits of the first codes
_LAYOUT = 0xC7  # of a picture: it has a palette, is interlaced, and how many colours the palette has
_EVERY = bytes(
    value for n in range(256) for value in (n, 255 - n, 0)
)  # a palette of colours, so that pixels are read as numbers
_MOST_CODES, _MOST_PIXELS = 1 << 12, 1 << 28


class _Block(NamedTuple):
    name: str
    displayed: bytes  # what shows the picture of it; empty if nothing does
    stored: bytes
    used: frozenset[int] = frozenset()  # colours of the palette of the file that its pixels have


def rebuilt(data: bytes) -> Rebuilt:
    """A GIF of its pictures, their timing and the loop.

    Raises:
        CannotClean: if it ends inside a block, or its pixels cannot be read.
    """
    return Rebuilt(b"".join(b.displayed for b in _kept(data)))


def parts(data: bytes) -> list[FilePart]:
    """Every block, and what follows the last one."""
    return [
        FilePart(b.name, len(b.stored), b.displayed == b.stored or b.name == f"application {_XMP.decode()}")
        for b in _kept(data)
    ]


def _kept(data: bytes) -> list[_Block]:
    """Blocks with what a copy has of each: colours that are in use, one timing a picture, one loop."""
    blocks, timing, looped = list(_blocks(data)), -1, False
    used = frozenset({data[11]}).union(*(b.used for b in blocks))  # with the background
    for place, one in enumerate(blocks):
        shown = one.displayed
        if one.name == "header":
            shown = shown[:13] + _palette(shown[13:], used)
        elif one.name == _NAMES[_CONTROL]:
            if timing >= 0:  # no picture follows the one before
                blocks[timing] = blocks[timing]._replace(displayed=b"")
            timing = place
        elif one.name == "picture":
            timing = -1
        elif shown and one.name.startswith("application"):
            shown, looped = (b"" if looped else shown), True
        blocks[place] = one._replace(displayed=shown)
    if timing >= 0:
        blocks[timing] = blocks[timing]._replace(displayed=b"")
    return blocks


def _palette(colours: bytes, used: frozenset[int]) -> bytes:
    return palette_without(colours, used).ljust(len(colours), b"\0")


def _blocks(data: bytes) -> Iterator[_Block]:
    """Blocks in order; every byte of the file is in one."""
    try:
        at = 13 + _colours(data[10])
        yield _Block("header", b"GIF89a" + data[6:12] + b"\0" + data[13:at], data[:at])
        while at < len(data) and data[at] != _TRAILER:
            end, block = _image(data, at) if data[at] == _IMAGE else _extension(data, at)
            yield block
            at = end
    except IndexError:
        raise CannotClean("it ends inside a block") from None
    yield _Block("trailer", b";", data[at : at + 1])
    if at + 1 < len(data):
        yield _Block("bytes after the end", b"", data[at + 1 :])


def _colours(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _sub_blocks(data: bytes, at: int) -> tuple[int, bytes]:
    found = []
    while size := data[at]:
        found.append(data[at + 1 : at + 1 + size])
        at += 1 + size
    return at + 1, b"".join(found)


def _divided(value: bytes) -> bytes:
    pieces = [value[at : at + 255] for at in range(0, len(value), 255)]
    return b"".join(bytes((len(p),)) + p for p in pieces) + b"\0"


def _extension(data: bytes, at: int) -> tuple[int, _Block]:
    if data[at] != 0x21:
        raise CannotClean(f"a block of the unknown kind {data[at]:02X} is in it")
    label = data[at + 1]
    end, value = _sub_blocks(data, at + 2)
    shown, name = b"", _NAMES.get(label, f"extension {label:02X}")
    if label == _CONTROL and len(value) >= 4:
        shown = bytes((0x21, label, 4)) + value[:4] + b"\0"
    elif label == _APPLICATION:
        name = f"application {value[:11].decode('latin-1')}"
        if value[:11] in _LOOPS and len(value) >= 14 and value[11] == 1:
            shown = bytes((0x21, label, 11)) + value[:11] + _divided(value[11:14])
    return end, _Block(name, shown, data[at:end])


def _image(data: bytes, at: int) -> tuple[int, _Block]:
    start = at + 10 + _colours(data[at + 9])
    width, height = data[at + 5] | data[at + 6] << 8, data[at + 7] | data[at + 8] << 8
    left, top = data[at + 1] | data[at + 2] << 8, data[at + 3] | data[at + 4] << 8
    if (left + width) * (top + height) > _MOST_PIXELS:  # readers make room up to its edge
        raise CannotClean(f"a picture of it reaches to {left + width} x {top + height}")
    smallest = data[start]
    if smallest not in _SMALLEST:
        raise CannotClean(f"the codes of a picture of it have {smallest} bits")
    end, value = _sub_blocks(data, start + 1)
    coded = value[: _coded_size(value, smallest, width * height)]
    own = data[at + 10 : start]
    place = data[at : at + 9] + bytes((data[at + 9] & _LAYOUT,))
    used = _numbers(place, bytes((smallest,)) + _divided(coded))
    shown = (
        place
        + _palette(own, used)
        + bytes((smallest,))
        + (_divided(coded) if coded != value else data[start + 1 : end])
    )
    return end, _Block("picture", shown, data[at:end], frozenset() if own else used)


def _numbers(place: bytes, coded: bytes) -> frozenset[int]:
    """The colours that the pixels of a picture have, read through a GIF of that picture alone."""
    width, height = place[5:7], place[7:9]
    if not any(width) or not any(height):
        return frozenset()
    alone = (
        b"GIF89a"
        + width
        + height
        + b"\xf7\0\0"
        + _EVERY
        + place[:1]
        + bytes(4)
        + place[5:9]
        + bytes((place[9] & 0x40,))
    )
    try:
        with Image.open(io.BytesIO(alone + coded + b";"), formats=["GIF"]) as image:
            return frozenset(int(n) for n in np.unique(np.asarray(image)))
    except (OSError, SyntaxError, ValueError) as error:
        raise CannotClean(f"its pixels are damaged: {error}") from error


def _coded_size(value: bytes, smallest: int, pixels: int) -> int:
    """Bytes up to the code that ends a picture, or to the one that fills it."""
    clear, stop = 1 << smallest, (1 << smallest) + 1
    runs = [1] * (stop + 1)
    size, last, filled, full_at, held, bits = smallest + 1, 0, 0, 0, 0, 0
    for at, byte in enumerate(value):
        held, bits = held | byte << bits, bits + 8
        while bits >= size:
            code, held, bits = held & ((1 << size) - 1), held >> size, bits - size
            if code == stop:
                return at + 1
            if full_at:
                return full_at
            if code == clear:
                runs, size, last = [1] * (stop + 1), smallest + 1, 0
                continue
            run = runs[code] if code < len(runs) else last + 1
            if last and len(runs) < _MOST_CODES:
                runs.append(last + 1)
                size += len(runs) == 1 << size and size < 12
            last, filled = run, filled + run
            full_at = at + 1 if filled >= pixels else 0
    return full_at or len(value)
