"""Real photographs for the benchmarks, each once.

Holds `originals`, `stamps`, `packed` and `places`.
Add here: another place of photographs.
Keep out: anything made by a program.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from proofsheet.core.files import Refused
from proofsheet.imaging.decode import DecodeLimits, read_picture
from proofsheet.imaging.perceptual_hash import phash
from proofsheet.imaging.scaling import Pixels

ROOT = Path(__file__).parents[1]
_EDITED = (
    "mixed_images",
    "bridge-mods",
    "dih",
    "pillow_hpnd",
    "screenshot",
)  # edits of other files, and drawings
_LEAST_PX = 450
STAMPS = Path("/usr/share/tuxpaint/stamps")
_DRAWN = ("cartoon", "symbols", "mirror", "roadsigns", "/space/")
_LEAST_STAMP_PX = 120
_MOST_JPEG_BYTES = 3_000_000
_APART_BITS = 12
_SIDE_PX = 1600


def places() -> list[Path]:
    """Where photographs are looked for."""
    more = os.environ.get("PROOFSHEET_ORIGINALS", "").split(os.pathsep)
    return [ROOT.parent / "shared" / "data", *(Path(p) for p in more if p)]


def originals() -> Iterator[tuple[str, Pixels]]:
    """Name and pixels (longest side at most 1600) of every distinct photograph, in the order of the names.

    Looks into `../shared/data` and the folders named by PROOFSHEET_ORIGINALS; near-duplicates come once.
    """
    seen: list[int] = []
    files = sorted(
        {p for place in places() for p in place.rglob("*") if p.suffix.lower() in {".jpg", ".jpeg"}},
        key=lambda p: (p.name, str(p)),
    )
    for path in files:
        if any(part in _EDITED for part in path.parts) or path.stem in _EDITED:
            continue
        try:
            with path.open("rb") as stream:
                picture = read_picture(stream, DecodeLimits(10**9, 10**9, _SIDE_PX))
        except Refused:
            continue
        if min(picture.width_px, picture.height_px) < _LEAST_PX or picture.rgb.std() < 12:
            continue
        found = phash(picture.rgb)
        if any((found ^ other).bit_count() <= _APART_BITS for other in seen):
            continue
        seen.append(found)
        yield path.stem, picture.rgb


def stamps() -> Iterator[tuple[str, Pixels]]:
    """Kind and pixels of the photographs in Debian's tuxpaint-stamps-default: things on a white ground.

    The kind is the folder, such as animals/birds; drawings and near-duplicates are left out.
    """
    seen: list[int] = []
    for path in sorted(STAMPS.rglob("*.png")):
        if any(word in str(path) for word in _DRAWN):
            continue
        with Image.open(path) as image:
            cut_out = image.convert("RGBA")
        if min(cut_out.size) < _LEAST_STAMP_PX:
            continue
        white = Image.new("RGBA", cut_out.size, "white")
        pixels = np.asarray(Image.alpha_composite(white, cut_out).convert("RGB"))
        found = phash(pixels)
        if any((found ^ other).bit_count() <= _APART_BITS for other in seen):
            continue
        seen.append(found)
        yield "/".join(path.relative_to(STAMPS).parts[:2][: len(path.relative_to(STAMPS).parts) - 1]), pixels


def large(pixels: Pixels, width: int, height: int) -> Image.Image:
    """A photograph at exactly this size: cropped to the shape, scaled by Lanczos."""
    image = Image.fromarray(pixels)
    scale = max(width / image.width, height / image.height)
    image = image.resize(
        (round(image.width * scale) + 1, round(image.height * scale) + 1), Image.Resampling.LANCZOS
    )
    left, top = (image.width - width) // 2, (image.height - height) // 2
    found = np.asarray(image.crop((left, top, left + width, top + height)))
    return Image.fromarray(found)


def packed(resources: Path) -> Iterator[bytes]:
    """Every WebP and JPEG in a Qt resource file (.rcc), such as those of Debian's gcompris-qt-data."""
    content = resources.read_bytes()
    for found in re.finditer(rb"RIFF(....)WEBPVP8", content, re.DOTALL):
        yield content[found.start() : found.start() + 8 + int.from_bytes(found.group(1), "little")]
    for found in re.finditer(rb"\xff\xd8\xff", content):
        yield content[found.start() : found.start() + _MOST_JPEG_BYTES]
