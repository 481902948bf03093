"""The difference of two files of which one is the other with another metadata block.

Holds `difference` and `restored`.
Add here: a faster search for moved parts.
Keep out: where differences are saved (metadata_change.py).

A difference is a list of parts: a run of the present file by place and length, or bytes of its own. The image
data is the same in both files, though perhaps at another place, so that a difference is about as large as the
metadata.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

_STEP, _SIGN = 512, 32  # every so many bytes so many are looked for
_HEAD = struct.Struct("<BQQ")
_COPY, _OWN = 0, 1
_BLOCK = 1 << 16


def difference(wanted: bytes, present: bytes) -> bytes:
    """What makes `wanted` out of `present`, compressed."""
    out = bytearray()
    own = 0  # start of bytes of its own that are not noted yet
    for start, place, length in _runs(wanted, present):
        if start > own:
            out += _HEAD.pack(_OWN, start - own, 0) + wanted[own:start]
        out += _HEAD.pack(_COPY, place, length)
        own = start + length
    if own < len(wanted):
        out += _HEAD.pack(_OWN, len(wanted) - own, 0) + wanted[own:]
    return zlib.compress(bytes(out), 9)


def restored(present: bytes, block: bytes) -> bytes:
    """The file of which `difference` was made.

    Args:
        present: the file as it is.
        block: the difference.

    Raises:
        ValueError: if the block is damaged; another file is not noticed here.
    """
    try:
        told = zlib.decompress(block)
        out, at = bytearray(), 0
        while at < len(told):
            kind, one, two = _HEAD.unpack_from(told, at)
            at += _HEAD.size
            if kind == _COPY:
                out += present[one : one + two]
            else:
                out += told[at : at + one]
                at += one
    except (zlib.error, struct.error) as error:
        raise ValueError(f"the difference is damaged: {error}") from error
    return bytes(out)


def _runs(wanted: bytes, present: bytes) -> Iterator[tuple[int, int, int]]:
    """Runs that both have: start in `wanted`, place in `present`, length."""
    end, shift, at = 0, 0, 0
    while at < len(wanted):
        place = _place(wanted, present, at, shift)
        if place < 0:
            at += _STEP
            continue
        back = _common_back(wanted, end, at, present, place)
        forward = _common(wanted, at, present, place)
        yield at - back, place - back, back + forward
        shift = place - at
        end = at = at + forward


def _place(wanted: bytes, present: bytes, at: int, shift: int) -> int:
    """Where the bytes at a place are in the present file; -1 if they are not there."""
    sign = wanted[at : at + _SIGN]
    if len(sign) < _SIGN:
        return -1
    guess = at + shift
    if guess >= 0 and present.startswith(sign, guess):
        return guess
    return present.find(sign)


def _common(one: bytes, at: int, two: bytes, place: int) -> int:
    """How many bytes from there on are the same."""
    length, step = 0, _BLOCK
    most = min(len(one) - at, len(two) - place)
    while step and length < most:
        if (
            length + step <= most
            and one[at + length : at + length + step] == two[place + length : place + length + step]
        ):
            length += step
        else:
            step //= 2
    return length


def _common_back(one: bytes, first: int, at: int, two: bytes, place: int) -> int:
    """How many bytes before there are the same, not before `first`."""
    length = 0
    while at - length > first and place - length > 0 and one[at - length - 1] == two[place - length - 1]:
        length += 1
    return length
