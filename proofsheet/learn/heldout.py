"""What a ranker said of sets that it never saw, kept beside the model: calibration of projects and reports rest on it.

Holds `HELD_OUT`, `write_held_out` and `read_held_out`.
Add here: another column that a report needs.
Keep out: judging.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from proofsheet.files import write_atomic
from proofsheet.learn.evaluation import HeldOut
from proofsheet.learn.gather import SelectionData
from proofsheet.learn.model_files import model_path

NAME, KEY, MEMBERS, CHOSEN, TOP, PICK, P, ANOMALY, TEST = (
    *("project_name", "set_key", "photo_ids", "chosen", "top", "pick", "p", "anomaly", "test"),
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
}
HELD_OUT = pl.Schema(_COLUMNS)


def write_held_out(models: Path, fit_id: str, data: SelectionData, found: HeldOut, test: npt.NDArray[np.bool_]) -> None:
    """One row a set; places count from 0 in the order of the members."""
    counts = data.features.mask.sum(axis=1)
    frame = pl.DataFrame(
        {
            NAME: list(data.groups),
            KEY: list(data.keys),
            MEMBERS: [list(m) for m in data.members],
            CHOSEN: data.winner,
            TOP: data.features.top,
            PICK: found.pick,
            P: [row[:count].tolist() for row, count in zip(found.p, counts, strict=True)],
            ANOMALY: data.anomaly,
            TEST: test,
        },
        schema=HELD_OUT,
    )
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    write_atomic(_path(models, fit_id), buffer.getvalue())


def read_held_out(models: Path, fit_id: str) -> pl.DataFrame:
    """The rows of a model; none if the file is gone or cannot be read."""
    try:
        found = pl.read_parquet(_path(models, fit_id))
    except (OSError, pl.exceptions.PolarsError):
        return pl.DataFrame(schema=HELD_OUT)
    return found if found.schema == HELD_OUT else pl.DataFrame(schema=HELD_OUT)


def probabilities(rows: pl.DataFrame) -> npt.NDArray[np.float64]:
    """Probabilities padded with zeros: (sets, most)."""
    most = max((len(p) for p in rows[P]), default=1)
    found = np.zeros((rows.height, most))
    for k, values in enumerate(rows[P].to_list()):
        found[k, : len(values)] = values
    return found


def _path(models: Path, fit_id: str) -> Path:
    return model_path(models, fit_id).with_suffix(".heldout.parquet")
