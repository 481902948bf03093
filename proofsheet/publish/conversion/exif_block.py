"""The EXIF of a converted file: the block of the original, changed in place.

Holds `ExifChange`, `changed_block`, `described_block`, `without_tag` and `of_raw_file`.
Add here: another tag that depends on pixels.
Keep out: XMP and IPTC (xmp_text.py, carried_metadata.py).

Values are written over where they are, so that the notes of a camera maker, which point into the block,
stay valid. The small picture of the block goes: it would show the picture before it was turned.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from typing import NamedTuple

from PIL import ExifTags, Image

ORIENTATION, DATE = 0x0112, 0x0132
_EXIF, _INTEROP, _NOTES = 0x8769, 0xA005, 0x927C
_COLOURS, _RULE = 0xA001, 0x0001
_WIDTHS, _HEIGHTS = frozenset({0x0100, 0xA002}), frozenset({0x0101, 0xA003})
_SMALL_AT, _SMALL_SIZE = 0x0201, 0x0202
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}
_DATE_LENGTH = 19
_STARS, _SUBSECONDS = (0x4746, 0x4749), frozenset({0x9290, 0x9291, 0x9292})
_INLINE = 4  # bytes of a value that is stored in its tag
_MOST = 1000  # tags of a directory
_JPEG = b"\xff\xd8\xff"
# Tags of a TIFF that describe the picture, and not how its pixels are stored.
_DESCRIPTIVE = frozenset(
    {
        *(0x010E, 0x010F, 0x0110, 0x0131, 0x0132, 0x013B, 0x013C, 0x8298, 0x4746, 0x4749, 0xC4A5),
        *range(0x9C9B, 0x9CA0),
    }
)
_STRUCTURE = frozenset(
    {
        *(*range(0x00FE, 0x010E), *range(0x0111, 0x0131), *range(0x0133, 0x013B), *range(0x013D, 0x0160)),
        *(*range(0x0200, 0x0215), 0x8769, 0x8825, 0x02BC, 0x83BB, 0x8649, 0x8773, 0x935C, 0xCD41),
    }
)


class ExifChange(NamedTuple):
    """What differs in a converted file.

    Attributes:
        width_px: of the new pixels.
        height_px: of the new pixels.
        srgb: whether the colours are sRGB now.
    """

    width_px: int
    height_px: int
    srgb: bool


class _Entry(NamedTuple):
    """A tag: its number, type, number of values, where its value is stored, and where the tag itself is."""

    tag: int
    kind: int
    values: int
    value_at: int
    at: int


class _Block:
    """An EXIF block that is read and written in place."""

    def __init__(self, data: bytes) -> None:
        self.data = bytearray(data)
        self.order = {b"II": "<", b"MM": ">"}.get(bytes(data[:2]), "")
        if not self.order or len(data) < 8:
            raise ValueError("it has no byte order")

    def number(self, form: str, at: int) -> int:
        return int(struct.unpack_from(self.order + form, self.data, at)[0])

    def write(self, form: str, at: int, value: int) -> None:
        struct.pack_into(self.order + form, self.data, at, value)

    def entries(self, start: int) -> Iterator[_Entry]:
        for number in range(min(self.number("H", start), _MOST)):
            at = start + 2 + 12 * number
            tag, kind, count = self.number("H", at), self.number("H", at + 2), self.number("I", at + 4)
            size = _SIZES.get(kind, 1) * count
            value_at = at + 8 if size <= _INLINE else self.number("I", at + 8)
            if value_at + size <= len(self.data):
                yield _Entry(tag, kind, count, value_at, at)

    def next_at(self, start: int) -> int:
        """Where the directory after this one is named."""
        return start + 2 + 12 * self.number("H", start)

    def pointed(self, start: int, tag: int) -> int:
        return next((self.number("I", e.value_at) for e in self.entries(start) if e.tag == tag), 0)

    def value(self, entry: _Entry) -> bytes:
        size = _SIZES.get(entry.kind, 1) * entry.values
        return bytes(self.data[entry.value_at : entry.value_at + size])

    def remove(self, start: int, tag: int) -> None:
        """Take a tag and its value away; other values stay where they are."""
        entry = next((e for e in self.entries(start) if e.tag == tag), None)
        if entry is None:
            return
        size = len(self.value(entry))
        self.data[entry.value_at : entry.value_at + size] = bytes(size)
        if entry.value_at + size >= len(self.data) - 1 and size > _INLINE:
            del self.data[entry.value_at :]
        end = self.next_at(start) + 4
        self.data[entry.at : end] = self.data[entry.at + 12 : end] + bytes(12)
        self.write("H", start, self.number("H", start) - 1)

    def set_number(self, entry: _Entry, value: int) -> None:
        form = {3: "H", 4: "I"}.get(entry.kind)
        if form and entry.values == 1:
            self.write(form, entry.value_at, min(value, 0xFFFF) if form == "H" else value)


def changed_block(exif: bytes, change: ExifChange) -> bytes:
    """The block of an original for new pixels: upright, of another size, without the small picture.

    Args:
        exif: from its byte order on.
        change: of the pixels.

    Raises:
        ValueError: if the block is damaged.
    """
    try:
        block = _Block(exif)
        first = block.number("I", 4)
        directories = [d for d in (first, block.pointed(first, _EXIF)) if d]
        for directory in directories:
            _set_sizes(block, directory, change)
        for directory in directories[1:]:
            _set_colours(block, directory, change)
            _clear_previews(block, directory)
        return bytes(_without_small_picture(block, first))
    except (struct.error, IndexError, OverflowError) as error:
        raise ValueError(f"it is damaged: {error}") from error


def _set_sizes(block: _Block, directory: int, change: ExifChange) -> None:
    for entry in block.entries(directory):
        if entry.tag == ORIENTATION:
            block.set_number(entry, 1)
        elif entry.tag in _WIDTHS:
            block.set_number(entry, change.width_px)
        elif entry.tag in _HEIGHTS:
            block.set_number(entry, change.height_px)


def _set_colours(block: _Block, directory: int, change: ExifChange) -> None:
    """EXIF's own mark of a colour space, which would contradict the profile."""
    if not change.srgb:
        return
    for entry in block.entries(directory):
        if entry.tag == _COLOURS:
            block.set_number(entry, 1)
    if rules := block.pointed(directory, _INTEROP):
        for entry in block.entries(rules):
            if entry.tag == _RULE and block.data[entry.value_at : entry.value_at + 3] == b"R03":
                block.data[entry.value_at : entry.value_at + 3] = b"R98"


