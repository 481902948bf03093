"""TIFF copies: the page that is shown, with the tags that its pixels need.

Strips and tiles are read to their last byte.

Holds `rebuilt` and `parts`.
Add here: another tag that pixels need, or another way of packing them.
Keep out: reading directories (directories.py).
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Mapping, Sequence

import numpy as np
from PIL import Image

from proofsheet.publish.containers import icc, jpeg
from proofsheet.publish.containers import tiff_tags as tag
from proofsheet.publish.containers.directories import KNOWN, Directories, Directory, TagEntry, gaps, listed
from proofsheet.publish.containers.part import CannotClean, FilePart, Rebuilt, inside
from proofsheet.publish.containers.tiff_alpha import alpha_of, uncovered_rows
from proofsheet.publish.containers.tiff_rows import (
    DEFLATE,
    JPEG,
    PLAIN,
    PREDICTED,
    Piece,
    is_exact,
    number_of,
    pixels_of,
    shown_rows,
    single_file,
)
from proofsheet.publish.containers.transparent import COVERED

_BUILT = {
    tag.STRIPS: "StripOffsets",
    tag.STRIP_SIZES: "StripByteCounts",
    tag.TILES: "TileOffsets",
    tag.TILE_SIZES: "TileByteCounts",
}
_BUILT |= {tag.ICC: "ICC_Profile", tag.XMP: "XMP"}
NAMES = frozenset(
    {n for n, _, _ in tag.NEEDED.values()} | set(_BUILT.values())
) | {  # of all tags that are no field
    *(
        "PreviewImageStart",
        "PreviewImageLength",
        "PreviewImage",
    )  # so exiftool calls the strip of a page in JPEG
}
_POINTS = 3
_RAW_COLOURS = frozenset({32803, 34892})


def rebuilt(data: bytes) -> Rebuilt:
    """A TIFF of the page that is shown.

    Raises:
        CannotClean: if it is a RAW file, or packed in a way that cannot be read to its last byte.
    """
    found = Directories(data)
    pages = found.pages()
    full = [n for n, page in enumerate(pages) if not _reduced(found, page)]
    if not full or any(
        tag.DNG in p.entries or number_of(found, p, tag.COLOURS, 0) in _RAW_COLOURS for p in pages
    ):
        raise CannotClean("it is a RAW file, or holds no complete picture")
    page = pages[full[0]]
    entries, odd = {}, list[str]()
    for one in tag.NEEDED.keys() & page.entries.keys():
        try:
            entries[one] = tag.bounded(found, page.entries[one])
        except CannotClean:
            if one not in tag.BESIDE:
                raise
            odd.append(f"{tag.NEEDED[one][0]} out of bounds")
    stored, covered = _packed(found, page, entries)
    if entries.pop(tag.PALETTE, None) and number_of(found, page, tag.COLOURS, 0) == _POINTS:
        entries[tag.PALETTE] = _palette(found, page, entries, stored)
    profile = page.entries.get(tag.ICC)
    cleaned = icc.cleaned(profile.value) if profile else None
    if cleaned:
        entries[tag.ICC] = _bytes(tag.ICC, cleaned)
    left_out = [*sorted(odd), *([f"{len(full) - 1} further pages"] if len(full) > 1 else [])]
    left_out += ["a colour profile that cannot be read"] if profile and not cleaned else []
    left_out += [COVERED] if covered else []
    return Rebuilt(
        single_file(found, entries, stored, tiled=tag.TILES in page.entries), tuple(left_out), full[0]
    )


def parts(data: bytes) -> list[FilePart]:
    """Every tag, strip and tile, further pages, and bytes that belong to none."""
    found, spans = Directories(data), list[tuple[int, int]]()
    known = KNOWN["IFD0"] | {t: name for t, (name, _, _) in tag.NEEDED.items()} | _BUILT
    told = list(listed(found, found.first, "IFD0", known, spans))
    page, again = found.directory(found.first), Directories(rebuilt(data).data)
    plain = again.directory(again.first).entries
    for number, entry in page.entries.items():
        if number in tag.NEEDED and (
            number not in plain or tag.numbers(found, entry) != tag.numbers(again, plain[number])
        ):
            told.append(FilePart(f"{tag.NEEDED[number][0]} with other values", len(entry.value), False))
    if profile := page.entries.get(tag.ICC):
        told += inside("ICC", icc.parts(profile.value))
    packing, name = (
        number_of(found, page, tag.PACKING, PLAIN),
        "tile" if tag.TILES in page.entries else "strip",
    )
    for one in _pieces(found, page):
        spans.append((one.at, one.at + len(one.stored)))
        told.append(FilePart(name, len(one.stored), is_exact(packing, one)))
    return told + gaps(data, [*spans, (0, found.head)])


def _reduced(found: Directories, page: Directory) -> bool:
    return bool(number_of(found, page, tag.SUBTYPE, 0) & 1) or number_of(found, page, tag.OLD_SUBTYPE, 1) == 2


def _bytes(number: int, value: bytes) -> TagEntry:
    return TagEntry(number, 7, len(value), value, 0)


def _palette(
    found: Directories, page: Directory, entries: Mapping[int, TagEntry], stored: Sequence[bytes]
) -> TagEntry:
    """The colours of a palette that pixels have; the others are black."""
    whole = tag.bounded(found, page.entries[tag.PALETTE])
    count = 1 << number_of(found, page, tag.BITS, 1)
    if whole.count != 3 * count:
        raise CannotClean("its palette has another size than its pixels need")
    used = _pointed(
        single_file(found, {**entries, tag.PALETTE: whole}, stored, tiled=tag.TILES in page.entries)
    )
    kept = [v if n % count in used else 0 for n, v in enumerate(whole.numbers(found.order))]
    return TagEntry(tag.PALETTE, 3, len(kept), struct.pack(f"{found.order}{len(kept)}H", *kept), 0)


def _pointed(data: bytes) -> set[int]:
    """The colours of a palette that pixels have."""
    try:
        with Image.open(io.BytesIO(data), formats=["TIFF"]) as image:
            if image.mode != "P":
                raise CannotClean("its palette is in a form that is not known here")
            return {int(n) for n in np.unique(np.asarray(image))}
    except (OSError, ValueError, SyntaxError) as error:
        raise CannotClean(f"its rows are damaged: {error}") from error


def _pieces(found: Directories, page: Directory) -> list[Piece]:
    """Strips or tiles in their order.

    Raises:
        CannotClean: if their number or place does not fit the size of the picture.
    """
    width, height = number_of(found, page, tag.WIDTH, 0), number_of(found, page, tag.HEIGHT, 0)
    samples = number_of(found, page, tag.SAMPLES, 1)
    bits = set(page.entries[tag.BITS].numbers(found.order)) if tag.BITS in page.entries else {1}
    tiled = tag.TILES in page.entries
    places, sizes = (tag.TILES, tag.TILE_SIZES) if tiled else (tag.STRIPS, tag.STRIP_SIZES)
    if len(bits) != 1 or not width or not height or places not in page.entries:
        raise CannotClean("its samples differ in depth, or it has no pixels")
    across = number_of(found, page, tag.TILE_WIDTH, width) if tiled else width
    down = (
        number_of(found, page, tag.TILE_HEIGHT, height)
        if tiled
        else min(number_of(found, page, tag.ROWS, height), height)
    )
    if not across or not down:
        raise CannotClean("its strips or tiles have no size")
    planes = samples if number_of(found, page, tag.PLANES, 1) == 2 else 1
    deep = bits.pop() * (samples // planes)
    sides = [
        (min(down, height - y), min(across, width - x))
        for y in range(0, height, down)
        for x in range(0, width, across)
    ] * planes
    size = (across * deep + 7) // 8
    at = page.entries[places].numbers(found.order)
    long = (
        page.entries[sizes].numbers(found.order)
        if sizes in page.entries
        else [size * (down if tiled else r) for r, _ in sides]
    )
    if not len(at) == len(long) == len(sides) or any(
        a + n > len(found.data) for a, n in zip(at, long, strict=True)
    ):
        raise CannotClean("its strips or tiles do not fit its size, or are outside")
    return [
        Piece(a, found.data[a : a + n], down if tiled else high, across, size, high, wide * deep)
        for a, n, (high, wide) in zip(at, long, sides, strict=True)
    ]


def _packed(found: Directories, page: Directory, entries: dict[int, TagEntry]) -> tuple[list[bytes], bool]:
    """Strips or tiles as they are to be stored, and whether colours under transparent pixels were in them.

    The tags that say how they are stored are set.
    """
    packing, pieces = number_of(found, page, tag.PACKING, PLAIN), _pieces(found, page)
    if packing == JPEG:
        if alpha_of(found, page) is not None:
            raise CannotClean("it may have colours under transparent pixels, in JPEG")
        tables = page.entries[tag.TABLES].value[:-2] if tag.TABLES in page.entries else b"\xff\xd8"
        return [jpeg.rebuilt(tables + p.stored[2:]).data for p in pieces], False
    divided = (
        page.entries[tag.SUBSAMPLING].numbers(found.order) if tag.SUBSAMPLING in page.entries else [2, 2]
    )
    if number_of(found, page, tag.COLOURS, 0) == 6 and divided != [1, 1]:
        raise CannotClean("its colours are stored at another size than its brightness, without JPEG")
    if packing not in PREDICTED:
        entries.pop(tag.PREDICTOR, None)
    swapped = (
        tag.PREDICTOR in entries and number_of(found, page, tag.PREDICTOR, 1) == 3
    )  # bytes of a row are in another order
    stored = [shown_rows(pixels_of(found, page, packing, p), p, swapped) for p in pieces]
    predictor = number_of(found, page, tag.PREDICTOR, 1) if tag.PREDICTOR in entries else 1
    pixels = uncovered_rows(found, page, predictor, pieces, stored)
    into = PLAIN if packing == PLAIN else DEFLATE
    entries[tag.PACKING] = TagEntry(tag.PACKING, 3, 1, struct.pack(found.order + "H", into), 0)
    return pixels if into == PLAIN else [zlib.compress(p, 6) for p in pixels], pixels != stored
