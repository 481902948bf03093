"""TIFF copies: the page that is shown, with the tags that its pixels need; strips and tiles are read to their last byte.

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
from proofsheet.publish.containers.directories import KNOWN, Directories, Directory, Entry, gaps, listed
from proofsheet.publish.containers.part import CannotClean, Part, Rebuilt, inside

_WIDTH, _HEIGHT, _BITS, _PACKING, _COLOURS, _FILL, _SAMPLES, _ROWS, _PLANES = 256, 257, 258, 259, 262, 266, 277, 278, 284
_STRIPS, _STRIP_SIZES, _TILE_WIDTH, _TILE_HEIGHT, _TILES, _TILE_SIZES = 273, 279, 322, 323, 324, 325
_PREDICTOR, _TABLES, _SUBSAMPLING, _ICC, _XMP, _SUBTYPE, _OLD_SUBTYPE, _DNG = 317, 347, 530, 34675, 700, 254, 255, 50706
_PALETTE, _ANY = 320, 100_000
# Tags that pixels need: name, the most values that each may have, and the most that a value may be.
_NEEDED = {
    _WIDTH: ("ImageWidth", 1, _ANY), _HEIGHT: ("ImageHeight", 1, _ANY), _BITS: ("BitsPerSample", 8, 64),
    _PACKING: ("Compression", 1, 0xFFFF), _COLOURS: ("PhotometricInterpretation", 1, 0xFFFF), _SAMPLES: ("SamplesPerPixel", 1, 8),
    _ROWS: ("RowsPerStrip", 1, 0xFFFFFFFF), 282: ("XResolution", 1, _ANY), 283: ("YResolution", 1, _ANY),
    _PLANES: ("PlanarConfiguration", 1, 2), 296: ("ResolutionUnit", 1, 3), _PREDICTOR: ("Predictor", 1, 3),
    318: ("WhitePoint", 2, 1), 319: ("PrimaryChromaticities", 6, 1), _PALETTE: ("ColorMap", 3 << 8, 0xFFFF),
    _TILE_WIDTH: ("TileWidth", 1, _ANY), _TILE_HEIGHT: ("TileLength", 1, _ANY), 332: ("InkSet", 1, 2), 338: ("ExtraSamples", 7, 2),
    339: ("SampleFormat", 8, 6), 529: ("YCbCrCoefficients", 3, 1), _SUBSAMPLING: ("YCbCrSubSampling", 2, 4),
    531: ("YCbCrPositioning", 1, 2), 532: ("ReferenceBlackWhite", 6, 0xFFFF),
}  # fmt: skip
_BUILT = {_STRIPS: "StripOffsets", _STRIP_SIZES: "StripByteCounts", _TILES: "TileOffsets", _TILE_SIZES: "TileByteCounts"}
_BUILT |= {_ICC: "ICC_Profile", _XMP: "XMP"}
NAMES = frozenset({n for n, _, _ in _NEEDED.values()} | set(_BUILT.values())) | {  # of all tags that are no field
    *("PreviewImageStart", "PreviewImageLength", "PreviewImage")  # so exiftool calls the strip of a page in JPEG
}
_FRACTIONAL, _PARTS = frozenset({282, 283, 318, 319, 529, 532}), 10_000  # tags of fractions, and the parts of one that copies have
_BESIDE = frozenset({*_FRACTIONAL, 296, 332, 531})  # tags without which pixels can be read
_PLAIN, _JPEG, _DEFLATE, _POINTS = 1, 7, 8, 3
_DEFLATED, _FAX = frozenset({_DEFLATE, 32946}), frozenset({2, 3, 4})
_PREDICTED = frozenset({5, *_DEFLATED, 34925, 50000})
_BY_PILLOW = frozenset({*_FAX, 5, 32773, 34925, 50000})
_FRACTIONS = frozenset({5, 10, 11, 12})  # types
_RAW_COLOURS = frozenset({32803, 34892})


class _Piece(NamedTuple):
    """A strip or tile: where it lies, its bytes as stored, its rows of how many pixels and bytes, and what of them is shown."""

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
    if not full or any(_DNG in p.entries or _number(found, p, _COLOURS, 0) in _RAW_COLOURS for p in pages):
        raise CannotClean("it is a RAW file, or holds no whole picture")
    page = pages[full[0]]
    entries, odd = {}, list[str]()
    for tag in _NEEDED.keys() & page.entries.keys():
        try:
            entries[tag] = _bounded(found, page.entries[tag])
        except CannotClean:
            if tag not in _BESIDE:
                raise
            odd.append(f"{_NEEDED[tag][0]} out of bounds")
    stored = _packed(found, page, entries)
    if entries.pop(_PALETTE, None) and _number(found, page, _COLOURS, 0) == _POINTS:
        entries[_PALETTE] = _palette(found, page, entries, stored)
    profile = page.entries.get(_ICC)
    cleaned = icc.cleaned(profile.value) if profile else None
    if cleaned:
        entries[_ICC] = _bytes(_ICC, cleaned)
    left_out = [*sorted(odd), *([f"{len(full) - 1} further pages"] if len(full) > 1 else [])]
    left_out += ["a colour profile that cannot be read"] if profile and not cleaned else []
    return Rebuilt(_file(found, entries, stored, tiled=_TILES in page.entries), tuple(left_out), full[0])


def parts(data: bytes) -> list[Part]:
    """Every tag, strip and tile, further pages, and bytes that belong to none."""
    found, spans = Directories(data), list[tuple[int, int]]()
    known = KNOWN["IFD0"] | {t: name for t, (name, _, _) in _NEEDED.items()} | _BUILT
    told = list(listed(found, found.first, "IFD0", known, spans))
    page, again = found.directory(found.first), Directories(rebuilt(data).data)
    plain = again.directory(again.first).entries
    for tag, one in page.entries.items():
        if tag in _NEEDED and (tag not in plain or _numbers(found, one) != _numbers(again, plain[tag])):
            told.append(Part(f"{_NEEDED[tag][0]} with other values", len(one.value), False))
    if profile := page.entries.get(_ICC):
        told += inside("ICC", icc.parts(profile.value))
    packing, name = _number(found, page, _PACKING, _PLAIN), "tile" if _TILES in page.entries else "strip"
    for one in _pieces(found, page):
        spans.append((one.at, one.at + len(one.stored)))
        told.append(Part(name, len(one.stored), _is_exact(packing, one)))
    return told + gaps(data, [*spans, (0, found.head)])


def _number(found: Directories, page: Directory, tag: int, otherwise: int) -> int:
    numbers = page.entries[tag].numbers(found.order) if tag in page.entries else []
    return numbers[0] if numbers else otherwise


def _reduced(found: Directories, page: Directory) -> bool:
    return bool(_number(found, page, _SUBTYPE, 0) & 1) or _number(found, page, _OLD_SUBTYPE, 1) == 2


def _bytes(tag: int, value: bytes) -> Entry:
    return Entry(tag, 7, len(value), value, 0)


def _bounded(found: Directories, entry: Entry) -> Entry:
    """A tag that pixels need, written from its numbers.

    Raises:
        CannotClean: if they are more or larger than any that pixels need.
    """
    name, most, largest = _NEEDED[entry.tag]
    numbers = _numbers(found, entry)
    if not 0 < len(numbers) <= most or not all(0 <= n <= largest for n in numbers):
        raise CannotClean(f"its tag {name} holds {str(numbers[:4])[1:-1]}, which is not known here")
    if entry.tag in _FRACTIONAL:
        pairs = [n for v in numbers for n in (round(v * _PARTS), _PARTS)]
        return Entry(entry.tag, 5, len(numbers), struct.pack(f"{found.order}{len(pairs)}I", *pairs), 0)
    kind, code = (3, "H") if largest <= 0xFFFF else (4, "I")
    return Entry(entry.tag, kind, len(numbers), struct.pack(f"{found.order}{len(numbers)}{code}", *map(int, numbers)), 0)


def _numbers(found: Directories, entry: Entry) -> list[float]:
    return entry.fractions(found.order) if entry.kind in _FRACTIONS else list(map(float, entry.numbers(found.order)))


def _palette(found: Directories, page: Directory, entries: Mapping[int, Entry], stored: Sequence[bytes]) -> Entry:
    """The colours of a palette that pixels have; the others are black."""
    whole = _bounded(found, page.entries[_PALETTE])
    count = 1 << _number(found, page, _BITS, 1)
    if whole.count != 3 * count:
        raise CannotClean("its palette has another size than its pixels need")
    used = _pointed(_file(found, {**entries, _PALETTE: whole}, stored, tiled=_TILES in page.entries))
    kept = [v if n % count in used else 0 for n, v in enumerate(whole.numbers(found.order))]
    return Entry(_PALETTE, 3, len(kept), struct.pack(f"{found.order}{len(kept)}H", *kept), 0)


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
    width, height = _number(found, page, _WIDTH, 0), _number(found, page, _HEIGHT, 0)
    samples = _number(found, page, _SAMPLES, 1)
    bits = set(page.entries[_BITS].numbers(found.order)) if _BITS in page.entries else {1}
    tiled = _TILES in page.entries
    places, sizes = (_TILES, _TILE_SIZES) if tiled else (_STRIPS, _STRIP_SIZES)
    if len(bits) != 1 or not width or not height or places not in page.entries:
        raise CannotClean("its samples differ in depth, or it has no pixels")
    across = _number(found, page, _TILE_WIDTH, width) if tiled else width
    down = _number(found, page, _TILE_HEIGHT, height) if tiled else min(_number(found, page, _ROWS, height), height)
    if not across or not down:
        raise CannotClean("its strips or tiles have no size")
    planes = samples if _number(found, page, _PLANES, 1) == 2 else 1
    deep = bits.pop() * (samples // planes)
    sides = [
        (min(down, height - y), min(across, width - x)) for y in range(0, height, down) for x in range(0, width, across)
    ] * planes
    size = (across * deep + 7) // 8
    at = page.entries[places].numbers(found.order)
    long = page.entries[sizes].numbers(found.order) if sizes in page.entries else [size * (down if tiled else r) for r, _ in sides]
    if not len(at) == len(long) == len(sides) or any(a + n > len(found.data) for a, n in zip(at, long, strict=True)):
        raise CannotClean("its strips or tiles do not fit its size, or lie outside")
    return [
        _Piece(a, found.data[a : a + n], down if tiled else high, across, size, high, wide * deep)
        for a, n, (high, wide) in zip(at, long, sides, strict=True)
    ]


def _packed(found: Directories, page: Directory, entries: dict[int, Entry]) -> list[bytes]:
    """Strips or tiles as they are to be stored; the tags that say how are set."""
    packing, pieces = _number(found, page, _PACKING, _PLAIN), _pieces(found, page)
    if packing == _JPEG:
        tables = page.entries[_TABLES].value[:-2] if _TABLES in page.entries else b"\xff\xd8"
        return [jpeg.rebuilt(tables + p.stored[2:]).data for p in pieces]
    divided = page.entries[_SUBSAMPLING].numbers(found.order) if _SUBSAMPLING in page.entries else [2, 2]
    if _number(found, page, _COLOURS, 0) == 6 and divided != [1, 1]:
        raise CannotClean("its colours are stored at another size than its brightness, without JPEG")
    if packing not in _PREDICTED:
        entries.pop(_PREDICTOR, None)
    swapped = _PREDICTOR in entries and _number(found, page, _PREDICTOR, 1) == 3  # bytes of a row are in another order
    pixels = [_shown(_pixels(found, page, packing, p), p, swapped) for p in pieces]
    into = _PLAIN if packing == _PLAIN else _DEFLATE
    entries[_PACKING] = Entry(_PACKING, 3, 1, struct.pack(found.order + "H", into), 0)
    return pixels if into == _PLAIN else [zlib.compress(p, 6) for p in pixels]


def _pixels(found: Directories, page: Directory, packing: int, piece: _Piece) -> bytes:
    """The rows of a strip or tile, as the predictor left them.

    Raises:
        CannotClean: if some are missing, or their packing is not known.
    """
    wanted = piece.rows * piece.row_size
    if _number(found, page, _FILL, 1) != 1 and packing not in _FAX:
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
    """Rows with zeros where a tile goes on beyond the picture, and in the bits that fill the last byte of a row.

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
    """Rows through a small TIFF around one strip or tile: grey bytes, or bits for the packings of fax machines."""
    fax = packing in _FAX
    tags = {_WIDTH: piece.width if fax else piece.row_size, _HEIGHT: piece.rows, _BITS: 1 if fax else 8, _PACKING: packing}
    tags |= {_COLOURS: 1, _SAMPLES: 1, _ROWS: piece.rows}
    if fax:
        tags |= {t: _number(found, page, t, 0) for t in (_FILL, 292, 293) if t in page.entries}
    entries = {t: Entry(t, 4, 1, struct.pack(found.order + "I", v), 0) for t, v in tags.items()}
    try:
        with Image.open(io.BytesIO(_file(found, entries, [piece.stored], tiled=False)), formats=["TIFF"]) as image:
            return image.tobytes()
    except (OSError, ValueError, SyntaxError) as error:
        raise CannotClean(f"its rows are damaged: {error}") from error


