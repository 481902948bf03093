"""JPEG copies: the codes of the picture, which are read to the last one, their tables, and the colour profile.

Holds `rebuilt` and `parts`.
Add here: another segment that decoders need.
Keep out: scans and codes (jpeg_picture.py), what stands in EXIF (directories.py) and in profiles (icc.py).
"""

from __future__ import annotations

import itertools
import re
import struct
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from proofsheet.publish.containers import directories, icc
from proofsheet.publish.containers.jpeg_picture import Picture
from proofsheet.publish.containers.jpeg_tables import Slot, Table, tables_in
from proofsheet.publish.containers.part import CannotClean, Part, Rebuilt, inside

_DHT, _DQT, _DRI = 0xC4, 0xDB, 0xDD
_SOI, _EOI, _SOS, _APP0, _APP1, _APP2, _APP14 = 0xD8, 0xD9, 0xDA, 0xE0, 0xE1, 0xE2, 0xEE
_NAMES = {0xC4: "DHT", 0xC8: "JPG", 0xCC: "DAC", _SOI: "SOI", _EOI: "EOI", _SOS: "SOS", 0xDB: "DQT", 0xDC: "DNL"}
_NAMES |= {0xDD: "DRI", 0xDE: "DHP", 0xDF: "EXP", 0xFE: "COM"} | {
    m: f"SOF{m - 0xC0}" for m in range(0xC0, 0xD0) if m not in (0xC4, 0xC8, 0xCC)
}
_NAMES |= {0xE0 + n: f"APP{n}" for n in range(16)}
_STANDALONE = frozenset({0x01, _SOI, *range(0xD0, 0xD8)})
_JFIF, _EXIF, _ICC, _ADOBE = b"JFIF\0", b"Exif\0\0", b"ICC_PROFILE\0", b"Adobe"
_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_MOST = 65_000  # bytes of a profile in one segment
_NEXT = re.compile(rb"\xff+[\x01-\xcf\xd8-\xfe]")  # after coded data: a marker that is no restart


class _Segment(NamedTuple):
    """A segment; `marker` is None for bytes that belong to none, and for coded data, told by `name`."""

    marker: int | None
    payload: bytes
    name: str


def rebuilt(data: bytes) -> Rebuilt:
    """The first picture of a JPEG with its profile.

    Raises:
        CannotClean: if it has no end, or its picture cannot be read to its last code.
    """
    segments = list(_segments(data))
    if not segments or segments[-1].name in ("no end", "coded data"):
        raise CannotClean("its end is missing")
    shown = [_Segment(_SOI, b"", "SOI"), *_adapted(segments), *_picture(segments), _Segment(_EOI, b"", "EOI")]
    return Rebuilt(b"".join(map(_written, shown)), _left_out(segments))


def _picture(segments: list[_Segment]) -> list[_Segment]:
    """Divisors, frame and scans, each with what it needs and nothing else."""
    tables, written, scans = dict[Slot, Table](), dict[Slot, Table](), list[_Segment]()
    divisors, restart, last, frame, picture = dict[int, bytes](), 0, 0, segments[0], None
    used = dict[int, bytes]()  # divisors as they stood at the first scan of a component
    for one, following in itertools.pairwise(segments):
        if one.marker == _DQT:
            divisors |= _divisors(one.payload)
        elif one.marker == _DHT:
            tables |= tables_in(one.payload)
        elif one.marker == _DRI and len(one.payload) == 2:
            (restart,) = struct.unpack(">H", one.payload)
        elif one.name.startswith(("SOF", "DHP", "EXP")):
            if picture or not one.name.startswith("SOF"):
                raise CannotClean(f"JPEG with {one.name} is not known here")
            frame, picture = one, Picture(one.marker or 0, one.payload)
        elif one.marker == _SOS:
            if picture is None:
                raise CannotClean("a scan of it has no frame")
            header, coded, needed = picture.scan(one.payload, tables, restart, following.payload)
            used = divisors | used
            scans += [_Segment(_DHT, _table(*n), "DHT") for n in needed if written.get(n[0]) != n[1]]
            scans += [_Segment(_DRI, struct.pack(">H", restart), "DRI")] if restart != last else []
            scans += [_Segment(_SOS, header, "SOS"), _Segment(None, coded, "coded data")]
            written |= dict(needed)
            last = restart
    if picture is None or not scans:
        raise CannotClean("it holds no picture")
    return [*(_Segment(_DQT, d, "DQT") for d in _needed(picture, used)), frame, *scans]


def _divisors(payload: bytes) -> Iterator[tuple[int, bytes]]:
    """Tables of divisors by their number, each as it is stored."""
    at = 0
    while at < len(payload):
        size = 1 + 64 * (1 + (payload[at] >> 4))
        if payload[at] >> 4 > 1 or at + size > len(payload):
            raise CannotClean("its segment DQT is longer or shorter than what it holds")
        yield payload[at] & 15, payload[at : at + size]
        at += size


