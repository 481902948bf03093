"""Dagster's storage with its connections kept open.

The files of the stock one, and nothing held that was removed.
"""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest
import yaml
from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._core.storage.runs import SqliteRunStorage

from dagster_project.instance import instance_folder, open_instance, prepare_instance
from dagster_project.storage import SHARDS_OPEN, KeptOpenEvents, KeptOpenRuns

KEPT, STOCK = (KeptOpenRuns, KeptOpenEvents), (SqliteRunStorage, SqliteEventLogStorage)


@dg.asset
def picture() -> dg.MaterializeResult:
    return dg.MaterializeResult(metadata={"width": 7})


def run(home: Path) -> str:
    with open_instance(home) as instance:
        return str(dg.materialize([picture], instance=instance).run_id)


def told(instance: dg.DagsterInstance, run_id: str) -> list[str]:
    return [str(record.event_log_entry) for record in instance.get_records_for_run(run_id).records]


def kinds(instance: dg.DagsterInstance) -> tuple[type, type]:
    return type(instance.run_storage), type(instance.event_log_storage)


def storage_of(home: Path) -> tuple[type, type]:
    with open_instance(home) as instance:
        return kinds(instance)


def test_the_stock_storage_reads_what_it_wrote(tmp_path: Path) -> None:
    run_id = run(tmp_path)
    with open_instance(tmp_path) as instance:
        ours = told(instance, run_id)
    (instance_folder(tmp_path) / "dagster.yaml").write_text("telemetry:\n  enabled: false\n")
    with dg.DagsterInstance.from_config(str(instance_folder(tmp_path))) as instance:
        assert kinds(instance) == STOCK
        assert told(instance, run_id) == ours
        assert instance.get_latest_materialization_event(dg.AssetKey("picture")) is not None
        assert instance.get_run_by_id(run_id).status == dg.DagsterRunStatus.SUCCESS  # type: ignore[union-attr]
    assert len(ours) > 5


def test_it_reads_what_the_stock_storage_wrote(tmp_path: Path) -> None:
    config = prepare_instance(tmp_path)
    shipped = config.read_text("utf-8")
    config.write_text(yaml.safe_dump({"storage": {"sqlite": {"base_dir": str(instance_folder(tmp_path))}}}))
    assert storage_of(tmp_path) == STOCK
    run_id = run(tmp_path)
    with open_instance(tmp_path) as instance:
        stock = told(instance, run_id)
    config.write_text(shipped)
    with open_instance(tmp_path) as instance:
        assert kinds(instance) == KEPT
        assert told(instance, run_id) == stock
    assert len(stock) > 5


@pytest.mark.parametrize(
    "config", ["", "telemetry:\n  enabled: false\n"], ids=["empty", "of an older version"]
)
def test_a_home_whose_dagster_yaml_names_no_storage_gets_it(tmp_path: Path, config: str) -> None:
    prepare_instance(tmp_path).write_text(config)
    assert storage_of(tmp_path) == KEPT


def test_a_storage_of_a_persons_choice_is_left_to_them(tmp_path: Path) -> None:
    own = {"storage": {"sqlite": {"base_dir": str(tmp_path / "own")}}}
    prepare_instance(tmp_path).write_text(yaml.safe_dump(own))
    assert storage_of(tmp_path) == STOCK
    run(tmp_path)
    assert (tmp_path / "own" / "history" / "runs.db").exists()


def test_dagster_home_alone_is_enough_for_the_ui(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_id = run(tmp_path)
    monkeypatch.setenv("DAGSTER_HOME", str(instance_folder(tmp_path)))
    with dg.DagsterInstance.get() as instance:
        assert kinds(instance) == KEPT
        assert told(instance, run_id)


def test_few_files_stay_open_and_a_removed_one_is_let_go(tmp_path: Path) -> None:
    with open_instance(tmp_path) as instance:
        events = instance.event_log_storage
        assert isinstance(events, KeptOpenEvents)
        runs = [str(dg.materialize([picture], instance=instance).run_id) for _ in range(SHARDS_OPEN + 3)]
        assert len(events._engines) == SHARDS_OPEN + 1
        assert all(told(instance, r) for r in runs)
        assert len(events._engines) == SHARDS_OPEN + 1
        for path in Path(events.path_for_shard(runs[-1])).parent.glob(f"{runs[-1]}*"):
            path.unlink()
        assert told(instance, runs[-1]) == []
    assert not events._engines


def test_tables_are_looked_up_once_and_again_after_the_index_was_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    stock = SqliteEventLogStorage.has_table
    monkeypatch.setattr(
        SqliteEventLogStorage, "has_table", lambda self, name: asked.append(name) or stock(self, name)
    )
    with open_instance(tmp_path) as instance:
        events = instance.event_log_storage
        dg.materialize([picture], instance=instance)
        asked.clear()
        assert events.has_table("asset_keys")
        assert events.has_table("asset_keys")
        assert not events.has_table("no_such_table")
        assert not events.has_table("no_such_table")
        assert asked == ["asset_keys", "no_such_table", "no_such_table"]
        for path in (instance_folder(tmp_path) / "history" / "runs").glob("index.db*"):
            path.unlink()
        dg.materialize([picture], instance=instance)
        assert events.has_table("asset_keys")
        assert asked.count("asset_keys") == 2
        assert instance.get_latest_materialization_event(dg.AssetKey("picture")) is not None
