"""Partitions of a VP8 picture, as in lossy WebP (RFC 6386): modes first, then up to eight of coefficients.

Holds `partitions` and `joined`.
Add here: nothing; the format is finished.
Keep out: chunks (webp.py).
"""

from __future__ import annotations

from proofsheet.publish.containers.part import CannotClean

_HEAD, _SIZE, _EVEN = 10, 3, 128  # bytes of the head and of a size; the chance of a bit that says nothing
_CUT_OFF = "its coded picture is incomplete"


class _Bits:
    """A reader of arithmetic codes in which zeros and ones are alike likely."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at, self._range, self._value, self._left = (
            data,
            2,
            255,
            int.from_bytes(data[:2], "big"),
            8,
        )

    def number(self, bits: int = 1) -> int:
        found = 0
        for _ in range(bits):
            split = 1 + ((self._range - 1) * _EVEN >> 8)
            one = self._value >= split << 8
            self._range = self._range - split if one else split
            self._value -= (split << 8) * one
            found = found << 1 | one
            while self._range < _EVEN:
                self._value, self._range, self._left = self._value << 1, self._range << 1, self._left - 1
                if not self._left:
                    self._value |= self._data[self._at] if self._at < len(self._data) else 0
                    self._at, self._left = self._at + 1, 8
        return found

    def each(self, count: int, bits: int) -> None:
        """Numbers that are there if a bit before each says so."""
        for _ in range(count):
            if self.number():
                self.number(bits)


def partitions(data: bytes) -> list[bytes]:
    """The head, and each partition; together with their sizes they are the whole picture.

    Raises:
        CannotClean: if one is incomplete.
    """
    first = int.from_bytes(data[:3], "little") >> 5
    at = _HEAD + first
    count = _count(data[_HEAD:at])
    sizes = [int.from_bytes(data[at + n * _SIZE :][:_SIZE], "little") for n in range(count - 1)]
    at += _SIZE * (count - 1)
    if at + sum(sizes) > len(data):
        raise CannotClean(_CUT_OFF)
    found = [data[:_HEAD], data[_HEAD : _HEAD + first]]
    for size in sizes:
        found.append(data[at : at + size])
        at += size
    return [*found, data[at:]]


def joined(parts: list[bytes]) -> bytes:
    """A picture of a head and partitions."""
    head, first, *others = parts
    tag = int.from_bytes(head[:3], "little") & 31 | len(first) << 5
    sizes = b"".join(len(one).to_bytes(_SIZE, "little") for one in others[:-1])
    return tag.to_bytes(3, "little") + head[3:] + first + sizes + b"".join(others)


def _count(modes: bytes) -> int:
    """The number of partitions of coefficients, which follows the settings of segments and filters."""
    bits = _Bits(modes)
    bits.number(2)
    if bits.number():
        places, strengths = bits.number(), bits.number()
        if strengths:
            bits.number()
            bits.each(4, 8)
            bits.each(4, 7)
        if places:
            bits.each(3, 8)
    bits.number(10)
    if bits.number() and bits.number():
        bits.each(8, 7)
    return 1 << bits.number(2)
