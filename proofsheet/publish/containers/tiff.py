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

from PIL import Image

from proofsheet.publish.containers import icc, jpeg
from proofsheet.publish.containers.directories import KNOWN, Directories, Directory, Entry, gaps, listed
from proofsheet.publish.containers.part import CannotClean, Part, Rebuilt, inside

_WIDTH, _HEIGHT, _BITS, _PACKING, _COLOURS, _FILL, _SAMPLES, _ROWS, _PLANES = 256, 257, 258, 259, 262, 266, 277, 278, 284
_STRIPS, _STRIP_SIZES, _TILE_WIDTH, _TILE_HEIGHT, _TILES, _TILE_SIZES = 273, 279, 322, 323, 324, 325
_PREDICTOR, _TABLES, _SUBSAMPLING, _ICC, _XMP, _SUBTYPE, _OLD_SUBTYPE, _DNG = 317, 347, 530, 34675, 700, 254, 255, 50706
# Tags that pixels need: name, and the most values that each may have.
_NEEDED = {
    _WIDTH: ("ImageWidth", 1), _HEIGHT: ("ImageHeight", 1), _BITS: ("BitsPerSample", 8), _PACKING: ("Compression", 1),
    _COLOURS: ("PhotometricInterpretation", 1), _SAMPLES: ("SamplesPerPixel", 1), _ROWS: ("RowsPerStrip", 1),
    282: ("XResolution", 1), 283: ("YResolution", 1), _PLANES: ("PlanarConfiguration", 1), 296: ("ResolutionUnit", 1),
    _PREDICTOR: ("Predictor", 1), 318: ("WhitePoint", 2), 319: ("PrimaryChromaticities", 6), 320: ("ColorMap", 3 << 16),
    _TILE_WIDTH: ("TileWidth", 1), _TILE_HEIGHT: ("TileLength", 1), 332: ("InkSet", 1), 338: ("ExtraSamples", 8),
    339: ("SampleFormat", 8), 529: ("YCbCrCoefficients", 3), _SUBSAMPLING: ("YCbCrSubSampling", 2),
    531: ("YCbCrPositioning", 1), 532: ("ReferenceBlackWhite", 6),
}  # fmt: skip
_BUILT = {_STRIPS: "StripOffsets", _STRIP_SIZES: "StripByteCounts", _TILES: "TileOffsets", _TILE_SIZES: "TileByteCounts"}
_BUILT |= {_TABLES: "JPEGTables", _ICC: "ICC_Profile", _XMP: "XMP"}
NAMES = frozenset({n for n, _ in _NEEDED.values()} | set(_BUILT.values())) | {  # of all tags that are no field
    *("PreviewImageStart", "PreviewImageLength", "PreviewImage")  # so exiftool calls the strip of a page in JPEG
}
_NUMBERS = frozenset({1, 3, 4, 5, 10, 11, 12, 16})  # types that hold no text
_PLAIN, _JPEG, _DEFLATE = 1, 7, 8
_DEFLATED, _FAX = frozenset({_DEFLATE, 32946}), frozenset({2, 3, 4})
_PREDICTED = frozenset({5, *_DEFLATED, 34925, 50000})
_BY_PILLOW = frozenset({*_FAX, 5, 32773, 34925, 50000})
_RAW_COLOURS = frozenset({32803, 34892})


class _Piece(NamedTuple):
    """A strip or tile: where it lies, its bytes as stored, and how many rows of how many pixels and bytes it has."""

    at: int
    stored: bytes
    rows: int
    width: int
    row_size: int


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
    entries = {t: e for t, e in page.entries.items() if t in _NEEDED and e.kind in _NUMBERS and e.count <= _NEEDED[t][1]}
    stored = _packed(found, page, entries)
    profile = page.entries.get(_ICC)
    cleaned = icc.cleaned(profile.value) if profile else None
    if cleaned:
        entries[_ICC] = _bytes(_ICC, cleaned)
    left_out = [f"{len(full) - 1} further pages"] if len(full) > 1 else []
    left_out += ["a colour profile that cannot be read"] if profile and not cleaned else []
    return Rebuilt(_file(found, entries, stored, tiled=_TILES in page.entries), tuple(left_out), full[0])


def parts(data: bytes) -> list[Part]:
    """Every tag, strip and tile, further pages, and bytes that belong to none."""
    found, spans = Directories(data), list[tuple[int, int]]()
    known = KNOWN["IFD0"] | {t: name for t, (name, _) in _NEEDED.items()} | _BUILT
    told = list(listed(found, found.first, "IFD0", known, spans))
    page = found.directory(found.first)
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
    row_size = (across * bits.pop() * (samples // planes) + 7) // 8
    rows = [down if tiled else min(down, height - top) for top in range(0, height, down)]
    rows = [r for r in rows for _ in range(-(-width // across))] * planes
    at = page.entries[places].numbers(found.order)
    long = page.entries[sizes].numbers(found.order) if sizes in page.entries else [row_size * r for r in rows]
    if not len(at) == len(long) == len(rows) or any(a + n > len(found.data) for a, n in zip(at, long, strict=True)):
        raise CannotClean("its strips or tiles do not fit its size, or lie outside")
    return [_Piece(a, found.data[a : a + n], r, across, row_size) for a, n, r in zip(at, long, rows, strict=True)]


def _packed(found: Directories, page: Directory, entries: dict[int, Entry]) -> list[bytes]:
    """Strips or tiles as they are to be stored; the tags that say how are set."""
    packing, pieces = _number(found, page, _PACKING, _PLAIN), _pieces(found, page)
    if packing == _JPEG:
        if tables := page.entries.get(_TABLES):
            entries[_TABLES] = _bytes(_TABLES, jpeg.rebuilt(tables.value).data)
        return [jpeg.rebuilt(p.stored).data for p in pieces]
    divided = page.entries[_SUBSAMPLING].numbers(found.order) if _SUBSAMPLING in page.entries else [2, 2]
    if _number(found, page, _COLOURS, 0) == 6 and divided != [1, 1]:
        raise CannotClean("its colours are stored at another size than its brightness, without JPEG")
    if packing not in _PREDICTED:
        entries.pop(_PREDICTOR, None)
    pixels = [_pixels(found, page, packing, p) for p in pieces]
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
