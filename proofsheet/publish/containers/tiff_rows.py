"""Rows of pixels in the strips and tiles of a TIFF.

Holds `Piece` and `pixels_of`.
Add here: another packing of rows.
Keep out: tags and pages (tiff.py).
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image

from proofsheet.publish.containers import jpeg
from proofsheet.publish.containers import tiff_tags as tag
from proofsheet.publish.containers.directories import Directories, Directory, TagEntry
from proofsheet.publish.containers.part import CannotClean

PLAIN, JPEG, DEFLATE = 1, 7, 8  # packings
_DEFLATED = frozenset({DEFLATE, 32946})
_FAX = frozenset({2, 3, 4})
PREDICTED = frozenset({5, *_DEFLATED, 34925, 50000})


_BY_PILLOW = frozenset({*_FAX, 5, 32773, 34925, 50000})


class Piece(NamedTuple):
    """A strip or tile: its place, bytes as stored, rows of pixels and bytes, and the visible part."""

    at: int
    stored: bytes
    rows: int
    width: int
    row_size: int
    shown_rows: int
    shown_bits: int  # of a row


def number_of(found: Directories, page: Directory, number: int, otherwise: int) -> int:
    """The first number of a tag, or another one without it."""
    numbers = page.entries[number].numbers(found.order) if number in page.entries else []
    return numbers[0] if numbers else otherwise


def pixels_of(found: Directories, page: Directory, packing: int, piece: Piece) -> bytes:
    """The rows of a strip or tile, as the predictor left them.

    Raises:
        CannotClean: if some are missing, or their packing is not known.
    """
    wanted = piece.rows * piece.row_size
    if number_of(found, page, tag.FILL, 1) != 1 and packing not in _FAX:
        raise CannotClean("its bits are stored in reverse")
    if packing == PLAIN:
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


def shown_rows(rows: bytes, piece: Piece, swapped: bool) -> bytes:
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


def _unpacked(found: Directories, page: Directory, packing: int, piece: Piece) -> bytes:
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
        tags |= {t: number_of(found, page, t, 0) for t in (tag.FILL, 292, 293) if t in page.entries}
    entries = {t: TagEntry(t, 4, 1, struct.pack(found.order + "I", v), 0) for t, v in tags.items()}
    try:
        with Image.open(
            io.BytesIO(single_file(found, entries, [piece.stored], tiled=False)), formats=["TIFF"]
        ) as image:
            return image.tobytes()
    except (OSError, ValueError, SyntaxError) as error:
        raise CannotClean(f"its rows are damaged: {error}") from error


def single_file(
    found: Directories, entries: Mapping[int, TagEntry], stored: Sequence[bytes], *, tiled: bool
) -> bytes:
    """A classic TIFF in the same order of bytes: pixels, values of tags, the directory."""
    order = found.order
    body = bytearray((b"II" if found.order == "<" else b"MM") + bytes(6))
    at = []
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


def is_exact(packing: int, piece: Piece) -> bool:
    """Whether the stored bytes are those of the rows and no more."""
    wanted = piece.rows * piece.row_size
    if packing == JPEG:
        return jpeg.rebuilt(piece.stored).data == piece.stored
    rows, stream = piece.stored, zlib.decompressobj()
    if packing != PLAIN:
        rows = stream.decompress(piece.stored, wanted + 1)
        if not stream.eof or stream.unused_data:
            return False
    return len(rows) == wanted and shown_rows(rows, piece, swapped=False) == rows
