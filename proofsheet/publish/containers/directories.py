"""Directories of tags, as in TIFF and EXIF: read in full, tag by tag.

Holds `Directories`, `TagEntry`, `listed`, `gaps` and `exif_parts`.
Add here: another tag that exiftool writes into EXIF of copies.
Keep out: strips and tiles (tiff.py), and which values are written (publish/copied_fields.py).
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from proofsheet.publish.containers.part import CannotClean, FilePart

SIZES = {
    1: 1,
    2: 1,
    3: 2,
    4: 4,
    5: 8,
    6: 1,
    7: 1,
    8: 2,
    9: 4,
    10: 8,
    11: 4,
    12: 8,
    13: 4,
    16: 8,
    17: 8,
    18: 8,
}
_INTEGERS = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}
_MOST_TAGS, _MOST_PAGES = 4096, 4096
EXIF, GPS, INTEROP = 34665, 34853, 40965
_MARK = b"ExifMeta"  # exiftool writes it into some containers
_POINTERS = {EXIF: "ExifIFD", GPS: "GPS", INTEROP: "Interop"}
# Tags that copies may hold by directory: those of publish/copied_fields.py, and what exiftool adds so that
# the block is valid.
KNOWN = {
    "IFD0": {271: "Make", 272: "Model", 274: "Orientation", 282: "XResolution", 283: "YResolution",
             296: "ResolutionUnit", 306: "ModifyDate", 315: "Artist", 531: "YCbCrPositioning",
             33432: "Copyright", EXIF: "ExifIFD", GPS: "GPS"},
    "ExifIFD": {36864: "ExifVersion", 36867: "DateTimeOriginal", 36868: "CreateDate", 36880: "OffsetTime",
                36881: "OffsetTimeOriginal", 36882: "OffsetTimeDigitized", 37121: "ComponentsConfiguration",
                37510: "UserComment", 37520: "SubSecTime", 37521: "SubSecTimeOriginal",
                37522: "SubSecTimeDigitized", 40960: "FlashpixVersion", 40961: "ColorSpace",
                INTEROP: "Interop", 42032: "OwnerName", 42033: "SerialNumber",
                42035: "LensMake", 42036: "LensModel", 42037: "LensSerialNumber"},
    "GPS": {0: "GPSVersionID", 1: "GPSLatitudeRef", 2: "GPSLatitude", 3: "GPSLongitudeRef", 4: "GPSLongitude",
            5: "GPSAltitudeRef", 6: "GPSAltitude"},
    "Interop": {1: "InteropIndex", 2: "InteropVersion"},
}  # fmt: skip


@dataclass(frozen=True)
class TagEntry:
    """A tag of a directory: its number, type, values as stored, and their place."""

    tag: int
    kind: int
    count: int
    value: bytes
    at: int

    def numbers(self, order: str) -> list[int]:
        """The values of an entry of whole numbers."""
        code = _INTEGERS.get(self.kind)
        if code is None:
            raise CannotClean(f"its tag {self.tag} holds no whole numbers")
        return list(struct.unpack(f"{order}{self.count}{code}", self.value))

    def fractions(self, order: str) -> list[float]:
        """The values of an entry of fractions or floating numbers; an invalid one is -1."""
        if self.kind in (11, 12):
            return [
                n if math.isfinite(n) else -1
                for n in struct.unpack(f"{order}{self.count}{'f' if self.kind == 11 else 'd'}", self.value)
            ]
        pairs = struct.unpack(f"{order}{2 * self.count}{'I' if self.kind == 5 else 'i'}", self.value)
        return [a / b if b else -1 for a, b in zip(pairs[::2], pairs[1::2], strict=True)]


class Directory(NamedTuple):
    """The tags of a directory, its place and size, and the start of the next one; 0 without a next one."""

    entries: dict[int, TagEntry]
    at: int
    size: int
    following: int


class Directories:
    """A reader of the directories in a TIFF file or an EXIF block.

    Args:
        data: the file or block; classic or big.

    Raises:
        CannotClean: if it is neither, and from the methods if something is outside.
    """

    def __init__(self, data: bytes) -> None:
        if data[:2] not in (b"II", b"MM") or len(data) < 8:
            raise CannotClean("its first bytes are not a TIFF header")
        self.data, self.order = data, "<" if data[:2] == b"II" else ">"
        (magic,) = struct.unpack_from(f"{self.order}H", data, 2)
        if magic not in (42, 43) or (magic == 43 and len(data) < 16):
            raise CannotClean("its first bytes are not a TIFF header")
        self.big = magic == 43
        self.head = 16 if self.big else 8
        self.first = int(struct.unpack_from(f"{self.order}{'8xQ' if self.big else '4xI'}", data, 0)[0])

    def pages(self) -> list[Directory]:
        """The chain of directories."""
        found: list[Directory] = []
        at = self.first
        while at and len(found) < _MOST_PAGES and at not in {d.at for d in found}:
            found.append(self.directory(at))
            at = found[-1].following
        return found

    def directory(self, at: int) -> Directory:
        """The directory at a place."""
        counter, entry, link = ("Q", "HHQ8s", "Q") if self.big else ("H", "HHI4s", "I")
        try:
            (count,) = struct.unpack_from(self.order + counter, self.data, at)
            if count > _MOST_TAGS:
                raise CannotClean(f"a directory with {count} tags is in it")
            start, step = at + struct.calcsize(counter), struct.calcsize("=" + entry)
            rows = [struct.unpack_from(self.order + entry, self.data, start + n * step) for n in range(count)]
            end = start + count * step
            (following,) = struct.unpack_from(self.order + link, self.data, end)
        except struct.error:
            raise CannotClean("a directory is outside of the file") from None
        entries = {row[0]: self._entry(*row) for row in rows}
        return Directory(entries, at, end + struct.calcsize(link) - at, int(following))

    def _entry(self, tag: int, kind: int, count: int, held: bytes) -> TagEntry:
        size = SIZES.get(kind, 0) * count
        if kind in SIZES and size <= len(held):
            return TagEntry(tag, kind, count, held[:size], 0)
        at = int(struct.unpack(self.order + ("Q" if self.big else "I"), held)[0])
        if kind not in SIZES or at + size > len(self.data):
            return TagEntry(tag, 0, 0, b"", 0)  # damaged; no copy holds it
        return TagEntry(tag, kind, count, self.data[at : at + size], at)


def exif_parts(block: bytes) -> list[FilePart]:
    """Every tag of an EXIF block, and bytes that belong to none.

    Args:
        block: from its TIFF header on.
    """
    try:
        found = Directories(block)
        spans = [(0, found.head + (len(_MARK) if block[found.head :].startswith(_MARK) else 0))]
        tags = list(listed(found, found.first, "IFD0", KNOWN["IFD0"], spans))
    except CannotClean as error:
        return [FilePart(f"damaged block: {error}", len(block), False)]
    return tags + gaps(block, spans)


def listed(
    found: Directories, at: int, name: str, known: Mapping[int, str], spans: list[tuple[int, int]]
) -> Iterator[FilePart]:
    """Every tag of a directory and of those below it.

    Args:
        found: the reader.
        at: place of the directory.
        name: of the directory.
        known: tags that it may hold, with their names.
        spans: beginning and end of all that is read are added here.
    """
    here = found.directory(at)
    spans.append((here.at, here.at + here.size))
    for one in here.entries.values():
        spans.append((one.at, one.at + len(one.value)))
        yield FilePart(f"{name} {known.get(one.tag, f'tag {one.tag}')}", len(one.value), one.tag in known)
        if one.tag in known and one.tag in _POINTERS:
            inner = _POINTERS[one.tag]
            yield from listed(found, one.numbers(found.order)[0], inner, KNOWN[inner], spans)
    if here.following:
        yield FilePart(f"a directory after {name}", len(found.data) - here.following, False)


def gaps(data: bytes, spans: Iterable[tuple[int, int]]) -> list[FilePart]:
    """Bytes that belong to no span; a single zero between two is padding."""
    found, end = [], 0
    for start, stop in sorted([*spans, (len(data), len(data))]):
        between = data[end:start]
        if between.strip(b"\0") or len(between) > 1:
            found.append(FilePart(f"bytes at {end} that belong to no tag", len(between), False))
        end = max(end, stop)
    return found
