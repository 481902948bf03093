"""The coded pixels of a JPEG, read code by code to the last one, so that nothing stands between and behind them.

Holds `Picture`, `Table` and `standard_tables`.
Add here: another way of coding (ITU-T T.81): arithmetic codes are not read.
Keep out: segments (jpeg.py).
"""

from __future__ import annotations

import functools
import io
import operator
import re
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image

from proofsheet.publish.containers.part import CannotClean

_PROGRESSIVE, _BASELINE, _EXTENDED = 0xC2, 0xC0, 0xC1
_RESTART, _STUFFED = re.compile(rb"\xff+[\xd0-\xd7]"), re.compile(rb"\xff+\x00")
_STRETCH, _SLACK = 1 << 17, 1 << 13  # bytes that are looked up at a time; more than an MCU can have
_BITS, _ADVANCE, _SYMBOL = 31, 5, 16  # of a looked-up code: its bits with those behind it; how far it goes (<< 5); symbol (<< 16)
_MOST = (15, 255)  # symbol of a table, by its class
_CUT_OFF = "its coded picture is cut off"
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
                found[code << 16 - length : code + 1 << 16 - length] = symbol << _SYMBOL | advance << _ADVANCE | bits
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


@dataclass
class _Component:
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


class _Scan(NamedTuple):
    """What a scan holds: its components with their tables, the band of coefficients, and which bits of them."""

    parts: list[tuple[_Component, Slot, Slot]]
    first: int
    last: int
    before: int
    low: int


class _Codes:
    """Codes at every bit of coded data, looked up a stretch at a time."""

    def __init__(self, data: bytes, tables: Sequence[Table]) -> None:
        self._bytes = np.frombuffer(data + b"\xff" * _SLACK, np.uint8)
        self._tables = tables

    def at(self, bit: int) -> tuple[int, memoryview, list[memoryview]]:
        """Where a stretch begins that holds a bit, the 16 bits from each place in it, and their codes by table."""
        start = bit >> 3
        near = self._bytes[start : start + _STRETCH + _SLACK].astype(np.uint32)
        if len(near) < 3:
            raise CannotClean(_CUT_OFF)
        three = near[:-2] << 16 | near[1:-1] << 8 | near[2:]
        windows = (three[:, None] >> np.arange(8, 0, -1, dtype=np.uint32) & 0xFFFF).reshape(-1)
        return start * 8, memoryview(windows), [memoryview(t.codes[windows]) for t in self._tables]


