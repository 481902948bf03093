"""What is stale after what a person does, and that a run does just that."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from assets.factory import table_asset
from assets.factory.freshness import READS_TAG, stale_tables
from assets.facts import KINDS
from dagster_project.automation import look_around
from dagster_project.definitions import build_defs
from dagster_project.fact_watch import FactWatch
from dagster_project.instance import open_instance
from dagster_project.planning import current_freshness
from dagster_project.running import run_one
from proofsheet.core.clock import utc_now
from proofsheet.core.config import Configuration
from proofsheet.review.decision_request import DecisionRequest
from proofsheet.review.session import ReviewSession
from proofsheet.storage.ledger import Ledger, Transaction
from proofsheet.storage.stamps import Stamp
from proofsheet.storage.workspace import Project, Workspace
from proofsheet.texts.edits import write_field
from schemas.models import SceneFit
from schemas.proof import MetadataRepair
from schemas.table import Table
from schemas.vision import Preview
from tests.support.kit import configuration, only_project, save_picture, stage_library


class Place:
    """A project that was run."""

    def __init__(self, folder: Path) -> None:
        self.settings: Configuration = configuration(
            folder / "library", folder / "home", photos={"workers": 1}
        )
        self.versions = current_freshness(self.settings).versions

    @property
    def project(self) -> Project:
        return only_project(self.settings)

    def stale(self) -> dict[str, str]:
        return stale_tables(self.versions, self.project)

    def runs(self) -> int:
        with open_instance(self.project.home) as instance:
            return len(instance.get_runs())

    def run(self) -> list[str]:
        done = run_one(self.settings, self.project.key, None)
        assert done.success, done.error
        return done.written


@contextmanager
def noting_reads() -> Iterator[dict[str, set[str]]]:
    """Name of an asset's first table to the tables of facts that it reads inside, while it runs."""
    found: dict[str, set[str]] = {}
    now: list[str] = []
    compute = table_asset._TableAsset._compute

    def noting(patch: pytest.MonkeyPatch, kind: Any, name: str) -> None:
        before = getattr(kind, name)

        def noted(self: Any, table: type[Table], *rest: Any, **equal: Any) -> Any:
            for running in now:
                found.setdefault(running, set()).add(table.name)
            return before(self, table, *rest, **equal)

        patch.setattr(kind, name, noted)

    def computed(self: Any, *given: Any) -> Any:
        now.append(self.tables[0].name)
        try:
            return compute(self, *given)
        finally:
            now.clear()

    with pytest.MonkeyPatch.context() as patch:
        for kind, name in ((Ledger, "rows"), (Ledger, "rows_after"), (Transaction, "rows_after")):
            noting(patch, kind, name)
        patch.setattr(table_asset._TableAsset, "_compute", computed)
        yield found


@pytest.fixture(scope="module")
def first_run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, set[str]]]:
    """The folder of a project that was run once, and the facts that its assets read."""
    folder = tmp_path_factory.mktemp("once")
    stage_library(folder / "library", "one", 2)
    with noting_reads() as read:
        assert "photos" in Place(folder).run()
    return folder, read


@pytest.fixture(scope="module")
def once(first_run: tuple[Path, dict[str, set[str]]]) -> Path:
    return first_run[0]


@pytest.fixture
def place(once: Path, tmp_path: Path) -> Place:
    shutil.copytree(once, tmp_path, dirs_exist_ok=True, symlinks=True)
    return Place(tmp_path)


def photo(project: Project) -> str:
    """One that is described."""
    return str(project.store.read(MetadataRepair)[MetadataRepair.photo_id][0])


def test_after_a_run_nothing_is_stale_and_the_next_one_makes_no_run_in_dagster(place: Place) -> None:
    assert place.stale() == {}
    before = place.runs()
    done = run_one(place.settings, place.project.key, None)
    assert (done.success, done.outcome, done.run_id, done.written, done.decoded) == (
        True,
        "success",
        "",
        [],
        0,
    )
    assert place.runs() == before


