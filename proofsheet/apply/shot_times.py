"""When pictures were taken, as a clock on the wall showed it there: corrections, zones, order.

Holds `ShotTime`, `ClockCorrections`, `shot_times`, `parse_shift`, `camera_meant`, `instants` and
`in_shooting_order`.
Add here: another source of the time of a picture.
Keep out: reading files (metadata/), and what follows from the time (rename_plan.py, organize_plan.py).

The time is local, never UTC: from EXIF, else from the name of the file, else, if allowed, the time of the
file. The offset from UTC is written, or follows from GPS with the extra `zones`; it serves only to order
pictures of cameras in different zones.
"""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from proofsheet.core.errors import UsageError
from schemas.library import ExifFact, Photo

Row = Mapping[str, Any]
_SHIFT = re.compile(r"(?P<sign>[+-])(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")


@dataclass(frozen=True)
class ShotTime:
    """When a picture was taken.

    Attributes:
        local: date and time without a zone, to the second.
        fraction_us: microseconds after it; None if they are not written.
        offset_min: minutes that the clock was before UTC; None if unknown.
    """

    local: datetime
    fraction_us: int | None = None
    offset_min: int | None = None

    @property
    def precise(self) -> datetime:
        """The local time with its fraction of a second."""
        return self.local + timedelta(microseconds=self.fraction_us or 0)


@dataclass(frozen=True)
class ClockCorrections:
    """How wrong the clocks of cameras were, and what serves where there is no date.

    Attributes:
        shifts: camera to what is added to its times.
        file_time: whether the modification time of a file counts where there is no other.
    """

    shifts: Mapping[str, timedelta] = field(default_factory=dict)
    file_time: bool = False


def parse_shift(text: str) -> timedelta:
    """A duration such as `+1h`, `-30m` or `+1d2h`.

    Raises:
        UsageError: for other text.
    """
    found = _SHIFT.fullmatch(text)
    if found is None or not any(found.groups()[1:]):
        raise UsageError(f"{text!r} is no shift of a clock.", "Write +1h, -30m, +1d2h or -5s.")
    days, hours, minutes, seconds = (int(n or 0) for n in found.groups()[1:])
    shift = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    return shift if found["sign"] == "+" else -shift


def camera_meant(name: str, cameras: Iterable[str]) -> str:
    """The camera with this model name, in any case.

    Raises:
        UsageError: if there is none, with the nearest one.
    """
    known = sorted(set(cameras))
    fitting = [c for c in known if c.casefold() == name.casefold()]
    if fitting:
        return fitting[0]
    by_fold = {c.casefold(): c for c in known}
    near = [by_fold[c] for c in get_close_matches(name.casefold(), by_fold, n=1, cutoff=0.0)]
    near = [c for c in known if name.casefold() in c.casefold()] or near
    step = f"Did you mean {near[0]!r}? Cameras: {', '.join(known)}." if near else "No photo names its camera."
    raise UsageError(f"No photo is from a camera {name!r}.", step)


def shot_times(
    photos: Iterable[Row], facts: Mapping[str, Row], told: ClockCorrections
) -> dict[str, ShotTime]:
    """Photo to its time; photos without one are left out.

    Args:
        photos: rows of `photos`.
        facts: photo to its row of `exif_facts`.
        told: corrections of clocks.
    """
    found = dict[str, ShotTime]()
    for photo in photos:
        own = str(photo[Photo.photo_id])
        if (time := _time_of(photo, facts.get(own, {}), told)) is not None:
            found[own] = time
    return found


def _time_of(photo: Row, fact: Row, told: ClockCorrections) -> ShotTime | None:
    if (taken := fact.get(ExifFact.taken_at)) is not None:
        shift = told.shifts.get(str(fact.get(ExifFact.model) or ""), timedelta())
        offset = fact.get(ExifFact.taken_offset_min)
        offset = _offset_by_place(fact, taken) if offset is None else offset
        return ShotTime(taken + shift, fact.get(ExifFact.taken_subsec_us), offset)
    if (named := photo[Photo.named_at]) is not None:
        return ShotTime(named)
    if told.file_time:
        local = photo[Photo.modified_at].replace(tzinfo=UTC).astimezone()
        offset_min = int(local.utcoffset().total_seconds() // 60)
        return ShotTime(local.replace(tzinfo=None, microsecond=0), None, offset_min)
    return None


def _offset_by_place(fact: Row, local: datetime) -> int | None:
    """Minutes before UTC where a picture was taken, by its GPS position."""
    latitude, longitude = fact.get(ExifFact.latitude_deg), fact.get(ExifFact.longitude_deg)
    if (
        latitude is None
        or longitude is None
        or (name := _zone_at(round(longitude, 3), round(latitude, 3))) is None
    ):
        return None
    offset = local.replace(tzinfo=ZoneInfo(name)).utcoffset()
    return None if offset is None else int(offset.total_seconds() // 60)


@lru_cache(1 << 12)
def _zone_at(longitude: float, latitude: float) -> str | None:
    try:
        from tzfpy import get_tz
    except ImportError:
        return None
    return get_tz(longitude, latitude) or None


def instants(times: Mapping[str, ShotTime]) -> dict[str, datetime]:
    """Photo to its time in UTC; one without an offset has that of the nearest one with, by the clock."""
    known = [(t.local, t.offset_min) for t in times.values() if t.offset_min is not None]
    known.sort()
    found = dict[str, datetime]()
    for photo, time in times.items():
        whole = time if time.offset_min is not None else replace(time, offset_min=_nearest(known, time.local))
        found[photo] = whole.precise - timedelta(minutes=whole.offset_min or 0)
    return found


def _nearest(known: Sequence[tuple[datetime, int]], local: datetime) -> int:
    at = bisect(known, local, key=lambda one: one[0])
    beside = known[max(at - 1, 0) : at + 1]
    return min(beside, key=lambda one: abs(one[0] - local))[1] if beside else 0


def in_shooting_order(times: Mapping[str, ShotTime], names: Mapping[str, str]) -> list[str]:
    """Photos with a time in the order in which they were taken; equal times by their names.

    Args:
        times: photo to its time.
        names: photo to its first name.
    """
    at = instants(times)
    return sorted(times, key=lambda photo: (at[photo], names[photo], photo))
