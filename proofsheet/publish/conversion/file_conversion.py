"""One picture file as a new file in memory: read, checked, turned, coloured, coded, read back.

Holds `ConversionTask`, `ConvertedFile` and `converted_file`.
Add here: another step of one file.
Keep out: the steps themselves (the modules beside this one), and disks (conversion_run.py).
"""

from __future__ import annotations

import hashlib
import io
import os
import warnings
from dataclasses import dataclass

from PIL import Image, UnidentifiedImageError

from proofsheet.core.files import Refused, open_regular
from proofsheet.imaging.colour_management import Unshowable
from proofsheet.imaging.decode import DecodeLimits, PictureFile, check_size, prepare_decoders
from proofsheet.imaging.formats import DECODER_ERRORS, FORMATS, RAW_EXTENSIONS
from proofsheet.imaging.headers import code_points, largest_page, png_without_large_texts, told_format
from proofsheet.imaging.metadata_blocks import read_raw_blocks
from proofsheet.imaging.raw import developed_jpeg
from proofsheet.publish.conversion.carried_metadata import carried_metadata
from proofsheet.publish.conversion.coding import coded_file
from proofsheet.publish.conversion.formats import ConversionOptions
from proofsheet.publish.conversion.losses import losses_of
from proofsheet.publish.conversion.pixels import new_pixels
from proofsheet.publish.conversion.xmp_text import XmpChange

_GAIN_MAP = "gain map"
_OPEN_IT = "open it in another program; if it is damaged there too, copy it again from the source"


@dataclass(frozen=True)
class ConversionTask:
    """A picture that is to be converted.

    Attributes:
        file: as it was when it was hashed.
        options: of the conversion.
        limits: what it may cost; `side_px` is that of a developed RAW file.
        only_plan: whether it is only looked at, and not coded.
    """

    file: PictureFile
    options: ConversionOptions
    limits: DecodeLimits
    only_plan: bool = False


@dataclass(frozen=True)
class ConvertedFile:
    """A new file.

    Attributes:
        data: all of it; empty for a plan.
        width_px: of the picture.
        height_px: of the picture.
        profile: what became of the colours.
        losses: what is lost, in words.
        left: metadata that is not carried, in words.
    """

    data: bytes
    width_px: int
    height_px: int
    profile: str
    losses: tuple[str, ...]
    left: tuple[str, ...]


def converted_file(task: ConversionTask) -> ConvertedFile | Refused:
    """A picture as a new file, or why there is none. The original is only read."""
    prepare_decoders()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return _converted(task, _content(task), "")
        except Refused as refused:
            return refused
        except Unshowable as error:
            return Refused("unreadable", str(error), "convert it with a program for such colours")
        except DECODER_ERRORS as error:
            why = " ".join(str(error).split())[:200]
            return Refused("unreadable", f"decoding failed: {why or type(error).__name__}", _OPEN_IT)


def _content(task: ConversionTask) -> bytes:
    """The bytes of the original as it was planned; a JPEG of a RAW file."""
    if task.file.path.suffix.lower() in RAW_EXTENSIONS:
        return developed_jpeg(task.file, task.limits)
    with os.fdopen(open_regular(task.file.path), "rb") as stream:
        data = stream.read()
    if hashlib.sha256(data).hexdigest() != task.file.content_hash:
        raise Refused("vanished", "it changed after it was planned", "run again when nothing writes to it")
    return data


def _converted(task: ConversionTask, data: bytes, note: str) -> ConvertedFile:
    stream = io.BytesIO(data)
    try:
        with Image.open(stream, formats=FORMATS) as image:
            image.info.update(code_points(image, stream))
            largest_page(image)
            check_size(*image.size, image.format or "unknown", task.limits)
            return _of_opened(task, image, data, note)
    except UnidentifiedImageError:
        known = told_format(stream) or "no known picture format was found in it"
        raise Refused("unreadable", known, _OPEN_IT) from None
    except DECODER_ERRORS:
        small = png_without_large_texts(stream)
        if note or small is None:
            raise
        return _converted(task, small[0].read(), small[1])


def _of_opened(task: ConversionTask, image: Image.Image, data: bytes, note: str) -> ConvertedFile:
    losses = losses_of(image, data)
    _refuse_losses(losses, task.options)
    pixels = new_pixels(image, task.options)
    losses += pixels.losses
    _refuse_losses(losses, task.options)
    width, height = pixels.image.size
    srgb = task.options.profile == "srgb"
    gone = any(_GAIN_MAP in loss for loss in losses)
    change = XmpChange(width, height, srgb, pixels.is_turned, gone)
    is_raw = task.file.path.suffix.lower() in RAW_EXTENSIONS
    raw = read_raw_blocks(task.file.path) if is_raw else None
    carried = carried_metadata(image, data, change, task.options.to, raw)
    coded = b"" if task.only_plan else coded_file(pixels, carried, task.options)
    left = (*carried.left, *([note] if note else []))
    profile = f"{pixels.profile}, developed by darktable" if is_raw else pixels.profile
    return ConvertedFile(coded, width, height, profile, tuple(losses), left)


def _refuse_losses(losses: list[str], options: ConversionOptions) -> None:
    """Refuse what would be lost.

    Raises:
        Refused: unless that is allowed.
    """
    if losses and not options.lossy:
        raise Refused("lossy", "; ".join(losses), "allow it with --lossy (in runs: [convert] lossy)")
