"""The session: verdicts, conflicts, undo, blind audits, submit; and what follows from them."""

from __future__ import annotations

import csv
import json
from datetime import timedelta
from pathlib import Path

import pytest

from proofsheet.history.importer import import_history
from proofsheet.review.decision_request import Conflict, DecisionRequest, InvalidRequest
from proofsheet.review.drift import drifted
from proofsheet.review.metrics import metric_rows
from proofsheet.review.session import ReviewSession
from proofsheet.review.submission import approved_file, approved_lines, history_folder, write_submitted
from proofsheet.selection.timeline import Timeline, standing
from proofsheet.storage.workspace import Project, Workspace
from schemas.choices import TECHNICAL, Proposal
from schemas.review import Feedback, ReviewDecision, ReviewMetric, ReviewStep
from schemas.settings.history import HistorySettings
from tests.support.kit import NOW, configuration, tree
from tests.support.review_kit import chosen_project


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("review")
    chosen_project(place, sets=12)
    return place


def given(
    session: ReviewSession, place: int, number: int = 0, action: str = "approve", **more: object
) -> DecisionRequest:
    one = session.proposals().sets[place]
    return DecisionRequest(f"verdict-{number or place}", one.group_id, one.version, action, **more)  # type: ignore[arg-type]


def open_places(session: ReviewSession) -> list[int]:
    return [k for k, p in enumerate(session.proposals().sets) if not p.audit]


def test_a_batch_begins_at_the_first_open_set_and_resumes_there(
    session: ReviewSession, project: Project
) -> None:
    first = session.load(20)
    assert (first["start"], len(first["sets"]), first["progress"]["text"]) == (
        0,
        12,
        "Reviewed 0/12 groups (0 %)",
    )
    for place in range(3):
        action = "skip" if session.proposals().sets[place].audit else "approve"
        session.decide(given(session, place, action=action), NOW)
    again = ReviewSession(project, 0.05).load(20)
    assert (again["start"], again["progress"]["decided"]) == (3, 3)
    assert again["sets"][0]["verdict"] is None


def test_the_same_verdict_twice_is_one(session: ReviewSession, project: Project) -> None:
    place = open_places(session)[0]
    for _ in range(3):
        told = session.decide(given(session, place), NOW)
    assert told["verdict"]["action"] == "approved"
    assert project.ledger.rows(ReviewDecision).height == 1


def test_of_two_tabs_on_one_set_one_wins(session: ReviewSession, project: Project) -> None:
    other, place = ReviewSession(project, 0.05), open_places(session)[0]
    session.decide(given(session, place, 1), NOW)
    with pytest.raises(Conflict, match="decided elsewhere"):
        other.decide(given(other, place, 2, "reject"), NOW)
    assert (
        other.decide(given(other, place, 3, "reject", known_id="verdict-1"), NOW)["verdict"]["action"]
        == "rejected"
    )


def test_a_stale_proposal_and_an_unknown_set_are_told(session: ReviewSession) -> None:
    one = given(session, open_places(session)[0])
    with pytest.raises(Conflict, match="has changed"):
        session.decide(DecisionRequest(one.verdict_id, one.group_id, "0" * 16, "approve"), NOW)
    with pytest.raises(Conflict, match="no longer proposed"):
        session.decide(DecisionRequest(one.verdict_id, "nobody", one.version, "approve"), NOW)


