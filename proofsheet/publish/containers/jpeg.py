"""JPEG copies: the coefficients of the picture, with codes and tables of their own, and the colour profile.

Holds `rebuilt` and `parts`.
Add here: another segment that decoders need.
Keep out: codes (jpeg_codes.py), the content of EXIF (directories.py) and of profiles (icc.py).
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from typing import NamedTuple

from proofsheet.publish.containers import directories, icc
from proofsheet.publish.containers.jpeg_codes import recoded, with_more_codes
from proofsheet.publish.containers.part import CannotClean, FilePart, Rebuilt, inside

_DHT, _DQT, _DRI = 0xC4, 0xDB, 0xDD
_SOI, _EOI, _SOS, _APP0, _APP1, _APP2, _APP14 = 0xD8, 0xD9, 0xDA, 0xE0, 0xE1, 0xE2, 0xEE
_NAMES = {
    0xC4: "DHT",
    0xC8: "JPG",
    0xCC: "DAC",
    _SOI: "SOI",
    _EOI: "EOI",
    _SOS: "SOS",
    0xDB: "DQT",
    0xDC: "DNL",
}
_NAMES |= {0xDD: "DRI", 0xDE: "DHP", 0xDF: "EXP", 0xFE: "COM"} | {
    m: f"SOF{m - 0xC0}" for m in range(0xC0, 0xD0) if m not in (0xC4, 0xC8, 0xCC)
}
_NAMES |= {0xE0 + n: f"APP{n}" for n in range(16)}
_STANDALONE = frozenset({0x01, _SOI, *range(0xD0, 0xD8)})
_JFIF, _EXIF, _ICC, _ADOBE = b"JFIF\0", b"Exif\0\0", b"ICC_PROFILE\0", b"Adobe"
_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_CODES = "coded data"  # the name of bytes after a scan
_CODED = (0xC0, 0xC1, 0xC2)  # frames of Huffman codes: baseline, extended, progressive
_DEPTH = 8  # bits of a sample
_SMALLEST = 8 * 8 * 8  # pixels that a byte of codes shows at most: a block of 8 x 8 has a bit at least
_MOST = 65_000  # bytes of a profile in one segment
_NEXT = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")  # after coded data: a marker that is no restart


class _Segment(NamedTuple):
    """A segment.

    A segment without a `marker` is bytes outside of segments, or coded data; `name` distinguishes them.
    """

    marker: int | None
    payload: bytes
    name: str


_START, _END = _Segment(_SOI, b"", "SOI"), _Segment(_EOI, b"", "EOI")


def rebuilt(data: bytes) -> Rebuilt:
    """The first picture of a JPEG with its profile: its coefficients as they are, its codes written again.

    Raises:
        CannotClean: if it has no end, or is coded in a way that is not known here.
    """
    segments = list(_segments(data))
    if not segments or segments[-1].name in ("no end", _CODES):
        raise CannotClean("its end is missing")
    adapted, picture = list(_adapted(segments)), _picture(segments)
    longer = [s._replace(payload=with_more_codes(s.payload)) if s.name == _CODES else s for s in picture]
    return Rebuilt(_file(*adapted, *_again(picture)), _left_out(segments), shows=_file(*adapted, *longer))


def parts(data: bytes) -> list[FilePart]:
    """Every segment, the coded data, and what belongs to neither."""
    segments = list(_segments(data))
    shown = [_START, *_adapted(segments), *_again(_picture(segments)), _END]
    profile = _profile(segments)
    found: list[FilePart] = []
    for one in segments:
        size, known = len(_written(one)), one in shown
        if known:
            shown.remove(one)
        if one.marker == _APP1 and one.payload.startswith(_EXIF):
            found += inside("Exif", directories.exif_parts(one.payload[len(_EXIF) :]))
        elif one.marker == _APP1 and one.payload.startswith(_XMP):
            found.append(FilePart("XMP", size, True))
        else:
            label = _label(one.payload) if one.marker is not None and _APP0 <= one.marker <= 0xEF else ""
            found.append(FilePart(f"{one.name} {label}".strip(), size, known))
    return found + (inside("ICC", icc.parts(profile)) if profile else [])


def _picture(segments: list[_Segment]) -> list[_Segment]:
    """What decoders need of the first frame, as it is stored.

    Raises:
        CannotClean: if it is coded in a way that is not known here, or too small for what it says that it
            shows.
    """
    frames = [s for s in segments if s.name.startswith(("SOF", "DHP", "EXP"))]
    scans = [n for n, s in enumerate(segments) if s.marker == _SOS]
    if not frames or not scans:
        raise CannotClean("it holds no picture")
    odd = [s.name for s in frames if s.marker not in _CODED] or [s.name for s in frames[1:]]
    if odd:
        raise CannotClean(f"JPEG with {odd[0]} is not known here")
    frame = frames[0].payload
    if len(frame) < 6 or len(frame) != 6 + 3 * frame[5]:
        raise CannotClean("its segment SOF is longer or shorter than what it holds")
    if frame[0] != _DEPTH:
        raise CannotClean(f"its samples have {frame[0]} bits")
    height, width = struct.unpack_from(">HH", frame, 1)
    if height * width > _SMALLEST * sum(len(s.payload) for s in segments if s.name == _CODES):
        raise CannotClean("its coded picture is incomplete")
    divisors = dict(d for s in segments[: scans[0]] if s.marker == _DQT for d in _divisors(s.payload))
    if not set(_tables(frame)) <= divisors.keys():
        raise CannotClean("a table of its divisors is missing")
    needed = [_Segment(_DQT, divisors[n], "DQT") for n in sorted(set(_tables(frame)))]
    return needed + [
        s for s in segments if s.marker in (_DHT, _DRI, _SOS) or s is frames[0] or s.name == _CODES
    ]


def _tables(frame: bytes) -> list[int]:
    """The number of each component's table of divisors."""
    return list(frame[8::3])


