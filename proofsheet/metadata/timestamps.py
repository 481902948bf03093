"""Times as cameras and programs write them.

Holds `Moment`, `read_moment` and `read_offset`.
Add here: another form of a time.
Keep out: which tag counts (exif.py).

The local time of the picture stays local: an offset is saved beside it, never added. An ambiguous form is not
read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

_ISO = re.compile(
    r"(?P<year>\d{4})(?P<sep>[:/.-])(?P<month>\d{1,2})(?P=sep)(?P<day>\d{1,2})"
    r"(?:(?:[T ]|\s+)(?P<hour>\d{1,2})[:.](?P<minute>\d{2})(?:[:.](?P<second>\d{2})"
    r"(?:[.,](?P<part>\d+))?)?\s*(?P<zone>.*))?",
    re.DOTALL,
)
_COMPACT = re.compile(
    r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})"
    r"(?:[T ]?(?P<hour>\d{2})(?P<minute>\d{2})(?P<second>\d{2})(?:[.,](?P<part>\d+))?\s*(?P<zone>.*))?"
)
_WORDS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_MAIL = re.compile(  # RFC 2822, as the PNG standard asks for
    r"(?:[a-z]{3,9},?\s+)?(?P<day>\d{1,2})[\s-](?P<name>[a-z]{3})[a-z]*[\s-](?P<year>\d{4})"
    r"\s+(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2}))?\s*(?P<zone>.*)",
    re.IGNORECASE,
)
_CLOCK = re.compile(  # what C's asctime gives
    r"[a-z]{3,9}\s+(?P<name>[a-z]{3})\s+(?P<day>\d{1,2})\s+(?P<hour>\d{1,2}):(?P<minute>\d{2})"
    r":(?P<second>\d{2})\s+"
    r"(?:(?P<zone>[a-z]{3,4})\s+)?(?P<year>\d{4})",
    re.IGNORECASE,
)
_OFFSET = re.compile(r"([+-])(\d{2}):?(\d{2})?(?:\s*\(?[A-Z]{2,5}\)?)?")
_ZONE = re.compile(r"(?!AM$|PM$)[A-Z]{2,5}")  # such a name has several offsets
_UTC = {"Z", "UTC", "GMT"}
_EARLIEST, _LATEST = 1826, 2100  # the first photograph; an earlier time is from a clock that was never set
# Where clocks begin or overflow: such a time means that the clock had no time. A zone may have been added.
_NEVER = tuple(
    datetime.fromisoformat(t)
    for t in (
        "1904-01-01T00:00:00",
        "1970-01-01T00:00:00",
        "2036-02-07T06:28:16",
        "2038-01-19T03:14:08",
        "2040-02-06T06:28:16",
    )
)
_ZONES = timedelta(hours=14)
_DOS_BEGINS = datetime(1980, 1, 1)


@dataclass(frozen=True)
class Moment:
    """A time as it was written.

    Attributes:
        day: YYYY-MM-DD.
        at: the same with the time of day, to the second; None where only a day is written.
        subsec_us: microseconds beyond the second; None where they are not written.
        offset_min: minutes ahead of UTC; None where no offset is written.
    """

    day: str
    at: datetime | None
    subsec_us: int | None = None
    offset_min: int | None = None


def read_moment(text: str | None) -> Moment | None:
    """A time in any form that can be read in one way alone, or None.

    Day and month as numbers count only after a year of four digits. A time of day in words (am, pm, 下午) is
    not read.
    """
    told = text or ""
    for part in (
        told.replace("\0", " "),
        told.partition("\0")[0],
    ):  # behind its end a field may hold anything
        clean = " ".join(part.split())
        matches = (form.fullmatch(clean) for form in (_ISO, _COMPACT, _MAIL, _CLOCK))
        if (moment := next((_moment(m.groupdict()) for m in matches if m is not None), None)) is not None:
            return moment
    return None


def _moment(parts: dict[str, str | None]) -> Moment | None:
    name = parts.get("name")
    month = str(_WORDS.index(name.lower()) + 1) if name and name.lower() in _WORDS else parts.get("month")
    try:
        day = datetime(int(parts["year"] or ""), int(month or ""), int(parts["day"] or ""))
    except ValueError:
        return None
    if not _EARLIEST <= day.year <= _LATEST:
        return None
    if parts["hour"] is None:
        return None if any(n.date() == day.date() for n in _NEVER) else Moment(day.date().isoformat(), None)
    zone = (parts.get("zone") or "").strip()
    offset = read_offset(zone)
    since = _since_midnight(*(int(parts.get(p) or 0) for p in ("hour", "minute", "second")))
    if since is None or (zone and offset is None and not _ZONE.fullmatch(zone)):
        return None
    at = day + since
    if at == _DOS_BEGINS or any(abs(at - never) <= _ZONES for never in _NEVER):
        return None
    return Moment(at.date().isoformat(), at, read_fraction(parts.get("part")), offset)


def _since_midnight(hour: int, minute: int, second: int) -> timedelta | None:
    """Midnight may be 24:00:00, the end of the day, as in ISO 8601; a leap second is the next one."""
    if (hour, minute, second) == (24, 0, 0) or (hour < 24 and minute < 60 and second <= 60):
        return timedelta(hours=hour, minutes=minute, seconds=second)
    return None


def read_offset(text: str | None) -> int | None:
    """Minutes ahead of UTC of an offset such as "+02:00" or "Z", or None."""
    clean = (text or "").strip("\0 ")
    if clean.upper() in _UTC:
        return 0
    if (match := _OFFSET.fullmatch(clean)) is None:
        return None
    found = int(match[2]) * 60 + int(match[3] or 0)
    signed = -found if match[1] == "-" else found
    return signed if int(match[3] or 0) < 60 and -720 <= signed <= 840 else None


def read_fraction(text: str | None) -> int | None:
    """Microseconds of the digits behind a second's point, or None."""
    digits = (text or "").strip("\0 ")
    return int(digits[:6].ljust(6, "0")) if digits.isascii() and digits.isdigit() else None
