"""Open one picture safely: fixed formats, own pixel limit, upright, small.

Holds `open_picture`, `read_picture`, `check_size`, `exif_of`, `orientation_of` and `is_adobe_rgb`.
Add here: what every measurement needs of an opened file.
Keep out: formats by name (formats.py), headers (headers.py), colours (colour_management.py), sizes
(scaling.py), RAW (raw.py), measurements.
"""

from __future__ import annotations

import functools
import os
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO

from PIL import Image, UnidentifiedImageError

from proofsheet.core.files import Fingerprint, Refused, open_regular
from proofsheet.imaging.colour_management import Unshowable, part_in_grey, rgb_pixels
from proofsheet.imaging.formats import DECODER_ERRORS, DRAFTED, FORMATS, format_of
from proofsheet.imaging.headers import code_points, largest_page, png_without_large_texts, told_format
from proofsheet.imaging.metadata_blocks import Blocks, read_blocks
from proofsheet.imaging.scaling import Pixels, fit, upright_pixels

_ORIENTATION = 0x0112
_EXIF_IFD, _INTEROP_IFD, _COLOR_SPACE, _INTEROP_INDEX = 0x8769, 0xA005, 0xA001, 0x0001
_HEAD = 32
_SAMPLE_PX = 512
_DCT_PX = 8


@dataclass(frozen=True)
class PictureFile:
    """A file to be opened, as it was when it was hashed."""

    path: Path
    content_hash: str
    fingerprint: Fingerprint


@dataclass(frozen=True)
class DecodeLimits:
    """What a picture may cost, and how large it is wanted.

    Attributes:
        max_pixels: more pixels are refused.
        max_full_pixels: the same for formats that cannot be decoded at a smaller size.
        side_px: longest side of the picture that is measured.
        large_px: longest side of the picture that previews are made of; 0 if none is wanted.
        converter: auto, darktable or pillow (raw.py).
    """

    max_pixels: int
    max_full_pixels: int
    side_px: int
    large_px: int = 0
    converter: str = "auto"


@dataclass(frozen=True)
class Picture:
    """An opened picture.

    Attributes:
        rgb: (height, width, 3), upright, longest side at most `DecodeLimits.side_px`.
        large: the same at most `DecodeLimits.large_px`; `rgb` itself if no larger one was wanted.
        sample: (height, width) grey centre of the pixels as they were decoded, not turned and not scaled by
            us, at most 512 x 512.
        block_px: side of a JPEG block in `sample`; 8 unless the decoder made the picture smaller.
        width_px: width of the upright picture at full size.
        height_px: height of the upright picture at full size.
        format: name of the format that was found.
        exif: the EXIF block as stored, or empty.
        text: texts stored beside the pixels, such as those of PNG, by keyword.
        content_hash: of the file, where it is known.
        notes: omissions and conversions while it was opened.
        blocks: other metadata than the EXIF.
    """

    rgb: Pixels
    large: Pixels
    sample: Pixels
    block_px: int
    width_px: int
    height_px: int
    format: str
    exif: Image.Exif
    text: Mapping[str, str] = field(default_factory=dict)
    content_hash: str = ""
    notes: tuple[str, ...] = ()
    blocks: Blocks = field(default_factory=Blocks)


def open_picture(file: PictureFile, limits: DecodeLimits) -> Picture:
    """Open, check, decode (reduced where the format allows), turn upright.

    Raises:
        Refused: with a kind, a reason and a next step, for whatever is wrong with the file.
    """
    with os.fdopen(open_regular(file.path), "rb") as stream:
        if Fingerprint.of(os.fstat(stream.fileno())) != file.fingerprint:
            raise Refused("vanished", "it changed after it was hashed", "run again when nothing writes to it")
        return replace(read_picture(stream, limits), content_hash=file.content_hash)


def read_picture(stream: IO[bytes], limits: DecodeLimits) -> Picture:
    """The same from an open file.

    Raises:
        Refused: see `open_picture`.
    """
    prepare_decoders()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with Image.open(stream, formats=FORMATS) as image:
                image.info.update(code_points(image, stream))
                return replace(_decoded(image, limits), blocks=read_blocks(image, stream))
        except UnidentifiedImageError:
            known = told_format(stream)
            reason = (
                f"it is {known}, which is not read" if known else "no known picture format was found in it"
            )
            raise Refused("unreadable", reason, _convert_it if known else _open_it) from None
        except Unshowable as error:
            raise Refused("unreadable", f"{error}; that is not shown rightly", _convert_it) from None
        except DECODER_ERRORS as error:
            if (small := png_without_large_texts(stream)) is not None:
                return _without_texts(small, limits)
            head = _head(stream)
            raise Refused(
                "unreadable", f"decoding failed: {format_of(head) or 'unknown'}: {_told(error)}", _open_it
            ) from None


