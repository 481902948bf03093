"""Colour profiles of copies: what converts colours stays, texts and private tags do not.

Holds `cleaned` and `parts`.
Add here: another tag that converts colours.
Keep out: values of tags (icc_values.py), and how a container stores a profile (the modules beside this one).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from proofsheet.publish.containers.icc_values import trimmed
from proofsheet.publish.containers.part import FilePart

_HEADER, _ENTRY = 128, 12
# What converts colours to the space of the profile, and back; conversions as mpet always have one of these
# beside them.
_COLOURS = frozenset(
    {b"wtpt", b"chad", b"rXYZ", b"gXYZ", b"bXYZ", b"rTRC", b"gTRC", b"bTRC", b"kTRC"}
    | {b"A2B0", b"A2B1", b"A2B2", b"B2A0", b"B2A1", b"B2A2"}
)
# Names of profiles that say nothing about the person; every other name is replaced.
KNOWN_NAMES = frozenset(
    {
        "sRGB",
        "sRGB IEC61966-2.1",
        "sRGB built-in",
        "Adobe RGB (1998)",
        "Display P3",
        "Apple RGB",
        "ProPhoto RGB",
        "c2",
        "uRGB",
    }
    | {
        "Generic RGB Profile",
        "Generic Gray Profile",
        "Gray Gamma 2.2",
        "Dot Gain 20%",
        "ColorMatch RGB",
        "Rec. ITU-R BT.709-5",
    }
    | {
        "U.S. Web Coated (SWOP) v2",
        "Coated FOGRA39 (ISO 12647-2:2004)",
        "eciRGB v2",
        "Rec. ITU-R BT.2020-1",
        "GIMP built-in sRGB",
    }
)
_CLASSES = frozenset({b"scnr", b"mntr", b"prtr", b"spac"})
_SPACES = frozenset({b"RGB ", b"GRAY", b"CMYK", b"Lab ", b"XYZ "})
_D50 = struct.pack(">III", 0xF6D6, 0x10000, 0xD32D)
_NAMELESS, _RIGHTS = "colour profile", "not stated"


def cleaned(profile: bytes) -> bytes | None:
    """The same conversion of colours, without device, dates, comments and private tags.

    Args:
        profile: as it is embedded.

    Returns:
        None if it is no profile that can be read; then no program reads it either.
    """
    try:
        tags = dict(_tags(profile))
        kept = {n: trimmed(v) for n, v in tags.items() if n in _COLOURS}
    except (struct.error, ValueError, LookupError):
        return None
    if not kept or any(not v for v in kept.values()):
        return None
    modern = profile[8] >= 4
    name = _text(tags.get(b"desc", b""))
    texts = {b"desc": name if name in KNOWN_NAMES else _NAMELESS, b"cprt": _RIGHTS}
    return _profile(_header(profile), {n: _told(n, t, modern) for n, t in texts.items()} | kept)


def parts(profile: bytes) -> list[FilePart]:
    """Header and tags of a profile; what is not in `cleaned` is not known."""
    same = cleaned(profile) == profile
    try:
        tags = list(_tags(profile))
    except (struct.error, ValueError):
        return [FilePart("damaged profile", len(profile), False)]
    return [
        FilePart("header", _HEADER, same),
        *(FilePart(n.decode("latin-1"), len(v), same) for n, v in tags),
    ]


def _tags(profile: bytes) -> Iterator[tuple[bytes, bytes]]:
    known = profile[12:16] in _CLASSES and profile[16:20] in _SPACES and profile[20:24] in _SPACES
    if profile[36:40] != b"acsp" or not known or profile[64:67] != bytes(3):
        raise ValueError("it is no profile")
    (count,) = struct.unpack_from(">I", profile, _HEADER)
    for number in range(min(count, 200)):
        name, start, size = struct.unpack_from(">4sII", profile, _HEADER + 4 + number * _ENTRY)
        if start + size > len(profile) or size < 8:
            raise ValueError("a tag is outside")
        yield name, profile[start : start + size]


def _header(profile: bytes) -> bytes:
    """Version, class, colour spaces, intent and illuminant.

    Maker, model, date, creator and identifier are zero.
    """
    zero = bytes(12)
    start = bytes(8) + profile[8:10] + bytes(2) + profile[12:24] + zero + b"acsp"
    return start + bytes(24) + profile[64:68] + _D50 + bytes(48)


def _text(value: bytes) -> str:
    """The name in a text tag of either version, in English or the first language."""
    if value[:4] == b"desc" and len(value) >= 12:
        (size,) = struct.unpack_from(">I", value, 8)
        return value[12 : 12 + size].split(b"\0")[0].decode("latin-1")
    if value[:4] == b"mluc" and len(value) >= 28:
        size, start = struct.unpack_from(">II", value, 20)
        return value[start : start + size].decode("utf-16-be", "replace")
    return ""


def _told(name: bytes, text: str, modern: bool) -> bytes:
    plain = text.encode("ascii", "replace")
    if modern:
        wide = text.encode("utf-16-be")
        return b"mluc" + struct.pack(">III", 0, 1, 12) + b"enUS" + struct.pack(">II", len(wide), 28) + wide
    if name == b"cprt":
        return b"text" + bytes(4) + plain + b"\0"
    return b"desc" + struct.pack(">II", 0, len(plain) + 1) + plain + b"\0" + bytes(78)


def _profile(header: bytes, tags: dict[bytes, bytes]) -> bytes:
    """The file; equal values are stored once, each begins at a multiple of four."""
    table, body, places = b"", b"", {}
    start = _HEADER + 4 + len(tags) * _ENTRY
    for name, value in sorted(tags.items()):
        if value not in places:
            places[value] = start + len(body)
            body += value + bytes(-len(value) % 4)
        table += struct.pack(">4sII", name, places[value], len(value))
    whole = header + struct.pack(">I", len(tags)) + table + body
    return struct.pack(">I", len(whole)) + whole[4:]
