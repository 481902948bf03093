"""PNG copies, animated ones too.

They have the chunks that show the picture, each within its bounds, and rows that are compressed again.

Holds `rebuilt` and `parts`.
Add here: another chunk that changes how the picture looks, with the most that each number of it may be.
Keep out: the content of EXIF (directories.py) and of profiles (icc.py).
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from proofsheet.publish.containers import directories, icc
from proofsheet.publish.containers.part import (
    CannotClean,
    FilePart,
    Rebuilt,
    inflated,
    inside,
    palette_without,
)
from proofsheet.publish.containers.png_alpha import uncovered_rows
from proofsheet.publish.containers.png_rows import (
    _CHANNELS,
    PALETTE,
    SIGNATURE,
    Header,
    chunk,
    numbers_of,
    packed_rows,
    raw_rows,
    rows_size,
)
from proofsheet.publish.containers.transparent import COVERED

_ROWS = (b"IDAT", b"fdAT")
_COLOURS = 2
# What says how numbers are shown, in the order of a copy: their layout, and the most that each may be.
_BOUNDS = {
    b"cICP": (">4B", (22, 18, 0, 1)),
    b"sRGB": (">B", (3,)),
    b"gAMA": (">I", (1_000_000,)),
    b"cHRM": (">8I", (100_000,) * 8),
    b"pHYs": (">2IB", (1_000_000, 1_000_000, 1)),
}
_FRAME = ">4I2H2B"  # of an animation: width, height, left, top, delay as a fraction, disposal, blending
_MOST_LOOPS = 0xFFFF
_ICC_NAME = b"icc\0\0"
_XMP = b"XML:com.adobe.xmp\0\0\0\0\0"


class _Chunk(NamedTuple):
    kind: bytes
    data: bytes
    whole: bool  # its checksum is right, and it is inside the file


class _Frame(NamedTuple):
    """A frame: its control in an animation, and its rows as they were compressed.

    The control is empty for a picture outside of the animation.
    """

    control: bytes
    rows: bytes


def rebuilt(data: bytes) -> Rebuilt:
    """A PNG of the chunks that show the picture.

    Raises:
        CannotClean: if rows are missing or damaged.
    """
    chunks = list(_chunks(data))
    if not chunks or not any(c.kind == b"IEND" for c in chunks):
        raise CannotClean("it is not a complete PNG")
    header = _header(chunks[0])
    frames = list(_frames(chunks, header))
    if not frames:
        raise CannotClean("it has no rows")
    first = {c.kind: c.data for c in reversed(chunks) if c.whole}
    shown, left_out = list(_described(first)), []
    left_out += (
        []
        if b"iCCP" not in first or any(k == b"iCCP" for k, _ in shown)
        else ["a colour profile that cannot be read"]
    )
    left_out += [
        f"{k.decode()} out of bounds" for k in _BOUNDS if k in first and not any(k == n for n, _ in shown)
    ]
    clear = [n for n, a in enumerate(first.get(b"tRNS", b"")) if not a] if header.colour == PALETTE else []
    used, coded, found = _coded(frames, header, clear)
    left_out += [COVERED] if found else []
    shown += _colours(first, header, used)
    again = header.repacked() or header.has_alpha()
    plain = header._replace(interlaced=header.interlaced and not again)
    out = [SIGNATURE, chunk(b"IHDR", plain.written()), *_animation(first, frames)]
    out += [chunk(*one) for one in shown] + list(_numbered(frames, coded)) + [chunk(b"IEND", b"")]
    return Rebuilt(b"".join(out), tuple(left_out))


def parts(data: bytes) -> list[FilePart]:
    """Every chunk, and what follows the last one."""
    found = [FilePart("signature", len(SIGNATURE), data.startswith(SIGNATURE))]
    chunks, shown = list(_chunks(data)), [(c.kind, c.data) for c in _chunks(rebuilt(data).data)]
    for one in chunks:
        size, name = len(one.data) + 12, one.kind.decode("latin-1")
        known = one.whole and (one.kind, one.data) in shown
        if known:
            shown.remove((one.kind, one.data))
        if one.kind == b"eXIf":
            found += inside("eXIf", directories.exif_parts(one.data))
        elif one.kind == b"iCCP":
            found += inside("iCCP", [FilePart("name", 4, known), *icc.parts(_profile(one.data))])
        else:
            found.append(
                FilePart("iTXt XMP", size, True) if one.data.startswith(_XMP) else FilePart(name, size, known)
            )
    end = len(SIGNATURE) + sum(len(c.data) + 12 for c in chunks)
    return [*found, *([FilePart("bytes after the end", len(data) - end, False)] if end < len(data) else [])]


def _chunks(data: bytes) -> Iterator[_Chunk]:
    """Chunks up to the last one of the picture, or to the end of an incomplete file."""
    at = len(SIGNATURE)
    while at + 12 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        value = data[at + 8 : at + 8 + size]
        if at + 12 + size > len(data):
            return
        (checksum,) = struct.unpack_from(">I", data, at + 8 + size)
        yield _Chunk(kind, value, checksum == zlib.crc32(kind + value))
        at += 12 + size
        if kind == b"IEND":
            return


def _header(first: _Chunk) -> Header:
    if first.kind != b"IHDR" or len(first.data) != 13 or not first.whole:
        raise CannotClean("it is not a complete PNG")
    width, height, bits, colour, packing, filters, interlaced = struct.unpack(">IIBBBBB", first.data)
    if (
        not width
        or not height
        or bits not in (1, 2, 4, 8, 16)
        or colour not in _CHANNELS
        or packing
        or filters
        or interlaced > 1
    ):
        raise CannotClean("its header is damaged")
    return Header(width, height, bits, colour, interlaced)


def _frames(chunks: list[_Chunk], header: Header) -> Iterator[_Frame]:
    control, rows = b"", list[bytes]()
    for one in chunks:
        if one.kind in _ROWS:
            rows.append(one.data[4:] if one.kind == b"fdAT" else one.data)
        elif one.kind in (b"fcTL", b"IEND"):
            if rows:
                yield _Frame(control, b"".join(rows))
                control, rows = b"", []
            if one.kind == b"fcTL":
                control = _control(one.data, header)


def _control(value: bytes, header: Header) -> bytes:
    """What controls a frame, without its number."""
    if len(value) != 4 + struct.calcsize(_FRAME):
        raise CannotClean("a frame of its animation is damaged")
    width, height, left, top, _, _, disposal, blending = struct.unpack(_FRAME, value[4:])
    inside_it = 0 < width <= header.width - left and 0 < height <= header.height - top
    if not inside_it or disposal > 2 or blending > 1:
        raise CannotClean("a frame of its animation is damaged")
    return value[4:]


def _animation(first: dict[bytes, bytes], frames: list[_Frame]) -> list[bytes]:
    count, value = sum(bool(f.control) for f in frames), first.get(b"acTL", b"")
    if not count or len(value) != 8:
        return []
    (loops,) = struct.unpack_from(">4xI", value)
    return [chunk(b"acTL", struct.pack(">II", count, loops if loops <= _MOST_LOOPS else 0))]


def _described(first: dict[bytes, bytes]) -> Iterator[tuple[bytes, bytes]]:
    """The range of numbers.

    A number outside means nothing, and readers differ on it.
    """
    if profile := icc.cleaned(_profile(first.get(b"iCCP", b""))):
        yield b"iCCP", _ICC_NAME + zlib.compress(profile, 9)
    for kind, (layout, most) in _BOUNDS.items():
        value = first.get(kind, b"")
        if len(value) == struct.calcsize(layout) and all(
            n <= m for n, m in zip(struct.unpack(layout, value), most, strict=True)
        ):
            yield kind, value


def _colours(first: dict[bytes, bytes], header: Header, used: set[int]) -> Iterator[tuple[bytes, bytes]]:
    """The palette of a picture that points to one, with the colours in use alone, and what is transparent."""
    palette, clear = first.get(b"PLTE", b""), first.get(b"tRNS", b"")
    if header.colour == PALETTE:
        seen = {n for n in used if n >= len(clear) or clear[n]}
        yield b"PLTE", palette_without(palette, seen).ljust(3 * (max(used, default=0) + 1), b"\0")
        opaque = bytes(255 if n not in used else value for n, value in enumerate(clear)).rstrip(b"\xff")
        if opaque:
            yield b"tRNS", opaque
    elif header.colour in (0, _COLOURS) and len(clear) == 2 * _CHANNELS[header.colour]:
        most = 1 << max(header.bits - 8, 0)  # of the upper byte of a sample
        yield from [(b"tRNS", clear)] if max(clear[::2]) < most else []


def _profile(value: bytes) -> bytes:
    return inflated(value.partition(b"\0")[2][1:])


def _coded(frames: list[_Frame], header: Header, clear: list[int]) -> tuple[set[int], list[bytes], bool]:
    """The numbers of pixels (indices of a palette), the rows of each frame, and whether any were covered.

    The rows are compressed again. Pixels with one of the `clear` numbers all get the first of these; the last
    value is whether transparent pixels differed.
    """
    used, coded, covered = set[int](), list[bytes](), False
    merged = np.arange(256, dtype=np.uint8)
    merged[clear] = clear[0] if clear else 0
    for one in frames:
        width, height = (
            struct.unpack_from(">II", one.control) if one.control else (header.width, header.height)
        )
        here = header._replace(width=width, height=height)
        rows = raw_rows(one.rows, rows_size(here))
        if header.repacked():
            numbers = numbers_of(rows, here)
            pixels = merged[numbers]
            covered |= not np.array_equal(pixels, numbers)
            used |= {int(n) for n in np.unique(pixels)}
            rows = packed_rows(pixels, header.bits)
        elif header.has_alpha():
            rows, found = uncovered_rows(rows, here)
            covered |= found
        coded.append(zlib.compress(rows, 6))
    return used, coded, covered


def _numbered(frames: list[_Frame], coded: list[bytes]) -> Iterator[bytes]:
    """Frames in order, with the numbers that the chunks of an animation have."""
    count = 0
    for place, (one, rows) in enumerate(zip(frames, coded, strict=True)):
        if one.control:
            yield chunk(b"fcTL", struct.pack(">I", count) + one.control)
            count += 1
        if place == 0:
            yield chunk(b"IDAT", rows)
        elif one.control:
            yield chunk(b"fdAT", struct.pack(">I", count) + rows)
            count += 1
