"""Facts that the camera wrote.

Holds `exif_facts`.
Add here: another tag and its column in `ExifFact`.
Keep out: guesses; what is absent or senseless is null.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from PIL import ExifTags, Image

from proofsheet.pictures import Picture
from schemas.library import ExifFact

_UNKNOWN = 0xFFFFFFFF  # what cameras write for "unknown" into a rational
_BASE, _GPS = ExifTags.Base, ExifTags.GPS
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
    orientation = _integer(main.get(_BASE.Orientation))
    return {
        ExifFact.make: _text(main.get(_BASE.Make)),
        ExifFact.model: _text(main.get(_BASE.Model)),
        ExifFact.lens: _text(sub.get(_BASE.LensModel)),
        ExifFact.taken_at: _time(sub, main),
        ExifFact.exposure_s: _number(sub.get(_BASE.ExposureTime)),
        ExifFact.f_number: _number(sub.get(_BASE.FNumber)),
        ExifFact.iso: _integer(sub.get(_BASE.ISOSpeedRatings)),
        ExifFact.focal_length_mm: _number(sub.get(_BASE.FocalLength)),
        ExifFact.latitude_deg: _degrees(gps.get(_GPS.GPSLatitude), gps.get(_GPS.GPSLatitudeRef), "S", 90.0),
        ExifFact.longitude_deg: _degrees(gps.get(_GPS.GPSLongitude), gps.get(_GPS.GPSLongitudeRef), "W", 180.0),
        ExifFact.orientation: orientation if orientation is not None and 1 <= orientation <= 8 else None,
    }


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


def _time(sub: Mapping[int, Any], main: Mapping[int, Any]) -> datetime | None:
    for raw in (sub.get(_BASE.DateTimeOriginal), sub.get(_BASE.DateTimeDigitized), main.get(_BASE.DateTime)):
        text = _text(raw)
        if text is None:
            continue
        for pattern in ("%Y:%m:%d %H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y:%m:%d %H:%M"):
            try:
                return datetime.strptime(text[:19].strip(), pattern)
            except ValueError:
                continue
    return None


def _degrees(parts: object, ref: object, negative: str, limit: float) -> float | None:
    """Degrees, minutes and seconds with a reference letter, as signed degrees."""
    letter = _text(ref)
    if not isinstance(parts, tuple) or len(parts) != 3 or letter is None:
        return None
    values = [_number(part) for part in parts]
    if any(v is None for v in values):
        return None
    degrees, minutes, seconds = (float(v or 0.0) for v in values)
    found = degrees + minutes / 60.0 + seconds / 3600.0
    if found > limit:
        return None
    return -found if letter.upper().startswith(negative) else found
