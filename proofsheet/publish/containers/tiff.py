"""TIFF copies: the page that is shown, with the tags that its pixels need.

Strips and tiles are read to their last byte.

Holds `rebuilt` and `parts`.
Add here: another tag that pixels need, or another way of packing them.
Keep out: reading directories (directories.py).
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image

from proofsheet.publish.containers import icc, jpeg
from proofsheet.publish.containers import tiff_tags as tag
from proofsheet.publish.containers.directories import KNOWN, Directories, Directory, TagEntry, gaps, listed
from proofsheet.publish.containers.part import CannotClean, FilePart, Rebuilt, inside

_BUILT = {
    tag.STRIPS: "StripOffsets",
    tag.STRIP_SIZES: "StripByteCounts",
    tag.TILES: "TileOffsets",
    tag.TILE_SIZES: "TileByteCounts",
}
_BUILT |= {tag.ICC: "ICC_Profile", tag.XMP: "XMP"}
NAMES = frozenset(
    {n for n, _, _ in tag.NEEDED.values()} | set(_BUILT.values())
) | {  # of all tags that are no field
    *(
        "PreviewImageStart",
        "PreviewImageLength",
        "PreviewImage",
    )  # so exiftool calls the strip of a page in JPEG
}
_PLAIN, _JPEG, _DEFLATE, _POINTS = 1, 7, 8, 3
_DEFLATED, _FAX = frozenset({_DEFLATE, 32946}), frozenset({2, 3, 4})
_PREDICTED = frozenset({5, *_DEFLATED, 34925, 50000})
_BY_PILLOW = frozenset({*_FAX, 5, 32773, 34925, 50000})
_RAW_COLOURS = frozenset({32803, 34892})


class _Piece(NamedTuple):
    """A strip or tile: its place, bytes as stored, rows of how many pixels and bytes, and the visible part."""

    at: int
    stored: bytes
    rows: int
    width: int
    row_size: int
    shown_rows: int
    shown_bits: int  # of a row


def rebuilt(data: bytes) -> Rebuilt:
    """A TIFF of the page that is shown.

    Raises:
        CannotClean: if it is a RAW file, or packed in a way that cannot be read to its last byte.
    """
    found = Directories(data)
    pages = found.pages()
    full = [n for n, page in enumerate(pages) if not _reduced(found, page)]
    if not full or any(
        tag.DNG in p.entries or _number(found, p, tag.COLOURS, 0) in _RAW_COLOURS for p in pages
    ):
        raise CannotClean("it is a RAW file, or holds no complete picture")
    page = pages[full[0]]
    entries, odd = {}, list[str]()
    for one in tag.NEEDED.keys() & page.entries.keys():
        try:
            entries[one] = tag.bounded(found, page.entries[one])
        except CannotClean:
            if one not in tag.BESIDE:
                raise
            odd.append(f"{tag.NEEDED[one][0]} out of bounds")
    stored = _packed(found, page, entries)
    if entries.pop(tag.PALETTE, None) and _number(found, page, tag.COLOURS, 0) == _POINTS:
        entries[tag.PALETTE] = _palette(found, page, entries, stored)
    profile = page.entries.get(tag.ICC)
    cleaned = icc.cleaned(profile.value) if profile else None
    if cleaned:
        entries[tag.ICC] = _bytes(tag.ICC, cleaned)
    left_out = [*sorted(odd), *([f"{len(full) - 1} further pages"] if len(full) > 1 else [])]
    left_out += ["a colour profile that cannot be read"] if profile and not cleaned else []
    return Rebuilt(_file(found, entries, stored, tiled=tag.TILES in page.entries), tuple(left_out), full[0])


def parts(data: bytes) -> list[FilePart]:
    """Every tag, strip and tile, further pages, and bytes that belong to none."""
    found, spans = Directories(data), list[tuple[int, int]]()
    known = KNOWN["IFD0"] | {t: name for t, (name, _, _) in tag.NEEDED.items()} | _BUILT
    told = list(listed(found, found.first, "IFD0", known, spans))
    page, again = found.directory(found.first), Directories(rebuilt(data).data)
    plain = again.directory(again.first).entries
    for number, entry in page.entries.items():
        if number in tag.NEEDED and (
            number not in plain or tag.numbers(found, entry) != tag.numbers(again, plain[number])
        ):
            told.append(FilePart(f"{tag.NEEDED[number][0]} with other values", len(entry.value), False))
    if profile := page.entries.get(tag.ICC):
        told += inside("ICC", icc.parts(profile.value))
    packing, name = (
        _number(found, page, tag.PACKING, _PLAIN),
        "tile" if tag.TILES in page.entries else "strip",
    )
    for one in _pieces(found, page):
        spans.append((one.at, one.at + len(one.stored)))
        told.append(FilePart(name, len(one.stored), _is_exact(packing, one)))
    return told + gaps(data, [*spans, (0, found.head)])


def _number(found: Directories, page: Directory, number: int, otherwise: int) -> int:
    numbers = page.entries[number].numbers(found.order) if number in page.entries else []
    return numbers[0] if numbers else otherwise


def _reduced(found: Directories, page: Directory) -> bool:
    return bool(_number(found, page, tag.SUBTYPE, 0) & 1) or _number(found, page, tag.OLD_SUBTYPE, 1) == 2


def _bytes(number: int, value: bytes) -> TagEntry:
    return TagEntry(number, 7, len(value), value, 0)


def _palette(
    found: Directories, page: Directory, entries: Mapping[int, TagEntry], stored: Sequence[bytes]
) -> TagEntry:
    """The colours of a palette that pixels have; the others are black."""
    whole = tag.bounded(found, page.entries[tag.PALETTE])
    count = 1 << _number(found, page, tag.BITS, 1)
    if whole.count != 3 * count:
        raise CannotClean("its palette has another size than its pixels need")
    used = _pointed(_file(found, {**entries, tag.PALETTE: whole}, stored, tiled=tag.TILES in page.entries))
    kept = [v if n % count in used else 0 for n, v in enumerate(whole.numbers(found.order))]
    return TagEntry(tag.PALETTE, 3, len(kept), struct.pack(f"{found.order}{len(kept)}H", *kept), 0)


def _pointed(data: bytes) -> set[int]:
    """The colours of a palette that pixels have."""
    try:
        with Image.open(io.BytesIO(data), formats=["TIFF"]) as image:
            if image.mode != "P":
                raise CannotClean("its palette is in a form that is not known here")
            return {int(n) for n in np.unique(np.asarray(image))}
    except (OSError, ValueError, SyntaxError) as error:
        raise CannotClean(f"its rows are damaged: {error}") from error


def _pieces(found: Directories, page: Directory) -> list[_Piece]:
    """Strips or tiles in their order.

    Raises:
        CannotClean: if their number or place does not fit the size of the picture.
    """
    width, height = _number(found, page, tag.WIDTH, 0), _number(found, page, tag.HEIGHT, 0)
    samples = _number(found, page, tag.SAMPLES, 1)
    bits = set(page.entries[tag.BITS].numbers(found.order)) if tag.BITS in page.entries else {1}
    tiled = tag.TILES in page.entries
    places, sizes = (tag.TILES, tag.TILE_SIZES) if tiled else (tag.STRIPS, tag.STRIP_SIZES)
    if len(bits) != 1 or not width or not height or places not in page.entries:
        raise CannotClean("its samples differ in depth, or it has no pixels")
    across = _number(found, page, tag.TILE_WIDTH, width) if tiled else width
    down = (
        _number(found, page, tag.TILE_HEIGHT, height)
        if tiled
        else min(_number(found, page, tag.ROWS, height), height)
    )
    if not across or not down:
        raise CannotClean("its strips or tiles have no size")
    planes = samples if _number(found, page, tag.PLANES, 1) == 2 else 1
    deep = bits.pop() * (samples // planes)
    sides = [
        (min(down, height - y), min(across, width - x))
        for y in range(0, height, down)
        for x in range(0, width, across)
    ] * planes
    size = (across * deep + 7) // 8
    at = page.entries[places].numbers(found.order)
    long = (
        page.entries[sizes].numbers(found.order)
        if sizes in page.entries
        else [size * (down if tiled else r) for r, _ in sides]
    )
    if not len(at) == len(long) == len(sides) or any(
        a + n > len(found.data) for a, n in zip(at, long, strict=True)
    ):
        raise CannotClean("its strips or tiles do not fit its size, or are outside")
    return [
        _Piece(a, found.data[a : a + n], down if tiled else high, across, size, high, wide * deep)
        for a, n, (high, wide) in zip(at, long, sides, strict=True)
    ]


def _packed(found: Directories, page: Directory, entries: dict[int, TagEntry]) -> list[bytes]:
    """Strips or tiles as they are to be stored; the tags that say how are set."""
    packing, pieces = _number(found, page, tag.PACKING, _PLAIN), _pieces(found, page)
    if packing == _JPEG:
        tables = page.entries[tag.TABLES].value[:-2] if tag.TABLES in page.entries else b"\xff\xd8"
        return [jpeg.rebuilt(tables + p.stored[2:]).data for p in pieces]
    divided = (
        page.entries[tag.SUBSAMPLING].numbers(found.order) if tag.SUBSAMPLING in page.entries else [2, 2]
    )
    if _number(found, page, tag.COLOURS, 0) == 6 and divided != [1, 1]:
        raise CannotClean("its colours are stored at another size than its brightness, without JPEG")
    if packing not in _PREDICTED:
        entries.pop(tag.PREDICTOR, None)
    swapped = (
        tag.PREDICTOR in entries and _number(found, page, tag.PREDICTOR, 1) == 3
    )  # bytes of a row are in another order
    pixels = [_shown(_pixels(found, page, packing, p), p, swapped) for p in pieces]
    into = _PLAIN if packing == _PLAIN else _DEFLATE
    entries[tag.PACKING] = TagEntry(tag.PACKING, 3, 1, struct.pack(found.order + "H", into), 0)
    return pixels if into == _PLAIN else [zlib.compress(p, 6) for p in pixels]


def _pixels(found: Directories, page: Directory, packing: int, piece: _Piece) -> bytes:
    """The rows of a strip or tile, as the predictor left them.

    Raises:
        CannotClean: if some are missing, or their packing is not known.
    """
    wanted = piece.rows * piece.row_size
    if _number(found, page, tag.FILL, 1) != 1 and packing not in _FAX:
        raise CannotClean("its bits are stored in reverse")
    if packing == _PLAIN:
        rows = piece.stored[:wanted]
    elif packing in _DEFLATED:
        try:
            rows = zlib.decompressobj().decompress(piece.stored, wanted)
        except zlib.error as error:
            raise CannotClean(f"its rows are damaged: {error}") from error
    elif packing in _BY_PILLOW:
        rows = _unpacked(found, page, packing, piece)
    else:
        raise CannotClean(f"its compression {packing} is not known here")
    if len(rows) < wanted:
        raise CannotClean("rows are missing")
    return rows


def _shown(rows: bytes, piece: _Piece, swapped: bool) -> bytes:
    """Rows with zeros in parts that are not shown.

    These are a tile's pixels beyond the picture, and the bits that fill the last byte of a row.

    Raises:
        CannotClean: if it is not known where these are.
    """
    whole, rest = divmod(piece.shown_bits, 8)
    if piece.shown_rows == piece.rows and whole == piece.row_size:
        return rows
    if swapped:
        raise CannotClean("its tiles go on beyond the picture in a form that is not known here")
    pixels = np.frombuffer(rows, np.uint8).reshape(piece.rows, piece.row_size).copy()
    pixels[piece.shown_rows :] = 0
    pixels[:, whole + bool(rest) :] = 0
    if rest:
        pixels[:, whole] &= 0xFF << 8 - rest & 0xFF
    return pixels.tobytes()


def _unpacked(found: Directories, page: Directory, packing: int, piece: _Piece) -> bytes:
    """Rows through a small TIFF around one strip or tile.

    They are grey bytes, or bits for the packings of fax machines.
    """
    fax = packing in _FAX
    tags = {
        tag.WIDTH: piece.width if fax else piece.row_size,
        tag.HEIGHT: piece.rows,
        tag.BITS: 1 if fax else 8,
        tag.PACKING: packing,
    }
    tags |= {tag.COLOURS: 1, tag.SAMPLES: 1, tag.ROWS: piece.rows}
    if fax:
        tags |= {t: _number(found, page, t, 0) for t in (tag.FILL, 292, 293) if t in page.entries}
    entries = {t: TagEntry(t, 4, 1, struct.pack(found.order + "I", v), 0) for t, v in tags.items()}
    try:
        with Image.open(
            io.BytesIO(_file(found, entries, [piece.stored], tiled=False)), formats=["TIFF"]
        ) as image:
            return image.tobytes()
    except (OSError, ValueError, SyntaxError) as error:
        raise CannotClean(f"its rows are damaged: {error}") from error


def _file(
    found: Directories, entries: Mapping[int, TagEntry], stored: Sequence[bytes], *, tiled: bool
) -> bytes:
    """A classic TIFF in the same order of bytes: pixels, values of tags, the directory."""
    order, body, at = found.order, bytearray((b"II" if found.order == "<" else b"MM") + bytes(6)), []
    for one in stored:
        at.append(len(body))
        body += one + bytes(len(one) % 2)
    places, sizes = (tag.TILES, tag.TILE_SIZES) if tiled else (tag.STRIPS, tag.STRIP_SIZES)
    tags = dict(entries)
    for number, numbers in ((places, at), (sizes, [len(s) for s in stored])):
        tags[number] = TagEntry(number, 4, len(numbers), struct.pack(f"{order}{len(numbers)}I", *numbers), 0)
    table = b""
    for number, entry in sorted(tags.items()):
        kind, value = entry.kind, entry.value
        if kind == 16:
            kind, value = 4, struct.pack(f"{order}{entry.count}I", *entry.numbers(order))
        if len(value) > 4:
            value, start = struct.pack(order + "I", len(body)), value
            body += start + bytes(len(start) % 2)
        table += struct.pack(order + "HHI", number, kind, entry.count) + value.ljust(4, b"\0")
    struct.pack_into(order + "HI", body, 2, 42, len(body))
    return bytes(body) + struct.pack(order + "H", len(tags)) + table + bytes(4)


def _is_exact(packing: int, piece: _Piece) -> bool:
    wanted = piece.rows * piece.row_size
    if packing == _JPEG:
        return jpeg.rebuilt(piece.stored).data == piece.stored
    rows, stream = piece.stored, zlib.decompressobj()
    if packing != _PLAIN:
        rows = stream.decompress(piece.stored, wanted + 1)
        if not stream.eof or stream.unused_data:
            return False
    return len(rows) == wanted and _shown(rows, piece, swapped=False) == rows
