"""Rows of pixels in a PNG.

Holds `Header`, `raw_rows`, `numbers_of`, `pass_sizes` and `rows_size`.
Add here: another form of rows.
Keep out: chunks and frames (png.py).
"""

from __future__ import annotations

import io
import struct
import zlib
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image

from proofsheet.publish.containers.part import (
    CannotClean,
)

SIGNATURE = b"\x89PNG\r\n\x1a\n"
PALETTE = 3  # kind of colour
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_WITH_ALPHA = (4, 6)
_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


class Header(NamedTuple):
    """Size, bits a sample, kind of colour, and whether rows are interlaced."""

    width: int
    height: int
    bits: int
    colour: int
    interlaced: int

    def written(self) -> bytes:
        """As a chunk holds it."""
        return struct.pack(">IIBBBBB", self.width, self.height, self.bits, self.colour, 0, 0, self.interlaced)

    def has_alpha(self) -> bool:
        """Whether a channel is transparency."""
        return self.colour in _WITH_ALPHA

    def repacked(self) -> bool:
        """Whether rows are written from the numbers of pixels: they point to a palette, or share bytes."""
        return self.colour == PALETTE or self.bits < 8


def chunk(kind: bytes, value: bytes) -> bytes:
    """A chunk with its length and its checksum."""
    return struct.pack(">I", len(value)) + kind + value + struct.pack(">I", zlib.crc32(kind + value))


def raw_rows(rows: bytes, wanted: int) -> bytes:
    """The rows with their filters, and nothing behind them.

    Raises:
        CannotClean: if some are missing or damaged.
    """
    try:
        raw = zlib.decompressobj().decompress(rows, wanted)
    except zlib.error as error:
        raise CannotClean(f"its rows are damaged: {error}") from error
    if len(raw) < wanted:
        raise CannotClean("rows are missing")
    return raw


def numbers_of(rows: bytes, here: Header) -> npt.NDArray[np.uint8]:
    """(height, width) numbers of pixels, read through a PNG with a palette of every number."""
    grey = bytes(n for n in range(1 << here.bits) for _ in range(3))
    chunks = (
        (b"IHDR", here._replace(colour=PALETTE).written()),
        (b"PLTE", grey),
        (b"IDAT", zlib.compress(rows, 1)),
        (b"IEND", b""),
    )
    try:
        with Image.open(
            io.BytesIO(SIGNATURE + b"".join(chunk(*c) for c in chunks)), formats=["PNG"]
        ) as image:
            return np.asarray(image, np.uint8)
    except (OSError, SyntaxError, ValueError) as error:
        raise CannotClean(f"its rows are damaged: {error}") from error


def packed_rows(pixels: npt.NDArray[np.uint8], bits: int) -> bytes:
    """Rows without filters; bits that fill the last byte of a row are zero."""
    if bits < 8:
        single = np.unpackbits(pixels[:, :, None], axis=2)[:, :, 8 - bits :]
        pixels = np.packbits(single.reshape(len(pixels), -1), axis=1)
    return np.pad(pixels, ((0, 0), (1, 0))).tobytes()


def rows_size(here: Header) -> int:
    """Bytes of the rows, each with its filter."""
    return sum(size * count for size, count in pass_sizes(here))


def pass_sizes(here: Header) -> list[tuple[int, int]]:
    """Bytes of a row with its filter, and the number of rows, of each pass; plain rows are one pass."""
    bits = here.bits * _CHANNELS[here.colour]
    passes = _ADAM7 if here.interlaced else ((0, 0, 1, 1),)
    sides = [(-(-(here.width - x) // across), -(-(here.height - y) // down)) for x, y, across, down in passes]
    return [(1 + (w * bits + 7) // 8, h) for w, h in sides if w > 0 and h > 0]
