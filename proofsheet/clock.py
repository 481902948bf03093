"""The time, as it stands in every table.

Holds `utc_now`.
Add here: nothing; verbs take the time as an argument.
Keep out: measuring how long something takes.
"""

from __future__ import annotations

from datetime import UTC, datetime


def utc_now() -> datetime:
    """Now in UTC, without a zone."""
    return datetime.now(UTC).replace(tzinfo=None)
