"""The whole way of a set by the command line: sandbox, decisions, verdicts, dry run, apply, metrics, undo.

And the job.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from dagster_project.applying import planned
from dagster_project.definitions import build_defs
from proofsheet.apply.disk import Disk
from proofsheet.apply.executor import Applier
from proofsheet.apply.plan import Plan
from proofsheet.core.config import load
from proofsheet.storage.workspace import Project, Workspace
from schemas.library import Photo
from schemas.review import ReviewMetric
from schemas.settings.apply import ApplySettings
from tests.support.kit import NOW, Shell, tree
from tests.support.review_kit import CHOOSING, decide_all, sets_library

STEPS = ",".join(CHOOSING)
JUDGE = (
    "ranker_model,crop_model,history_matches,selections,crop_examples,overrides,threshold_report,"
    "review_metrics,readiness"
)


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    sets_library(tmp_path / "library", "harbour", 8)
    (tmp_path / "proofsheet.toml").write_text(
        '[place]\nlibrary = "library"\nhome = "home"\n[photos]\nworkers = 1\n[encoder]\nencoder = '
        '"embedded"\n'
    )
    monkeypatch.chdir(tmp_path)
    shell = Shell(tmp_path)
    shell("run", "harbour", "--select", STEPS)
    return shell


def project(shell: Shell, name: str) -> Project:
    return Workspace(load(shell.folder, {}).place).project(name)


def decided_box(shell: Shell, groups: int) -> tuple[Project, dict[str, str]]:
    """A sandbox with submitted verdicts, and its files."""
    shell("sandbox", "harbour", "--groups", str(groups))
    shell("run", "sandbox/harbour", "--select", STEPS)
    box = project(shell, "sandbox/harbour")
    decide_all(box)
    return box, tree(box.folder)


def test_the_way_from_sandbox_to_undo(shell: Shell) -> None:
    originals = tree(shell.folder / "library")
    made = shell.json("sandbox", "harbour", "--groups", "5")
    assert (made["sets"], made["photos"]) == (5, 10)
    assert "there already" in shell("sandbox", "harbour", code=2).stderr
    shell("run", "sandbox/harbour", "--select", STEPS)
    box = project(shell, "sandbox/harbour")
    copies = tree(box.folder)
    decide_all(box)
    dry = shell.json("apply", "sandbox/harbour")
    assert tree(box.folder) == copies
    assert dry["counts"] == {"planned": 5}
    assert {o["kind"] for o in dry["operations"]} == {"move", "crop"}
    assert "Show the plan again" in shell("apply", "sandbox/harbour", "--plan", "0" * 16, code=2).stderr
    done = shell.json("apply", "sandbox/harbour", "--plan", dry["plan"])
    assert (done["done"]["sets"], done["done"]["failed"], done["done"]["refused"]) == (5, {}, {})
    assert len([p for p in tree(box.folder) if p.startswith("selected/") and "_crop" not in p]) == 5 * 6
    shell("run", "sandbox/harbour", "--select", f"{STEPS},{JUDGE}")
    figures = {
        r[ReviewMetric.metric]: r[ReviewMetric.value]
        for r in box.store.read(ReviewMetric).to_dicts()
        if r["period"] == "all"
    }
    assert figures["agreement"] == pytest.approx(4 / 5)
    assert "applied already" in shell("apply", "sandbox/harbour").stdout
    assert shell.json("undo", "sandbox/harbour", "--yes")["sets"] == 5
    assert tree(box.folder) == copies
    assert tree(shell.folder / "library") == originals
    assert "No files of" in shell("undo", "sandbox/harbour", "--yes", code=2).stderr


@pytest.mark.parametrize("tagged", [False, True])
def test_a_file_that_gets_another_name_where_it_was_moved_stays_applied(shell: Shell, tagged: bool) -> None:
    box, _copies = decided_box(shell, 3)
    shell("apply", "sandbox/harbour", "--yes")
    (first, *_rest) = sorted(p for p in (box.folder / "selected").rglob("*.png") if "_crop" not in p.name)
    before = box.store.read(Photo)
    if tagged:
        told = PngInfo()
        told.add_text("Comment", "five stars")
        Image.open(first).save(first, pnginfo=told)
    first.rename(first.with_name("the best one.png"))
    shell("run", "sandbox/harbour", "--select", STEPS)
    after = box.store.read(Photo)
    assert set(after[Photo.photo_id]) == set(before[Photo.photo_id])
    row = after.filter(file_name="the best one.png").row(0, named=True)
    home = first.parent.relative_to(box.folder / "selected").as_posix()
    assert (row[Photo.state], row[Photo.folder]) == ("selected", "" if home == "." else home)
    told = shell.json("apply", "sandbox/harbour")
    assert (told["operations"], told["refused"], told["counts"]) == ([], {}, {"applied already": 3})


def test_files_outside_a_sandbox_need_a_mode_and_a_signature(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = tree(shell.folder / "library")
    decide_all(project(shell, "harbour"))
    shown = run_job(shell, project(shell, "harbour").key, "")
    assert shown.success
    assert "the mode is sandbox" in told_by(shown, "STEP_OUTPUT")["refusal"]
    assert "mode is sandbox" in shell("apply", "harbour", "--yes", code=2).stderr
    shown = shell("apply", "harbour").stdout
    assert "--execute is refused now" in shown
    assert "proofsheet apply harbour --sign-off" in shown
    monkeypatch.setenv("PROOFSHEET_APPLY_MODE", "pilot")
    monkeypatch.setenv("PROOFSHEET_APPLY_PILOT_SETS", "3")
    assert "Nobody signed off pilot" in shell("apply", "harbour", "--yes", code=2).stderr
    assert "Nobody signed off pilot" in shell.json("apply", "harbour")["obstacle"]
    assert tree(shell.folder / "library") == before
    assert (
        "only records who allows the mode"
        in shell("apply", "harbour", "--yes", "--sign-off", "Kim", code=2).stderr
    )
    shell("apply", "harbour", "--sign-off", "Kim", "--note", "sandbox went well")
    assert "refused now" not in shell("apply", "harbour").stdout
    told = shell.json("apply", "harbour", "--yes")
    assert (
        told["counts"]["planned"],
        told["counts"]["beyond the limit of pilot mode: left for later"],
        told["done"]["sets"],
    ) == (3, 5, 3)
    monkeypatch.setenv("PROOFSHEET_APPLY_MODE", "production")
    assert "Nobody signed off production" in shell("apply", "harbour", "--yes", code=2).stderr
    shell("undo", "harbour", "--yes")
    assert tree(shell.folder / "library") == before


def test_without_a_yes_nothing_is_moved(shell: Shell) -> None:
    box, before = decided_box(shell, 2)
    result = shell("apply", "sandbox/harbour", "--execute", code=1)
    assert "Aborted" in result.stderr
    assert tree(box.folder) == before


def run_job(shell: Shell, key: str, plan: str) -> Any:
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions("project", [key])
        job = build_defs(load(shell.folder, {})).resolve_job_def("apply")
        config = {
            "ops": {"apply_decisions": {"config": {"plan": plan}}},
            "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
        }
        return job.execute_in_process(
            instance=instance, partition_key=key, run_config=config, raise_on_error=False
        )


def told_by(result: Any, kind: str) -> dict[str, Any]:
    """The metadata of the step's output, or of its failure, with its message."""
    (event,) = [e for e in result.all_events if e.event_type_value == kind]
    told = event.event_specific_data
    found = getattr(told, "user_failure_data", told)
    return {
        "message": getattr(found, "description", ""),
        **{n: v.value for n, v in found.metadata.items()},
    }


