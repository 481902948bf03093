"""Predictions of fits for sets and pictures that they never saw, stored beside the model.

Calibration of projects and reports use them.

Holds `HELD_OUT`, writing and reading of choices and of crops, and `trained_on`.
Add here: another column that a report needs.
Keep out: judging.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from proofsheet.core.files import write_atomic
from proofsheet.models.artifacts import model_path

NAME, KEY, MEMBERS, CHOSEN, TOP, PICK, P, ANOMALY, TEST, BY_SET = (
    *("project_name", "set_key", "photo_ids", "chosen", "top", "pick", "p", "anomaly", "test", "pick_by_set"),
)
_COLUMNS: dict[str, Any] = {
    NAME: pl.String,
    KEY: pl.String,
    MEMBERS: pl.List(pl.String),
    CHOSEN: pl.Int64,
    TOP: pl.Int64,
    PICK: pl.Int64,
    P: pl.List(pl.Float64),
    ANOMALY: pl.Boolean,
    TEST: pl.Boolean,
    BY_SET: pl.Int64,
}
HELD_OUT = pl.Schema(_COLUMNS)
PHOTO, BOX = "photo_id", "box"
_CROP_COLUMNS: dict[str, Any] = {PHOTO: pl.String, BOX: pl.List(pl.Float64)}
_CROPS = pl.Schema(_CROP_COLUMNS)


def write_held_out(models: Path, fit_id: str, rows: pl.DataFrame) -> None:
    """Keep the rows of a model, one a set.

    Args:
        models: folder of models.
        fit_id: the model.
        rows: with the columns `HELD_OUT`; places count from 0 in the order of the members.
    """
    buffer = io.BytesIO()
    rows.write_parquet(buffer)
    write_atomic(_path(models, fit_id), buffer.getvalue())


def read_held_out(models: Path, fit_id: str) -> pl.DataFrame:
    """The rows of a model; none if the file is gone or cannot be read."""
    try:
        found = pl.read_parquet(_path(models, fit_id))
    except (OSError, pl.exceptions.PolarsError):
        return pl.DataFrame(schema=HELD_OUT)
    if BY_SET not in found.columns:  # a file of the former version
        found = found.with_columns(pl.lit(None, pl.Int64).alias(BY_SET))
    return found if found.schema == HELD_OUT else pl.DataFrame(schema=HELD_OUT)


def write_held_out_crops(
    models: Path, fit_id: str, ids: Sequence[str], boxes: npt.NDArray[np.float64]
) -> None:
    """One row a picture: the box that fits without it proposed."""
    buffer = io.BytesIO()
    pl.DataFrame({PHOTO: list(ids), BOX: boxes.tolist()}, schema=_CROPS).write_parquet(buffer)
    write_atomic(_path(models, fit_id), buffer.getvalue())


def read_held_out_crops(models: Path, fit_id: str) -> dict[str, list[float]]:
    """Photo id to that box; none if the file is gone or cannot be read."""
    try:
        found = pl.read_parquet(_path(models, fit_id))
    except (OSError, pl.exceptions.PolarsError):
        return {}
    return dict(found.iter_rows()) if found.schema == _CROPS else {}


def trained_on(models: Path, fit_id: str) -> pl.DataFrame | None:
    """The sets that a model was trained on; None if that is not known, as its file is gone."""
    rows = read_held_out(models, fit_id)
    return rows.filter(~pl.col(TEST)) if rows.height else None


def photos_trained_on(models: Path, start: str) -> set[str] | None:
    """Members of the training sets of the model with this beginning of an id; None if they are not known."""
    files = sorted(model_path(models, "").parent.glob(f"{start}*.heldout.parquet"))
    rows = trained_on(models, files[0].name.partition(".")[0]) if len(files) == 1 else None
    return None if rows is None else set(rows[MEMBERS].explode())


def probabilities(rows: pl.DataFrame) -> npt.NDArray[np.float64]:
    """Probabilities padded with zeros: (sets, most)."""
    most = max((len(p) for p in rows[P]), default=1)
    found = np.zeros((rows.height, most))
    for k, values in enumerate(rows[P].to_list()):
        found[k, : len(values)] = values
    return found


def _path(models: Path, fit_id: str) -> Path:
    return model_path(models, fit_id).with_suffix(".heldout.parquet")
