from __future__ import annotations

import polars as pl
import pytest

from proofsheet.core.errors import GateRefused
from proofsheet.storage.table_gate import check_frame, violations
from schemas.library import Photo
from schemas.table import Table, column, duckdb_type
from schemas.vectors import Embedding


class Fruit(Table, name="test_fruits"):
    """A fruit, for tests."""

    fruit_id = column(pl.String, "Its id.", key=True)
    weight_g = column(pl.Float64, "Its weight.", unit="g", ge=0, le=5000)
    color = column(pl.String, "Its colour.", nullable=True, isin=("red", "green"))


def fruits(**changes: list[object]) -> pl.DataFrame:
    values: dict[str, list[object]] = {
        "project": ["p", "p"],
        "fruit_id": ["a", "b"],
        "weight_g": [1.0, 2.0],
        "color": ["red", None],
    }
    return pl.DataFrame(values | changes, schema_overrides=dict(Fruit.polars_schema()))


def test_a_column_reads_as_its_name() -> None:
    assert Photo.path == "path"
    assert Fruit.key() == ("project", "fruit_id")


def test_ddl_carries_key_types_and_comments() -> None:
    create, table_comment, *comments = Fruit.ddl()
    assert 'PRIMARY KEY ("project", "fruit_id")' in create
    assert '"weight_g" DOUBLE NOT NULL' in create
    assert "A fruit, for tests." in table_comment
    assert any("Unit: g." in c for c in comments)
    assert duckdb_type(pl.Array(pl.Float32, 64)) == "FLOAT[64]"
    assert any('"vector" FLOAT[512] NOT NULL' in line for line in Embedding.ddl({Embedding.vector: 512}))


def test_a_column_may_not_hide_an_attribute_of_the_base() -> None:
    with pytest.raises(TypeError, match="may not be named"):

        class Bad(Table, name="test_bad"):
            """Bad."""

            origin = column(pl.String, "Clashes.")


def test_good_rows_pass() -> None:
    assert violations(Fruit, fruits(), "p") == []


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"project": ["p", "other"]}, "other"),
        ({"fruit_id": ["a", "a"]}, "more than once"),
        ({"weight_g": [1.0, -3.0]}, "-3.0"),
        ({"color": ["red", "blue"]}, "blue"),
        ({"fruit_id": ["a", None]}, "fruit_id"),
    ],
)
def test_bad_rows_are_told_by_value(changes: dict[str, list[object]], told: str) -> None:
    found = violations(Fruit, fruits(**changes), "p")
    assert found
    assert any(told in sentence for sentence in found), found


@pytest.mark.parametrize(
    "frame",
    [
        fruits().with_columns(pl.col("weight_g").cast(pl.String)),
        fruits().drop("color"),
        fruits().with_columns(pl.lit(1).alias("extra")),
        fruits().select("fruit_id", "project", "weight_g", "color"),
    ],
)
def test_a_wrong_shape_is_refused(frame: pl.DataFrame) -> None:
    with pytest.raises(GateRefused, match="test_fruits"):
        check_frame(Fruit, frame, "p")
