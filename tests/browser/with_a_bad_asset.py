"""The application's definitions and one asset that gives rows of a wrong project on demand.

Holds `defs`, loaded by the browser tests as a code location.
Add here: another asset that misbehaves.
Keep out: tests.
"""

import dagster as dg
import polars as pl

from assets.factory.table_asset import table_asset
from dagster_project.definitions import build_defs
from proofsheet.core.config import load
from proofsheet.storage.workspace import Project
from schemas.library import Photo
from schemas.table import Rows, Table, column


class Mixed(Table, name="mixed_up"):
    """File names of this project, and of another one once the project holds a file named `mix_up`."""

    photo_id = column(pl.String, "The photo.", key=True)


@table_asset(Mixed, group="gate", always_run=True)
def mixed_up(photos: Rows[Photo], project: Project) -> pl.DataFrame:
    """Gives a row of another project if there is a file named `mix_up`."""
    rows = photos.select("project", "photo_id")
    stranger = Mixed.frame([{"project": "stranger-000000", "photo_id": "x"}])
    return pl.concat([rows, stranger]) if (project.folder / "mix_up").exists() else rows


@dg.definitions
def defs() -> dg.Definitions:
    """All of the application, and the bad asset."""
    return dg.Definitions.merge(build_defs(load()), dg.Definitions(assets=[mixed_up]))
