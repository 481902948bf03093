"""Coordinates and altitude of a place.

Holds `read_place`.
Add here: another way to write a place.
Keep out: other facts of a camera (exif.py).

Both coordinates or neither. A half, a missing or wrong letter, 0/0, a value out of range and 0° N 0° E are
not a place. A position that the receiver marks as void, after it lost its satellites, is not one either. A
place on the equator or the meridian is one.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from PIL import ExifTags

from proofsheet.metadata.text_values import ratio
from schemas.library import ExifFact

_GPS = ExifTags.GPS
_NOWHERE_DEG = 1e-4  # nearer than 11 m to 0° N 0° E is what receivers without a fix write
_XMP = re.compile(r"(\d{1,3}),(\d{1,2}(?:\.\d+)?)(?:,(\d{1,2}(?:\.\d+)?))?([NSEW])")
_LOWEST_M, _HIGHEST_M = -12_000.0, 100_000.0

Place = dict[str, float | None]


def read_place(gps: Mapping[int, Any], xmp: Mapping[str, str]) -> Place:
    """Latitude, longitude and altitude: from EXIF, else from XMP; all null if it is no place.

    Args:
        gps: the GPS directory by tag.
        xmp: properties of the XMP packet.
    """
    if "V" in {_letters(gps.get(_GPS.GPSStatus)), (xmp.get("exif:GPSStatus") or "").strip().upper()}:
        return dict.fromkeys((ExifFact.latitude_deg, ExifFact.longitude_deg, ExifFact.altitude_m))
    exif = _place(
        _degrees(gps.get(_GPS.GPSLatitude), gps.get(_GPS.GPSLatitudeRef), "NS", 90.0),
        _degrees(gps.get(_GPS.GPSLongitude), gps.get(_GPS.GPSLongitudeRef), "EW", 180.0),
        _altitude(gps.get(_GPS.GPSAltitude), gps.get(_GPS.GPSAltitudeRef)),
    )
    return (
        exif
        or _place(
            _from_xmp(xmp.get("exif:GPSLatitude"), "NS", 90.0),
            _from_xmp(xmp.get("exif:GPSLongitude"), "EW", 180.0),
            _altitude(ratio(xmp.get("exif:GPSAltitude")), xmp.get("exif:GPSAltitudeRef")),
        )
        or dict.fromkeys((ExifFact.latitude_deg, ExifFact.longitude_deg, ExifFact.altitude_m))
    )


def _place(latitude: float | None, longitude: float | None, altitude: float | None) -> Place | None:
    if latitude is None or longitude is None or max(abs(latitude), abs(longitude)) < _NOWHERE_DEG:
        return None
    return {ExifFact.latitude_deg: latitude, ExifFact.longitude_deg: longitude, ExifFact.altitude_m: altitude}


def _degrees(parts: object, ref: object, letters: str, limit: float) -> float | None:
    """Degrees with optional minutes and seconds, and the letter of the half, as signed degrees."""
    values = [_value(p) for p in (parts if isinstance(parts, tuple) else (parts,))]
    if len(values) > 3 or any(v is None for v in values):
        return None
    degrees, minutes, seconds = [float(v or 0.0) for v in values] + [0.0] * (3 - len(values))
    return _signed(degrees, minutes, seconds, _letter(ref), letters, limit)


def _signed(
    degrees: float, minutes: float, seconds: float, letter: str, letters: str, limit: float
) -> float | None:
    found = degrees + minutes / 60.0 + seconds / 3600.0
    if letter not in set(letters) or minutes > 60.0 or seconds > 60.0 or found > limit:
        return None
    return -found if letter == letters[1] else found


def _letters(value: object) -> str:
    if isinstance(value, bytes):
        text = value.decode("ascii", "replace")
    elif isinstance(value, str):
        text = value
    else:
        text = ""
    return text.strip("\0 ").upper()


def _letter(ref: object) -> str:
    clean = _letters(ref)
    return clean[:1] if clean in {"N", "S", "E", "W", "NORTH", "SOUTH", "EAST", "WEST"} else ""


def _from_xmp(text: str | None, letters: str, limit: float) -> float | None:
    if (match := _XMP.fullmatch((text or "").strip())) is None:
        return None
    return _signed(float(match[1]), float(match[2]), float(match[3] or 0.0), match[4], letters, limit)


def _altitude(value: object, ref: object) -> float | None:
    found = _value(value)
    if isinstance(ref, int):
        below = ref
    elif isinstance(ref, bytes) and ref:
        below = ref[0]
    elif ref == "1":
        below = 1
    else:
        below = 0
    if found is None:
        return None
    signed = -found if below in {1, 3} else found
    return signed if _LOWEST_M <= signed <= _HIGHEST_M else None


def _value(value: object) -> float | None:
    """A finite number that is not negative. A rational with denominator 0 is not valid."""
    try:
        found = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        return None
    return found if math.isfinite(found) and found >= 0 else None
