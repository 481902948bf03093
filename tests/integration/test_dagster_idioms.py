"""What an engineer who knows Dagster expects.

`dg`, links to the source, groups, owners, tags, checks that say what and why.
"""

from __future__ import annotations

import ast
import functools
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

from assets.facts import KINDS
from assets.partitions import GROUPS, owners
from dagster_project.definitions import build_defs
from dagster_project.instance import open_instance
from dagster_project.running import run_one
from resources.store import PROCESS_TAG
from schemas.library import Quarantine
from tests.support.kit import configuration, only_project, stage_library

ROOT = Path(__file__).parents[2]
DG = shutil.which("dg", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
PACKAGES = ("schemas", "proofsheet", "resources", "assets", "dagster_project")
PRIVATE = {  # module that imports to what it imports of Dagster's own rooms; decision 032 says why
    "dagster_project.instance": {"dagster._core.instance.ref.InstanceRef"},
    "dagster_project.serve_ui": {
        "dagster._core.workspace.context.WorkspaceProcessContext",
        "dagster._core.workspace.load_target.WorkspaceFileTarget",
    },
    "dagster_project.storage": {
        "dagster._core.storage.event_log.sqlite.sqlite_event_log.INDEX_SHARD_NAME",
        "dagster._core.storage.event_log.sqlite.sqlite_event_log.SqliteEventLogStorage",
        "dagster._core.storage.runs.sqlite.sqlite_run_storage.SqliteRunStorage",
        "dagster._core.storage.sqlite.SQLITE_BUSY_TIMEOUT_SECONDS",
        "dagster._core.storage.sqlite_storage.DagsterSqliteStorage",
        "dagster._core.storage.sqlite_storage.SqliteStorageConfig",
        "dagster._serdes.ConfigurableClassData",
    },
}


@functools.cache
def specs() -> list[dg.AssetSpec]:
    return list(build_defs(configuration(Path("library"), Path("home"))).resolve_all_asset_specs())


def made() -> list[dg.AssetSpec]:
    return [s for s in specs() if s.group_name != "facts"]


@pytest.mark.parametrize("name", sorted(s.key.to_user_string() for s in made()))
def test_every_asset_links_to_its_def(name: str) -> None:
    (spec,) = [s for s in made() if s.key.to_user_string() == name]
    (place,) = spec.metadata["dagster/code_references"].code_references
    path = Path(place.file_path)
    assert path.is_absolute()
    line = path.read_text("utf-8").splitlines()[place.line_number - 1]
    told = re.fullmatch(r"def (\w+)\(.*", line)
    assert told, f"{place.label} is {line!r}"
    assert place.label == f"{path.relative_to(ROOT).as_posix()}:{place.line_number}"
    together = [
        s.key.to_user_string()
        for s in made()
        if s.metadata["dagster/code_references"].code_references == [place]
    ]
    assert told[1] in together, f"{told[1]} makes {together}"


def test_groups_are_those_of_the_way_and_each_has_an_owner() -> None:
    assert {s.group_name for s in specs()} == set(GROUPS)
    for spec in specs():
        assert list(spec.owners) == owners(str(spec.group_name))
        assert re.fullmatch(r"team:[a-z]+", spec.owners[0])
    assert len({o for s in specs() for o in s.owners}) == 6


def test_the_jobs_take_every_asset_that_is_made_once() -> None:
    definitions = build_defs(configuration(Path("library"), Path("home")))
    project, train = (
        definitions.resolve_job_def(n).asset_layer.selected_asset_keys for n in ("project", "train")
    )
    assert not project & train
    assert project | train == {s.key for s in made()}
    assert {k.to_user_string() for k in train} == {
        "ranker_fits",
        "crop_fits",
        "scene_fits",
        "model_exports",
        "integration_report",
    }


def test_private_imports_of_dagster_are_those_of_the_decision_and_are_there() -> None:
    found: dict[str, set[str]] = {}
    for path in (p for package in PACKAGES for p in (ROOT / package).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            name = node.module or "" if isinstance(node, ast.ImportFrom) else ""
            plain = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            assert not [n for n in plain if "._" in n and n.startswith("dagster")], path
            if re.match(r"dagster\w*\._|dagster_shared", name):
                module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
                found.setdefault(module, set()).update(f"{name}.{a.name}" for a in node.names)  # type: ignore[union-attr]
    assert found == PRIVATE
    text = (ROOT / "docs" / "decisions" / "032-dagsters-own-tools.md").read_text("utf-8")
    for name in (n.rpartition(".")[2] for names in PRIVATE.values() for n in names):
        assert name in text, f"decision 032 does not speak of {name}"


def test_every_file_and_job_that_the_page_for_engineers_names_is_there() -> None:
    page = ROOT / "docs" / "dagster.md"
    text = page.read_text("utf-8")
    links = re.findall(r"\]\(([^)#]+)\)", text)
    assert len(links) > 20
    assert not [link for link in links if not (page.parent / link).exists()]
    definitions = build_defs(configuration(Path("library"), Path("home")))
    automation = [*(definitions.jobs or ()), *(definitions.sensors or ()), *(definitions.schedules or ())]
    assert not [one.name for one in automation if f"`{one.name}`" not in text]
    assert not [group for group in GROUPS if f"`{group}`" not in text]


def test_dagster_has_what_the_private_imports_need() -> None:
    from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage
    from dagster._core.storage.runs.sqlite.sqlite_run_storage import SqliteRunStorage
    from dagster._core.storage.tags import TagType, get_tag_type

    for kind, names in (
        (
            SqliteEventLogStorage,
            ("_connect", "_initdb", "path_for_shard", "conn_string_for_shard", "dispose"),
        ),
        (SqliteRunStorage, ("connect", "dispose", "from_local")),
    ):
        assert not [n for n in names if not callable(getattr(kind, n, None))]
    assert get_tag_type(PROCESS_TAG) == TagType.HIDDEN


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a file that is no picture, after its first run."""
    folder = tmp_path_factory.mktemp("idioms")
    stage_library(folder / "library", "one", 1)
    (folder / "library" / "one" / "broken.jpg").write_bytes(b"no picture")
    settings = configuration(folder / "library", folder / "home", photos={"workers": 1})
    done = run_one(settings, only_project(settings).key, None)
    assert done.success, done.error
    return folder


def test_a_failed_check_begins_with_the_file_and_the_whole_message(ran: Path) -> None:
    settings = configuration(ran / "library", ran / "home")
    (reason,) = only_project(settings).store.read(Quarantine)[Quarantine.reason]
    with open_instance(ran / "home") as instance:
        (run,) = instance.get_runs()
        events = [r.event_log_entry.dagster_event for r in instance.get_records_for_run(run.run_id).records]
    checks = [
        e.asset_check_evaluation_data for e in events if e and e.event_type_value == "ASSET_CHECK_EVALUATION"
    ]
    failed = {c.check_name: c for c in checks if not c.passed}
    refused = failed["nothing_refused"]
    assert list(refused.metadata) == ["at", "because", "count", "first_rows"]
    assert refused.metadata["at"].value == "broken.jpg"
    assert refused.metadata["because"].value == reason
    assert refused.description == f"broken.jpg: {reason}"
    by_photo = [c for n, c in failed.items() if n in {"labelled", "looked_at"}]
    for check in by_photo:
        assert check.metadata["at"].value.endswith(".png"), "a photo is named by its path"
        assert check.metadata["because"].value in str(check.description)


def test_a_run_shows_no_tags_but_the_project(ran: Path) -> None:
    with open_instance(ran / "home") as instance:
        (run,) = instance.get_runs()
    assert PROCESS_TAG in run.tags
    shown = {n for n in run.tags if not n.startswith(".dagster/")}
    assert {n for n in shown if not n.startswith("dagster/")} == set()
    assert "dagster/partition" in shown


@pytest.mark.long
@pytest.mark.skipif(
    DG is None,
    reason="dg (dagster-dg-cli) is not installed: `dg check defs` and `dg list defs` are not tried",
)
def test_dg_checks_and_lists_the_definitions_from_the_checkout() -> None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PROOFSHEET_")}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    ask = functools.partial(
        subprocess.run, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    checked = ask([str(DG), "check", "defs"])
    assert checked.returncode == 0, checked.stdout + checked.stderr
    listed = ask([str(DG), "list", "defs", "--json"])
    assert listed.returncode == 0, listed.stdout + listed.stderr
    told = json.loads(listed.stdout)
    assert {a["asset_key"] for a in told["assets"]} == {s.key.to_user_string() for s in specs()}
    assert {j["name"] for j in told["jobs"]} >= {"project", "train", "apply", "publish", "clean_up"}
    assert {a["asset_key"] for a in told["assets"] if a["group_name"] == "facts"} == set(KINDS)
