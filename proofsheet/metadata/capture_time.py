"""When a picture was taken: which of the times in a file counts.

Holds `taken`.
Add here: another place in which programs write a time.
Keep out: forms of times (timestamps.py).

The first source that names a day counts. Where it names no time of day, another source's time of the same day
does. The time of the file, ImageMagick's `date:create` and a PNG's tIME (its last change) are times of a
copy; they are not read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from PIL import ExifTags

from proofsheet.imaging.decode import Picture
from proofsheet.metadata.timestamps import Moment, read_fraction, read_moment, read_offset
from schemas.library import ExifFact

_BASE, _GPS = ExifTags.Base, ExifTags.GPS
_ORIGINAL = (_BASE.DateTimeOriginal, _BASE.SubsecTimeOriginal, _BASE.OffsetTimeOriginal)
_DIGITIZED = (_BASE.DateTimeDigitized, _BASE.SubsecTimeDigitized, _BASE.OffsetTimeDigitized)
_MODIFIED = (_BASE.DateTime, _BASE.SubsecTime, _BASE.OffsetTime)
_TIME_ZONE = 0x882A  # whole hours of DateTimeOriginal, in older files


def taken(
    picture: Picture,
    main: Mapping[int, Any],
    sub: Mapping[int, Any],
    gps: Mapping[int, Any],
    xmp: Mapping[str, str],
) -> dict[str, object]:
    """The columns of `ExifFact` for times.

    Args:
        picture: the opened picture.
        main: first directory of its EXIF.
        sub: EXIF directory.
        gps: GPS directory.
        xmp: properties of its XMP.
    """
    found = [
        (place, moment)
        for place, moment in _sources(picture, {**main, **sub}, gps, xmp)
        if moment is not None
    ]
    day = found[0][1].day if found else None
    timed = next(((p, m) for p, m in found if m.at is not None and m.day == day), None)
    moment = timed[1] if timed else Moment(day or "", None)
    return {
        ExifFact.taken_at: moment.at,
        ExifFact.taken_subsec_us: moment.subsec_us,
        ExifFact.taken_offset_min: moment.offset_min,
        ExifFact.taken_on: day,
        ExifFact.taken_from: (timed or found[0])[0] if found else None,
    }


def _sources(
    picture: Picture, tags: Mapping[int, Any], gps: Mapping[int, Any], xmp: Mapping[str, str]
) -> Iterator[tuple[str, Moment | None]]:
    """Every time in the file by its place, the one nearest to the shutter first."""
    iptc = picture.blocks.iptc
    yield "EXIF DateTimeOriginal", _original(tags)
    for name in ("exif:DateTimeOriginal", "photoshop:DateCreated"):
        yield f"XMP {name}", read_moment(xmp.get(name))
    yield "IPTC DateCreated", _iptc(iptc, 55, 60)
    yield "EXIF DateTimeDigitized", _exif(tags, _DIGITIZED)
    yield "XMP exif:DateTimeDigitized", read_moment(xmp.get("exif:DateTimeDigitized"))
    yield "IPTC DigitalCreationDate", _iptc(iptc, 62, 63)
    yield "XMP xmp:CreateDate", read_moment(xmp.get("xmp:CreateDate"))
    for name in ("Creation Time", "creation_time", "CreationTime"):
        yield f"PNG {name}", read_moment(picture.text.get(name))
    yield "EXIF DateTime", _exif(tags, _MODIFIED)
    yield "EXIF GPSTimeStamp", _gps(gps)


def _exif(tags: Mapping[int, Any], names: tuple[int, int, int]) -> Moment | None:
    """A time with the tags that hold its sub-seconds and its offset."""
    moment = read_moment(_text(tags.get(names[0])))
    if moment is None or moment.at is None:
        return moment
    part, offset = read_fraction(_text(tags.get(names[1]))), read_offset(_text(tags.get(names[2])))
    return replace(
        moment,
        subsec_us=part if moment.subsec_us is None else moment.subsec_us,
        offset_min=offset if moment.offset_min is None else moment.offset_min,
    )


def _original(tags: Mapping[int, Any]) -> Moment | None:
    """The time of the shutter.

    A missing offset is taken from the same time in another tag, or from the older tag of hours.
    """
    moment = _exif(tags, _ORIGINAL)
    if moment is None or moment.offset_min is not None:
        return moment
    same = [
        m
        for n in (_DIGITIZED, _MODIFIED)
        if (m := _exif(tags, n)) and m.at == moment.at and m.offset_min is not None
    ]
    hours = tags.get(_TIME_ZONE)
    hour = hours[0] if isinstance(hours, tuple) and hours else hours
    zone = hour * 60 if isinstance(hour, int) and -12 <= hour <= 14 else None
    return replace(moment, offset_min=same[0].offset_min if same else zone) if moment.at else moment


def _iptc(iptc: Mapping[tuple[int, int], Sequence[bytes]], day: int, time: int) -> Moment | None:
    raw = (iptc.get((2, number), (b"",))[0] for number in (day, time))
    texts = [value.decode("ascii", "replace").strip("\0 ") for value in raw]
    return read_moment(" ".join(texts)) or read_moment(texts[0])


def _gps(gps: Mapping[int, Any]) -> Moment | None:
    """The time of the satellites, which is UTC."""
    day, parts = read_moment(_text(gps.get(_GPS.GPSDateStamp))), gps.get(_GPS.GPSTimeStamp)
    if day is None or not isinstance(parts, tuple) or len(parts) != 3:
        return None
    try:
        hour, minute, second = (float(p) for p in parts)
        text = f"{day.day} {int(hour):02}:{int(minute):02}:{int(second):02}Z"
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        return None
    return read_moment(text)


def _text(value: object) -> str | None:
    if isinstance(value, bytes):
        value = value.decode("ascii", "replace")
    return value if isinstance(value, str) else None
