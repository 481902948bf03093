"""What a TIFF or DNG holds besides metadata, directory by directory.

Holds `tiff_data`.
Add here: another tag with metadata, or another pair of tags that place data.
Keep out: other containers (picture_data.py), and what tags mean.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

_SIZES = {
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
_WHOLE = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}
_DATA = {273: 279, 324: 325, 513: 514}  # tag of places to tag of lengths
_SUB_DIRECTORIES = 330
# Title, description, date of change, ratings, XMP, texts of Windows, IPTC, Photoshop, and further directories
_METADATA = frozenset({270, 306, 18246, 18249, 700, *range(40091, 40096), 33723, 34377, 34665, 34853, 40965})
_MOST = 4096


def tiff_data(data: bytes) -> Iterator[bytes]:
    """The tags of every directory without metadata, and the strips, tiles and previews that they place.

    Args:
        data: the whole file, classic or big.

    Raises:
        ValueError: with the reason in words, if it is damaged.
    """
    order = "<" if data[:2] == b"II" else ">"
    big = struct.unpack_from(f"{order}H", data, 2)[0] == 43
    waiting = [int(struct.unpack_from(f"{order}Q" if big else f"{order}I", data, 8 if big else 4)[0])]
    seen = set[int]()
    while waiting:
        at = waiting.pop()
        if not at or at in seen:
            continue
        if len(seen) >= _MOST:
            raise ValueError(f"it has more than {_MOST} directories")
        seen.add(at)
        entries, following = _directory(data, at, order, big=big)
        waiting += [following, *_numbers(entries, _SUB_DIRECTORIES, order)]
        yield from _parts(data, entries, order)


def _parts(data: bytes, entries: dict[int, tuple[int, bytes]], order: str) -> Iterator[bytes]:
    """The values of a directory, and the data that it places."""
    for tag, (kind, value) in sorted(entries.items()):
        if tag not in _METADATA and tag not in _DATA and tag != _SUB_DIRECTORIES:
            yield struct.pack("<HH", tag, kind) + value
    for places, lengths in _DATA.items():
        for at, length in zip(
            _numbers(entries, places, order), _numbers(entries, lengths, order), strict=False
        ):
            if at + length > len(data):
                raise ValueError("it is damaged: image data ends outside of the file")
            yield data[at : at + length]


def _directory(data: bytes, at: int, order: str, *, big: bool) -> tuple[dict[int, tuple[int, bytes]], int]:
    """Tag to type and bytes of its value, and the place of the next directory."""
    counter, entry, link = ("Q", "HHQ8s", "Q") if big else ("H", "HHI4s", "I")
    (count,) = struct.unpack_from(order + counter, data, at)
    if count > _MOST:
        raise ValueError(f"it is damaged: a directory has {count} tags")
    start, step = at + struct.calcsize(counter), struct.calcsize("=" + entry)
    found: dict[int, tuple[int, bytes]] = {}
    for n in range(count):
        tag, kind, number, held = struct.unpack_from(order + entry, data, start + n * step)
        size = _SIZES.get(kind, 0) * number
        if size > len(held):
            place = int(struct.unpack(order + ("Q" if big else "I"), held)[0])
            if place + size > len(data):
                raise ValueError(f"it is damaged: its tag {tag} ends outside of the file")
            held = data[place : place + size]
        found[tag] = (kind, held[:size])
    following = 0
    if start + count * step + struct.calcsize(link) <= len(data):
        (following,) = struct.unpack_from(order + link, data, start + count * step)
    return found, int(following)


def _numbers(entries: dict[int, tuple[int, bytes]], tag: int, order: str) -> list[int]:
    kind, value = entries.get(tag, (0, b""))
    code = _WHOLE.get(kind)
    return list(struct.unpack(f"{order}{len(value) // _SIZES[kind]}{code}", value)) if code else []
