"""Single pictures: shown by decision, kept or rejected, applied and undone; none is an agreement."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from proofsheet.apply.executor import Applier
from proofsheet.apply.moves import last_plan
from proofsheet.apply.plan import make_plan, with_keep_all
from proofsheet.history.matching import match_history
from proofsheet.review.decision_request import Conflict, DecisionRequest
from proofsheet.review.metrics import metric_rows
from proofsheet.review.session import ReviewSession
from proofsheet.review.singles import singles_page
from proofsheet.review.submission import approved_file, history_folder, submitted, write_submitted
from proofsheet.selection.choices import decided_against, present_choices
from proofsheet.selection.timeline import counted, standing
from proofsheet.storage.workspace import Project
from schemas.choices import Choice
from schemas.history import CROP_FILE, SELECTION_FILE, HistoryRow, ImportedVector
from schemas.library import Photo
from schemas.review import Feedback, ReviewMetric
from schemas.settings.apply import ApplySettings
from schemas.vision import ImageQuality
from tests.support.kit import NOW, tree
from tests.support.loupe_kit import loupe_project

SINGLES = ["view 0.png", "view 1.png", "view 2.png"]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("singles")
    loupe_project(place, sets=1)
    return place


def given(
    session: ReviewSession,
    number: int,
    action: str,
    known: str | None = None,
    crop: list[float] | None = None,
) -> DecisionRequest:
    one = session.proposals().singles[number]
    name = f"verdict-{number}-{action}"
    return DecisionRequest(name, one.group_id, one.version, action, crop=crop, known_id=known)


def names(session: ReviewSession, action: str | None = None, start: int = 0, size: int = 50) -> list[str]:
    return [s["images"][0]["file_name"] for s in singles_page(session, action, start, size).sets]


def test_they_are_in_the_order_of_their_paths_and_no_sets_of_the_review(session: ReviewSession) -> None:
    assert names(session) == SINGLES
    assert names(session, start=1, size=1) == SINGLES[1:2]
    assert names(session, start=3) == []
    progress = session.progress()
    assert (progress["total"], progress["singles"]) == (1, 3)


def test_each_is_found_by_its_decision(session: ReviewSession) -> None:
    kept = session.decide(given(session, 0, "approve"), NOW)
    assert (kept["place"], kept["verdict"]["action"], kept["verdict"]["choice"]) == (
        None,
        "approved",
        kept["images"][0]["id"],
    )
    session.decide(given(session, 1, "reject"), NOW)
    page = singles_page(session, "open", 0, 10)
    assert (page.total, page.counts) == (1, {"approved": 1, "rejected": 1, "open": 1})
    assert [names(session, a) for a in ("approved", "rejected", "open")] == [[n] for n in SINGLES]
    assert session.progress()["decided"] == 0  # the progress is about sets


def test_undo_and_redo_take_it_back_and_give_it_again(session: ReviewSession) -> None:
    session.decide(given(session, 2, "reject"), NOW)
    back = session.step("undo", "step-1", NOW)
    assert (back["set"]["place"], back["set"]["verdict"]) == (None, None)
    assert names(session, "rejected") == []
    session.step("redo", "step-2", NOW)
    assert names(session, "rejected") == [SINGLES[2]]


def test_of_two_people_one_wins(session: ReviewSession) -> None:
    session.decide(given(session, 0, "approve"), NOW)
    with pytest.raises(Conflict, match="decided elsewhere"):
        session.decide(given(session, 0, "reject"), NOW)
    session.decide(given(session, 0, "reject", known="verdict-0-approve"), NOW)
    assert names(session, "rejected") == [SINGLES[0]]


def test_a_rejected_one_is_in_no_export_and_a_kept_one_counts_as_chosen(
    session: ReviewSession, project: Project
) -> None:
    session.decide(given(session, 0, "approve"), NOW)
    session.decide(given(session, 1, "reject"), NOW)
    choices = present_choices(project)
    kept, rejected, untouched = (
        session.proposals().singles[k].row["chosen_photo_id"] for k in range(len(SINGLES))
    )
    assert decided_against(choices) == {rejected}
    by = {r[Choice.photo_ids][0]: r for r in choices.to_dicts() if len(r[Choice.photo_ids]) == 1}
    assert (by[kept][Choice.decided_by], by[kept][Choice.chosen_photo_id]) == ("person", kept)
    assert (by[rejected][Choice.decided_by], by[rejected][Choice.chosen_photo_id]) == ("person", None)
    assert by[untouched][Choice.decided_by] == "suggestion"


def test_it_is_no_agreement_and_teaches_no_model(session: ReviewSession, project: Project) -> None:
    session.decide(given(session, 0, "approve"), NOW)
    session.decide(given(session, 1, "reject"), NOW)
    session.decide(given(session, 2, "approve", crop=[0.1, 0.1, 0.9, 0.9]), NOW)
    decisions = standing(project.ledger)
    assert decisions.height == 3
    assert counted(decisions).height == 0
    rows = metric_rows(project.key, decisions, project.ledger.rows(Feedback), 20.0)
    assert rows.filter(pl.col(ReviewMetric.unit) != "count")[ReviewMetric.n].sum() == 0
    store = project.store
    found = match_history(
        project.key,
        HistoryRow.frame(),
        decisions,
        store.read(Photo),
        store.read(ImageQuality),
        ImportedVector.frame(),
        {},
    )
    assert found.selections.height == 0
    assert found.crops.height == 1  # a crop that was drawn is one; no crop was not looked at


def test_submitted_files_name_it_as_decided_and_history_files_do_not(
    session: ReviewSession, project: Project
) -> None:
    session.decide(given(session, 0, "approve"), NOW)
    session.decide(given(session, 1, "reject"), NOW)
    session.submit("batch-1", NOW)
    assert write_submitted(project) == {SELECTION_FILE: 0, CROP_FILE: 0, approved_file(project).name: 2}
    lines = [json.loads(line) for line in approved_file(project).read_text("utf-8").splitlines()]
    assert [(x["action"], x["final_choice"]) for x in lines] == [
        ("approved", f"alone/{SINGLES[0]}"),
        ("rejected", None),
    ]
    session.step("undo", "step-1", NOW)
    session.step("undo", "step-2", NOW)
    session.submit("batch-2", NOW)
    assert write_submitted(project)[SELECTION_FILE] == 0
    assert len((history_folder(project) / SELECTION_FILE).read_text("utf-8").splitlines()) == 1  # the head


def test_apply_moves_the_kept_one_leaves_the_rejected_one_and_undo_restores_both(
    session: ReviewSession, project: Project
) -> None:
    before = tree(project.folder)
    session.decide(given(session, 0, "approve"), NOW)
    session.decide(given(session, 1, "reject"), NOW)
    session.submit("batch-1", NOW)
    plan = make_plan(project, with_keep_all(submitted(project).standing(), project))
    assert plan.counts == {"planned": 1, "rejected: left as they are": 1}
    assert [(o.source, o.target) for o in plan.operations] == [
        (f"alone/{SINGLES[0]}", f"selected/alone/{SINGLES[0]}")
    ]
    applier = Applier(project, ApplySettings(), NOW)
    report = applier.execute(plan, "sandbox")
    assert (report.sets, report.refused, report.failed) == (1, {}, {})
    after = tree(project.folder)
    assert f"selected/alone/{SINGLES[0]}" in after
    assert f"alone/{SINGLES[1]}" in after
    applier.undo(str(last_plan(project.ledger)))
    assert tree(project.folder) == before
