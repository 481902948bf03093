"""Parameter sets of HEVC, read to their last bit (ITU-T H.265, 7.3.2).

Bytes after it are not part of the picture.

Holds `ended`.
Add here: another extension of a set.
Keep out: boxes and slices (heif.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from proofsheet.publish.containers.part import CannotClean

_HEAD = 2  # bytes of a unit before its content
_MOST, _LONGEST = 64, 32  # entries of a list, and leading zeros of a number; more are no still picture
_NO_STILL = "a parameter set of its coded picture is not that of a still picture"
_OTHER_SHAPE = 255  # of pixels: its two sides follow


class _Bits:
    """A reader of the bits of a unit.

    It skips the bytes that keep its content from looking like a start of a unit.
    """

    def __init__(self, unit: bytes) -> None:
        self._unit, self._places = unit, []
        zeros = 0
        for place in range(_HEAD, len(unit)):
            if zeros >= 2 and unit[place] == 3:
                zeros = 0
                continue
            self._places.append(place)
            zeros = zeros + 1 if unit[place] == 0 else 0
        self._at = 0

    def number(self, bits: int = 1) -> int:
        found = 0
        for _ in range(bits):
            whole, rest = divmod(self._at, 8)
            if whole >= len(self._places):
                raise CannotClean("a parameter set of its coded picture is incomplete")
            found = found << 1 | self._unit[self._places[whole]] >> 7 - rest & 1
            self._at += 1
        return found

    def code(self) -> int:
        """A number of Exp-Golomb codes; signed ones have as many bits."""
        zeros = 0
        while not self.number():
            zeros += 1
            if zeros > _LONGEST:
                raise CannotClean("a parameter set of its coded picture is damaged")
        return (1 << zeros) - 1 + self.number(zeros)

    def codes(self, count: int) -> list[int]:
        if count > _MOST:
            raise CannotClean(_NO_STILL)
        return [self.code() for _ in range(count)]

    def none(self, what: str) -> None:
        """A flag that is not set in still pictures."""
        if self.number():
            raise CannotClean(f"a parameter set of its coded picture has {what}, which is not known here")

    def ended(self) -> bytes:
        """The unit up to here, with the bit that ends it."""
        if not self.number():
            raise CannotClean("a parameter set of its coded picture has no end")
        last = self._places[self._at - 1 >> 3]
        return self._unit[:last] + bytes((self._unit[last] & 0xFF << -self._at % 8,))


def ended(unit: bytes) -> bytes:
    """A parameter set up to its last bit.

    Args:
        unit: with its head, as it is stored.

    Raises:
        CannotClean: if it is damaged, or has an extension that is not known here.
    """
    read = _SETS.get(unit[0] >> 1 & 63) if unit else None
    if read is None:
        raise CannotClean("a parameter set of its coded picture is damaged")
    bits = _Bits(unit)
    read(bits)
    return bits.ended()


def _video(bits: _Bits) -> None:
    bits.number(12)
    layers = bits.number(3)
    bits.number(17)
    _profile(bits, layers)
    _orders(bits, layers)
    highest, sets = bits.number(6), bits.code()
    if sets > _MOST:
        raise CannotClean(_NO_STILL)
    bits.number(sets * (highest + 1))
    if bits.number():
        _clock(bits)
        if bits.code():
            raise CannotClean("a parameter set of its coded picture has buffers, which are not known here")
    bits.none("an extension")


def _sequence(bits: _Bits) -> None:
    bits.number(4)
    layers = bits.number(3)
    bits.number()
    _profile(bits, layers)
    bits.code()
    if bits.code() == 3:
        bits.number()
    bits.codes(2)
    if bits.number():
        bits.codes(4)
    bits.codes(2)
    order = bits.code() + 4
    _orders(bits, layers)
    bits.codes(6)
    if bits.number() and bits.number():
        _scaling(bits)
    bits.number(2)
    if bits.number():
        bits.number(8)
        bits.codes(2)
        bits.number()
    _references(bits, order)
    bits.number(2)
    if bits.number():
        _usability(bits)
    if bits.number():
        ranges = _extensions(bits)
        bits.number(9 * ranges)


def _references(bits: _Bits, order: int) -> None:
    """Sets of pictures that others refer to; coders write them for a still picture too."""
    count = bits.code()
    if count > _MOST:
        raise CannotClean(_NO_STILL)
    size = 0
    for number in range(count):
        if number and bits.number():
            bits.number()
            bits.code()
            size = sum(bits.number() or bits.number() for _ in range(size + 1))
            continue
        size = sum(bits.codes(2))
        if size > _MOST:
            raise CannotClean(_NO_STILL)
        for _ in range(size):
            bits.code()
            bits.number()
    if bits.number():
        (count,) = bits.codes(1)
        bits.number(min(count, _MOST) * (order + 1))


def _picture(bits: _Bits) -> None:
    bits.codes(2)
    bits.number(7)
    bits.codes(3)
    bits.number()
    skips = bits.number()
    if bits.number():
        bits.code()
    bits.codes(2)
    bits.number(4)
    tiles = bits.number()
    bits.number()
    if tiles:
        across, down = bits.codes(2)
        if not bits.number():
            bits.codes(across + down)
        bits.number()
    bits.number()
    if bits.number():
        bits.number()
        if not bits.number():
            bits.codes(2)
    if bits.number():
        _scaling(bits)
    bits.number()
    bits.code()
    bits.number()
    if bits.number():
        _picture_extension(bits, skips)


def _picture_extension(bits: _Bits, skips: int) -> None:
    if _extensions(bits):
        bits.codes(skips)
        bits.number()
        if bits.number():
            bits.code()
            bits.codes(2 * (bits.code() + 1))
        bits.codes(2)


def _extensions(bits: _Bits) -> int:
    """Whether a set has the extension for wide ranges, the only one that still pictures have."""
    ranges = bits.number()
    for what in ("a second layer", "depth", "an extension for screens", *["an extension"] * 4):
        bits.none(what)
    return ranges


def _profile(bits: _Bits, layers: int) -> None:
    bits.number(96)
    there = [(bits.number(), bits.number()) for _ in range(layers)]
    bits.number(2 * (8 - layers) if layers else 0)
    for profile, level in there:
        bits.number(88 * profile + 8 * level)


def _orders(bits: _Bits, layers: int) -> None:
    every = bits.number()
    bits.codes(3 * (layers + 1 if every else 1))


def _clock(bits: _Bits) -> None:
    bits.number(64)
    if bits.number():
        bits.code()


def _scaling(bits: _Bits) -> None:
    for size in range(4):
        for _ in range(2 if size == 3 else 6):
            if not bits.number():
                bits.code()
            else:
                bits.codes(size > 1)
                bits.codes(min(64, 16 << 2 * size))


def _usability(bits: _Bits) -> None:
    """How the picture is to be shown."""
    if bits.number() and bits.number(8) == _OTHER_SHAPE:
        bits.number(32)
    if bits.number():
        bits.number()
    if bits.number():
        bits.number(4)
        if bits.number():
            bits.number(24)
    if bits.number():
        bits.codes(2)
    bits.number(3)
    if bits.number():
        bits.codes(4)
    if bits.number():
        _clock(bits)
        bits.none("buffers")
    if bits.number():
        bits.number(3)
        bits.codes(5)


_SETS: Mapping[int, Callable[[_Bits], None]] = {32: _video, 33: _sequence, 34: _picture}
