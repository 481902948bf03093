"""Marks of pictures in the session: saved once, safe with two tabs, undone in order, and no decisions."""

from __future__ import annotations

from pathlib import Path

import pytest

from proofsheet.library.identity_records import told_of
from proofsheet.review.decision_request import Conflict, DecisionRequest, InvalidRequest
from proofsheet.review.filters import MarkFilter, places_of
from proofsheet.review.marking import MarkRequest
from proofsheet.review.session import ReviewSession
from proofsheet.review.submission import write_submitted
from proofsheet.selection.photo_marks import Mark, picture_marks, set_here
from proofsheet.selection.timeline import standing
from proofsheet.storage.workspace import Project
from schemas.marks import PhotoMark
from schemas.review import ReviewDecision
from tests.support.kit import NOW
from tests.support.review_kit import chosen_project


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("marking")
    chosen_project(place, sets=4)
    return place


def photo(session: ReviewSession, place: int = 0, image: int = 0) -> str:
    return str(session.proposals().sets[place].images[image]["id"])


def test_a_mark_is_saved_once_and_stands_on_its_picture(session: ReviewSession, project: Project) -> None:
    own = photo(session)
    for _ in range(2):
        told = session.mark(MarkRequest("mark-0001", own, stars=4), NOW)
    session.mark(MarkRequest("mark-0002", own, label="Blue", flag=1, known_id="mark-0001"), NOW)
    assert project.ledger.rows(PhotoMark).height == 2
    assert told["images"][0]["marks"]["stars"] == 4
    marks = session.load(20, 0)["sets"][0]["images"][0]["marks"]
    assert (marks["stars"], marks["label"], marks["flag"], marks["id"]) == (4, "Blue", 1, "mark-0002")
    assert set(marks["origins"].values()) == {"here"}
    assert own in told_of(project.ledger)


def test_of_two_tabs_on_one_picture_one_wins(session: ReviewSession, project: Project) -> None:
    own, other = photo(session), ReviewSession(project, 0.05)
    session.mark(MarkRequest("mark-0001", own, stars=4), NOW)
    with pytest.raises(Conflict, match="marked elsewhere meanwhile"):
        other.mark(MarkRequest("mark-0002", own, stars=2), NOW)
    other.mark(MarkRequest("mark-0003", own, stars=2, known_id="mark-0001"), NOW)
    with pytest.raises(Conflict, match="no longer in the review"):
        session.mark(MarkRequest("mark-0004", "nobody", stars=2), NOW)


@pytest.mark.parametrize("sent", [{}, {"stars": 6}, {"stars": -1}, {"label": "Pink"}, {"flag": 2}])
def test_a_mark_that_is_none_is_refused(session: ReviewSession, sent: dict[str, object]) -> None:
    with pytest.raises(InvalidRequest) as raised:
        session.mark(MarkRequest("mark-0001", photo(session), **sent), NOW)  # type: ignore[arg-type]
    assert raised.value.next_step


def test_marks_and_decisions_are_undone_in_one_order(session: ReviewSession, project: Project) -> None:
    one = session.proposals().sets[0]
    session.mark(MarkRequest("mark-0001", photo(session), stars=4), NOW)
    given = DecisionRequest("verdict-1", one.group_id, one.version, "pick", photo(session))
    session.decide(given, NOW)
    session.mark(MarkRequest("mark-0002", photo(session, 1), flag=-1), NOW)
    undone = [session.step("undo", f"step-{n}", NOW) for n in range(4)]
    assert [u.get("photo_id") for u in undone] == [photo(session, 1), None, photo(session), None]
    assert undone[3]["group_id"] is None
    assert session.load(20, 0)["sets"][0]["images"][0]["marks"]["stars"] == 0
    again = [session.step("redo", f"step-{n}", NOW) for n in range(4, 7)]
    assert again[-1]["set"]["images"][0]["marks"]["flag"] == -1
    assert standing(project.ledger).height == 1
    assert ReviewSession(project, 0.05).load(20, 0)["sets"][0]["images"][0]["marks"]["stars"] == 4


def test_marks_are_no_decisions_and_need_no_submit(session: ReviewSession, project: Project) -> None:
    session.mark(MarkRequest("mark-0001", photo(session), stars=4), NOW)
    session.mark(MarkRequest("mark-0002", photo(session, 1), flag=1), NOW)
    session.step("undo", "step-1", NOW)
    progress = session.progress()
    assert (progress["decided"], progress["waiting"], session.submit("batch-1", NOW)) == (0, 0, 0)
    assert set(write_submitted(project).values()) == {0}
    assert project.ledger.rows(ReviewDecision).is_empty()
    one = session.proposals().sets[0]
    session.decide(DecisionRequest("verdict-1", one.group_id, one.version, "skip"), NOW)
    session.mark(MarkRequest("mark-0003", photo(session, 2), stars=1), NOW)
    assert (session.progress()["waiting"], session.submit("batch-2", NOW)) == (1, 1)
    session.mark(MarkRequest("mark-0004", photo(session, 3), stars=1), NOW)
    assert (session.progress()["waiting"], session.submit("batch-3", NOW)) == (0, 0)


def test_the_queue_is_filtered_by_stars_label_and_decision(session: ReviewSession) -> None:
    session.mark(MarkRequest("mark-0001", photo(session, 1), stars=4, label="Blue"), NOW)
    session.mark(MarkRequest("mark-0002", photo(session, 2, 1), stars=2), NOW)
    one = session.proposals().sets[2]
    session.decide(DecisionRequest("verdict-1", one.group_id, one.version, "reject"), NOW)
    assert places_of(session, MarkFilter(), "") == ([0, 1, 2, 3], ["Blue"])
    assert places_of(session, MarkFilter(2), "")[0] == [1, 2]
    assert places_of(session, MarkFilter(2, "blue"), "")[0] == [1]
    assert places_of(session, MarkFilter(2), "open")[0] == [1]
    assert places_of(session, MarkFilter(), "decided")[0] == [2]


def test_stars_of_a_model_do_not_tell_the_pick_of_a_hidden_set(project: Project) -> None:
    blind, open_review = ReviewSession(project, 1.0), ReviewSession(project, 0.0)
    for session in (blind, open_review):
        for one in session.proposals().sets:
            one.images[0]["model_stars"] = 4
    assert blind.load(20, 0)["sets"][0]["images"][0]["marks"]["stars"] == 0
    assert open_review.load(20, 0)["sets"][0]["images"][0]["marks"]["stars"] == 4
    assert places_of(blind, MarkFilter(3), "")[0] == []
    assert places_of(open_review, MarkFilter(3), "")[0] == [0, 1, 2, 3]
    one = blind.proposals().sets[0]
    told = blind.decide(DecisionRequest("verdict-1", one.group_id, one.version, "pick", photo(blind)), NOW)
    assert told["images"][0]["marks"]["stars"] == 4  # it is no secret any longer
    assert places_of(blind, MarkFilter(3), "")[0] == [0]


def test_what_is_set_here_counts_before_another_program_and_that_before_a_model() -> None:
    rows = [{"mark_id": "m", "stars": None, "label": "", "flag": None}]
    found = picture_marks(rows, Mark(3, "Red", -1), 5)
    assert (found.stars, found.label, found.flag) == (3, "", -1)
    assert dict(found.origins) == {"stars": "elsewhere", "label": "here", "flag": "elsewhere"}
    assert picture_marks([], Mark(), 5).origins["stars"] == "model"
    assert set_here([]) == Mark()
