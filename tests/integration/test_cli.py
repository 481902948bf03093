"""Every command as a person types it."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import dagster as dg
import pytest
from click.testing import CliRunner, Result

from dagster_project.cli import main
from proofsheet.storage.parts import file_sum
from tests.support.kit import Shell, save_picture, stage_library, tree


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    monkeypatch.chdir(tmp_path)
    return Shell(tmp_path)


@pytest.fixture
def ready(shell: Shell) -> Shell:
    """A library of two projects, initialised."""
    stage_library(shell.folder / "library", "one", 2)
    stage_library(shell.folder / "library", "two", 2, first_seed=9)
    shell("init", "library")
    return shell


@pytest.fixture(scope="module")
def once_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("cli")
    stage_library(place / "library", "one", 2)
    stage_library(place / "library", "two", 2, first_seed=9)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        Shell(place)("init", "library")
        Shell(place)("run", "one")
    settings = place / "proofsheet.toml"
    settings.write_text(
        settings.read_text("utf-8").replace(f"{place}{os.sep}", ""), "utf-8"
    )  # copies stand on their own
    return place


@pytest.fixture
def ran(once_run: Path, shell: Shell) -> Shell:
    """A copy of such a library whose project `one` was run."""
    shutil.copytree(once_run, shell.folder, symlinks=True, dirs_exist_ok=True)
    return shell


def test_from_init_to_sql(ready: Shell) -> None:
    before = tree(ready.folder / "library")
    ran = ready.json("run", "--all")
    assert [(r["project"], r["success"], r["decoded"]) for r in ran["runs"]] == [
        ("one", True, 6),
        ("two", True, 6),
    ]
    state = ready.json("status")["projects"]
    assert set(state) == {"one", "two"}
    for values in state.values():
        assert {"photos", "sets", "accepted", "blocked", "quarantined"} <= set(values)
        assert (values["photos"], values["sets"], values["quarantined"]) == (6, 2, 0)
    rows = ready.json("sql", "select count(*) as n from photos")["projects"]
    assert rows == {"one": [{"n": 6}], "two": [{"n": 6}]}
    assert list(ready.json("sql", "--project", "one", "select 1")["projects"]) == ["one"]
    again = ready("run", "--all")
    assert again.stderr.count("unchanged, 0 pictures opened, nothing written") == 2
    assert tree(ready.folder / "library") == before


def test_status_says_which_project_has_no_tables(ran: Shell) -> None:
    told = ran("status").stdout
    assert "two: it has no tables; `proofsheet run two` makes them" in told
    assert "one: it has no tables" not in told
    assert "never made" not in told


def test_runs_are_in_the_instance_that_the_ui_shows(ran: Shell) -> None:
    from dagster_project.instance import open_instance

    assert ran.json("run", "one")["runs"][0]["run_id"] == ""  # nothing is stale
    with open_instance(ran.folder / "proofsheet-home") as instance:
        (found,) = instance.get_runs()
        assert found.is_success
        assert len(instance.get_dynamic_partitions("project")) == 2
        record = instance.get_latest_materialization_event(dg.AssetKey("photos"))
        assert record is not None
        assert record.dagster_event is not None
        assert str(record.dagster_event.partition).startswith("one-")


@pytest.mark.long
def test_several_workers_give_the_same_rows(ready: Shell) -> None:
    ran = ready.json("run", "--all", "--workers", "2")
    assert {r["project"]: r["success"] for r in ran["runs"]} == {"one": True, "two": True}
    assert ready.json("status")["projects"]["two"]["photos"] == 6


@pytest.mark.long
def test_a_selection(ran: Shell) -> None:
    (run,) = ran.json("run", "one", "--select", "captions,exports")["runs"]
    assert run["success"]
    (run,) = ran.json("run", "one", "--select", "metadata_quality+")["runs"]
    assert run["success"]
    assert "names no asset" in ran("run", "one", "--select", "nonsense", code=2).stderr


def test_doctor_tells_state_and_mend(ready: Shell) -> None:
    checks = ready.json("doctor")["checks"]
    assert {c["state"] for c in checks} <= {"ok", "warn"}
    settings = ready.json("doctor", "--settings")["settings"]
    assert all(s["meaning"] for s in settings)
    assert {
        "place",
        "photos",
        "previews",
        "encoder",
        "labels",
        "scenes",
        "objects",
        "ocr",
        "flags",
        "faces",
        "groups",
        "duplicates",
        "inventory",
        "watch",
        "model",
        "captions",
        "history",
        "ranker",
        "crops",
        "gate",
        "vocabulary",
        "rating",
        "review",
        "apply",
        "publish",
        "convert",
    } == {s["section"] for s in settings}


def as_if_newer(shell: Shell) -> None:
    """Make the store of project `one` look as a later version would have written it."""
    (folder,) = (shell.folder / "proofsheet-home" / "store").glob("one-*/")
    current = sorted(folder.glob("0*.json"))[-1]
    current.write_bytes(current.read_bytes().replace(b'"format": 2', b'"format": 99'))
    (folder / "CURRENT").write_text(f"{int(current.stem)} {file_sum(current)}\n")


def one_line(result: Result, *told: str) -> None:
    lines = result.stderr.strip().splitlines()
    assert len(lines) == 1, result.stderr
    assert lines[0].startswith("proofsheet: ")
    for words in told:
        assert words in lines[0]


def test_without_a_workspace(shell: Shell) -> None:
    one_line(shell("status", code=2), "proofsheet init LIBRARY")


def test_a_missing_library(shell: Shell) -> None:
    one_line(shell("init", "nowhere", code=2), "nowhere")
    (shell.folder / "proofsheet.toml").write_text('[place]\nlibrary = "gone"\nhome = "home"\n')
    one_line(shell("run", "--all", code=2), "gone")


def test_an_unknown_project(ready: Shell) -> None:
    one_line(ready("run", "three", code=2), "three", "one, two")


def test_a_broken_toml(ready: Shell) -> None:
    (ready.folder / "proofsheet.toml").write_text("[place\n")
    one_line(ready("status", code=2), "proofsheet.toml", "line 1")


def test_a_store_of_a_newer_version(ran: Shell) -> None:
    as_if_newer(ran)
    told = " ".join(ran("status", code=3).stdout.split())  # the other project is shown all the same
    assert "format 99" in told
    assert "Install the newer" in told
    result = ran("run", "one", code=1)
    assert "format 99" in result.stderr
    assert "format 99" in ran("run", "one", "--select", "photos", code=1).stderr
    assert ran("doctor", code=1).stdout.count("fail") == 1


def test_a_named_model_server_that_does_not_answer_is_told(
    ran: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROOFSHEET_MODEL_OLLAMA_URL", "http://127.0.0.1:9")
    assert "no model is asked" not in ran("run", "one").stderr
    monkeypatch.setenv("PROOFSHEET_MODEL_BACKEND", "ollama")
    for told in (ran("run", "one").stderr, ran("status").stdout):
        assert "no model is asked: Ollama at http://127.0.0.1:9" in told
        assert "proofsheet doctor" in told
    assert "http://127.0.0.1:9" in ran.json("status")["model_server_missing"]


def test_a_ledger_of_a_newer_version(ran: Shell) -> None:
    (ledger,) = (ran.folder / "proofsheet-home" / "ledger").glob("one-*.sqlite")
    with sqlite3.connect(ledger) as con:
        con.execute("PRAGMA user_version = 99")
    assert "format 99" in ran("run", "one", code=1).stderr


def test_wrong_sql(ran: Shell) -> None:
    result = ran("sql", "select nothing from nowhere", code=2)
    assert "nowhere" in result.stderr


@pytest.mark.long
def test_one_failed_project_of_two_is_exit_code_3(ready: Shell) -> None:
    ready("run", "--all")
    as_if_newer(ready)
    ready("run", "--all", code=3)


def test_debug_gives_the_traceback(shell: Shell) -> None:
    result = CliRunner().invoke(main, ["--debug", "status"])
    assert result.exit_code == 2
    assert "Traceback" in result.stderr


def test_refusals_stand_in_status(ran: Shell) -> None:
    (ran.folder / "library" / "one" / "bad.jpg").write_bytes(b"no picture")
    ran("run", "one")
    assert "one/bad.jpg: refused: no known picture format" in ran("status").stdout
    (refused,) = ran.json("status")["projects"]["one"]["refused"]
    assert set(refused) == {"path", "kind", "reason", "next_step"}


@pytest.mark.long
def test_a_refused_file_is_opened_again_only_after_its_release(ready: Shell) -> None:
    bad = ready.folder / "library" / "one" / "bad.jpg"
    bad.write_bytes(b"no picture")
    assert ready.json("run", "one")["runs"][0]["decoded"] == 7
    (row,) = ready.json("quarantine", "list")["projects"]["one"]
    assert (row["path"], row["kind"]) == ("bad.jpg", "unreadable")
    assert ready.json("run", "one")["runs"][0]["decoded"] == 0
    one_line(ready("quarantine", "release", "one", "other.jpg", code=2), "other.jpg")
    ready("quarantine", "release", "one", code=2)
    assert ready.json("quarantine", "release", "one", "bad.jpg") == {"released": ["bad.jpg"]}
    assert ready.json("quarantine", "list")["projects"]["one"] == []
    assert ready.json("run", "one")["runs"][0]["decoded"] == 1
    assert len(ready.json("quarantine", "list", "one")["projects"]["one"]) == 1


@pytest.mark.long
def test_status_tells_what_is_new_stale_and_gone(ready: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    ready("run", "--all")
    state = ready.json("status")["projects"]["one"]
    assert (state["new"], state["changed"], state["gone"], state["stale"], state["running"]) == (
        0,
        0,
        0,
        {},
        None,
    )
    assert state["whole_at"]
    folder = ready.folder / "library" / "one"
    save_picture(folder / "new.jpg", 5)
    save_picture(folder / "2025_0000_stage1_generated.png", 6, (50, 50))
    (folder / "2025_0001_stage3_enhanced.png").unlink()
    monkeypatch.setenv("PROOFSHEET_GATE_DUPLICATE_SIMILARITY", "0.5")
    state = ready.json("status")["projects"]["one"]
    assert (state["new"], state["changed"], state["gone"]) == (1, 1, 1)
    assert "settings" in state["stale"]["metadata_quality"]
    assert (
        state["stale"]["photos"] == state["stale"]["other_files"] == "files on disk: 1 new, 1 changed, 1 gone"
    )
    assert state["stale"]["exports"] == "follows choices, metadata_quality, photos, proposals"
    lines = [line for line in ready("status").stdout.splitlines() if line.startswith("one: stale: ")]
    assert sum(" more, which are made of these" in line for line in lines) == 1
    assert not [line for line in lines if "follows" in line]
    shutil.rmtree(ready.folder / "library" / "two")
    assert ready.json("status")["vanished"] == ["two"]
    assert "two: its folder is missing" in ready("status").stdout


@pytest.mark.long
def test_strict_says_that_rows_were_blocked(shell: Shell) -> None:
    for name in ("a", "z"):
        save_picture(shell.folder / "library" / name / "x" / "p.jpg", 4)
        save_picture(shell.folder / "library" / name / "y" / "p.jpg", 4)
    shell("init", "library")
    shell("run", "a", "--strict", code=4)
    shell("run", "z")


def test_a_home_that_cannot_be_written_is_one_line(ready: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    (ready.folder / "file").write_text("in the way")
    monkeypatch.setenv("PROOFSHEET_HOME", str(ready.folder / "file" / "home"))
    one_line(ready("run", "one", code=1), "file")


@pytest.mark.long
def test_an_interrupted_run_ends_with_130_and_goes_on_later(ready: Shell) -> None:
    for number in range(150):
        save_picture(ready.folder / "library" / "one" / f"p{number}.png", number, (900, 700))
    command = [str(Path(sys.executable).parent / "proofsheet"), "run", "one"]
    process = subprocess.Popen(command, cwd=ready.folder, stderr=subprocess.PIPE, text=True)
    logs = ready.folder / "proofsheet-home" / "logs"
    while not list(logs.glob("one-*/*.log")) and not list(
        (ready.folder / "proofsheet-home" / "cache").glob("one-*/look-*")
    ):
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "Traceback" not in err
    assert ready.json("run", "one")["runs"][0]["success"]
    assert ready.json("status", "one")["projects"]["one"]["photos"] == 156


def test_an_empty_library_says_so(shell: Shell) -> None:
    (shell.folder / "library").mkdir()
    shell("init", "library")
    one_line(shell("run", "--all", code=2), "no sub-folder")
    assert "no project" in shell("status").stdout