def _needed(picture: Picture, divisors: Mapping[int, bytes]) -> Iterator[bytes]:
    """Tables of divisors that components name; one that divides nothing is like the one before it."""
    for number in sorted({c.divisors for c in picture.components}):
        if number not in divisors:
            raise CannotClean("a table of its divisors is missing")
        table, seen = divisors[number], {k for c in picture.components if c.divisors == number for k in c.coefficients()}
        wide = 1 + (table[0] >> 4)
        found = [(1).to_bytes(wide, "big")]
        for k in range(64):
            at = 1 + k * wide
            found.append(table[at : at + wide] if k in seen else found[-1])
        yield table[:1] + b"".join(found[1:])


def _table(slot: Slot, table: Table) -> bytes:
    return bytes((slot[0] << 4 | slot[1],)) + table.counts + table.symbols


def parts(data: bytes) -> list[Part]:
    """Every segment, the coded data, and what belongs to neither."""
    segments, shown = list(_segments(data)), list(_segments(rebuilt(data).data))
    profile = _profile(segments)
    found: list[Part] = []
    for one in segments:
        size, known = len(_written(one)), one in shown
        if known:
            shown.remove(one)
        if one.marker == _APP1 and one.payload.startswith(_EXIF):
            found += inside("Exif", directories.exif_parts(one.payload[len(_EXIF) :]))
        elif one.marker == _APP1 and one.payload.startswith(_XMP):
            found.append(Part("XMP", size, True))
        else:
            label = _label(one.payload) if one.marker is not None and _APP0 <= one.marker <= 0xEF else ""
            found.append(Part(f"{one.name} {label}".strip(), size, known))
    return found + (inside("ICC", icc.parts(profile)) if profile else [])


def _segments(data: bytes) -> Iterator[_Segment]:
    """Segments in order; every byte of the file is in one."""
    at = 0
    while at < len(data):
        found = _NEXT.search(data, at) if data[at] != 0xFF else re.compile(rb"\xff+[^\xff]", re.DOTALL).match(data, at)
        if not found or found.start() > at:
            stray = data[at : found.start()] if found else data[at:]
            yield _Segment(None, stray, "bytes between segments" if found else "no end")
            at += len(stray)
            continue
        if found.end() - at > 2:
            yield _Segment(None, data[at : found.end() - 2], "fill bytes")
        marker, at = data[found.end() - 1], found.end()
        if marker in _STANDALONE or marker == _EOI:
            yield _Segment(marker, b"", _NAMES.get(marker, f"marker {marker:02X}"))
        else:
            size = struct.unpack_from(">H", data, at)[0] if at + 2 <= len(data) else 0
            if size < 2 or at + size > len(data):
                yield _Segment(None, data[at:], "no end")
                return
            yield _Segment(marker, data[at + 2 : at + size], _NAMES.get(marker, f"marker {marker:02X}"))
            at += size
        if marker == _SOS:
            end = _NEXT.search(data, at)
            yield _Segment(None, data[at : end.start() if end else len(data)], "coded data")
            at = end.start() if end else len(data)
        if marker == _EOI:
            if at < len(data):
                yield _Segment(None, data[at:], "bytes after the end")
            return


def _written(one: _Segment) -> bytes:
    if one.marker is None:
        return one.payload
    start = bytes((0xFF, one.marker))
    if one.marker in _STANDALONE or one.marker == _EOI:
        return start
    return start + struct.pack(">H", len(one.payload) + 2) + one.payload


def _adapted(segments: list[_Segment]) -> Iterator[_Segment]:
    """JFIF, profile and Adobe's note on colours, with nothing in them but that."""
    jfif = next((s.payload for s in segments if s.marker == _APP0 and s.payload.startswith(_JFIF) and len(s.payload) >= 14), None)
    if jfif:
        yield _Segment(_APP0, _JFIF + b"\1\2" + bytes((min(jfif[7], 2),)) + jfif[8:12] + bytes(2), "APP0")
    profile = icc.cleaned(_profile(segments)) or b""
    pieces = [profile[at : at + _MOST] for at in range(0, len(profile), _MOST)]
    for number, piece in enumerate(pieces, 1):
        yield _Segment(_APP2, _ICC + bytes((number, len(pieces))) + piece, "APP2")
    adobe = next(
        (s.payload for s in segments if s.marker == _APP14 and s.payload.startswith(_ADOBE) and len(s.payload) >= 12), None
    )
    if adobe:
        yield _Segment(_APP14, _ADOBE + b"\0\x64" + bytes(4) + adobe[11:12], "APP14")


def _profile(segments: list[_Segment]) -> bytes:
    """The profile as it was before it was divided; empty if there is none or a piece is missing."""
    found = {s.payload[12]: s.payload for s in segments if s.marker == _APP2 and s.payload.startswith(_ICC) and len(s.payload) > 14}
    if not found or sorted(found) != list(range(1, max(found) + 1)):
        return b""
    return b"".join(found[n][14:] for n in sorted(found))


def _label(payload: bytes) -> str:
    return re.split(rb"[^\x20-\x7e]", payload[:24])[0].decode("ascii")


def _left_out(segments: list[_Segment]) -> tuple[str, ...]:
    profile = _profile(segments)
    told = {
        "further pictures, such as a gain map": any(s.payload.startswith(b"MPF\0") for s in segments if s.marker == _APP2),
        "a video": any(b"ftyp" in s.payload for s in segments if s.name == "bytes after the end"),
        "a colour profile that cannot be read": bool(profile) and not icc.cleaned(profile),
    }
    return tuple(name for name, true in told.items() if true)
