"""Rows of a PNG with a channel of transparency, without the colours of its transparent pixels.

Holds `uncovered_rows`.
Add here: another form of such rows.
Keep out: palettes (png.py).

A filter of a row computes each byte from the same byte of the neighbours. So rows of 16 bits are read as two
pictures of 8 bits, one of the upper and one of the lower bytes.
"""

from __future__ import annotations

import io
import zlib

import numpy as np
from PIL import Image

from proofsheet.publish.containers.part import CannotClean
from proofsheet.publish.containers.png_rows import SIGNATURE, Header, chunk, pass_sizes
from proofsheet.publish.containers.transparent import Pixels, covers, uncovered

_SUB = 1  # the filter that stores the difference to the left neighbour


def uncovered_rows(rows: bytes, here: Header) -> tuple[bytes, bool]:
    """Rows, and whether colours of transparent pixels were in them; interlaced ones become plain.

    Args:
        rows: with their filters.
        here: of grey or colours with transparency, in 8 or 16 bits.

    Raises:
        CannotClean: if they are damaged.
    """
    deep = here.bits // 8
    planes = [_read(_bytes_of(rows, here, n, deep), here._replace(bits=8)) for n in range(deep)]
    pixels = planes[0].astype(np.uint16) << 8 | planes[1] if deep > 1 else planes[0]
    found = covers(pixels)
    if not found and not here.interlaced:
        return rows, False
    return _written(uncovered(pixels).astype(f">u{deep}")), found


def _bytes_of(rows: bytes, here: Header, place: int, deep: int) -> bytes:
    """Rows of every first or every second byte, with their filters."""
    at, out = 0, list[bytes]()
    for size, count in pass_sizes(here):
        for _ in range(count):
            out.append(rows[at : at + 1] + rows[at + 1 + place : at + size : deep])
            at += size
    return b"".join(out)


def _read(rows: bytes, here: Header) -> Pixels:
    chunks = ((b"IHDR", here.written()), (b"IDAT", zlib.compress(rows, 1)), (b"IEND", b""))
    data = SIGNATURE + b"".join(chunk(*c) for c in chunks)
    try:
        with Image.open(io.BytesIO(data), formats=["PNG"]) as image:
            return np.asarray(image, np.uint8)
    except (OSError, SyntaxError, ValueError) as error:
        raise CannotClean(f"its rows are damaged: {error}") from error


def _written(pixels: Pixels) -> bytes:
    height, width = pixels.shape[:2]
    single = pixels.view(np.uint8).reshape(height, width, -1)
    left = np.pad(single, ((0, 0), (1, 0), (0, 0)))[:, :-1]
    lines = (single - left).reshape(height, -1)
    return np.pad(lines, ((0, 0), (1, 0)), constant_values=_SUB).tobytes()