@pytest.mark.parametrize(
    ("action", "more", "says"),
    [
        ("destroy", {}, "not a decision"),
        ("pick", {"choice": "../../etc/passwd"}, "not a picture of the set"),
        ("pick", {}, "not a picture of the set"),
        ("approve", {"crop": [0.5, 0.1, 0.2, 0.9]}, "not a box"),
        ("approve", {"crop": [0, 0, 1, float("nan")]}, "not a box"),
        ("approve", {"crop": ["a", 0, 1, 1]}, "not a box"),
        ("approve", {"blind": True}, "cannot be approved"),
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_is_kept(
    session: ReviewSession, project: Project, action: str, more: dict[str, object], says: str
) -> None:
    with pytest.raises(InvalidRequest, match=says):
        session.decide(given(session, open_places(session)[0], action=action, **more), NOW)
    assert project.ledger.rows(ReviewDecision).height == 0


def test_undo_and_redo_go_to_the_start_and_back_across_a_restart(
    session: ReviewSession, project: Project
) -> None:
    places = open_places(session)[:6]
    for place in places:
        session.decide(given(session, place), NOW)
    before = session.load(20, 0)["sets"]
    fresh = ReviewSession(project, 0.05)
    for k, place in enumerate(reversed(places)):
        assert fresh.step("undo", f"undo-{k}", NOW)["set"]["place"] == place
    assert fresh.progress()["decided"] == 0
    assert fresh.step("undo", "undo-more", NOW) == {"group_id": None}
    assert standing(project.ledger).is_empty()
    for k in range(6):
        fresh.step("redo", f"redo-{k}", NOW)
    assert ReviewSession(project, 0.05).load(20, 0)["sets"] == before
    assert fresh.step("redo", "redo-more", NOW) == {"group_id": None}
    fresh.step("undo", "undo-again", NOW)
    fresh.decide(given(fresh, places[-1], 99, "reject"), NOW)
    assert fresh.step("redo", "redo-late", NOW) == {"group_id": None}
    assert project.ledger.rows(ReviewDecision).height == 7


def test_the_same_step_twice_is_one(session: ReviewSession) -> None:
    for place in open_places(session)[:2]:
        session.decide(given(session, place), NOW)
    session.step("undo", "step-one", NOW)
    assert session.step("undo", "step-one", NOW) == {"group_id": None}
    assert session.progress()["decided"] == 1


def test_an_audit_set_hides_its_proposal_until_it_was_decided(project: Project) -> None:
    session = ReviewSession(project, 0.5)
    place = next(k for k, p in enumerate(session.proposals().sets) if p.audit)
    shown = session.load(20, place)["sets"][0]
    assert (shown["hidden"], shown["step1_selection"], shown["step2_crop"]) == (True, None, None)
    assert str(session.proposals().sets[place].row[Proposal.reasons][0]) not in json.dumps(shown)
    with pytest.raises(InvalidRequest, match="cannot be approved"):
        session.decide(given(session, place), NOW)
    chosen = session.proposals().sets[place].row[Proposal.chosen_photo_id]
    told = session.decide(given(session, place, 7, "pick", choice=chosen), NOW)
    assert (told["verdict"]["action"], told["verdict"]["blind"], told["hidden"]) == ("approved", True, False)
    session.step("undo", "undo-audit", NOW)
    assert session.one(shown["group_id"])["hidden"] is False
    assert session.decide(given(session, place, 8), NOW)["verdict"]["blind"] is False


def test_about_one_set_in_twelve_is_drawn_for_the_audit_and_always_the_same(project: Project) -> None:
    drawn = [p.audit for p in ReviewSession(project, 0.08).proposals().sets]
    assert drawn == [p.audit for p in ReviewSession(project, 0.08).proposals().sets]
    from proofsheet.core.files import short_hash

    shares = [int(short_hash("p", str(k), "audit", length=8), 16) / 2**32 < 0.08 for k in range(5000)]
    assert 0.07 < sum(shares) / 5000 < 0.09


def test_approving_above_a_threshold_leaves_uncalibrated_sets_open(session: ReviewSession) -> None:
    assert session.approve_above(0.5, "bulk-1", NOW) == 0


def test_a_technical_confidence_approves_only_where_asked_and_is_no_figure_of_choices(
    project: Project,
) -> None:
    desk = ReviewSession(project, 0.0)
    for one in desk.proposals().sets:
        one.row[Proposal.confidence] = 0.9
        one.row[Proposal.confidence_kind] = TECHNICAL
    assert desk.approve_above(0.5, "bulk-1", NOW) == 0
    assert desk.approve_above(0.95, "bulk-2", NOW, technical=True) == 0
    assert desk.approve_above(0.5, "bulk-3", NOW, technical=True) == len(desk.proposals().sets)
    assert standing(project.ledger)[ReviewDecision.confidence].null_count() == len(desk.proposals().sets)


def test_approving_above_a_threshold_leaves_open_what_a_person_skipped(project: Project) -> None:
    session = ReviewSession(project, 0.0)
    for one in session.proposals().sets:
        one.row[Proposal.confidence] = 0.9
        one.row[Proposal.confidence_kind] = "calibrated on this project"
    session.decide(given(session, 0, action="skip"), NOW)
    session.decide(given(session, 1, action="reject"), NOW)
    assert session.approve_above(0.5, "bulk-1", NOW) == 10
    assert [session.one(p.group_id)["verdict"]["action"] for p in session.proposals().sets[:3]] == [
        "skipped",
        "rejected",
        "approved",
    ]


def test_acts_given_at_once_are_undone_at_once() -> None:
    line = Timeline()
    row = dict.fromkeys(ReviewDecision.polars_schema()) | {ReviewDecision.action: "approved"}
    several = [
        row
        | {
            ReviewDecision.verdict_id: f"b-{k}",
            ReviewDecision.group_id: f"g{k}",
            ReviewDecision.bulk_id: "b",
            ReviewDecision.number: k,
        }
        for k in (1, 2)
    ]
    line.take(several, [], None)
    step = {"step_id": "s", "verdict_id": "b-2", "act": "undo", "number": 3}
    line.take([], [step], None)
    assert line.standing() == []
    assert len(line.undone) == 1


def test_submit_writes_history_and_approved_files_and_later_batches_only_append(
    session: ReviewSession, project: Project
) -> None:
    before = tree(project.folder)
    places = open_places(session)
    sets = session.proposals().sets
    other = next(
        i
        for i in sets[places[1]].row[Proposal.photo_ids]
        if i != sets[places[1]].row[Proposal.chosen_photo_id]
    )
    session.decide(given(session, places[0], crop=[0.1, 0.2, 0.9, 0.8]), NOW)
    session.decide(given(session, places[1], action="pick", choice=other), NOW)
    session.decide(given(session, places[2], action="reject"), NOW)
    session.decide(given(session, places[3], action="skip"), NOW)
    assert list(approved_lines(project)) == []
    assert session.submit("batch-one", NOW) == 4
    assert session.submit("batch-one", NOW) == 0
    assert write_submitted(project) == {
        "selection_only_log.csv": 2,
        "select_crop_log.csv": 1,
        "approved_decisions.jsonl": 3,
    }
    lines = [json.loads(line) for line in approved_file(project).read_text().splitlines()]
    assert [line["action"] for line in lines] == ["approved", "overridden", "rejected"]
    assert lines[0]["crop_coords"] == [0.1, 0.2, 0.9, 0.8]
    assert lines[2]["final_choice"] is None
    first = (history_folder(project) / "selection_only_log.csv").read_text()
    session.step("undo", "undo-skip", NOW)
    session.step("undo", "undo-reject", NOW)
    session.step("undo", "undo-pick", NOW)
    session.decide(given(session, places[1], 50), NOW + timedelta(minutes=1))
    session.submit("batch-two", NOW + timedelta(minutes=2))
    write_submitted(project)
    second = (history_folder(project) / "selection_only_log.csv").read_text()
    assert second.startswith(first)
    assert len(list(csv.DictReader(second.splitlines()))) == 3
    assert [json.loads(x)["action"] for x in approved_file(project).read_text().splitlines()] == [
        "approved",
        "approved",
    ]
    assert tree(project.folder) == before


def test_our_own_history_is_recognised_when_it_comes_back(session: ReviewSession, project: Project) -> None:
    for place in open_places(session)[:4]:
        session.decide(given(session, place, crop=[0, 0, 0.5, 0.5]), NOW)
    session.submit("batch-one", NOW)
    write_submitted(project)
    files = sorted(history_folder(project).glob("*.csv"))
    workspace = Workspace(configuration(project.folder.parent, project.home).place)
    reports = import_history(files, workspace, HistorySettings(), NOW, dry_run=False)
    assert [(r.rows, dict(r.refused)) for r in reports] == [(4, {"own row": 4}), (4, {"own row": 4})]


def test_metrics_count_agreement_cuts_time_and_notes_by_day(session: ReviewSession, project: Project) -> None:
    places = open_places(session)
    sets = session.proposals().sets
    other = next(
        i
        for i in sets[places[1]].row[Proposal.photo_ids]
        if i != sets[places[1]].row[Proposal.chosen_photo_id]
    )
    session.decide(given(session, places[0], seconds=2.0), NOW)
    session.decide(given(session, places[1], action="pick", choice=other, seconds=4.0), NOW)
    session.decide(given(session, places[2], seconds=9999.0), NOW + timedelta(days=1))
    session.note("note-0001", "bug", "the cut jumps", None, NOW)
    rows = metric_rows(project.key, standing(project.ledger), project.ledger.rows(Feedback), 20.0)
    found = {(r[ReviewMetric.period], r[ReviewMetric.metric]): r for r in rows.to_dicts()}
    assert found["all", "agreement"][ReviewMetric.value] == pytest.approx(2 / 3)
    assert 0 < found["all", "agreement"][ReviewMetric.low] < 2 / 3
    day = NOW.date().isoformat()
    assert (
        found[day, "overrides"][ReviewMetric.value],
        found[day, "seconds a decision"][ReviewMetric.value],
    ) == (0.5, 3.0)
    assert found[day, "time saved"][ReviewMetric.value] == pytest.approx(1 - 6 / 40)
    assert found["all", "bugs"][ReviewMetric.value] == 1
    assert found["all", "crop acceptance"][ReviewMetric.value] is None
    assert found["all", "seconds a decision"][ReviewMetric.n] == 3
    with pytest.raises(InvalidRequest):
        session.note("note-0002", "praise", "fine", None, NOW)


@pytest.mark.parametrize(
    ("confidence", "right", "told"), [(0.9, 36, 0), (0.99, 20, 1), (0.5, 40, 1), (0.99, 0, 1), (None, 0, 0)]
)
def test_a_model_that_states_more_or_less_than_people_choose_is_told(
    confidence: float | None, right: int, told: int
) -> None:
    row = dict.fromkeys(ReviewDecision.polars_schema()) | {
        ReviewDecision.project: "p",
        ReviewDecision.bulk: False,
        ReviewDecision.blind: False,
        ReviewDecision.decided_at: NOW,
    }
    row |= {
        ReviewDecision.photo_ids: ["a", "b"],
        ReviewDecision.proposed_photo_id: "a",
        ReviewDecision.proposed_by: "x",
        ReviewDecision.confidence: confidence,
    }
    rows = []
    for k in range(40):
        mark = {
            ReviewDecision.verdict_id: str(k),
            ReviewDecision.group_id: str(k),
            ReviewDecision.number: k + 1,
        }
        said = ("a", "approved") if k < right else ("b", "overridden")
        rows.append(row | mark | {ReviewDecision.chosen_photo_id: said[0], ReviewDecision.action: said[1]})
    verdicts = ReviewDecision.frame(rows)
    assert drifted(metric_rows("p", verdicts, Feedback.frame(), 20.0)).height == told
    assert drifted(metric_rows("p", verdicts.head(20), Feedback.frame(), 20.0)).height == 0


def test_a_verdict_and_a_step_that_come_between_two_looks_are_never_half_seen(
    session: ReviewSession, project: Project
) -> None:
    """Another process writes while this one reads: both tables are of one moment."""
    other, places = ReviewSession(project, 0.05), open_places(session)
    line = Timeline().catch_up(project.ledger)
    with project.ledger.snapshot() as moment:
        assert moment.rows_after(ReviewDecision, ReviewDecision.number, 0) == []
        other.decide(given(other, places[0], 1), NOW)
        other.step("undo", "step-0001", NOW)
        assert moment.rows_after(ReviewStep, ReviewStep.number, 0) == []
        line.catch_up(moment)
    assert line.number == 0
    line.catch_up(project.ledger)
    assert (line.number, line.standing(), len(line.undone)) == (2, [], 1)


def test_a_skipped_set_is_not_reviewed_and_comes_again_after_those_that_nobody_looked_at(
    project: Project,
) -> None:
    session = ReviewSession(project, 0.0)
    session.decide(given(session, 0, action="skip"), NOW)
    assert (session.progress()["text"], session.progress()["actions"]["skipped"]) == (
        "Reviewed 0/12 groups (0 %)",
        1,
    )
    assert session.load(20)["start"] == 1
    for place in range(1, 12):
        session.decide(given(session, place), NOW)
    again = ReviewSession(project, 0.0).load(20)
    assert (again["start"], again["progress"]["text"]) == (0, "Reviewed 11/12 groups (92 %)")
    session.decide(given(session, 0, 99, known_id="verdict-0"), NOW)
    assert session.progress()["text"] == "Reviewed 12/12 groups (100 %)"


def test_the_marked_photo_of_a_set_is_the_decided_one_and_none_of_a_rejected_or_hidden_set(
    project: Project,
) -> None:
    session = ReviewSession(project, 0.0)
    first, second = session.proposals().sets[:2]
    assert session.chosen(first.group_id) == first.row[Proposal.chosen_photo_id]
    other = next(i for i in first.row[Proposal.photo_ids] if i != first.row[Proposal.chosen_photo_id])
    session.decide(given(session, 0, action="pick", choice=other), NOW)
    session.decide(given(session, 1, action="reject"), NOW)
    assert (session.chosen(first.group_id), session.chosen(second.group_id)) == (other, None)
    third = session.proposals().sets[2].group_id
    assert ReviewSession(project, 1.0).chosen(third) is None