class Picture:
    """A frame and what its scans say.

    Args:
        marker: of the segment SOF.
        payload: of it.

    Raises:
        CannotClean: if it is damaged or coded in a way that is not read here.
    """

    def __init__(self, marker: int, payload: bytes) -> None:
        if marker not in (_BASELINE, _EXTENDED, _PROGRESSIVE):
            raise CannotClean(f"JPEG coded as SOF{marker - _BASELINE} cannot be read to its last code")
        if len(payload) < 6 or len(payload) != 6 + 3 * payload[5] or not payload[5]:
            raise CannotClean("its segment SOF is longer or shorter than what it holds")
        self.progressive = marker == _PROGRESSIVE
        self.height, self.width = struct.unpack_from(">HH", payload, 1)
        some = [payload[6 + 3 * n : 9 + 3 * n] for n in range(payload[5])]
        self.components = [_Component(c[0], c[1] >> 4, c[1] & 15, c[2]) for c in some]
        widest, highest = max(c.wide for c in self.components), max(c.high for c in self.components)
        if not self.width or not self.height or any(not c.wide or not c.high for c in self.components):
            raise CannotClean("its segment SOF gives it no size")
        self._mcus = -(-self.width // (8 * widest)), -(-self.height // (8 * highest))
        for one in self.components:
            one.across = -(-(-(-self.width * one.wide // widest)) // 8)
            one.down = -(-(-(-self.height * one.high // highest)) // 8)
            one.stride = self._mcus[0] * one.wide
            if self.progressive:
                one.there = [0] * (one.stride * self._mcus[1] * one.high)

    def scan(
        self, header: bytes, tables: Mapping[Slot, Table], restart: int, coded: bytes
    ) -> tuple[bytes, bytes, list[tuple[Slot, Table]]]:
        """The header of a scan, its coded data up to the last code, and the tables that it needs.

        Args:
            header: payload of the segment SOS.
            tables: those that are defined.
            restart: MCUs between two restarts; 0 for none.
            coded: as it is stored.

        Raises:
            CannotClean: if it is cut off, damaged or says something twice.
        """
        scan = self._header(header)
        order = self._order(scan)
        size = restart or len(order)
        wanted = -(-len(order) // size)
        pieces = _RESTART.split(coded)
        if len(pieces) < wanted:
            raise CannotClean(_CUT_OFF)
        slots = list(dict.fromkeys(s for _, dc, ac in scan.parts for s in self._needed(scan, dc, ac)))
        if any(s not in tables for s in slots):
            raise CannotClean("a table of its codes is missing")
        for component, _, _ in scan.parts:
            component.seen = component.seen if not self.progressive else bytearray(64 << 8)
        out = list[bytes]()
        for number, piece in enumerate(pieces[:wanted]):
            data = _STUFFED.sub(b"\xff", piece)
            part = order[number * size : (number + 1) * size]
            try:
                bits = _read(scan, self.progressive, _Codes(data, [tables[s] for s in slots]), slots, part)
            except IndexError:
                raise CannotClean(_CUT_OFF) from None
            out += [bytes((0xFF, 0xD0 + (number - 1) % 8))] if number else []
            out.append(_ended(data, bits))
        plain = header if self.progressive else header[:-3] + bytes((0, 63, 0))
        return plain, b"".join(out), [(s, tables[s].without(_used(scan, s), _MOST[s[0]])) for s in slots]

    def _needed(self, scan: _Scan, dc: Slot, ac: Slot) -> list[Slot]:
        if not self.progressive:
            return [dc, ac]
        return [ac] if scan.first else [] if scan.before else [dc]

    def _header(self, header: bytes) -> _Scan:
        count = header[0] if header else 0
        if not count or len(header) != 4 + 2 * count:
            raise CannotClean("its segment SOS is longer or shorter than what it holds")
        by_number, parts = {c.number: c for c in self.components}, []
        for at in range(1, 1 + 2 * count, 2):
            if header[at] not in by_number:
                raise CannotClean("a scan of it is damaged")
            parts.append((by_number[header[at]], (0, header[at + 1] >> 4), (1, header[at + 1] & 15)))
        first, last, bits = header[1 + 2 * count :]
        scan = _Scan(parts, first, last, bits >> 4, bits & 15) if self.progressive else _Scan(parts, 0, 63, 0, 0)
        if not first <= last < 64 or (self.progressive and (first > 0) != (last > 0)) or (len(parts) > 1 and scan.first):
            raise CannotClean("a scan of it is damaged")
        for component, _, _ in parts:
            for k in range(scan.first, scan.last + 1):
                if component.done.get(k, 0) != scan.before or (k in component.done) != bool(scan.before):
                    raise CannotClean("a scan of it says again what another one said")
                component.done[k] = scan.low
        return scan

    def _order(self, scan: _Scan) -> list[int]:
        """Numbers of MCUs, or of the blocks of a single component."""
        if len(scan.parts) > 1:
            return list(range(self._mcus[0] * self._mcus[1]))
        one = scan.parts[0][0]
        return [row * one.stride + column for row in range(one.down) for column in range(one.across)]


def _used(scan: _Scan, slot: Slot) -> set[int]:
    """Symbols of a table that a scan has."""
    found = set[int]()
    for component, dc, ac in scan.parts:
        seen = np.frombuffer(component.seen, np.uint8).reshape(64, 256)
        if slot == dc and scan.first == 0:
            found |= {int(s) for s in np.flatnonzero(seen[0])}
        if slot == ac and scan.last:
            found |= {int(s) for s in np.flatnonzero(seen[1:].any(axis=0))}
    return found


def _ended(data: bytes, bits: int) -> bytes:
    """Coded data up to a bit; those that fill its last byte are ones."""
    whole, rest = divmod(bits, 8)
    if whole + bool(rest) > len(data):
        raise CannotClean(_CUT_OFF)
    found = data[:whole] + (bytes((data[whole] | 0xFF >> rest,)) if rest else b"")
    return found.replace(b"\xff", b"\xff\0")


def _read(scan: _Scan, progressive: bool, codes: _Codes, slots: list[Slot], order: list[int]) -> int:
    """How many bits a stretch between two restarts has."""
    if progressive and scan.first:
        return _refined(scan, codes, order) if scan.before else _band(scan, codes, order)
    several = len(scan.parts) > 1
    blocks = [p for p in scan.parts for _ in range(p[0].wide * p[0].high if several else 1)]
    if progressive and scan.before:
        return len(order) * len(blocks)
    places = [(slots.index(dc), -1 if progressive else slots.index(ac), c.seen) for c, dc, ac in blocks]
    return _blocks(codes, places, len(order))


def _blocks(codes: _Codes, places: list[tuple[int, int, bytearray]], count: int) -> int:
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
                raise CannotClean("a code of its picture is none")
            at += code & _BITS
            seen[code >> _SYMBOL] = 1
            if ac < 0:
                continue
            view, k = views[ac], 1
            while k < 64:
                code = view[at]
                if not code:
                    raise CannotClean("a code of its picture is none")
                at += code & _BITS
                seen[k << 8 | code >> _SYMBOL] = 1
                k += code >> _ADVANCE & 127
    return base + at


def _band(scan: _Scan, codes: _Codes, order: list[int]) -> int:
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
                raise CannotClean("a code of its picture is none")
            symbol = code >> _SYMBOL
            seen[k << 8 | symbol] = 1
            more, size = symbol >> 4, symbol & 15
            if not size and more < 15:
                run = (1 << more) - 1 + (windows[at + (code & _BITS) - more] >> 16 - more)
                at += code & _BITS
                break
            at += code & _BITS
            k += more
            there[block] |= bool(size) << min(k, 64)
            k += 1
    return base + at


def _refined(scan: _Scan, codes: _Codes, order: list[int]) -> int:
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
                raise CannotClean("a code of its picture is none")
            symbol = code >> _SYMBOL
            seen[k << 8 | symbol] = 1
            more, size = symbol >> 4, symbol & 15
            at += code & _BITS
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
