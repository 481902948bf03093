"""Events: pictures that were taken one after the other, in one region.

Holds `Event` and `events_of`.
Add here: another sign that an event ends.
Keep out: times (shot_times.py), and folders (organize_plan.py).

An event ends after 6 hours without a picture, or where the next one is more than 50 km away. Times
are compared in UTC, so cameras of different zones share their events, and midnight ends none.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from proofsheet.apply.shot_times import ShotTime, instants

GAP, FAR_KM = timedelta(hours=6), 50.0
DAY_STARTS = timedelta(hours=4)  # what is taken after midnight belongs to the evening before
_EARTH_KM = 6371.0
Place = tuple[float, float]


@dataclass(frozen=True)
class Event:
    """An event.

    Attributes:
        name: its day, its city if all pictures agree, and a number if the day has several.
        day: its first day; a day starts at 04:00.
    """

    name: str
    day: datetime


def events_of(
    times: Mapping[str, ShotTime], places: Mapping[str, Place], cities: Mapping[str, str]
) -> dict[str, Event]:
    """Photo to its event.

    Args:
        times: photo to its time.
        places: photo to latitude and longitude in degrees, where they are known.
        cities: photo to the name of its city, where it is known.
    """
    at, groups = instants(times), list[list[str]]()
    last_place, last_time = None, datetime.min
    for photo in sorted(times, key=lambda p: (at[p], p)):
        place = places.get(photo)
        if not groups or at[photo] - last_time > GAP or _is_far(last_place, place):
            groups.append([])
            last_place = None
        groups[-1].append(photo)
        last_time, last_place = at[photo], place or last_place
    return _named(groups, times, cities)


def day_of(time: ShotTime) -> datetime:
    """The day of a picture; a day starts at 04:00."""
    return (time.local - DAY_STARTS).replace(hour=0, minute=0, second=0)


def _named(
    groups: list[list[str]], times: Mapping[str, ShotTime], cities: Mapping[str, str]
) -> dict[str, Event]:
    found, used = dict[str, Event](), Counter[str]()
    for group in groups:
        day, known = day_of(times[group[0]]), {cities[p] for p in group if p in cities}
        name = f"{day:%Y-%m-%d} {next(iter(known))}" if len(known) == 1 else f"{day:%Y-%m-%d}"
        used[name.casefold()] += 1
        number = used[name.casefold()]
        event = Event(name if number == 1 else f"{name} {number}", day)
        found |= dict.fromkeys(group, event)
    return found


def _is_far(one: Place | None, other: Place | None) -> bool:
    return one is not None and other is not None and distance_km(one, other) > FAR_KM


def distance_km(one: Place, other: Place) -> float:
    """The distance of two places in km, along the surface; both as latitude and longitude in degrees."""
    (north, east), (north2, east2) = (tuple(map(math.radians, place)) for place in (one, other))
    part = (
        math.sin((north2 - north) / 2) ** 2
        + math.cos(north) * math.cos(north2) * math.sin((east2 - east) / 2) ** 2
    )
    return 2 * _EARTH_KM * math.asin(math.sqrt(min(part, 1.0)))