class Stopping(Disk):
    """The process dies before the first file is moved."""

    def before(self, what: str, path: Path) -> None:
        raise KeyboardInterrupt


def interrupt(box: Project, plan: Plan) -> None:
    """Begin a plan with its first set alone, and die."""
    first = replace(plan, operations=next(iter(plan.by_set().values())))
    with pytest.raises(KeyboardInterrupt):
        Applier(box, ApplySettings(), NOW, Stopping()).execute(first, "sandbox")


def test_the_job_says_why_a_confirmed_plan_was_not_carried_out(shell: Shell) -> None:
    box, before = decided_box(shell, 2)
    plan = planned(box, load(shell.folder, {}))
    interrupt(box, plan)
    blocked = box.folder / "selected"
    blocked.write_text("a file in the place of the folder")
    failed = told_by(run_job(shell, box.key, plan.plan_id), "STEP_FAILURE")
    assert "Some files could not be moved" in failed["message"]
    assert "is left: " in failed["left"]
    assert (failed["plan"], failed["operations"]) == (plan.plan_id, len(plan.operations))
    blocked.unlink()
    assert tree(box.folder) == before
    instead = told_by(run_job(shell, box.key, plan.plan_id), "STEP_FAILURE")
    now = planned(box, load(shell.folder, {}))
    assert len(now.by_set()) == 1
    assert f"the plan is {now.plan_id} now" in instead["message"]
    assert run_job(shell, box.key, now.plan_id).success
    assert not planned(box, load(shell.folder, {})).operations


def test_the_job_shows_the_plan_and_does_it_with_its_hash_alone(shell: Shell) -> None:
    box, before = decided_box(shell, 3)
    plan = shell.json("apply", "sandbox/harbour")["plan"]
    assert run_job(shell, box.key, "").success
    refused = run_job(shell, box.key, "0" * 16)
    told = [
        e.event_specific_data.user_failure_data.description
        for e in refused.all_events
        if e.event_type_value == "STEP_FAILURE"
    ]
    assert f"The plan is {plan} now" in told[0]
    assert tree(box.folder) == before
    assert run_job(shell, box.key, plan).success
    assert (
        len([p for p in tree(box.folder) if p.startswith(("selected/", "review/")) and "_crop" not in p])
        == 3 * 2 * 6
    )
