"""Facts that the camera wrote, in EXIF, else in XMP or IPTC.

Holds `exif_facts`.
Add here: another tag and its column in `ExifFact`.
Keep out: guesses; a missing or senseless value is null. Forms of times (timestamps.py) and of places
(gps.py).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from PIL import ExifTags, Image

from proofsheet.imaging.decode import Picture
from proofsheet.metadata.capture_time import taken
from proofsheet.metadata.generators import is_generator
from proofsheet.metadata.gps import read_place
from proofsheet.metadata.text_values import ratio
from proofsheet.metadata.xmp import properties
from schemas.library import ExifFact

_UNKNOWN = 0xFFFFFFFF  # what cameras write for "unknown" into a rational
_BASE = ExifTags.Base
_ISO_UNKNOWN = {
    0,
    65535,
}  # 65535 means a value that 16 bits cannot hold; the value is then in another tag
_ISO_TAGS = (
    _BASE.ISOSpeedRatings,
    _BASE.RecommendedExposureIndex,
    _BASE.ISOSpeed,
    _BASE.StandardOutputSensitivity,
)
_ISO_NAMES = ("exifEX:PhotographicSensitivity", "exif:ISOSpeedRatings", "exifEX:RecommendedExposureIndex")
_TROUBLE = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    ZeroDivisionError,
    OverflowError,
    RuntimeError,
)


def exif_facts(picture: Picture) -> Mapping[str, object]:
    """Every column of `ExifFact` but the ids."""
    main = _tags(picture.exif)
    sub = _tags(_ifd(picture.exif, ExifTags.IFD.Exif))
    gps = _tags(_ifd(picture.exif, ExifTags.IFD.GPSInfo))
    xmp = properties(picture.blocks.xmp)
    orientation = _integer(main.get(_BASE.Orientation)) or 0
    return {
        **_camera(main, sub, xmp),
        **taken(picture, main, sub, gps, xmp),
        ExifFact.exposure_s: _first(
            _number(sub.get(_BASE.ExposureTime)), ratio(xmp.get("exif:ExposureTime"))
        ),
        ExifFact.f_number: _first(_number(sub.get(_BASE.FNumber)), ratio(xmp.get("exif:FNumber"))),
        ExifFact.iso: _iso(sub, xmp),
        ExifFact.focal_length_mm: _first(
            _number(sub.get(_BASE.FocalLength)), ratio(xmp.get("exif:FocalLength"))
        ),
        **read_place(gps, xmp),
        ExifFact.orientation: orientation if 1 <= orientation <= 8 else None,
    }


def _camera(main: Mapping[int, Any], sub: Mapping[int, Any], xmp: Mapping[str, str]) -> dict[str, str | None]:
    """Maker, model and lens; all null where a generator wrote its own name into these fields."""
    make = _text(main.get(_BASE.Make)) or _text(xmp.get("tiff:Make"))
    model = _text(main.get(_BASE.Model)) or _text(xmp.get("tiff:Model"))
    lens = _text(sub.get(_BASE.LensModel)) or _text(xmp.get("exifEX:LensModel")) or _text(xmp.get("aux:Lens"))
    if is_generator(make) or is_generator(model):
        make = model = lens = None
    return {ExifFact.make: make, ExifFact.model: model, ExifFact.lens: lens}


def _iso(sub: Mapping[int, Any], xmp: Mapping[str, str]) -> int | None:
    for value in (*(sub.get(tag) for tag in _ISO_TAGS), *(xmp.get(name) for name in _ISO_NAMES)):
        for one in value if isinstance(value, tuple | list) else (value,):
            if (found := _integer(one)) is not None and found not in _ISO_UNKNOWN:
                return found
    return None


def _first(one: float | None, other: float | None) -> float | None:
    return other if one is None else one


def _ifd(exif: Image.Exif, which: ExifTags.IFD) -> Mapping[int, Any]:
    try:
        return exif.get_ifd(which)
    except _TROUBLE:
        return {}


def _tags(block: Mapping[int, Any]) -> dict[int, Any]:
    """Every tag that can be read; a damaged one is left out, the others stay."""
    found: dict[int, Any] = {}
    try:
        keys = list(block)
    except _TROUBLE:
        return found
    for key in keys:
        try:
            found[key] = block[key]
        except _TROUBLE:
            continue
    return found


def _text(value: object) -> str | None:
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if not isinstance(value, str):
        return None
    clean = "".join(c for c in value.split("\0")[0] if c.isprintable()).strip()
    return clean.encode("utf-8", "replace").decode("utf-8") or None


def _number(value: object) -> float | None:
    """A finite number that is not negative; a rational with denominator 0 is nothing."""
    if isinstance(value, tuple) and len(value) == 1:
        value = value[0]
    try:
        found = float(value)  # type: ignore[arg-type]
    except _TROUBLE:
        return None
    return found if math.isfinite(found) and 0 <= found < _UNKNOWN else None


def _integer(value: object) -> int | None:
    if isinstance(value, tuple) and value:
        value = value[0]
    found = _number(value)
    return int(found) if found is not None else None
