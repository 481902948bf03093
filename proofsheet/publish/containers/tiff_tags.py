"""Tags that the pixels of a TIFF need: their names, how many numbers each has, and how large these may be.

Holds the numbers of tags, `NEEDED`, `bounded` and `numbers`.
Add here: another tag that pixels need.
Keep out: strips and tiles (tiff.py), and tags of chosen fields (directories.py).
"""

from __future__ import annotations

import struct

from proofsheet.publish.containers.directories import Directories, TagEntry
from proofsheet.publish.containers.part import CannotClean

WIDTH, HEIGHT, BITS, PACKING, COLOURS, FILL, SAMPLES, ROWS, PLANES = (
    256,
    257,
    258,
    259,
    262,
    266,
    277,
    278,
    284,
)
STRIPS, STRIP_SIZES, TILE_WIDTH, TILE_HEIGHT, TILES, TILE_SIZES, PALETTE = 273, 279, 322, 323, 324, 325, 320
PREDICTOR, TABLES, SUBSAMPLING, ICC, XMP, SUBTYPE, OLD_SUBTYPE, DNG = (
    317,
    347,
    530,
    34675,
    700,
    254,
    255,
    50706,
)
_ANY = 100_000
# Tags that pixels need: name, the most values that each may have, and the most that a value may be.
NEEDED = {
    WIDTH: ("ImageWidth", 1, _ANY), HEIGHT: ("ImageHeight", 1, _ANY), BITS: ("BitsPerSample", 8, 64),
    PACKING: ("Compression", 1, 0xFFFF), COLOURS: ("PhotometricInterpretation", 1, 0xFFFF),
    SAMPLES: ("SamplesPerPixel", 1, 8),
    ROWS: ("RowsPerStrip", 1, 0xFFFFFFFF), 282: ("XResolution", 1, _ANY), 283: ("YResolution", 1, _ANY),
    PLANES: ("PlanarConfiguration", 1, 2), 296: ("ResolutionUnit", 1, 3), PREDICTOR: ("Predictor", 1, 3),
    318: ("WhitePoint", 2, 1), 319: ("PrimaryChromaticities", 6, 1), PALETTE: ("ColorMap", 3 << 8, 0xFFFF),
    TILE_WIDTH: ("TileWidth", 1, _ANY), TILE_HEIGHT: ("TileLength", 1, _ANY), 332: ("InkSet", 1, 2),
    338: ("ExtraSamples", 7, 2),
    339: ("SampleFormat", 8, 6), 529: ("YCbCrCoefficients", 3, 1), SUBSAMPLING: ("YCbCrSubSampling", 2, 4),
    531: ("YCbCrPositioning", 1, 2), 532: ("ReferenceBlackWhite", 6, 0xFFFF),
}  # fmt: skip
BESIDE = frozenset({282, 283, 296, 318, 319, 332, 529, 531, 532})  # pixels can be read without these
_FRACTIONAL, _PARTS = (
    BESIDE - {296, 332, 531},
    10_000,
)  # tags of fractions, and the parts of one that copies have
_FRACTIONS = frozenset({5, 10, 11, 12})  # types


def bounded(found: Directories, entry: TagEntry) -> TagEntry:
    """A tag that pixels need, written from its numbers.

    Raises:
        CannotClean: if they are more or larger than any that pixels need.
    """
    name, most, largest = NEEDED[entry.tag]
    values = numbers(found, entry)
    if not 0 < len(values) <= most or not all(0 <= n <= largest for n in values):
        raise CannotClean(f"its tag {name} holds {str(values[:4])[1:-1]}, which is not known here")
    if entry.tag in _FRACTIONAL:
        pairs = [n for v in values for n in (round(v * _PARTS), _PARTS)]
        return TagEntry(entry.tag, 5, len(values), struct.pack(f"{found.order}{len(pairs)}I", *pairs), 0)
    kind, code = (3, "H") if largest <= 0xFFFF else (4, "I")
    return TagEntry(
        entry.tag, kind, len(values), struct.pack(f"{found.order}{len(values)}{code}", *map(int, values)), 0
    )


def numbers(found: Directories, entry: TagEntry) -> list[float]:
    """The values of a tag, whatever their type.

    Raises:
        CannotClean: if they are no numbers.
    """
    return (
        entry.fractions(found.order)
        if entry.kind in _FRACTIONS
        else list(map(float, entry.numbers(found.order)))
    )
