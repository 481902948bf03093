"""Open one picture safely: fixed formats, own pixel limit, upright, small.

Holds `open_picture`, the formats, and the magic numbers that reveal a picture under another name.
Add here: a format (its Pillow name and extensions).
Keep out: what is measured (vision/, library/exif.py).
"""

from __future__ import annotations

import functools
import os
import struct
import warnings
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from proofsheet.files import Fingerprint, Refused, open_regular

FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "GIF", "BMP", "AVIF", "HEIF")  # MPO comes with JPEG
# fmt: off
EXTENSIONS = frozenset({
    ".avif", ".bmp", ".gif", ".heic", ".heif", ".hif", ".jfif", ".jpe", ".jpeg", ".jpg", ".mpo", ".png", ".tif", ".tiff",
    ".webp",
})
RAW_EXTENSIONS = frozenset({
    ".3fr", ".arw", ".cr2", ".cr3", ".crw", ".dcr", ".dng", ".erf", ".iiq", ".kdc", ".mef", ".mos", ".mrw", ".nef", ".nrw",
    ".orf", ".pef", ".raf", ".raw", ".rw2", ".rwl", ".sr2", ".srf", ".srw", ".x3f",
})
OTHER_PICTURES = frozenset({
    ".apng", ".blp", ".bw", ".cur", ".dcx", ".dds", ".emf", ".eps", ".exr", ".fit", ".fits", ".flc", ".fli", ".ftex", ".gd",
    ".hdr", ".icns", ".ico", ".im", ".j2k", ".jp2", ".jpf", ".jpx", ".jxl", ".mic", ".msp", ".pbm", ".pcd", ".pcx", ".pfm",
    ".pgm", ".pnm", ".ppm", ".psd", ".pxr", ".qoi", ".ras", ".rgb", ".rgba", ".sgi", ".spider", ".svg", ".tga", ".wal",
    ".wmf", ".xbm", ".xpm",
})
# fmt: on
_MAGIC = {b"\xff\xd8\xff": "JPEG", b"\x89PNG\r\n\x1a\n": "PNG", b"GIF8": "GIF", b"II*\0": "TIFF", b"MM\0*": "TIFF"}

# What Pillow's decoders raise for a damaged file, beside OSError.
_DECODER_ERRORS = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    EOFError,
    KeyError,
    IndexError,
    OverflowError,
    ZeroDivisionError,
    MemoryError,
    NotImplementedError,
    RuntimeError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)


@dataclass(frozen=True)
class PictureFile:
    """A file to be opened, as it was when it was hashed."""

    path: Path
    content_hash: str
    fingerprint: Fingerprint


@dataclass(frozen=True)
class Limits:
    """What a picture may cost."""

    max_pixels: int
    side_px: int


@dataclass(frozen=True)
class Picture:
    """An opened picture.

    Attributes:
        image: upright, RGB, longest side at most `Limits.side_px`.
        width_px: width of the upright picture at full size.
        height_px: height of the upright picture at full size.
        format: name of the format that was found.
        exif: the EXIF block as stored, empty if there is none.
    """

    image: Image.Image
    width_px: int
    height_px: int
    format: str
    exif: Image.Exif


def format_of(head: bytes) -> str | None:
    """The picture format that the first bytes announce, or None."""
    for magic, name in _MAGIC.items():
        if head.startswith(magic):
            return name
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    if head[4:8] == b"ftyp" and head[8:12] in {b"heic", b"heix", b"mif1", b"avif"}:
        return "HEIF"
    return None


def open_picture(file: PictureFile, limits: Limits) -> Picture:
    """Open, check, decode (reduced where the format allows), turn upright.

    Raises:
        Refused: with a kind, a reason and a next step, for whatever is wrong with the file.
    """
    prepare_decoders()
    descriptor = open_regular(file.path)
    with os.fdopen(descriptor, "rb") as stream, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if Fingerprint.of(os.fstat(stream.fileno())) != file.fingerprint:
            raise Refused("vanished", "it changed after it was hashed", "run again when nothing writes to it")
        try:
            with Image.open(stream, formats=FORMATS) as image:
                return _decoded(image, limits)
        except UnidentifiedImageError:
            raise Refused("unreadable", "no known picture format was found in it", _open_it) from None
        except _DECODER_ERRORS as error:
            raise Refused("unreadable", f"decoding failed: {_told(error)}", _open_it) from None


@functools.cache
def prepare_decoders() -> None:
    """Load every decoder once; Pillow raises `KeyError` for a format that it has not loaded yet."""
    import pillow_heif

    pillow_heif.register_heif_opener()
    Image.init()
    missing = [name for name in FORMATS if name not in Image.OPEN]
    if missing:
        raise ImportError(f"Pillow lacks the formats {', '.join(missing)}; install its standard build")
    Image.MAX_IMAGE_PIXELS = None  # our own limit is checked on the header, before any pixel is decoded


_open_it = "open it in another program; if it is damaged there too, copy it again from the source"


def _decoded(image: Image.Image, limits: Limits) -> Picture:
    width, height = image.size
    if width < 1 or height < 1:
        raise Refused("unreadable", f"its size is {width} x {height}", _open_it)
    if width * height > limits.max_pixels:
        raise Refused(
            "too_large",
            f"{width} x {height} are {width * height:,} pixels, the limit is {limits.max_pixels:,}",
            "raise max_pixels under [photos] in proofsheet.toml if the picture is wanted",
        )
    name = image.format or "unknown"
    exif = _exif(image)
    scale = limits.side_px / max(width, height)
    if name in {"JPEG", "MPO"} and scale < 1:
        image.draft("RGB", (max(1, round(width * scale)), max(1, round(height * scale))))
    image.load()
    small = _rgb(image)
    if scale < 1:
        small.thumbnail((limits.side_px, limits.side_px), Image.Resampling.LANCZOS, reducing_gap=2.0)
    turned = _orientation(exif) in {5, 6, 7, 8}
    upright = ImageOps.exif_transpose(_with_orientation(small, exif))
    return Picture(upright, height if turned else width, width if turned else height, name, exif)


def _exif(image: Image.Image) -> Image.Exif:
    try:
        return image.getexif()
    except _DECODER_ERRORS:
        return Image.Exif()


def _orientation(exif: Image.Exif) -> int:
    try:
        value = exif.get(0x0112, 1)
    except _DECODER_ERRORS:
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _with_orientation(image: Image.Image, exif: Image.Exif) -> Image.Image:
    """A plain copy that carries the orientation and nothing else."""
    plain = Image.fromarray(np.asarray(image))
    plain.getexif()[0x0112] = _orientation(exif)
    return plain


def _rgb(image: Image.Image) -> Image.Image:
    """RGB on white; 16-bit and float greys are scaled, not cut."""
    if image.mode.startswith("I") or image.mode == "F":
        values = np.asarray(image, dtype=np.float64)
        finite = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
        top = 65535.0 if image.mode.startswith("I") and finite.max(initial=0) <= 65535 else max(finite.max(initial=0), 1e-12)
        grey = np.clip(finite / top * 255.0, 0, 255).astype(np.uint8)
        return Image.fromarray(grey).convert("RGB")
    if image.has_transparency_data:
        rgba = image.convert("RGBA")
        white = Image.new("RGBA", rgba.size, "white")
        return Image.alpha_composite(white, rgba).convert("RGB")
    return image.convert("RGB")


def _told(error: Exception) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text[:200]}" if text else type(error).__name__