def test_an_edited_text_makes_stale_what_follows_from_it_and_the_next_run_writes_that(place: Place) -> None:
    write_field(
        place.project.ledger,
        photo(place.project),
        "caption",
        "A boat beside the pier.",
        None,
        "human",
        utc_now(),
    )
    stale = place.stale()
    assert stale["captions"] == stale["titles"] == "what it is made of changed: word_edits"
    assert "word_edits" in stale["metadata_repaired"] or stale["metadata_repaired"].startswith("follows ")
    assert stale["exports"].startswith("follows ")
    for name in (
        "photos",
        "proposals",
        "choices",
        "photo_groups",
        "embeddings",
        "trends",
    ):
        assert name not in stale
    written = place.run()
    assert {"metadata_repaired", "metadata_quality"} <= set(written) <= set(stale)
    assert place.stale() == {}


def test_a_training_that_trains_nothing_is_no_news_for_a_project(place: Place) -> None:
    store = place.project.shared.store
    assert SceneFit.name not in store.tables()
    store.publish({SceneFit: SceneFit.frame()}, Stamp("1"))
    assert place.stale() == {}


def test_a_decision_of_the_review_makes_stale_what_reads_decisions(place: Place) -> None:
    session = ReviewSession(place.project, 0.05)
    one = session.proposals().sets[0]
    session.decide(DecisionRequest("v1", one.group_id, one.version, "approve", None, None), utc_now())
    stale = place.stale()
    assert stale["choices"] == "what it is made of changed: review_decisions"
    assert stale["history_matches"] == "what it is made of changed: review_decisions"
    for name in ("photos", "photo_groups", "embeddings", "metadata_repaired"):
        assert not stale.get(name, "").startswith("what it is made of")
    place.run()
    assert place.stale() == {}


def in_dagster(place: Place, instance: dg.DagsterInstance) -> dict[str, str]:
    """Asset to its state as the UI tells it, of those that are not fresh.

    And how many observations there are of edits.
    """
    from dagster._core.definitions.data_version import CachingStaleStatusResolver
    from dagster._core.loader import LoadingContextForTest

    graph = build_defs(place.settings).resolve_asset_graph()
    resolver = CachingStaleStatusResolver(instance, graph, LoadingContextForTest(instance))
    keys = [key for key in graph.materializable_asset_keys if graph.get(key).is_partitioned]
    found = {key.to_user_string(): resolver.get_status(key, place.project.key).value for key in keys}
    return {name: state for name, state in found.items() if state != "FRESH"}


def observed(place: Place, instance: dg.DagsterInstance, kind: str) -> list[tuple[str | None, Any]]:
    """Versions and numbers of rows of a kind of fact, the newest first."""
    wanted = dg.AssetRecordsFilter(asset_key=dg.AssetKey(kind), asset_partitions=[place.project.key])
    told = [r.asset_observation for r in instance.fetch_observations(wanted, limit=50).records]
    return [(o.tags.get("dagster/data_version"), o.metadata["dagster/row_count"].value) for o in told if o]


def test_the_ui_tells_what_an_edit_makes_stale_and_nothing_is_written_without_news(place: Place) -> None:
    watch = FactWatch(Workspace(place.settings.place))
    with open_instance(place.project.home) as instance:
        assert in_dagster(place, instance) == {}
        assert {kind: len(observed(place, instance, kind)) > 0 for kind in KINDS} == dict.fromkeys(
            KINDS, True
        )
        assert (watch.look(), watch.look()) == (1, 0)
        assert observed(place, instance, "text_edits") == [("0", 0)]
        write_field(
            place.project.ledger,
            photo(place.project),
            "caption",
            "A boat beside the pier.",
            None,
            "human",
            utc_now(),
        )
        assert (watch.look(), watch.look()) == (1, 0)
        assert observed(place, instance, "text_edits") == [("1", 1), ("0", 0)]
        stale = in_dagster(place, instance)
        assert {"metadata_repaired", "metadata_quality"} <= set(stale)
        assert set(stale.values()) == {"STALE"}
        assert not {"photos", "photo_groups", "embeddings", "choices"} & set(stale)
        place.run()
        assert in_dagster(place, instance) == {}
        assert len(observed(place, instance, "text_edits")) == 2


def test_an_instance_that_cannot_be_read_is_looked_at_again(place: Place) -> None:
    watch = FactWatch(Workspace(place.settings.place))
    config = place.project.home / "dagster" / "dagster.yaml"
    config.rename(config.with_name("kept.yaml"))
    config.mkdir()
    assert watch.look() == 0
    config.rmdir()
    config.with_name("kept.yaml").rename(config)
    assert (watch.look(), watch.look()) == (1, 0)


