"""What a file consists of: every chunk, tag and box by name, and whether it may be in a copy.

Holds `FilePart`, `Rebuilt`, `CannotClean`, `summary`, `inflated`, `exact` and `palette_without`.
Add here: what every container needs.
Keep out: containers themselves (the modules beside this one).
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Collection, Iterable
from typing import NamedTuple

_MOST = 1 << 24  # bytes of a stream beside the pixels
_SPARE = 4  # bytes; a coder may write up to three more than a decoder reads


class CannotClean(ValueError):
    """Why no copy of a file can be made that surely holds nothing else."""


class FilePart(NamedTuple):
    """A part of a file: its name, its size in bytes, and whether a copy may hold it as it is."""

    name: str
    size: int
    known: bool


class Rebuilt(NamedTuple):
    """A file built from what shows the picture.

    Attributes:
        data: the file.
        left_out: what of the original it lacks beside metadata: pages, a video, a profile.
        frame: the frame of the original that it begins with.
        hidden: the channels with lowest bits that were set alike; empty without such channels.
        shows: a file that shows the same as the original if that is whole, to compare with; empty for the
            original itself.
    """

    data: bytes
    left_out: tuple[str, ...] = ()
    frame: int = 0
    hidden: str = ""
    shows: bytes = b""


def inside(outer: str, found: Iterable[FilePart]) -> list[FilePart]:
    """The parts of a part, named with it."""
    return [FilePart(f"{outer} {p.name}", p.size, p.known) for p in found]


def summary(found: Iterable[FilePart]) -> str:
    """Parts in the order of the file, in words; those of one name are counted together.

    Returns:
        Such as `SOI 2 B, DQT 2 x 134 B together`.
    """
    sizes: dict[str, list[int]] = {}
    for one in found:
        sizes.setdefault(one.name, []).append(one.size)
    return ", ".join(
        f"{n} {s[0]:,} B" if len(s) == 1 else f"{n} ({len(s)} parts, {sum(s):,} B)" for n, s in sizes.items()
    )


def inflated(stream: bytes) -> bytes:
    """A compressed stream; empty if it is damaged, has no end or holds more than 16 MiB."""
    reader = zlib.decompressobj()
    try:
        found = reader.decompress(stream, _MOST)
    except zlib.error:
        return b""
    return found if reader.eof else b""


def palette_without(palette: bytes, used: Collection[int]) -> bytes:
    """A palette of three bytes a colour up to the last one in use; those that no pixel has are black."""
    colours = [palette[at : at + 3] for at in range(0, len(palette) - 2, 3)]
    return b"".join(c if n in used else bytes(3) for n, c in enumerate(colours[: max(used, default=0) + 1]))


def exact(value: bytes, pixels: Callable[[bytes], bytes | None], spare: int = 0) -> bytes:
    """Coded pixels without what follows them: the shortest beginning that shows the same.

    Args:
        value: as it is stored.
        pixels: what a beginning of it shows; None if nothing.
        spare: bytes that stay after that beginning, because a decoder may show it without its last ones.

    Raises:
        CannotClean: if the whole shows nothing.
    """
    wanted = pixels(value)
    if wanted is None:
        raise CannotClean("its picture is damaged")
    if pixels(value[:-_SPARE]) != wanted:
        return value
    least, enough = 0, len(value)
    while enough - least > 1:
        middle = (least + enough) // 2
        least, enough = (least, middle) if pixels(value[:middle]) == wanted else (middle, enough)
    return value[: enough + spare]
