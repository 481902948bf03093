"""Values of colour profiles: curves, numbers and tables, without bytes between and after their numbers.

Holds `trimmed`.
Add here: another type of value that converts colours.
Keep out: which tags a copy has (icc.py).
"""

from __future__ import annotations

import itertools
import struct

_PARA = (1, 3, 4, 5, 7)  # numbers of each kind of curve
_UNCHANGED = struct.pack(">9i", 1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 16)
_MOST = 256 << 16  # of a number with 16 bits behind the point
_STEPS = 0x200  # of 65,535: a measured curve may fall back by so much
_HEAD = 32  # bytes of a table of elements before its first one


def trimmed(value: bytes) -> bytes:
    """A value of a tag; empty if its numbers do not convert colours.

    Raises:
        struct.error, LookupError, ValueError: if it is incomplete or of another type.
    """
    kind = value[:4]
    if kind in (b"mAB ", b"mBA "):
        return _elements(value)
    if kind in (b"mft1", b"mft2"):
        size = _table_size(value)
        return (
            kind + bytes(4) + value[8:11] + b"\0" + value[12:size]
            if value[12:48] == _UNCHANGED and size <= len(value)
            else b""
        )
    if kind in (b"curv", b"para"):
        return _curve(value)[0]
    return kind + bytes(4) + _fixed(value, 8, {b"XYZ ": 3, b"sf32": 9}[kind])


def _fixed(value: bytes, start: int, count: int) -> bytes:
    """Numbers with 16 bits behind the point.

    Raises:
        ValueError: if one is larger than any that converts colours.
    """
    numbers = struct.unpack_from(f">{count}i", value, start)
    if any(abs(n) > _MOST for n in numbers):
        raise ValueError("a number of it is out of bounds")
    return struct.pack(f">{count}i", *numbers)


def _curve(value: bytes) -> tuple[bytes, int]:
    """A curve, and its size as it is stored.

    Raises:
        ValueError: if it goes up and down.
    """
    if value[:4] == b"para":
        (function,) = struct.unpack_from(">H", value, 8)
        count = _PARA[function]
        return b"para" + bytes(4) + struct.pack(">HH", function, 0) + _fixed(value, 12, count), 12 + 4 * count
    (count,) = struct.unpack_from(">I", value, 8)
    numbers = struct.unpack_from(f">{count}H", value, 12)
    steps = [after - before for before, after in itertools.pairwise(numbers)]
    if value[:4] != b"curv" or (steps and min(steps) < -_STEPS and max(steps) > _STEPS):
        raise ValueError("a curve of it is not valid")
    return b"curv" + bytes(4) + value[8 : 12 + 2 * count], 12 + 2 * count


def _table_size(value: bytes) -> int:
    channels_in, channels_out, grid = value[8], value[9], value[10]
    entries: tuple[int, int] = (256, 256) if value[:4] == b"mft1" else struct.unpack_from(">HH", value, 48)
    numbers: int = channels_in * entries[0] + grid**channels_in * channels_out + channels_out * entries[1]
    return 48 + numbers if value[:4] == b"mft1" else 52 + 2 * numbers


def _elements(value: bytes) -> bytes:
    """A table of curves, a matrix and a grid, one after the other."""
    channels_in, channels_out = value[8], value[9]
    near, far = (channels_out, channels_in) if value[:4] == b"mAB " else (channels_in, channels_out)
    starts, body = struct.unpack_from(">5I", value, 12), b""
    places = []
    for number, start in enumerate(starts):
        places.append(_HEAD + len(body) if start else 0)
        if start and number == 1:
            body += _fixed(value, start, 12)
        elif start and number == 3:
            body += _grid(value[start:], channels_in, channels_out)
        elif start:
            body += _curves(value[start:], far if number == 4 else near)
    return value[:4] + bytes(4) + value[8:10] + bytes(2) + struct.pack(">5I", *places) + body


def _curves(value: bytes, count: int) -> bytes:
    found, at = b"", 0
    for _ in range(count):
        curve, size = _curve(value[at:])
        found += curve + bytes(-size % 4)
        at += size + -size % 4
    return found


def _grid(value: bytes, channels_in: int, channels_out: int) -> bytes:
    points, wide = value[:channels_in], value[16]
    size = channels_out * wide
    for one in points:
        size *= one
    numbers = value[20 : 20 + size]
    if wide not in (1, 2) or len(numbers) < size:
        raise ValueError("its grid is incomplete")
    return points.ljust(16, b"\0") + bytes((wide, 0, 0, 0)) + numbers + bytes(-size % 4)
