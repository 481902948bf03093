"""Coding of new pixels with their metadata, and the reading back of what was coded.

Holds `coded_file`.
Add here: another format, a function in `_CODERS`.
Keep out: pixels (pixels.py), metadata (carried_metadata.py), files (conversion_files.py).
"""

from __future__ import annotations

import io
import struct
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
from PIL import Image, PngImagePlugin

from proofsheet.core.files import Refused
from proofsheet.imaging.decode import exif_of, orientation_of
from proofsheet.imaging.formats import DECODER_ERRORS
from proofsheet.publish.conversion.carried_metadata import CarriedMetadata
from proofsheet.publish.conversion.exif_block import ORIENTATION, without_tag
from proofsheet.publish.conversion.formats import ConversionOptions
from proofsheet.publish.conversion.pixels import NewPixels
from schemas.settings.convert import TargetName

_FULL = 90  # from this quality on, colours are stored at the size of brightness
_FARTHEST = 40.0  # mean distance of 255 levels from the pixels that were coded; more is another picture
_SMALL = 256  # longest side at which both are compared
_TRY = "try another format, or open it in another program"

Parameters = dict[str, object]


def coded_file(pixels: NewPixels, carried: CarriedMetadata, options: ConversionOptions) -> bytes:
    """The new file.

    Raises:
        Refused: if the format cannot hold the picture, or if what was coded does not read back.
    """
    longest = options.format.longest_px
    if longest and max(pixels.image.size) > longest:
        raise Refused(
            "too_large",
            f"{options.to} holds at most {longest:,} pixels on a side, it has {max(pixels.image.size):,}",
            f"make it smaller with --side {longest}",
        )
    out, quality = io.BytesIO(), options.quality or options.format.quality
    given = _CODERS[options.to](pixels, carried, quality)
    try:
        pixels.image.save(out, options.format.name, **given)
    except DECODER_ERRORS as error:
        raise Refused("unreadable", f"it cannot be coded as {options.to}: {error}", _TRY) from error
    if problem := _difference(out.getvalue(), pixels, given, options):
        raise Refused("unreadable", f"the new {options.to} did not read back: {problem}", _TRY)
    return out.getvalue()


def _shared(pixels: NewPixels, carried: CarriedMetadata) -> Parameters:
    given: Parameters = {"icc_profile": pixels.icc or None}
    if carried.exif:
        given["exif"] = carried.exif
    if carried.xmp:
        given["xmp"] = carried.xmp
    return given


def _jpeg(pixels: NewPixels, carried: CarriedMetadata, quality: int) -> Parameters:
    given = _shared(pixels, carried)
    if carried.exif:
        given["exif"] = b"Exif\0\0" + carried.exif
    if carried.iptc:
        given["extra"] = b"\xff\xed" + struct.pack(">H", len(carried.iptc) + 2) + carried.iptc
    if carried.comment:
        given["comment"] = carried.comment
    return given | {"quality": quality, "subsampling": 0 if quality >= _FULL else 2, "optimize": True}


def _png(pixels: NewPixels, carried: CarriedMetadata, _quality: int) -> Parameters:
    texts = PngImagePlugin.PngInfo()
    for name, value in (carried.texts or {}).items():
        add = texts.add_text if value.isascii() else texts.add_itxt
        add(name, value)
    if carried.xmp:
        texts.add_itxt("XML:com.adobe.xmp", carried.xmp.decode())
    given = _shared(pixels, carried) | {"pnginfo": texts}
    given.pop("xmp", None)
    return given


def _webp(pixels: NewPixels, carried: CarriedMetadata, quality: int) -> Parameters:
    return _shared(pixels, carried) | {"quality": quality, "method": 4}


def _avif(pixels: NewPixels, carried: CarriedMetadata, quality: int) -> Parameters:
    colours = "4:4:4" if quality >= _FULL else "4:2:0"
    upright = replace(
        carried, exif=without_tag(carried.exif, ORIENTATION)
    )  # its coder would write the block again
    return _shared(pixels, upright) | {"quality": quality, "subsampling": colours, "max_threads": 1}


def _heic(pixels: NewPixels, carried: CarriedMetadata, quality: int) -> Parameters:
    given = _shared(pixels, carried) | {"quality": quality, "chroma": 444 if quality >= _FULL else 420}
    given.setdefault("exif", None)  # else those of the original would be written
    given.setdefault("xmp", None)
    return given


_CODERS: Mapping[TargetName, Callable[[NewPixels, CarriedMetadata, int], Parameters]] = {
    "jpeg": _jpeg,
    "png": _png,
    "webp": _webp,
    "avif": _avif,
    "heic": _heic,
}


def _difference(data: bytes, pixels: NewPixels, given: Parameters, options: ConversionOptions) -> str:
    """What of a new file is not as it was meant; empty if all is."""
    try:
        with Image.open(io.BytesIO(data), formats=[options.format.name]) as image:
            image.load()
            if image.size != pixels.image.size:
                return f"its size is {image.width} x {image.height}"
            if (image.info.get("icc_profile") or b"") != pixels.icc:
                return "its colour profile is another one"
            if orientation_of(exif_of(image)) != 1:
                return "it would be turned"
            if given.get("exif") and not exif_of(image):
                return "its EXIF is missing"
            if given.get("xmp") and not image.info.get("xmp"):
                return "its XMP is missing"
            return _far(image, pixels.image, exactly=not options.format.quality)
    except DECODER_ERRORS as error:
        return str(error) or type(error).__name__


def _far(image: Image.Image, wanted: Image.Image, *, exactly: bool) -> str:
    if exactly:
        return (
            "" if image.mode == wanted.mode and image.tobytes() == wanted.tobytes() else "its pixels differ"
        )
    one, two = (np.asarray(_thumbnail(i), dtype=np.int16) for i in (image, wanted))
    return "" if float(np.abs(one - two).mean()) <= _FARTHEST else "its pixels differ"


def _thumbnail(image: Image.Image) -> Image.Image:
    small = image.convert("RGB")
    if image.mode in {"LA", "RGBA"}:  # colours of transparent pixels may differ
        small = Image.composite(small, Image.new("RGB", image.size, "white"), image.getchannel("A"))
    small.thumbnail((_SMALL, _SMALL), Image.Resampling.BOX)
    return small
