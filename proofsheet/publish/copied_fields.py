"""The fields of an original that its published copy keeps: who made it, when, and with what.

Holds `Chosen`, `chosen` and `ADDED`.
Add here: another field, with the tags that it is read from and the one that it is written to.
Keep out: texts of ours (embedded_metadata.py) and containers (containers/).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from proofsheet.core.clock import utc_now
from proofsheet.metadata.exiftool import read_fields, run_exiftool

_DATE = re.compile(r"\d{4}[:-]\d\d[:-]\d\d([ T]\d\d:\d\d(:\d\d(\.\d{1,9})?)?)?(Z|[+-]\d\d:\d\d)?")
_PART = re.compile(r"\d{1,9}|Z|[+-]\d\d:\d\d")
_GEAR = re.compile(r"(?!prompt|workflow|parameters)[^\x00-\x1f{}<>=|\\]{1,64}", re.IGNORECASE)
_NAME = re.compile(r"[^\x00-\x08\x0b\x0c\x0e-\x1f]{1,1000}")
_TEXT = re.compile(r".{1,60000}", re.DOTALL)
_NUMBER = re.compile(r"-?\d{1,6}(\.\d+)?|[NSEW]")
_RIGHTS, _CREATOR = "XMP-dc:Rights", "XMP-dc:Creator"
_COPYRIGHTS = frozenset({"IFD0:Copyright", _RIGHTS})
# Tags about rights, beside those of the field copyright; copies do not have them.
_OTHER_RIGHTS = (
    *("XMP-tiff:Copyright", "XMP-xmpRights:Owner", "XMP-xmpRights:UsageTerms", "XMP-xmpRights:WebStatement"),
    *("XMP-plus:CopyrightOwner", "XMP-plus:CopyrightOwnerName"),
)


class _Field(NamedTuple):
    """The form of a value, and its tags.

    With one name, the tag is read and written; with two, the first is read and the second written.
    """

    form: re.Pattern[str]
    tags: tuple[str | tuple[str, str], ...]


_FIELDS: Mapping[str, _Field] = {
    "copyright": _Field(
        _NAME, ("IFD0:Copyright", _RIGHTS, ("IPTC:CopyrightNotice", _RIGHTS), ("PNG:Copyright", _RIGHTS))
    ),
    "creator": _Field(_NAME, ("IFD0:Artist", _CREATOR, ("IPTC:By-line", _CREATOR), ("PNG:Author", _CREATOR))),
    "date": _Field(
        _DATE,
        (
            *("ExifIFD:DateTimeOriginal", "ExifIFD:CreateDate", "IFD0:ModifyDate"),
            *("XMP-exif:DateTimeOriginal", "XMP-photoshop:DateCreated", "XMP-xmp:CreateDate"),
            ("IPTC:DateCreated", "XMP-photoshop:DateCreated"),
            ("PNG:CreationTime", "XMP-xmp:CreateDate"),
        ),
    ),
    "date parts": _Field(
        _PART,
        (
            *("ExifIFD:OffsetTime", "ExifIFD:OffsetTimeOriginal", "ExifIFD:OffsetTimeDigitized"),
            *("ExifIFD:SubSecTime", "ExifIFD:SubSecTimeOriginal", "ExifIFD:SubSecTimeDigitized"),
        ),
    ),
    "camera": _Field(_GEAR, ("IFD0:Make", "IFD0:Model", "XMP-tiff:Make", "XMP-tiff:Model")),
    "lens": _Field(
        _GEAR,
        (
            *("ExifIFD:LensMake", "ExifIFD:LensModel", "XMP-exifEX:LensModel", "XMP-aux:Lens"),
            *(("Canon:LensModel", "ExifIFD:LensModel"), ("Panasonic:LensType", "ExifIFD:LensModel")),
        ),
    ),
    "gps": _Field(
        _NUMBER,
        (
            *("GPS:GPSLatitudeRef", "GPS:GPSLatitude", "GPS:GPSLongitudeRef", "GPS:GPSLongitude"),
            *("GPS:GPSAltitudeRef", "GPS:GPSAltitude", "XMP-exif:GPSLatitude", "XMP-exif:GPSLongitude"),
        ),
    ),
    "serial": _Field(_GEAR, ("ExifIFD:SerialNumber", "ExifIFD:LensSerialNumber", "XMP-aux:SerialNumber")),
    "owner": _Field(_NAME, ("ExifIFD:OwnerName", "XMP-aux:OwnerName")),
    "prompt": _Field(
        _TEXT,
        (
            *("ExifIFD:UserComment", ("PNG:Parameters", "ExifIFD:UserComment")),
            *(("PNG:Prompt", "ExifIFD:UserComment"), ("PNG:Workflow", "ExifIFD:UserComment")),
        ),
    ),
    "turn": _Field(re.compile("[1-8]"), ("IFD0:Orientation",)),
    "colours": _Field(re.compile("1|2|65535"), ("ExifIFD:ColorSpace",)),
    "colour rule": _Field(re.compile("R98|R03"), ("InteropIFD:InteropIndex",)),
}
_EMPTY: tuple[object, ...] = (None, "", [], {})
_SOURCES = frozenset(t if isinstance(t, str) else t[0] for t in _FIELDS["copyright"].tags)
_ALWAYS = ("turn", "colours", "colour rule")
_WITH = {"date": ("date parts",)}
# What exiftool writes beside them, so that a block of EXIF or XMP is valid.
ADDED = frozenset(
    {
        "IFD0:XResolution",
        "IFD0:YResolution",
        "IFD0:ResolutionUnit",
        "IFD0:YCbCrPositioning",
        "ExifIFD:ExifVersion",
    }
    | {"ExifIFD:ComponentsConfiguration", "ExifIFD:FlashpixVersion", "ExifIFD:ColorSpace", "GPS:GPSVersionID"}
    | {"InteropIFD:InteropVersion", "XMP-x:XMPToolkit"}
)


class Chosen(NamedTuple):
    """Values by the tag that they are written to, and tags that are left out.

    Attributes:
        values: of the chosen fields.
        odd: tags of chosen fields with an invalid value.
        others: tags about rights; with one, the picture gets no copyright of the settings.
    """

    values: dict[str, Any]
    odd: list[str]
    others: Sequence[str] = ()


def chosen(picture: Path, keep: Collection[str], rights: str = "") -> Chosen:
    """What a copy of a picture keeps of its metadata.

    Args:
        picture: the original; it is only read.
        keep: of copyright, creator, date, camera, lens, gps, serial, owner and prompt.
        rights: the copyright of photos without one, with {year} for that of the photo; used if `keep`
            has copyright. A photo with another tag about rights, or an invalid one, gets none.

    Raises:
        ServiceUnreachable: if exiftool is not installed.
    """
    names = [n for one in (*keep, *_ALWAYS) for n in (one, *_WITH.get(one, ()))]
    tags = {
        tag if isinstance(tag, tuple) else (tag, tag): _FIELDS[n].form
        for n in names
        for tag in _FIELDS[n].tags
    }
    wanted = [f"-{source}" for source in (*(s for s, _ in tags), *_OTHER_RIGHTS)]
    done = run_exiftool(["-json", "-G1", "-n", "-struct", *wanted, picture])
    try:
        found = read_fields(done.stdout)
    except (ValueError, IndexError, RecursionError):
        found = {}  # it says nothing of itself
    values: dict[str, Any] = {}
    odd = []
    for (source, target), form in tags.items():
        value = found.get(source)
        if value in _EMPTY or target in values:
            continue
        if all(form.fullmatch(str(v).strip()) for v in (value if isinstance(value, list) else [value])):
            values[target] = value
        else:
            odd.append(source)
    if not rights or "copyright" not in keep or _COPYRIGHTS & values.keys():
        return Chosen(values, odd)
    others = [n for n in _OTHER_RIGHTS if found.get(n) not in _EMPTY]
    if not others and not _SOURCES & set(odd):
        values[_RIGHTS] = rights.replace("{year}", _year(values))
    return Chosen(values, odd, others)


def _year(values: Mapping[str, Any]) -> str:
    """The year of a photo by its dates; the present one without any."""
    dates = (str(v) for n, v in values.items() if "Date" in n)
    return next((d[:4] for d in dates if d[:4].isdecimal() and d[:4] != "0000"), str(utc_now().year))