def _clear_previews(block: _Block, directory: int) -> None:
    """Black out whole JPEGs inside the notes of the maker: they show the picture before it was turned."""
    notes = next((e for e in block.entries(directory) if e.tag == _NOTES), None)
    if notes is None:
        return
    end = notes.value_at + notes.values
    at = block.data.find(_JPEG, notes.value_at, end)
    while at >= 0:
        stop = block.data.rfind(b"\xff\xd9", at, end) + 2
        if stop > at and _is_picture(bytes(block.data[at:stop])):
            block.data[at:stop] = bytes(stop - at)
        at = block.data.find(_JPEG, at + 3, end)


def _is_picture(data: bytes) -> bool:
    try:
        with Image.open(io.BytesIO(data), formats=["JPEG"]):
            return True
    except (OSError, ValueError, SyntaxError):
        return False


def _without_small_picture(block: _Block, first: int) -> bytearray:
    link = block.next_at(first)
    second = block.number("I", link)
    block.write("I", link, 0)
    if not second:
        return block.data
    small_at, small_size = block.pointed(second, _SMALL_AT), block.pointed(second, _SMALL_SIZE)
    end = block.next_at(second) + 4
    for entry in list(block.entries(second)):
        size = _SIZES.get(entry.kind, 1) * entry.values
        block.data[entry.value_at : entry.value_at + size] = bytes(size)
    block.data[second:end] = bytes(len(block.data[second:end]))
    if small_at and small_at + small_size <= len(block.data):
        block.data[small_at : small_at + small_size] = bytes(small_size)
        if small_at + small_size >= len(block.data) - 4:
            del block.data[small_at:]
    return block.data


def described_block(exif: Image.Exif) -> tuple[bytes, list[str]]:
    """A new block of the tags that describe a picture, and the names of those that are left out.

    For files with tags among those of their pixels, such as TIFF; the notes of a camera maker would point
    into the original, and are left out.

    Args:
        exif: of the original.
    """
    new, left = Image.Exif(), list[str]()
    for tag, value in exif.items():
        if tag in _DESCRIPTIVE:
            new[tag] = value
        elif tag not in _STRUCTURE:
            left.append(ExifTags.TAGS.get(tag, f"tag {tag}"))
    for place in (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo):
        inner = {t: v for t, v in exif.get_ifd(place).items() if t not in {_NOTES, _INTEROP}}
        if inner:
            new.get_ifd(place).update(inner)
    if _NOTES in exif.get_ifd(ExifTags.IFD.Exif):
        left.append("MakerNotes")
    if not len(new) and not any(new.get_ifd(p) for p in (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo)):
        return b"", left
    return new.tobytes().removeprefix(b"Exif\0\0"), left


def of_raw_file(exif: bytes, date: object) -> bytes:
    """The block of a developed RAW file without what the developing program wrote of its own.

    It writes the present time as the date of the last change, one star where nobody gave any, and
    sometimes sub-seconds of blanks.

    Args:
        exif: from its byte order on.
        date: of the last change in the RAW file; anything but a date of 19 characters takes the tag away.

    Raises:
        ValueError: if the block is damaged.
    """
    try:
        block = _Block(exif)
        first = block.number("I", 4)
        inner = block.pointed(first, _EXIF)
        for entry in list(block.entries(inner)) if inner else []:
            if entry.tag in _SUBSECONDS and not block.value(entry).strip(b" \0"):
                block.remove(inner, entry.tag)
        for tag in _STARS:
            block.remove(first, tag)
        known = isinstance(date, str) and len(date) == _DATE_LENGTH and date.isascii()
        entry_of_date = next((e for e in block.entries(first) if e.tag == DATE), None)
        if known and entry_of_date and entry_of_date.values > _DATE_LENGTH:
            at = entry_of_date.value_at
            block.data[at : at + _DATE_LENGTH] = str(date).encode()
        else:
            block.remove(first, DATE)
    except struct.error as error:
        raise ValueError(f"it is damaged: {error}") from error
    return bytes(block.data)


def without_tag(exif: bytes, tag: int) -> bytes:
    """The same block without a tag of its first directory; empty if it has no other.

    The values of other tags stay where they are.

    Args:
        exif: from its byte order on; empty for none.
        tag: such as `ORIENTATION`, for formats that say elsewhere how a picture is turned.

    Raises:
        ValueError: if the block is damaged.
    """
    if not exif:
        return b""
    try:
        block = _Block(exif)
        first = block.number("I", 4)
        block.remove(first, tag)
        return bytes(block.data) if block.number("H", first) else b""
    except struct.error as error:
        raise ValueError(f"it is damaged: {error}") from error
