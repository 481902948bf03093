"""Huffman tables of JPEG: their codes, and symbols that no code of a picture has.

Holds `Table`, `tables_in` and `standard_tables`.
Add here: nothing; there is one form of tables (ITU-T T.81).
Keep out: reading codes (jpeg_codes.py).
"""

from __future__ import annotations

import functools
import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from proofsheet.publish.containers.part import CannotClean

# Of a looked-up code: its bits with those behind it; how far it goes, from this bit on; its symbol, from this bit on.
BITS, ADVANCE, SYMBOL = 31, 5, 16
Slot = tuple[int, int]  # class (0 DC, 1 AC) and number of a table


@dataclass(frozen=True)
class Table:
    """A Huffman table: how many codes of each length from 1 to 16, and their symbols."""

    counts: bytes
    symbols: bytes

    @functools.cached_property
    def codes(self) -> npt.NDArray[np.uint32]:
        """What the next 16 bits begin with; 0 if with no code."""
        found, code, place = np.zeros(1 << 16, np.uint32), 0, 0
        for length, count in enumerate(self.counts, 1):
            for symbol in self.symbols[place : place + count]:
                run, size = symbol >> 4, symbol & 15
                advance = run + 1 if size or run == 15 else 64
                bits = length + (size or run % 15)
                found[code << 16 - length : code + 1 << 16 - length] = symbol << SYMBOL | advance << ADVANCE | bits
                code += 1
            if code > 1 << length:
                raise CannotClean("a table of its codes is damaged")
            code, place = code << 1, place + count
        return found

    def without(self, used: set[int], most: int) -> Table:
        """With symbols up to `most` in the place of unused ones; a table of the standard stays as it is."""
        if self in standard_tables():
            return self
        free = iter(n for n in range(most + 1) if n not in used)
        return Table(self.counts, bytes(s if s in used else next(free, 0) for s in self.symbols))


@functools.lru_cache(1)
def standard_tables() -> frozenset[Table]:
    """The tables that encoders write which make none of their own."""
    out, found, at = io.BytesIO(), set[Table](), 2
    Image.new("RGB", (8, 8)).save(out, "JPEG")
    data = out.getvalue()
    while data[at + 1] != 0xDA:
        (size,) = struct.unpack_from(">H", data, at + 2)
        if data[at + 1] == 0xC4:
            found |= {table for _, table in tables_in(data[at + 4 : at + 2 + size])}
        at += 2 + size
    return frozenset(found)


def tables_in(payload: bytes) -> Iterator[tuple[Slot, Table]]:
    """The tables of a segment DHT."""
    at = 0
    while at < len(payload):
        counts = payload[at + 1 : at + 17]
        symbols = payload[at + 17 : at + 17 + sum(counts)]
        if len(counts) < 16 or len(symbols) < sum(counts) or len(symbols) > 256:
            raise CannotClean("its segment DHT is longer or shorter than what it holds")
        yield (payload[at] >> 4, payload[at] & 15), Table(counts, symbols)
        at += 17 + len(symbols)
