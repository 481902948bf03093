"""JPEG copies: the coded picture byte for byte, the colour profile, and no other segment.

Holds `rebuilt` and `parts`.
Add here: another segment that decoders need.
Keep out: what stands in EXIF (directories.py) and in profiles (icc.py).
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator
from typing import NamedTuple

from proofsheet.publish.containers import directories, icc
from proofsheet.publish.containers.part import CannotClean, Part, Rebuilt, inside

_SOI, _EOI, _SOS, _APP0, _APP1, _APP2, _APP14 = 0xD8, 0xD9, 0xDA, 0xE0, 0xE1, 0xE2, 0xEE
_FRAMES = frozenset({0xC0, 0xC1, 0xC2, 0xC3, 0xC9, 0xCA, 0xCB})
_NAMES = {0xC4: "DHT", 0xC8: "JPG", 0xCC: "DAC", _SOI: "SOI", _EOI: "EOI", _SOS: "SOS", 0xDB: "DQT", 0xDC: "DNL"}
_NAMES |= {0xDD: "DRI", 0xDE: "DHP", 0xDF: "EXP", 0xFE: "COM"} | {
    m: f"SOF{m - 0xC0}" for m in range(0xC0, 0xD0) if m not in (0xC4, 0xC8, 0xCC)
}
_NAMES |= {0xE0 + n: f"APP{n}" for n in range(16)}
_STANDALONE = frozenset({0x01, _SOI, *range(0xD0, 0xD8)})
_JFIF, _EXIF, _ICC, _ADOBE = b"JFIF\0", b"Exif\0\0", b"ICC_PROFILE\0", b"Adobe"
_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_TEXT, _TEXT_AT_END, _LETTERS = re.compile(rb"[\x20-\x7e]{24,}"), re.compile(rb"[\x20-\x7e]{10,}\0{0,2}$"), 6
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
        CannotClean: if it has no end, or a segment that is not as the standard says.
    """
    segments = list(_segments(data))
    if not segments or segments[-1].name in ("no end", "coded data"):
        raise CannotClean("its end is missing")
    shown: list[bytes] = []
    for one in segments:
        if one.name == "coded data":
            shown.append(one.payload)
        elif one.marker in (_SOI, _EOI) or (one.marker is not None and _needed(one)):
            shown.append(_written(one))
    if any(_holds_text(s.payload) for s in segments if s.name == "coded data"):
        raise CannotClean("text stands between the codes of its pixels")
    extra = [_written(s) for s in _adapted(segments)]
    return Rebuilt(b"".join([shown[0], *extra, *shown[1:]]), _left_out(segments))


def parts(data: bytes) -> list[Part]:
    """Every segment, the coded data, and what belongs to neither."""
    segments = list(_segments(data))
    profile = _profile(segments)
    adapted = list(_adapted(segments))
    found: list[Part] = []
    for one in segments:
        size = len(_written(one))
        if one.marker == _APP1 and one.payload.startswith(_EXIF):
            found += inside("Exif", directories.exif_parts(one.payload[len(_EXIF) :]))
        elif one.marker == _APP1 and one.payload.startswith(_XMP):
            found.append(Part("XMP", size, True))
        elif one.marker is not None and _APP0 <= one.marker <= 0xEF:
            found.append(Part(f"{one.name} {_label(one.payload)}".strip(), size, one in adapted))
        else:
            known = one.name == "coded data" or one.marker in (_SOI, _EOI) or (one.marker is not None and _needed(one))
            found.append(Part(one.name, size, known))
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


def _needed(one: _Segment) -> bool:
    """Whether decoders need a segment; it then is exactly as long as what it says."""
    size, marker, payload = len(one.payload), one.marker, one.payload
    if marker in _FRAMES:
        exact = size >= 6 and size == 6 + 3 * payload[5]
    elif marker == _SOS:
        exact = size >= 1 and size == 4 + 2 * payload[0]
    elif marker in (0xDD, 0xDC):
        exact = size == 2
    elif marker == 0xDB:
        exact = _tables_end(payload, lambda at: 1 + 64 * (1 + (payload[at] >> 4))) == size
    elif marker == 0xC4:
        exact = _tables_end(payload, lambda at: 17 + sum(payload[at + 1 : at + 17])) == size
    elif marker == 0xCC:
        exact = size % 2 == 0
    else:
        if one.name.startswith("SOF") or one.name in ("DHP", "EXP"):
            raise CannotClean(f"JPEG with {one.name} is not known here")
        return False
    if not exact:
        raise CannotClean(f"its segment {one.name} is longer or shorter than what it holds")
    return True


def _holds_text(coded: bytes) -> bool:
    """Whether coded pixels end in text or hold a long one; codes of a flat picture repeat a few letters, and are none."""
    found = [m.group() for m in (*_TEXT.finditer(coded), _TEXT_AT_END.search(coded)) if m]
    return any(len(set(text)) > _LETTERS for text in found)


def _tables_end(payload: bytes, size_at: Callable[[int], int]) -> int:
    at = 0
    while at < len(payload):
        at += size_at(at)
    return at


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