def _again(picture: list[_Segment]) -> list[_Segment]:
    """The same picture with codes of our own."""
    frame = next(s.payload for s in picture if s.name.startswith("SOF"))
    return list(_segments(recoded(_file(*picture), _tables(frame))))[1:-1]


def _divisors(payload: bytes) -> Iterator[tuple[int, bytes]]:
    """Tables of divisors by their number, each as it is stored."""
    at = 0
    while at < len(payload):
        size = 1 + 64 * (1 + (payload[at] >> 4))
        if payload[at] >> 4 > 1 or at + size > len(payload):
            raise CannotClean("its segment DQT is longer or shorter than what it holds")
        yield payload[at] & 15, payload[at : at + size]
        at += size


def _file(*segments: _Segment) -> bytes:
    return b"".join(map(_written, (_START, *segments, _END)))


def _segments(data: bytes) -> Iterator[_Segment]:
    """Segments in order; every byte of the file is in one."""
    at = 0
    while at < len(data):
        found = (
            _NEXT.search(data, at)
            if data[at] != 0xFF
            else re.compile(rb"\xff+[^\xff]", re.DOTALL).match(data, at)
        )
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
            yield _Segment(None, data[at : end.start() if end else len(data)], _CODES)
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
    jfif = next(
        (
            s.payload
            for s in segments
            if s.marker == _APP0 and s.payload.startswith(_JFIF) and len(s.payload) >= 14
        ),
        None,
    )
    if jfif:
        yield _Segment(_APP0, _JFIF + b"\1\2" + bytes((min(jfif[7], 2),)) + jfif[8:12] + bytes(2), "APP0")
    profile = icc.cleaned(_profile(segments)) or b""
    pieces = [profile[at : at + _MOST] for at in range(0, len(profile), _MOST)]
    for number, piece in enumerate(pieces, 1):
        yield _Segment(_APP2, _ICC + bytes((number, len(pieces))) + piece, "APP2")
    adobe = next(
        (
            s.payload
            for s in segments
            if s.marker == _APP14 and s.payload.startswith(_ADOBE) and len(s.payload) >= 12
        ),
        None,
    )
    if adobe:
        yield _Segment(_APP14, _ADOBE + b"\0\x64" + bytes(4) + adobe[11:12], "APP14")


def _profile(segments: list[_Segment]) -> bytes:
    """The profile as it was before it was divided; empty without one or if a piece is missing."""
    found = {
        s.payload[12]: s.payload
        for s in segments
        if s.marker == _APP2 and s.payload.startswith(_ICC) and len(s.payload) > 14
    }
    if not found or sorted(found) != list(range(1, max(found) + 1)):
        return b""
    return b"".join(found[n][14:] for n in sorted(found))


def _label(payload: bytes) -> str:
    return re.split(rb"[^\x20-\x7e]", payload[:24])[0].decode("ascii")


def _left_out(segments: list[_Segment]) -> tuple[str, ...]:
    profile = _profile(segments)
    told = {
        "further pictures, such as a gain map": any(
            s.payload.startswith(b"MPF\0") for s in segments if s.marker == _APP2
        ),
        "a video": any(b"ftyp" in s.payload for s in segments if s.name == "bytes after the end"),
        "a colour profile that cannot be read": bool(profile) and not icc.cleaned(profile),
    }
    return tuple(name for name, true in told.items() if true)
