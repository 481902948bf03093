"""The picture of a JPEG: its channels, and scans that say each of their bits once.

Holds `Picture`.
Add here: another order of scans that decoders read.
Keep out: segments (jpeg.py), and codes (jpeg_codes.py).
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Mapping

import numpy as np

from proofsheet.publish.containers.jpeg_codes import CUT_OFF, Codes, Component, Scan, ended, read
from proofsheet.publish.containers.jpeg_tables import Slot, Table
from proofsheet.publish.containers.part import CannotClean

_PROGRESSIVE, _BASELINE, _EXTENDED = 0xC2, 0xC0, 0xC1
_RESTART, _STUFFED = re.compile(rb"\xff+[\xd0-\xd7]"), re.compile(rb"\xff+\x00")
_MOST = (15, 255)  # symbol of a table, by its class


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
        self.components = [Component(c[0], c[1] >> 4, c[1] & 15, c[2]) for c in some]
        widest, highest = max(c.wide for c in self.components), max(c.high for c in self.components)
        if not self.width or not self.height or any(not c.wide or not c.high for c in self.components):
            raise CannotClean("its segment SOF gives it no size")
        self._mcus = -(-self.width // (8 * widest)), -(-self.height // (8 * highest))
        for one in self.components:
            one.across = math.ceil(math.ceil(self.width * one.wide / widest) / 8)
            one.down = math.ceil(math.ceil(self.height * one.high / highest) / 8)
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
            raise CannotClean(CUT_OFF)
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
                bits = read(scan, self.progressive, Codes(data, [tables[s] for s in slots]), slots, part)
            except IndexError:
                raise CannotClean(CUT_OFF) from None
            out += [bytes((0xFF, 0xD0 + (number - 1) % 8))] if number else []
            out.append(ended(data, bits))
        plain = header if self.progressive else header[:-3] + bytes((0, 63, 0))
        return plain, b"".join(out), [(s, tables[s].without(_used(scan, s), _MOST[s[0]])) for s in slots]

    def _needed(self, scan: Scan, dc: Slot, ac: Slot) -> list[Slot]:
        if not self.progressive:
            return [dc, ac]
        return [ac] if scan.first else [] if scan.before else [dc]

    def _header(self, header: bytes) -> Scan:
        count = header[0] if header else 0
        if not count or len(header) != 4 + 2 * count:
            raise CannotClean("its segment SOS is longer or shorter than what it holds")
        by_number, parts = {c.number: c for c in self.components}, []
        for at in range(1, 1 + 2 * count, 2):
            if header[at] not in by_number:
                raise CannotClean("a scan of it is damaged")
            parts.append((by_number[header[at]], (0, header[at + 1] >> 4), (1, header[at + 1] & 15)))
        first, last, bits = header[1 + 2 * count :]
        scan = Scan(parts, first, last, bits >> 4, bits & 15) if self.progressive else Scan(parts, 0, 63, 0, 0)
        if not first <= last < 64 or (self.progressive and (first > 0) != (last > 0)) or (len(parts) > 1 and scan.first):
            raise CannotClean("a scan of it is damaged")
        for component, _, _ in parts:
            for k in range(scan.first, scan.last + 1):
                if component.done.get(k, 0) != scan.before or (k in component.done) != bool(scan.before):
                    raise CannotClean("a scan of it says again what another one said")
                component.done[k] = scan.low
        return scan

    def _order(self, scan: Scan) -> list[int]:
        """Numbers of MCUs, or of the blocks of a single component."""
        if len(scan.parts) > 1:
            return list(range(self._mcus[0] * self._mcus[1]))
        one = scan.parts[0][0]
        return [row * one.stride + column for row in range(one.down) for column in range(one.across)]


def _used(scan: Scan, slot: Slot) -> set[int]:
    """Symbols of a table that a scan has."""
    found = set[int]()
    for component, dc, ac in scan.parts:
        seen = np.frombuffer(component.seen, np.uint8).reshape(64, 256)
        if slot == dc and scan.first == 0:
            found |= {int(s) for s in np.flatnonzero(seen[0])}
        if slot == ac and scan.last:
            found |= {int(s) for s in np.flatnonzero(seen[1:].any(axis=0))}
    return found
