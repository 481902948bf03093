"""The time, as in every table.

Holds `utc_now` and `moment`.
Add here: another form of time; functions take the present time as an argument.
Keep out: measuring how long something takes.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


def utc_now() -> datetime:
    """Now in UTC, without a zone."""
    return datetime.now(UTC).replace(tzinfo=None)


def moment(ns: int) -> datetime:
    """A time of a file in UTC, without a zone.

    A time before the year 1 or after 9999 is the first or the last that tables can hold.

    Args:
        ns: nanoseconds since 1970.
    """
    try:
        return datetime(1970, 1, 1) + timedelta(microseconds=ns // 1000)
    except OverflowError:
        return datetime.max if ns > 0 else datetime.min