def _file(found: Directories, entries: Mapping[int, Entry], stored: Sequence[bytes], *, tiled: bool) -> bytes:
    """A classic TIFF in the same order of bytes: pixels, values of tags, the directory."""
    order, body, at = found.order, bytearray((b"II" if found.order == "<" else b"MM") + bytes(6)), []
    for one in stored:
        at.append(len(body))
        body += one + bytes(len(one) % 2)
    places, sizes = (_TILES, _TILE_SIZES) if tiled else (_STRIPS, _STRIP_SIZES)
    tags = dict(entries)
    for tag, numbers in ((places, at), (sizes, [len(s) for s in stored])):
        tags[tag] = Entry(tag, 4, len(numbers), struct.pack(f"{order}{len(numbers)}I", *numbers), 0)
    table = b""
    for tag, entry in sorted(tags.items()):
        kind, value = entry.kind, entry.value
        if kind == 16:
            kind, value = 4, struct.pack(f"{order}{entry.count}I", *entry.numbers(order))
        if len(value) > 4:
            value, start = struct.pack(order + "I", len(body)), value
            body += start + bytes(len(start) % 2)
        table += struct.pack(order + "HHI", tag, kind, entry.count) + value.ljust(4, b"\0")
    struct.pack_into(order + "HI", body, 2, 42, len(body))
    return bytes(body) + struct.pack(order + "H", len(tags)) + table + bytes(4)


def _is_exact(packing: int, piece: _Piece) -> bool:
    wanted = piece.rows * piece.row_size
    if packing == _PLAIN:
        return len(piece.stored) == wanted
    if packing == _JPEG:
        return jpeg.rebuilt(piece.stored).data == piece.stored
    stream = zlib.decompressobj()
    return len(stream.decompress(piece.stored, wanted + 1)) == wanted and stream.eof and not stream.unused_data
