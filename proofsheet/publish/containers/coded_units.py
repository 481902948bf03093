"""Units of coded pictures in HEIC and AVIF copies: HEVC and AV1.

Holds `alone`, `units_of` and `joined`.
Add here: units of another codec.
Keep out: items and boxes (heif.py), parameter sets (hevc.py).
"""

from __future__ import annotations

import functools
import io
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from PIL import Image

from proofsheet.imaging.decode import prepare_decoders
from proofsheet.imaging.formats import DECODER_ERRORS, FORMATS
from proofsheet.publish.containers import hevc
from proofsheet.publish.containers.boxes import Item, Items, meta_box, written
from proofsheet.publish.containers.part import CannotClean

PARAMETER_UNITS = frozenset({32, 33, 34})  # of HEVC
_PICTURE_UNITS = frozenset({*range(10), *range(16, 22)})  # of HEVC
_SEQUENCE = 33


_SHOWN_UNITS = frozenset({1, 3, 4, 6})  # of AV1: sequence, frames and tiles


class Unit(NamedTuple):
    """A unit of a coded picture.

    It has the bytes before it for its size, its own bytes, and whether it ends with its last pixel.
    """

    coded: bool
    head: Callable[[int], bytes]
    data: bytes


def alone(found: Items, item: Item, data: bytes) -> bytes | None:
    """The pixels of a file that has this item with other bytes alone, or None if it has none."""
    items = Items(1, {1: Item(item.kind, b"", data, [], list(item.properties))}, [], found.properties)
    brand = b"avif" if item.kind == b"av01" else b"heic"
    head = written(b"ftyp", brand, bytes(4), b"mif1", brand)
    size = len(head) + len(meta_box(items, 0)) + 8
    prepare_decoders()
    try:
        with Image.open(
            io.BytesIO(head + meta_box(items, size) + written(b"mdat", data)), formats=FORMATS
        ) as image:
            return image.tobytes()
    except DECODER_ERRORS:
        return None


def joined(units: Iterable[Unit]) -> bytes:
    """All units, each with its size."""
    return b"".join(u.head(len(u.data)) + u.data for u in units)


def units_of(data: bytes, wide: int) -> Iterator[Unit]:
    """Units of HEVC that hold pixels or parameters."""
    at = 0
    while at + wide < len(data):
        end = at + wide + int.from_bytes(data[at : at + wide], "big")
        if end > len(data):
            raise CannotClean("its coded picture is incomplete")
        kind = data[at + wide] >> 1 & 63
        if kind in _PICTURE_UNITS | PARAMETER_UNITS:
            unit = data[at + wide : end]
            yield Unit(
                kind in _PICTURE_UNITS,
                lambda size: size.to_bytes(wide, "big"),
                hevc.ended(unit) if kind in PARAMETER_UNITS else unit,
            )
        at = end


def frames_of(data: bytes) -> Iterator[Unit]:
    """Units of AV1 that hold pixels or parameters, each with its size."""
    at = 0
    while at < len(data):
        kind, extended, sized = data[at] >> 3 & 15, data[at] & 4, data[at] & 2
        head = bytes((kind << 3 | extended | 2,)) + (data[at + 1 : at + 2] if extended else b"")
        at += len(head)
        size, shift = len(data) - at, 0
        if sized:
            size = 0
            while at < len(data):
                byte, at = data[at], at + 1
                size |= (byte & 127) << shift
                shift += 7
                if not byte & 128:
                    break
        if at + size > len(data):
            raise CannotClean("its coded picture is incomplete")
        if kind in _SHOWN_UNITS:
            yield Unit(True, functools.partial(_sized, head), data[at : at + size])
        at += size


def _sized(head: bytes, size: int) -> bytes:
    while size > 127:
        head, size = head + bytes((size & 127 | 128,)), size >> 7
    return head + bytes((size,))
