"""The codes of a JPEG's pixels, read one by one to the last, so that nothing stands between and behind them.

Holds `Component`, `Scan`, `Codes`, `read` and `ended`.
Add here: another way of coding (ITU-T T.81): arithmetic codes are not read.
Keep out: scans and their order (jpeg_picture.py), and tables (jpeg_tables.py).
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from proofsheet.publish.containers.jpeg_tables import ADVANCE, BITS, SYMBOL, Slot, Table
from proofsheet.publish.containers.part import CannotClean

_STRETCH, _SLACK = 1 << 17, 1 << 13  # bytes that are looked up at a time; more than an MCU can have
CUT_OFF = "its coded picture is cut off or damaged"


@dataclass
class Component:
    """A channel: its share of each MCU, table of divisors, size in blocks, and what is known of its coefficients so far."""

    number: int
    wide: int
    high: int
    divisors: int
    across: int = 0
    down: int = 0
    stride: int = 0
    done: dict[int, int] = field(default_factory=dict)  # coefficient to the lowest bit that was read
    there: list[int] = field(default_factory=list)  # a progressive block's coefficients that are not zero, a bit each
    seen: bytearray = field(default_factory=lambda: bytearray(64 << 8))  # coefficient << 8 | symbol that was read for it

    def coefficients(self) -> set[int]:
        """Those that are not zero somewhere, in the order of their divisors."""
        found = set[int]()
        for place in np.flatnonzero(np.frombuffer(self.seen, np.uint8)):
            first, symbol = int(place) >> 8, int(place) & 0xFF
            found |= {first + (symbol >> 4) if first else 0} if symbol & 15 else set()
        everywhere = functools.reduce(operator.or_, self.there, 1)
        return found | {k for k in range(64) if self.there and everywhere >> k & 1}


class Scan(NamedTuple):
    """What a scan holds: its components with their tables, the band of coefficients, and which bits of them."""

    parts: list[tuple[Component, Slot, Slot]]
    first: int
    last: int
    before: int
    low: int


class Codes:
    """Codes at every bit of coded data, looked up a stretch at a time."""

    def __init__(self, data: bytes, tables: Sequence[Table]) -> None:
        self._bytes = np.frombuffer(data + b"\xff" * _SLACK, np.uint8)
        self._tables = tables

    def at(self, bit: int) -> tuple[int, memoryview, list[memoryview]]:
        """Where a stretch begins that holds a bit, the 16 bits from each place in it, and their codes by table."""
        start = bit >> 3
        near = self._bytes[start : start + _STRETCH + _SLACK].astype(np.uint32)
        if len(near) < 3:
            raise CannotClean(CUT_OFF)
        three = near[:-2] << 16 | near[1:-1] << 8 | near[2:]
        windows = (three[:, None] >> np.arange(8, 0, -1, dtype=np.uint32) & 0xFFFF).reshape(-1).astype(np.uint32)
        return start * 8, windows.data, [t.codes[windows].data for t in self._tables]


def ended(data: bytes, bits: int) -> bytes:
    """Coded data up to a bit; those that fill its last byte are ones."""
    whole, rest = divmod(bits, 8)
    if whole + bool(rest) > len(data):
        raise CannotClean(CUT_OFF)
    found = data[:whole] + (bytes((data[whole] | 0xFF >> rest,)) if rest else b"")
    return found.replace(b"\xff", b"\xff\0")


def read(scan: Scan, progressive: bool, codes: Codes, slots: list[Slot], order: list[int]) -> int:
    """How many bits a stretch between two restarts has."""
    if progressive and scan.first:
        return _refined(scan, codes, order) if scan.before else _band(scan, codes, order)
    several = len(scan.parts) > 1
    blocks = [p for p in scan.parts for _ in range(p[0].wide * p[0].high if several else 1)]
    if progressive and scan.before:
        return len(order) * len(blocks)
    places = [(slots.index(dc), -1 if progressive else slots.index(ac), c.seen) for c, dc, ac in blocks]
    return _blocks(codes, places, len(order))


def _blocks(codes: Codes, places: list[tuple[int, int, bytearray]], count: int) -> int:
    """Whole blocks, or the first coefficient of each (where the second table is -1)."""
    base, _, views = codes.at(0)
    at, limit = 0, _STRETCH * 8
    for _ in range(count):
        if at >= limit:
            base, _, views = codes.at(base + at)
            at &= 7
        for dc, ac, seen in places:
            code = views[dc][at]
            if not code:
                raise CannotClean(CUT_OFF)
            at += code & BITS
            seen[code >> SYMBOL] = 1
            if ac < 0:
                continue
            view, k = views[ac], 1
            while k < 64:
                code = view[at]
                if not code:
                    raise CannotClean(CUT_OFF)
                at += code & BITS
                seen[k << 8 | code >> SYMBOL] = 1
                k += code >> ADVANCE & 127
    return base + at


def _band(scan: Scan, codes: Codes, order: list[int]) -> int:
    """The first bits of a band of coefficients."""
    component = scan.parts[0][0]
    there, seen = component.there, component.seen
    base, windows, (view,) = codes.at(0)
    at, limit, run = 0, _STRETCH * 8, 0
    for block in order:
        if run:
            run -= 1
            continue
        if at >= limit:
            base, windows, (view,) = codes.at(base + at)
            at &= 7
        k = scan.first
        while k <= scan.last:
            code = view[at]
            if not code:
                raise CannotClean(CUT_OFF)
            symbol = code >> SYMBOL
            seen[k << 8 | symbol] = 1
            more, size = symbol >> 4, symbol & 15
            if not size and more < 15:
                run = (1 << more) - 1 + (windows[at + (code & BITS) - more] >> 16 - more)
                at += code & BITS
                break
            at += code & BITS
            k += more
            there[block] |= bool(size) << min(k, 64)
            k += 1
    return base + at


def _refined(scan: Scan, codes: Codes, order: list[int]) -> int:
    """A further bit of a band of coefficients: one for each that is not zero, and codes of those that no longer are."""
    component = scan.parts[0][0]
    there, seen, band = component.there, component.seen, (2 << scan.last) - 1
    base, windows, (view,) = codes.at(0)
    at, limit, run = 0, _STRETCH * 8, 0
    for block in order:
        if at >= limit:
            base, windows, (view,) = codes.at(base + at)
            at &= 7
        k, before = scan.first, there[block]
        while not run and k <= scan.last:
            code = view[at]
            if not code:
                raise CannotClean(CUT_OFF)
            symbol = code >> SYMBOL
            seen[k << 8 | symbol] = 1
            more, size = symbol >> 4, symbol & 15
            at += code & BITS
            if not size and more < 15:
                run = (1 << more) + (windows[at - more] >> 16 - more)
                break
            while k <= scan.last:
                if before >> k & 1:
                    at += 1
                elif not more:
                    break
                else:
                    more -= 1
                k += 1
            there[block] |= bool(size) << min(k, 64)
            k += 1
        if run:
            at += ((before & band) >> k).bit_count()
            run -= 1
    return base + at
