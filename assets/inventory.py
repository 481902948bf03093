"""Inventory: what kinds of photos there are, what is missing for a wanted mix, and how runs went.

Holds the assets of the group "report".
Add here: an asset that counts.
Keep out: the rules that sort into kinds.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import polars as pl

from assets.factory.row_checks import RowCheck
from assets.factory.table_asset import TableRows, table_asset
from proofsheet.core.run_log import RunLog
from proofsheet.library.inventory import facts_of, gap_rows, inventory_rows
from proofsheet.library.run_statistics import note_session, trend_rows
from proofsheet.storage.workspace import Project
from schemas.library import Quarantine
from schemas.metrics import DiversityGap, Inventory, Trend
from schemas.settings.inventory import InventorySettings
from schemas.table import Rows

WANTED = RowCheck(
    "wanted_mix",
    "No kind of photo is more than five points below its wanted share.",
    lambda r: r.filter(_short()),
)


def _short() -> pl.Expr:
    return pl.col(DiversityGap.gap) > 0.05


@table_asset(Inventory, group="report", inputs={"known": facts_of})
def inventory(known: list[Mapping[str, Any]], project: Project) -> TableRows:
    """Counts photos by format, size, quality, light, source, shape, year, camera and cause of their set."""
    rows = inventory_rows(project.key, known)
    quality = rows.filter(pl.col(Inventory.dimension) == "quality").select(Inventory.bucket, Inventory.photos)
    return TableRows([rows], {"quality": str(dict(quality.iter_rows()))})


@table_asset(DiversityGap, group="report", row_checks={DiversityGap: [WANTED]})
def diversity_gaps(
    inventory: Rows[Inventory], project: Project, wanted_mix: InventorySettings
) -> pl.DataFrame:
    """Compares the inventory with the wanted mix of the settings."""
    return gap_rows(project.key, inventory, wanted_mix)


@table_asset(Trend, group="report", always_run=True)
def trends(
    inventory: Rows[Inventory], quarantine: Rows[Quarantine], project: Project, session: RunLog, now: datetime
) -> pl.DataFrame:
    """Notes a run that opened pictures, and sums up the runs of each day."""
    note_session(project.ledger, session, now, quarantine.height, inventory)
    return trend_rows(project.key, project.ledger)
