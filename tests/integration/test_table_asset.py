"""The table gate and the thin layer over Dagster, on assets of our own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pytest

from assets.factory.metadata import preview
from assets.factory.row_checks import RowCheck
from assets.factory.shared_table_asset import shared_table_asset
from assets.factory.table_asset import TableRows, table_asset
from assets.partitions import PROJECTS
from proofsheet.storage.workspace import Project, Workspace
from resources.configured import configured
from resources.progress import ProgressResource
from resources.store import StoreResource
from schemas.library import Photo
from schemas.models import RankerFit
from schemas.settings.groups import GroupSettings
from schemas.table import Rows, Table, column
from tests.support.kit import configuration


class Berry(Table, name="test_berries"):
    """Berries, for tests."""

    berry_id = column(pl.String, "Its id.", key=True)
    weight_g = column(pl.Float64, "Its weight.", unit="g", ge=0)


class Jam(Table, name="test_jams"):
    """Jams, for tests."""

    jam_id = column(pl.String, "Its id.", key=True)
    berries = column(pl.Int64, "How many berries.")


GIVEN: dict[str, pl.DataFrame] = {}
CALLS: list[str] = []
HEAVY = RowCheck("not_heavy", "No berry is heavy.", lambda rows: rows.filter(pl.col(Berry.weight_g) > 5))


@table_asset(Berry, group="measure", always_run=True, row_checks={Berry: [HEAVY]})
def test_berries(project: Project) -> TableRows:
    """Gives what the test prepared."""
    return TableRows([GIVEN["berries"]], {"found": 3})


@table_asset(Jam, group="choose")
def test_jams(test_berries: Rows[Berry], project: Project, grouping: GroupSettings) -> pl.DataFrame:
    """Counts berries."""
    CALLS.append(project.key)
    return Jam.frame([{"project": project.key, "jam_id": "j", "berries": test_berries.height}])


test_berries.__test__ = test_jams.__test__ = False  # type: ignore[attr-defined]


def berries(project: str, **weights: float) -> pl.DataFrame:
    return Berry.frame({"project": project, "berry_id": b, "weight_g": w} for b, w in weights.items())


class Bench:
    """One project, one instance, the two assets."""

    def __init__(self, tmp_path: Path) -> None:
        (tmp_path / "library" / "one").mkdir(parents=True)
        self.place = configuration(tmp_path / "library", tmp_path / "home").place
        (self.project,) = Workspace(self.place).projects()
        self.instance = dg.DagsterInstance.ephemeral()
        self.instance.add_dynamic_partitions(str(PROJECTS.name), [self.project.key])

    def run(self, **grouping: Any) -> dg.ExecuteInProcessResult:
        return dg.materialize(
            [test_berries, test_jams],
            instance=self.instance,
            partition_key=self.project.key,
            raise_on_error=False,
            resources={
                "store": StoreResource(**self.place.model_dump()),
                "progress": ProgressResource(),
                "groups": configured(GroupSettings, GroupSettings(**grouping)),
            },
        )

    def checks(self, result: dg.ExecuteInProcessResult, name: str) -> list[Any]:
        return [e for e in result.get_asset_check_evaluations() if e.check_name == name]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    CALLS.clear()
    made = Bench(tmp_path)
    GIVEN["berries"] = berries(made.project.key, a=1, b=9)
    return made


def materialized(result: dg.ExecuteInProcessResult) -> dict[str, Any]:
    return {
        e.asset_key.to_user_string(): e.step_materialization_data.materialization.metadata
        for e in result.get_asset_materialization_events()
        if e.asset_key
    }


def test_rows_are_published_with_metadata_and_verdicts(bench: Bench) -> None:
    result = bench.run()
    assert result.success
    assert bench.project.store.read(Jam)["berries"].to_list() == [2]
    metadata = materialized(result)["test_berries"]
    assert metadata["dagster/row_count"].value == 2
    assert metadata["found"].value == 3
    assert len(metadata["first_rows"].value) < 1000
    (verdict,) = bench.checks(result, "not_heavy")
    assert not verdict.passed
    assert verdict.severity == dg.AssetCheckSeverity.WARN
    assert verdict.metadata["count"].value == 1
    assert "b" in verdict.metadata["first_rows"].value


def test_an_unchanged_run_computes_and_writes_nothing(bench: Bench) -> None:
    bench.run()
    before = bench.project.store.generation()
    result = bench.run()
    assert result.success
    assert [bench.project.key] == CALLS
    assert bench.project.store.generation() == before
    assert materialized(result)["test_jams"]["changed"].value is False


def test_the_database_for_people_is_made_once_at_the_end_of_a_run_that_changed_tables(bench: Bench) -> None:
    store = bench.project.store
    bench.run()
    made = store.open_copy.stat()
    assert not store.show()
    bench.run()
    assert store.open_copy.stat().st_ino == made.st_ino
    GIVEN["berries"] = berries(bench.project.key, a=1)
    bench.run()
    assert store.open_copy.stat().st_ino != made.st_ino
    assert not store.show()


def test_a_database_for_people_that_cannot_be_made_is_told_by_the_log(bench: Bench) -> None:
    bench.project.store.open_copy.with_suffix(".tmp").mkdir(parents=True)
    bench.run()
    assert bench.project.store.read(Jam).height == 1
    (summary,) = bench.project.logs.glob("*_summary.json")
    assert json.loads(summary.read_text())["errors"] == {"StoreError": 1}


def test_changed_rows_and_changed_settings_make_what_follows(bench: Bench) -> None:
    bench.run()
    GIVEN["berries"] = berries(bench.project.key, a=1)
    bench.run()
    assert bench.project.store.read(Jam)["berries"].to_list() == [1]
    assert len(CALLS) == 2
    bench.run(window=5)
    assert len(CALLS) == 3
    bench.run(window=5)
    assert len(CALLS) == 3


BAD = {
    "a row of another project": (
        lambda key: pl.concat([berries(key, a=1), berries("other-000000", b=1)]),
        "other-000000",
    ),
    "a wrong type": (
        lambda key: berries(key, a=1).with_columns(pl.col("weight_g").cast(pl.String)),
        "weight_g has type String",
    ),
    "a duplicate key": (lambda key: pl.concat([berries(key, a=1), berries(key, a=2)]), "more than once"),
    "a value out of range": (lambda key: berries(key, a=-1), "-1.0"),
    "a null key": (
        lambda key: berries(key, a=1).with_columns(pl.lit(None, pl.String).alias("berry_id")),
        "berry_id",
    ),
}


@pytest.mark.parametrize("what", list(BAD))
def test_bad_rows_are_refused_before_writing(bench: Bench, what: str) -> None:
    bench.run()
    generation, rows = bench.project.store.generation(), bench.project.store.read(Berry)
    make, told = BAD[what]
    GIVEN["berries"] = make(bench.project.key)
    result = bench.run()
    assert not result.success
    assert materialized(result) == {}
    (check,) = bench.checks(result, "table_gate")
    assert not check.passed
    assert told in check.metadata["first"].value
    assert bench.project.store.generation() == generation
    assert bench.project.store.read(Berry).equals(rows)


def test_every_asset_tells_its_columns_owners_and_lineage() -> None:
    spec = next(iter(test_jams.specs))
    assert spec.metadata["dagster/column_schema"].columns[2].description == "How many berries."
    assert list(spec.metadata["dagster/column_lineage"].deps_by_column) == ["project"]
    assert spec.owners == ["team:choices"]
    assert spec.group_name == "choose"
    assert {d.asset_key.to_user_string() for d in spec.deps} == {"test_berries"}


def test_a_preview_is_short_inert_and_holds_no_vector() -> None:
    rows = pl.DataFrame(
        {
            "project": ["p"] * 50,
            "text": ["<b>|x\n" + "y" * 300] * 50,
            "vector": [[1.0]] * 50,
            "latitude_deg": [1.5] * 50,
        }
    )
    found = preview(rows)
    assert len(found) < 1000
    assert "<b>" not in found
    assert "vector" not in found
    assert "1.5" not in found


def test_an_asset_is_named_like_one_of_its_tables() -> None:
    def jams(project: Project) -> pl.DataFrame:
        return Jam.frame()

    with pytest.raises(TypeError, match="jams makes test_jams: name it like one of them"):
        table_asset(Jam, group="choose")(jams)


def test_a_wrong_annotation_is_refused_when_the_asset_is_defined() -> None:
    def test_jams(test_berries: pl.DataFrame) -> pl.DataFrame:
        return test_berries

    with pytest.raises(
        TypeError, match="the parameter test_berries is annotated DataFrame, which names no source"
    ):
        table_asset(Jam, group="choose")(test_jams)


def test_a_table_over_all_projects_takes_no_rows_of_one() -> None:
    def ranker_fits(photos: Rows[Photo]) -> pl.DataFrame:
        return photos

    with pytest.raises(TypeError, match="ranker_fits is over all projects"):
        shared_table_asset(RankerFit, group="learn", after=())(ranker_fits)
