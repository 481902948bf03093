"""Settings of the library: where it is, and when its folders are run.

Holds `PlaceSettings` and `WatchSettings`.
Add here: a field about folders and the times of runs.
Keep out: how files are opened (photos.py), and the wanted mix of photos (inventory.py).
"""

from __future__ import annotations

from pydantic import Field

from schemas.settings.base import KNOB, Settings


class PlaceSettings(Settings):
    """Where pictures are read and results are saved."""

    library: str = Field(description="Folder that holds the project folders. It is only read.")
    home: str = Field(description="Folder for store, ledger, cache, exports and the Dagster instance.")


class WatchSettings(Settings):
    """When a folder counts as complete, and scheduled runs."""

    quiet_s: float = Field(
        30.0,
        gt=0,
        description=("A folder is run after this many seconds without a change."),
        json_schema_extra=KNOB,
    )
    interval_s: int = Field(
        30, ge=1, description="Seconds between two scans of the library.", json_schema_extra=KNOB
    )
    rescan: str = Field(
        "0 3 * * *", description="When every project is run again (cron, UTC).", json_schema_extra=KNOB
    )
    clean_up: str = Field(
        "30 4 * * *", description="When old caches and logs are removed (cron, UTC).", json_schema_extra=KNOB
    )
    keep_days: int = Field(
        14,
        ge=1,
        description=("Days after which caches of former code and logs are removed."),
        json_schema_extra=KNOB,
    )
