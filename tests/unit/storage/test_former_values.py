"""Values of earlier versions: Python, SQL and the database for users show today's."""

from __future__ import annotations

import contextlib
from pathlib import Path

import duckdb
import polars as pl
import pytest

from proofsheet.core.errors import GateRefused
from proofsheet.storage import store as store_module
from proofsheet.storage.stamps import Stamp
from proofsheet.storage.store import RECENT, Store
from schemas.models import CropModel, RankerModel
from schemas.table import Table

RANKER = {"project": "p", "fit_id": "f", "note": "", "temperature": 1.0, "overrule_at": 0.6}
RANKER |= {"calibrated_on": 0, "calibration": "none"}
CROPS = {"project": "p", "fit_id": "f", "note": "", "offset": 0.0, "crop_at": 0.6, "calibrated_on": 0}
QUESTION = "select status from {}"


def rows(table: type[Table], status: str) -> pl.DataFrame:
    row = {**dict.fromkeys(table.columns()), **(RANKER if table is RankerModel else CROPS), "status": status}
    return table.frame([row])


@pytest.fixture
def former(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A store with two rows as an earlier version wrote them."""
    store = Store(tmp_path, "p")
    with monkeypatch.context() as earlier:
        earlier.setattr(store_module, "check_frame", lambda *_given: None)
        store.publish({t: rows(t, "in force") for t in (RankerModel, CropModel)}, Stamp("1"))
    RECENT.clear()
    return store


@pytest.mark.parametrize("table", [RankerModel, CropModel], ids=lambda t: t.name)
def test_a_former_value_is_read_as_the_present_one(former: Store, table: type[Table]) -> None:
    assert former.read(table)["status"].to_list() == ["active"]
    assert former.query(QUESTION.format(table.name)).to_series().to_list() == ["active"]
    assert former.show()
    with contextlib.closing(duckdb.connect(former.open_copy, read_only=True)) as con:
        assert con.execute(QUESTION.format(table.name)).fetchall() == [("active",)]
        assert con.execute(
            "select comment from duckdb_tables() where table_name = ?", [table.name]
        ).fetchone()


def test_other_values_stay_and_former_ones_are_no_longer_written(tmp_path: Path) -> None:
    store = Store(tmp_path, "p")
    with pytest.raises(GateRefused, match="in force"):
        store.publish({RankerModel: rows(RankerModel, "in force")}, Stamp("1"))
    store.publish({RankerModel: rows(RankerModel, "not available")}, Stamp("1"))
    assert store.query(QUESTION.format(RankerModel.name)).item() == "not available"
