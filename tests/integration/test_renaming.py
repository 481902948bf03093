"""Renaming and filing by commands and jobs: gates, hash, decisions, texts, selected files, undo."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from dagster_project.definitions import build_defs
from proofsheet.apply.moves import last_plan
from proofsheet.core.config import load
from proofsheet.storage.workspace import Project, Workspace
from schemas.choices import Proposal
from schemas.groups import PhotoGroup
from schemas.library import Photo
from schemas.words import Caption
from tests.support.kit import Shell, run, tree
from tests.support.model_server import ModelServer
from tests.support.rename_kit import mover, rename_plan
from tests.support.review_kit import CHOOSING, decide_all, sets_library
from tests.support.words_kit import PATIENT, described_project

STEPS = ",".join(CHOOSING)
TEMPLATE = "p-{name}{n?}"


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    sets_library(tmp_path / "library", "harbour", 4)
    (tmp_path / "proofsheet.toml").write_text(
        '[place]\nlibrary = "library"\nhome = "home"\n[photos]\nworkers = 1\n[encoder]\nencoder = '
        '"embedded"\n'
    )
    monkeypatch.chdir(tmp_path)
    shell = Shell(tmp_path)
    shell("run", "harbour", "--select", STEPS)
    return shell


def facts(project: Project) -> tuple[object, ...]:
    """Everything that a renaming must leave: ids with places, sets, proposals."""
    photos = project.store.read(Photo).select(Photo.content_hash, Photo.photo_id, Photo.state)
    chosen = project.store.read(Proposal).select(Proposal.group_id, Proposal.chosen_photo_id)
    sets = project.store.read(PhotoGroup).select(PhotoGroup.photo_id, PhotoGroup.group_id)
    return sorted(photos.rows()), sorted(chosen.rows()), sorted(sets.rows())


def test_decisions_sets_and_selected_files_survive_a_renaming_and_it_is_undone_first(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = Workspace(load(shell.folder, {}).place).project("harbour")
    decide_all(project)
    before = tree(project.folder)
    assert "the mode is sandbox" in shell("rename", "harbour", "--yes", "--template", TEMPLATE, code=2).stderr
    assert "Did you mean {taken}" in shell("rename", "harbour", "--template", "{tkaen}", code=2).stderr
    assert tree(project.folder) == before
    monkeypatch.setenv("PROOFSHEET_APPLY_MODE", "production")
    shell("apply", "harbour", "--sign-off", "Kim")
    shell("apply", "harbour", "--yes")
    shell("run", "harbour", "--select", STEPS)
    applied, known = tree(project.folder), facts(project)
    dry = shell.json("rename", "harbour", "--template", TEMPLATE)
    assert dry["counts"] == {"planned": 8}
    assert "2025_0000_stage1_x.png -> " in shell("rename", "harbour", "--template", TEMPLATE).stdout
    stale = shell("rename", "harbour", "--template", TEMPLATE, "--plan", "0" * 16, code=2).stderr
    assert "Show the plan again" in stale
    assert tree(project.folder) == applied
    done = shell.json("rename", "harbour", "--template", TEMPLATE, "--plan", dry["plan"])["done"]
    assert (done["verb"], done["sets"], done["refused"]) == ("rename", 8, {})
    assert shell.json("apply", "harbour")["counts"] == {"applied already": 4}  # before a run
    shell("run", "harbour", "--select", STEPS)
    assert facts(project) == known
    assert shell.json("apply", "harbour")["counts"] == {"applied already": 4}
    assert shell.json("rename", "harbour", "--template", TEMPLATE)["operations"] == []
    assert any(p.startswith("selected/p-2025_0000_stage") for p in tree(project.folder))
    assert shell.json("undo", "harbour", "--yes")["verb"] == "rename"
    assert tree(project.folder) == applied
    assert shell.json("undo", "harbour", "--yes")["verb"] == "apply"
    assert tree(project.folder) == before


def job_metadata(shell: Shell, project: Project, name: str, step: str, **config: str) -> dict[str, Any]:
    """What a job says of its plan."""
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions("project", [project.key])
        job = build_defs(load(shell.folder, {})).resolve_job_def(name)
        quiet = {"console": {"config": {"log_level": "CRITICAL"}}}
        result = job.execute_in_process(
            instance=instance,
            partition_key=project.key,
            run_config={"ops": {step: {"config": config}}, "loggers": quiet},
        )
    (event,) = [e for e in result.all_events if e.event_type_value == "STEP_OUTPUT"]
    return {name: value.value for name, value in event.event_specific_data.metadata.items()}


@pytest.mark.parametrize(
    ("name", "step", "config"),
    [
        ("rename", "rename_photos", {"template": "{name}-{stage}"}),
        ("organize", "file_photos", {"layout": "stages {stage}"}),
    ],
)
def test_the_jobs_show_a_plan_and_carry_it_out_by_its_hash(
    shell: Shell, name: str, step: str, config: dict[str, str]
) -> None:
    originals = Workspace(load(shell.folder, {}).place).project("harbour")
    assert "the mode is sandbox" in job_metadata(shell, originals, name, step, **config)["refusal"]
    shell("sandbox", "harbour", "--groups", "2")
    shell("run", "sandbox/harbour", "--select", STEPS)
    box = Workspace(load(shell.folder, {}).place).project("sandbox/harbour")
    before = tree(box.folder)
    shown = job_metadata(shell, box, name, step, **config)
    assert (shown["operations"], "refusal" in shown) == (len(before), False)
    assert tree(box.folder) == before
    job_metadata(shell, box, name, step, plan=shown["plan"], **config)
    assert not tree(box.folder).keys() & before.keys()
    assert sorted(tree(box.folder).values()) == sorted(before.values())
    assert last_plan(box.ledger) == f"{shown['plan']}-1"


@pytest.mark.long
def test_a_model_is_asked_nothing_about_pictures_that_were_renamed_here(tmp_path: Path) -> None:
    with ModelServer() as server:
        settings, project = described_project(tmp_path, server, 6, **PATIENT)
        assert run(settings, project).success
        texts = dict(project.store.read(Caption).select(Caption.photo_id, Caption.caption).iter_rows())
        count = len(server.received)
        report = mover(project).execute(rename_plan(project, "{seq:03}"), "sandbox")
        assert (report.sets, report.refused) == (6, {})
        assert run(settings, project).success
        assert len(server.received) == count
    after = project.store.read(Caption).select(Caption.photo_id, Caption.caption).iter_rows()
    assert dict(after) == texts
    assert set(project.store.read(Photo)[Photo.file_name]) == {f"{n:03}.jpg" for n in range(1, 7)}