def test_a_step_that_adds_to_the_facts_it_reads_is_fresh_in_the_ui(place: Place) -> None:
    (place.project.folder / "broken.jpg").write_bytes(b"no picture")
    place.run()
    with open_instance(place.project.home) as instance:
        assert observed(place, instance, "refusals")[0][1] == 1
        assert in_dagster(place, instance) == {}


def test_the_sensor_observes_a_ledger_that_another_wrote_to_once(place: Place) -> None:
    workspace = Workspace(place.settings.place)

    def tick(cursor: str | None) -> dg.SensorResult:
        with dg.build_sensor_context(instance=instance, cursor=cursor) as context:
            return look_around(context, workspace, 3600.0, time.time())

    with open_instance(place.project.home) as instance:
        first = tick(None)
        assert not first.asset_events
        write_field(
            place.project.ledger,
            photo(place.project),
            "caption",
            "A boat beside the pier.",
            None,
            "human",
            utc_now(),
        )
        second = tick(first.cursor)
        assert [(e.asset_key.to_user_string(), e.partition) for e in second.asset_events] == [
            ("text_edits", place.project.key)
        ]
        for event in second.asset_events:
            instance.report_runless_asset_event(event)
        assert not tick(second.cursor).asset_events


@pytest.mark.long
def test_the_disk_is_asked(place: Place) -> None:
    save_picture(place.project.folder / "new.png", 77)
    assert place.stale()["photos"] == "files on disk: 1 new"
    assert place.stale()["quarantine"] == "files on disk: 1 new"
    assert "photos" in place.run()
    assert place.stale() == {}
    thumb = place.project.cache / place.project.store.read(Preview)[Preview.thumb_path][0]
    thumb.unlink()
    assert place.stale()["previews"] == "1 previews are gone from the cache"
    place.run()
    assert thumb.exists()
    place.project.export_file.unlink()
    assert set(place.stale()) == {"exports"}
    place.run()
    assert place.project.export_file.exists()


OWN = {  # facts that an asset saves for itself, or finds through its questions: answers of a model
    *(
        "model_answers",
        "job_failures",
        "copied_texts",
        "proof_attempts",
        "lifecycle_events",
        "evaluation_rows",
    ),
    *("prompt_records", "sessions"),
}


def test_every_fact_that_an_asset_reads_is_in_the_graph(
    first_run: tuple[Path, dict[str, set[str]]],
) -> None:
    folder, read = first_run
    declared = {
        spec.key.to_user_string(): {n for n in str(spec.metadata.get(READS_TAG, "")).split(",") if n}
        for spec in build_defs(Place(folder).settings).resolve_all_asset_specs()
    }
    assert read["choices"] == declared["choices"]
    for name, tables in read.items():
        assert tables - OWN <= declared[name], name
    assert {"review_decisions", "word_edits", "waivers", "set_contexts", "uploads"} <= set().union(
        *read.values()
    )


def test_a_run_of_selected_assets_is_not_narrowed(place: Place) -> None:
    done = run_one(place.settings, place.project.key, ["exports"])
    assert done.success
    assert done.run_id


def test_the_schedule_asks_for_what_is_stale_alone(place: Place) -> None:
    definitions = build_defs(place.settings)
    (rescan,) = [
        s for s in definitions.schedules or () if isinstance(s, dg.ScheduleDefinition) and s.name == "rescan"
    ]
    resources = {n: (definitions.resources or {})[n] for n in ("store", "freshness")}

    def requests() -> list[dg.RunRequest]:
        with dg.build_schedule_context(scheduled_execution_time=utc_now(), resources=resources) as context:
            asked: list[dg.RunRequest] = rescan(context)
            return asked

    assert requests() == []
    write_field(
        place.project.ledger,
        photo(place.project),
        "caption",
        "A boat beside the pier.",
        None,
        "human",
        utc_now(),
    )
    (asked,) = requests()
    assert asked.partition_key == place.project.key
    names = {key.to_user_string() for key in asked.asset_selection or ()}
    assert {"metadata_repaired", "exports", "project_report"} <= names
    assert not {"photos", "embeddings"} & names


def test_a_project_of_which_a_file_cannot_be_read_goes_the_whole_way(place: Place) -> None:
    freshness = (build_defs(place.settings).resources or {})["freshness"]
    assert freshness.to_run(place.project) == []
    place.project.export_file.unlink()
    place.project.export_file.mkdir()
    assert freshness.to_run(place.project) is None