def _head(stream: IO[bytes]) -> bytes:
    stream.seek(0)
    return stream.read(_HEAD)


def _without_texts(found: tuple[IO[bytes], str], limits: DecodeLimits) -> Picture:
    """A PNG with complete pixels, and the parts that were left out of it."""
    stream, note = found
    picture = read_picture(stream, limits)
    return replace(picture, notes=(note, *picture.notes))


@functools.cache
def prepare_decoders() -> None:
    """Load every decoder once; Pillow raises `KeyError` for a format that it has not loaded yet."""
    import cv2
    import pillow_heif

    cv2.setNumThreads(1)  # the worker processes share the cores
    pillow_heif.register_heif_opener()
    Image.init()
    missing = [name for name in FORMATS if name not in Image.OPEN]
    if missing:
        raise ImportError(f"Pillow lacks the formats {', '.join(missing)}; install its standard build")
    Image.MAX_IMAGE_PIXELS = None  # our own limit is checked on the header, before any pixel is decoded


_convert_it = "convert it to an 8-bit sRGB PNG, TIFF or JPEG; the original stays as it is"
_open_it = "open it in another program; if it is damaged there too, copy it again from the source"


def _decoded(image: Image.Image, limits: DecodeLimits) -> Picture:
    name, page = image.format or "unknown", largest_page(image)
    width, height = image.size
    check_size(width, height, name, limits)
    exif = exif_of(image)
    wanted = max(limits.side_px, limits.large_px)
    scale = wanted / max(width, height)
    if name in DRAFTED and scale < 1:
        image.draft("RGB", (max(1, round(width * scale)), max(1, round(height * scale))))
    image.load()
    sample, (pixels, colours) = _sample(image), rgb_pixels(image, wanted, is_adobe_rgb(exif))
    block = max(1, round(_DCT_PX * image.size[0] / width))
    orientation = orientation_of(exif)
    large = upright_pixels(pixels, orientation)
    if orientation >= 5:
        width, height = height, width
    notes = tuple(note for note in (page, colours) if note)
    return Picture(
        fit(large, limits.side_px), large, sample, block, width, height, name, exif, _text(image), notes=notes
    )


def check_size(width: int, height: int, name: str, limits: DecodeLimits) -> None:
    """Refuse a picture by the size in its header, before any pixel is decoded.

    Raises:
        Refused: for more pixels than the limit of its format, or none.
    """
    if width < 1 or height < 1:
        raise Refused("unreadable", f"its size is {width} x {height}", _open_it)
    setting = "max_pixels" if name in DRAFTED else "max_full_pixels"
    limit = limits.max_pixels if name in DRAFTED else min(limits.max_full_pixels, limits.max_pixels)
    if width * height > limit:
        raise Refused(
            "too_large",
            f"{width} x {height} are {width * height:,} pixels, the limit for {name} is {limit:,}",
            f"raise {setting} under [photos] in proofsheet.toml if the picture is wanted",
        )


def _sample(image: Image.Image) -> Pixels:
    """The grey middle of a decoded picture; it begins on a block's edge."""
    left, top = (max(0, (side - _SAMPLE_PX) // 2) // _DCT_PX * _DCT_PX for side in image.size)
    right, bottom = (
        min(start + _SAMPLE_PX, side) for start, side in zip((left, top), image.size, strict=True)
    )
    return part_in_grey(image, (left, top, right, bottom))


def exif_of(image: Image.Image) -> Image.Exif:
    """The EXIF of an opened picture; empty if it is damaged."""
    try:
        return image.getexif()
    except DECODER_ERRORS:
        return Image.Exif()


def _text(image: Image.Image) -> dict[str, str]:
    """Every text stored beside the pixels, by its keyword."""
    found = {k: v for k, v in image.info.items() if isinstance(k, str) and isinstance(v, str)}
    if isinstance(comment := image.info.get("comment"), bytes):
        found["comment"] = comment.decode("utf-8", "replace")
    return found


def orientation_of(exif: Image.Exif) -> int:
    """EXIF's orientation of 1 to 8; 1 for anything else."""
    try:
        value = exif.get(_ORIENTATION, 1)
    except DECODER_ERRORS:
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def is_adobe_rgb(exif: Image.Exif) -> bool:
    """The colour space by DCF 2.0.

    An option file has `R03` and leaves the colour space uncalibrated; some programs write 2 instead.
    """
    try:
        space = exif.get_ifd(_EXIF_IFD).get(_COLOR_SPACE)
        index = exif.get_ifd(_INTEROP_IFD).get(_INTEROP_INDEX, "")
    except DECODER_ERRORS:
        return False
    return space == 2 or (space == 0xFFFF and str(index).startswith("R03"))


def _told(error: Exception) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text[:200]}" if text else type(error).__name__
