"""From a file of verdicts to moved files, by the command line: submit, wait for runs, plan, apply.

And what SQL shows of it.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from dagster_project.automation import PROJECT_JOB
from dagster_project.instance import open_instance
from dagster_project.waiting import after_runs
from proofsheet.core.clock import utc_now
from proofsheet.core.locks import acquire, home_lock
from proofsheet.storage.workspace import Project
from resources.store import PARTITION_TAG
from schemas.choices import Proposal
from schemas.library import Photo
from schemas.publish import Upload
from schemas.review import ReviewBatch
from tests.support.kit import NOW, Shell, configuration, tree
from tests.support.namings_kit import Naming, namings_project

FORMS = [
    Naming("RAW", ("a.jpg",), {"a.CR2": (0,), "a.CR2.xmp": (0,)}),
    Naming("edited", ("b.jpg", "b-edited.jpg"), {"b.json": (0, 1)}),
]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return namings_project(tmp_path, FORMS)


@pytest.fixture
def shell(tmp_path: Path, project: Project, monkeypatch: pytest.MonkeyPatch) -> Shell:
    (tmp_path / "proofsheet.toml").write_text(
        '[place]\nlibrary = "library"\nhome = "home"\n[apply]\nmode = "production"\n'
    )
    monkeypatch.chdir(tmp_path)
    return Shell(tmp_path)


@contextmanager
def another_run(project: Project, seconds: float) -> Iterator[None]:
    """Somebody else holds the lock of the project for so long."""
    ready = threading.Event()

    def work() -> None:
        with acquire(project.run_lock, "run 4711 of trip"):
            ready.set()
            time.sleep(seconds)

    other = threading.Thread(target=work)
    other.start()
    assert ready.wait(30)
    yield
    other.join()


def test_verdicts_from_a_file_are_handed_over_where_that_is_asked(shell: Shell, project: Project) -> None:
    (first, _) = project.store.read(Proposal).to_dicts()
    path = dict(project.store.read(Photo).select(Photo.photo_id, Photo.path).iter_rows())[
        first[Proposal.photo_ids][1]
    ]
    line = {
        "group_id": first[Proposal.group_id],
        "action": "overridden",
        "final_choice": path,
        "timestamp": "2026-02-01T00:00:00",
    }
    (shell.folder / "verdicts.jsonl").write_text(json.dumps(line))
    told = shell.json("decisions", "import", "trip", "verdicts.jsonl")
    assert (told["taken"], "submitted" in told) == (1, False)
    assert project.ledger.rows(ReviewBatch).height == 1
    told = shell.json("decisions", "import", "trip", "verdicts.jsonl", "--submit")
    assert (told["known"], told["submitted"], told["files"]["approved_decisions.jsonl"]) == (1, 1, 2)
    roles = {o["source"]: o["role"] for o in shell.json("apply", "trip")["operations"]}
    assert roles["form 00/other.jpg"] == "winner"
    assert (
        "0 decisions submitted" in shell("decisions", "import", "trip", "verdicts.jsonl", "--submit").stdout
    )


def test_apply_and_undo_wait_for_a_run_and_say_so(shell: Shell, project: Project) -> None:
    shell("apply", "trip", "--sign-off", "Kim")
    for words in (("apply", "trip"), ("apply", "trip", "--yes"), ("undo", "trip", "--yes")):
        with another_run(project, 1):
            began = time.monotonic()
            assert "waiting for run 4711 of trip" in shell(*words).stderr
            assert time.monotonic() - began > 0.4


def test_waiting_has_an_end(shell: Shell, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROOFSHEET_APPLY_WAIT_S", "0.3")
    with another_run(project, 1):
        assert "still held after 0.3 s by run 4711" in shell("apply", "trip", code=11).stderr


def test_a_run_that_is_about_to_start_is_waited_for(project: Project) -> None:
    place = project.home.parent
    settings = configuration(place / "library", project.home, watch={"interval_s": 1, "quiet_s": 0.1})
    news = list[str]()
    with after_runs(project, settings, "apply", news.append):
        assert news == []
    submitted = {ReviewBatch.batch_id: "b2", ReviewBatch.number: 2, ReviewBatch.up_to: 3}
    project.ledger.add(
        ReviewBatch, [{**submitted, ReviewBatch.submitted_at: utc_now() + timedelta(minutes=1)}]
    )
    with acquire(home_lock(project.home), "proofsheet up"), open_instance(project.home) as instance:
        with after_runs(project, settings, "apply", news.append):
            assert news == ["waiting for the run that the submit starts of trip"]
        job = dg.job(name=PROJECT_JOB)(lambda: None)
        run = instance.create_run_for_job(job, tags={PARTITION_TAG: project.key})
        with after_runs(project, settings, "apply", news.append):
            assert news[1:] == [f"waiting for run {run.run_id} of trip"]


def test_facts_and_the_plan_of_now_are_tables(shell: Shell, project: Project) -> None:
    def ask(statement: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = shell.json("sql", statement)["projects"]["trip"]
        return found

    before = tree(project.folder)
    plan = ask("select * from plan_operations order by number")
    assert [(r["kind"], r["role"], r["target"]) for r in plan[:3]] == [
        ("move", "winner", "selected/form 00/a.jpg"),
        ("move", "companion", "selected/form 00/a.CR2"),
        ("move", "companion", "selected/form 00/a.CR2.xmp"),
    ]
    assert [(r["kind"], r["group_id"]) for r in plan if r["reason"]] == [("leave", "g01")]
    assert {r["plan_id"] for r in plan} == {shell.json("apply", "trip")["plan"]}
    shell("apply", "trip", "--sign-off", "Kim")
    shell("apply", "trip", "--yes")
    assert ask("select count(*) n, min(state) state from file_operations") == [{"n": 5, "state": "done"}]
    assert ask('SELECT signed_by FROM "Sign_Offs"') == [{"signed_by": "Kim"}]
    assert [r["group_id"] for r in ask("select group_id from plan_operations")] == ["g01"]
    row = dict.fromkeys(
        (Upload.photo_id, Upload.target, Upload.path, Upload.name_there, Upload.content_hash, Upload.proof),
        "x",
    )
    project.ledger.add(Upload, [row | {Upload.attempt: 1, Upload.number: 1, Upload.uploaded_at: NOW}])
    assert ask("select p.path, u.target from uploads u left join photos p using (photo_id)") == [
        {"path": None, "target": "x"}
    ]
    assert {"uploads", "review_decisions", "apply_plans", "plan_operations", "photos"} <= {
        r["name"] for r in ask("show tables")
    }
    former = shell("sql", "select count(*) n from verdicts", "--json")  # its name one version ago
    assert (
        json.loads(former.stdout)["projects"]["trip"]
        == json.loads(shell("sql", "select count(*) n from review_decisions", "--json").stdout)["projects"][
            "trip"
        ]
    )
    assert "The table verdicts is named review_decisions now" in former.stderr
    assert shell.json("undo", "trip", "--yes")["sets"] == 1
    assert tree(project.folder) == before
