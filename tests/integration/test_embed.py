"""Texts into picture files the whole way: commands, the Dagster job, the next run, and the way back."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from dagster_project.definitions import build_defs
from proofsheet.core.config import load
from proofsheet.storage.workspace import Workspace
from schemas.apply import EMBED, FileOperation
from tests.support.embed_kit import picture
from tests.support.kit import Shell, save_picture, tree
from tests.support.model_server import ModelServer

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(
        shutil.which("exiftool") is None, reason="Debian's libimage-exiftool-perl is not installed"
    ),
]
NAMES = ("a.jpg", "b.png", "c.tif", "d.webp")


@pytest.fixture(scope="module")
def server() -> Iterator[ModelServer]:
    with ModelServer() as found:
        yield found


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory, server: ModelServer) -> Path:
    """A project of four pictures with approved texts, and one without."""
    place = tmp_path_factory.mktemp("embed")
    folder = place / "library" / "one"
    for seed, name in enumerate(NAMES):
        picture(folder / name, seed)
    save_picture(folder / "not approved.jpg", 9)
    exiftool(folder / "a.jpg", "-XMP-dc:Title=Leuchtturm")
    model = f'[model]\nbackend = "ollama"\nollama_url = "{server.url}"\n[captions]\nall_images = true\n'
    (place / "proofsheet.toml").write_text(
        f'[place]\nlibrary = "library"\nhome = "proofsheet-home"\n[apply]\nmode = "pilot"\n{model}', "utf-8"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        shell = Shell(place)
        shell("run", "one")
        for name in NAMES:
            shell("words", "review", "one", name, "approved")
    return place


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, once: Path, server: ModelServer) -> Shell:
    """A copy of that."""
    shutil.copytree(once, tmp_path / "copy", symlinks=True)
    monkeypatch.chdir(tmp_path / "copy")
    server.received.clear()
    return Shell(tmp_path / "copy")


def exiftool(path: Path, *fields: str) -> None:
    subprocess.run(["exiftool", "-q", "-overwrite_original", *fields, str(path)], check=True)


def written(shell: Shell) -> list[dict[str, Any]]:
    query = "select path, title, description, keywords from written_metadata join photos using (photo_id)"
    found: list[dict[str, Any]] = shell.json("sql", "--project", "one", query)["projects"]["one"]
    return found


def times(folder: Path) -> dict[str, int]:
    return {p.name: p.stat().st_mtime_ns for p in folder.iterdir()}


def test_copies_are_the_default_and_originals_are_only_read(shell: Shell) -> None:
    library = shell.folder / "library"
    before, out = tree(library), shell.folder / "copies"
    told = shell.json("embed", "one", "--out", str(out))
    assert (told["counts"], told["held_back"]) == ({"planned": 4}, {"person: its texts are not approved": 1})
    assert told["conflicts"] == {}  # the title of a person is the title of a.jpg
    assert not out.exists()
    done = shell.json("embed", "one", "--out", str(out), "--plan", told["plan"])["done"]
    assert (done["files"], done["refused"]) == (4, {})
    assert sorted(tree(out)) == sorted(NAMES)
    assert tree(library) == before
    assert {n: t for n, t in times(library / "one").items() if n in NAMES} == times(out)
    assert shell.json("embed", "one", "--out", str(out), "--plan", told["plan"])["done"]["files"] == 4
    (out / "b.png").write_bytes(b"of somebody")
    again = shell("embed", "one", "--out", str(out), "--plan", told["plan"], code=1)
    assert "b.png is there already" in again.stdout
    assert (out / "b.png").read_bytes() == b"of somebody"


def test_a_folder_inside_the_library_is_refused(shell: Shell) -> None:
    told = shell("embed", "one", "--out", str(shell.folder / "library" / "new"), code=2)
    assert "inside the library" in told.stderr
    told = shell("embed", "one", "--out", "elsewhere", "--originals", code=2)
    assert "--originals writes no copies" in told.stderr


def test_originals_need_the_sign_off_and_the_hash_of_the_plan(shell: Shell) -> None:
    before = tree(shell.folder / "library")
    told = shell.json("embed", "one", "--originals")
    assert "Nobody signed off pilot" in told["obstacle"]
    shell("embed", "one", "--originals", "--plan", told["plan"], code=2)
    shell("apply", "one", "--sign-off", "Ada")
    wrong = shell("embed", "one", "--originals", "--plan", "0" * 16, code=2)
    assert f"The plan is {told['plan']} now" in wrong.stderr
    assert tree(shell.folder / "library") == before


def test_after_embedding_no_model_is_asked_and_our_texts_are_nobodys_until_undo(
    shell: Shell, server: ModelServer
) -> None:
    folder = shell.folder / "library" / "one"
    before, when, people = tree(folder), times(folder), written(shell)
    shell("apply", "one", "--sign-off", "Ada")
    plan = shell.json("embed", "one", "--originals")
    assert shell.json("embed", "one", "--originals", "--plan", plan["plan"])["done"]["files"] == 4
    assert times(folder) == when
    assert sum(a != b for a, b in zip(before.values(), tree(folder).values(), strict=True)) == 4
    shell("run", "one")
    assert server.received == []
    assert written(shell) == people
    after = shell.json("embed", "one", "--originals")
    assert (after["counts"], after["operations"]) == ({"unchanged": 4}, [])
    shown = {p["path"]: p["state"] for p in shell.json("words", "show", "one")["photos"] if "state" in p}
    assert all("stale" not in state for state in shown.values())
    undone = shell.json("undo", "one", "--yes")
    assert (undone["files"], undone["refused"]) == (4, {})
    assert (tree(folder), times(folder)) == (before, when)
    shell("run", "one")
    assert server.received == []


def test_verbs_over_one_another_are_undone_newest_first_and_nothing_is_asked(
    shell: Shell, server: ModelServer
) -> None:
    folder = shell.folder / "library" / "one"
    before, when = tree(folder), times(folder)
    shell("apply", "one", "--sign-off", "Ada")
    embedding = shell.json("embed", "one", "--originals")["plan"]
    shell("embed", "one", "--originals", "--plan", embedding)
    template = ("rename", "one", "--template", "trip_{name}")
    early = shell.json(*template)
    assert "has changed since the last run" in early["refused"]["a.jpg"]
    shell("run", "one")
    renaming = shell.json(*template)
    assert renaming["counts"] == {"planned": 5}
    shell(*template, "--plan", renaming["plan"])
    assert sorted(p.name[:5] for p in folder.iterdir()) == ["trip_"] * 5
    refused = shell("undo", "one", "--yes", "--plan", embedding, code=1).stdout
    assert "(rename)" in refused
    assert "Undo that plan first" in refused
    shell("run", "one")
    assert server.received == []
    shown = {p["path"]: p["title"] for p in shell.json("words", "show", "one")["photos"]}
    assert shown["trip_a.jpg"] == "Leuchtturm"
    assert [shell.json("undo", "one", "--yes")["verb"] for _plan in range(2)] == ["rename", "embed"]
    assert (tree(folder), times(folder)) == (before, when)
    shell("run", "one")
    assert server.received == []
    assert shell.json("status")["projects"]["one"]["written_of_gone"] == 0


def test_a_file_that_changes_between_plan_and_execution_is_left(shell: Shell) -> None:
    folder = shell.folder / "library" / "one"
    shell("apply", "one", "--sign-off", "Ada")
    plan = shell.json("embed", "one", "--originals")["plan"]
    exiftool(folder / "b.png", "-XMP-photoshop:City=Bonn")
    content = (folder / "b.png").read_bytes()
    told = shell("embed", "one", "--originals", "--plan", plan, code=2)
    assert "The plan is" in told.stderr
    assert (folder / "b.png").read_bytes() == content


def test_read_only_broken_and_raw_files_are_left_with_their_reason(shell: Shell) -> None:
    folder = shell.folder / "library" / "one"
    shell("apply", "one", "--sign-off", "Ada")
    (folder / "a.jpg").chmod(0o444)
    (folder / "b.png").write_bytes((folder / "b.png").read_bytes()[:60])
    (folder / "c.tif").write_bytes(b"")
    told = shell.json("embed", "one", "--originals")
    assert "It is read-only" in told["refused"]["a.jpg"]
    assert "empty" in told["refused"]["c.tif"]
    assert "b.png has changed since the last run" in told["refused"]["b.png"]
    done = shell.json("embed", "one", "--originals", "--plan", told["plan"])["done"]
    assert (done["files"], done["refused"]) == (1, {})
    (folder / "a.jpg").chmod(0o644)


def test_without_exiftool_nothing_is_done_and_the_next_step_is_told(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    told = shell("embed", "one", code=5)
    assert "Install libimage-exiftool-perl" in told.stderr


def test_the_job_shows_the_plan_first_and_writes_when_its_hash_comes_back(shell: Shell) -> None:
    settings = load()
    (project,) = Workspace(settings.place).projects()
    job = build_defs(settings).resolve_job_def("embed")

    def launch(**config: object) -> tuple[bool, dict[str, Any]]:
        quiet = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
        with dg.DagsterInstance.ephemeral() as instance:
            instance.add_dynamic_partitions("project", [project.key])
            done = job.execute_in_process(
                instance=instance,
                partition_key=project.key,
                run_config={"ops": {"embed_texts": {"config": config}}, **quiet},
                raise_on_error=False,
            )
        outputs = (
            e.step_output_data.metadata for e in done.all_events if e.event_type_value == "STEP_OUTPUT"
        )
        return done.success, {n: v.value for m in outputs for n, v in (m or {}).items()}

    before = tree(project.folder)
    well, told = launch(originals=True)
    assert well
    assert told["files"] == 4
    assert "Nobody signed off" in told["refusal"]
    assert launch(originals=True, plan=told["plan"])[0] is False
    assert tree(project.folder) == before
    shell("apply", "one", "--sign-off", "Ada")
    well, done = launch(originals=True, plan=told["plan"])
    assert (well, done["files"]) == (True, 4)
    assert tree(project.folder) != before
    assert set(project.ledger.rows(FileOperation)[FileOperation.kind]) == {EMBED}
    well, copies = launch(out=str(shell.folder / "out"))
    assert well
    assert copies["counts"] == {"unchanged": 4}
    assert os.path.lexists(shell.folder / "out") is False
