"""Tables of what there is and how work went: inventory, gaps, runs, sessions, trends.

Holds `Inventory`, `DiversityGap`, `Trend`, and the facts `SessionMetric` and `RunRecord`.
Add here: tables of counts over pictures or runs.
Keep out: measurements of single pictures (vision.py).
"""

from __future__ import annotations

import polars as pl

from schemas.table import Table, column

DIMENSIONS = (
    "format",
    "resolution",
    "quality",
    "lighting",
    "source",
    "shape",
    "year",
    "camera",
    "cause of set",
)


class Inventory(Table, name="inventory"):
    """How many photos there are of each kind."""

    dimension = column(pl.String, "What is counted.", key=True, isin=DIMENSIONS)
    bucket = column(pl.String, "Kind of photo.", key=True)
    photos = column(pl.Int64, "Number of photos.", ge=1)
    share = column(pl.Float64, "Share of the project's photos.", ge=0, le=1)
    counted_by = column(pl.String, "Version of the rules that sort into kinds.")


class DiversityGap(Table, name="diversity_gaps"):
    """How far the project is from the wanted mix, kind by kind."""

    dimension = column(pl.String, "What is compared.", key=True)
    bucket = column(pl.String, "Kind of photo.", key=True)
    photos = column(pl.Int64, "Number of photos.", ge=0)
    share = column(pl.Float64, "Share of the photos with a known kind.", ge=0, le=1)
    target = column(pl.Float64, "Wanted share.", ge=0, le=1)
    gap = column(pl.Float64, "Wanted less present share; above 0 if photos are missing.", ge=-1, le=1)
    missing = column(pl.Int64, "Photos of this kind to add for the wanted share, if the others stay.", ge=0)


class SessionMetric(Table, name="sessions", origin="fact"):
    """Number of files that one run opened, refused and measured, and its speed."""

    run_id = column(pl.String, "Id of the run in Dagster.", key=True)
    ended_at = column(pl.Datetime("us"), "When this was noted (UTC).")
    seconds = column(pl.Float64, "Seconds from the run's start to here.", unit="s", ge=0)
    opened = column(pl.Int64, "Pictures opened.", ge=0)
    refused = column(pl.Int64, "Files in quarantine.", ge=0)
    photos = column(pl.Int64, "Photos of the project.", ge=0)
    excellent = column(pl.Int64, "Photos of excellent quality.", ge=0)
    good = column(pl.Int64, "Photos of good quality.", ge=0)
    average = column(pl.Int64, "Photos of average quality.", ge=0)
    poor = column(pl.Int64, "Photos of poor quality.", ge=0)


class RunRecord(Table, name="runs", origin="fact"):
    """A run over the full pipeline: when, and what it found."""

    run_id = column(pl.String, "Id of the run in Dagster.", key=True)
    ended_at = column(pl.Datetime("us"), "When the run ended (UTC).")
    photos = column(pl.Int64, "Photos.", ge=0)
    quarantined = column(pl.Int64, "Refused files.", ge=0)
    sets = column(pl.Int64, "Sets.", ge=0)
    accepted = column(pl.Int64, "Accepted texts.", ge=0)
    blocked = column(pl.Int64, "Blocked texts.", ge=0)
    drafts = column(pl.Int64, "Drafts: texts that name no subject yet.", nullable=True, ge=0)


class Trend(Table, name="trends"):
    """Figures of the runs of each day."""

    day = column(pl.String, "Day (UTC), as 2026-01-31.", key=True)
    runs = column(pl.Int64, "Runs.", ge=1)
    opened = column(pl.Int64, "Pictures opened.", ge=0)
    pictures_per_s = column(
        pl.Float64,
        "Pictures opened per second, over the runs that opened any.",
        unit="1/s",
        nullable=True,
        ge=0,
    )
    success_share = column(
        pl.Float64, "Share of the files that are photos and not in quarantine, in the last run.", ge=0, le=1
    )
    good_share = column(
        pl.Float64,
        "Share of the photos of good or excellent quality, in the last run.",
        nullable=True,
        ge=0,
        le=1,
    )
