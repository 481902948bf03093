"""What counts in each set: a person before history before the suggestion; and what goes out of it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from proofsheet.selection.choices import History, choice_rows, decided_against, progress
from proofsheet.storage.ledger import Ledger
from schemas.choices import Choice, Proposal
from schemas.library import Photo
from schemas.review import ReviewBatch, ReviewDecision, ReviewStep
from schemas.selections import Selection
from tests.support.kit import NOW

SETS = {"one": ["a1", "a2", "a3"], "two": ["b1", "b2"], "single": ["c1"], "pair": ["d1", "d2"]}


class Review:
    """Verdicts, steps and batches on the sets above, written as the session writes them."""

    def __init__(self, folder: Path) -> None:
        self.ledger, self.number = Ledger(folder / "l.sqlite", "p"), 0

    def decide(
        self, group: str, action: str, choice: str | None = None, members: list[str] | None = None
    ) -> str:
        self.number += 1
        own = f"v{self.number}"
        row = dict.fromkeys(ReviewDecision.polars_schema()) | {
            ReviewDecision.verdict_id: own,
            ReviewDecision.group_id: group,
            ReviewDecision.action: action,
        }
        row |= {
            ReviewDecision.photo_ids: members or SETS[group],
            ReviewDecision.proposed_photo_id: "x",
            ReviewDecision.proposed_by: "rule",
        }
        row |= {
            ReviewDecision.chosen_photo_id: choice,
            ReviewDecision.blind: False,
            ReviewDecision.bulk: False,
            ReviewDecision.number: self.number,
        }
        self.ledger.add(
            ReviewDecision, [row | {ReviewDecision.decided_at: NOW + timedelta(days=self.number)}]
        )
        return own

    def undo(self, verdict: str) -> None:
        self.number += 1
        row = {ReviewStep.step_id: f"s{self.number}", ReviewStep.verdict_id: verdict, ReviewStep.act: "undo"}
        self.ledger.add(ReviewStep, [row | {ReviewStep.number: self.number, ReviewStep.done_at: NOW}])

    def submit(self) -> None:
        row = {
            ReviewBatch.batch_id: f"b{self.number}",
            ReviewBatch.up_to: self.number,
            ReviewBatch.submitted_at: NOW,
        }
        self.ledger.add(ReviewBatch, [row | {ReviewBatch.number: self.ledger.rows(ReviewBatch).height + 1}])

    def choices(self, selections: pl.DataFrame | None = None) -> pl.DataFrame:
        return choice_rows(
            "p", proposals(), photos(), Selection.frame() if selections is None else selections, self.ledger
        )

    def of(self, group: str, selections: pl.DataFrame | None = None) -> dict[str, Any]:
        (row,) = self.choices(selections).filter(pl.col(Choice.group_id) == group).to_dicts()
        return row


@pytest.fixture
def review(tmp_path: Path) -> Review:
    return Review(tmp_path)


def proposals() -> pl.DataFrame:
    """The last photo of each set is proposed; the pair belongs together."""
    row = dict.fromkeys(Proposal.polars_schema()) | {Proposal.project: "p"}
    return Proposal.frame(
        row
        | {Proposal.group_id: group, Proposal.photo_ids: members, Proposal.chosen_photo_id: members[-1]}
        | {Proposal.keep_all: group == "pair"}
        for group, members in SETS.items()
    )


def photos() -> pl.DataFrame:
    row = dict.fromkeys(Photo.polars_schema()) | {Photo.project: "p"}
    return Photo.frame(
        row | {Photo.photo_id: i, Photo.path: f"{i}.jpg"} for members in SETS.values() for i in members
    )


def history(
    group: str, winner: str, members: list[str] | None = None, source: str = "history"
) -> pl.DataFrame:
    row = dict.fromkeys(Selection.polars_schema()) | {
        Selection.project: "p",
        Selection.set_key: group,
        Selection.source: source,
    }
    more = {
        Selection.photo_ids: sorted(members or SETS[group], reverse=True),
        Selection.chosen_photo_id: winner,
    }
    return Selection.frame([row | more | {Selection.decided_at: NOW}])


def who(row: dict[str, Any]) -> tuple[str, str, str | None, bool | None]:
    return row[Choice.decided_by], row[Choice.action], row[Choice.chosen_path], row[Choice.submitted]


def test_without_any_decision_the_suggestion_stands_in_sets_and_single_pictures(review: Review) -> None:
    assert who(review.of("one")) == ("suggestion", "none", "a3.jpg", None)
    assert who(review.of("single")) == ("suggestion", "none", "c1.jpg", None)
    assert decided_against(review.choices()) == set()


def test_what_a_person_chose_stands_and_the_others_go_nowhere(review: Review) -> None:
    review.decide("one", "overridden", "a1")
    assert who(review.of("one")) == ("person", "overridden", "a1.jpg", False)
    review.submit()
    assert who(review.of("one")) == ("person", "overridden", "a1.jpg", True)
    assert review.of("one")[Choice.decided_at] == NOW + timedelta(days=1)
    assert decided_against(review.choices()) == {"a2", "a3"}


def test_a_person_comes_before_history_and_history_before_the_suggestion(review: Review) -> None:
    said = history("one", "a2")
    assert who(review.of("one", said)) == ("history", "none", "a2.jpg", None)
    assert decided_against(review.choices(said)) == {"a1", "a3"}
    review.decide("one", "approved", "a3")
    assert who(review.of("one", said))[:3] == ("person", "approved", "a3.jpg")


@pytest.mark.parametrize(
    ("members", "source"),
    [(["a1", "a2"], "history"), (["a1", "a2", "a3", "b1"], "history"), (["a1", "a2", "a3"], "review")],
)
def test_history_of_other_members_and_what_the_review_wrote_decide_nothing(
    review: Review, members: list[str], source: str
) -> None:
    assert review.of("one", history("one", "a2", members, source))[Choice.decided_by] == "suggestion"


@pytest.mark.parametrize(
    ("members", "named", "winner"),
    [
        (("a.jpg", "a.cr2", "b.jpg", "b.cr2"), ("a.jpg", "b.jpg"), "a.jpg"),
        (("a.jpg", "a.cr2", "b.jpg"), ("a.cr2", "b.jpg"), "a.cr2"),
        (("a.jpg", "a.cr2", "b.jpg", "c.jpg"), ("a.jpg", "b.jpg"), None),
        (("a.jpg", "a.cr2", "b.jpg", "b.cr2"), ("a.jpg", "b.jpg", "c.jpg"), None),
    ],
)
def test_history_speaks_of_a_set_with_the_other_parts_of_its_shots(
    members: list[str], named: list[str], winner: str | None
) -> None:
    said = History(history("one", named[0], list(named)), {name: f"in/{name}" for name in members}).of(
        members
    )
    assert (said and said[Selection.chosen_photo_id]) == winner


def test_an_undo_gives_back_what_was_before_and_waits_for_submit_too(review: Review) -> None:
    verdict = review.decide("one", "overridden", "a1")
    review.submit()
    review.undo(verdict)
    assert who(review.of("one")) == ("suggestion", "none", "a3.jpg", False)
    review.submit()
    assert who(review.of("one")) == ("suggestion", "none", "a3.jpg", None)


def test_of_a_rejected_set_nothing_is_chosen_and_a_skipped_one_is_open(review: Review) -> None:
    review.decide("one", "rejected")
    review.decide("two", "skipped")
    review.submit()
    assert who(review.of("one")) == ("person", "rejected", None, True)
    assert review.of("one")[Choice.chosen_photo_ids] == []
    assert who(review.of("two")) == ("suggestion", "skipped", "b2.jpg", None)
    assert who(review.of("two", history("two", "b1"))) == ("history", "skipped", "b1.jpg", None)
    assert decided_against(review.choices()) == {"a1", "a2", "a3"}


def test_a_set_that_was_skipped_after_it_was_decided_is_open_again(review: Review) -> None:
    review.decide("one", "overridden", "a1")
    review.decide("one", "skipped")
    assert review.of("one")[Choice.decided_by] == "suggestion"


def test_of_pictures_that_belong_together_all_are_chosen(review: Review) -> None:
    assert review.of("pair")[Choice.chosen_photo_ids] == ["d1", "d2"]
    review.decide("pair", "overridden", "d1")
    assert (review.of("pair")[Choice.chosen_photo_id], review.of("pair")[Choice.chosen_photo_ids]) == (
        "d1",
        ["d1", "d2"],
    )
    assert decided_against(review.choices()) == set()


def test_a_set_of_other_members_than_were_decided_is_open_and_says_so(review: Review) -> None:
    review.decide("before", "overridden", "b1", members=["b1", "b2", "b3"])
    found = review.of("two")
    assert who(found) == ("suggestion", "none", "b2.jpg", None)
    assert "were decided on 2026-01-03 in a set of other members" in found[Choice.note]
    assert review.of("one")[Choice.note] == ""
    review.decide("two", "approved", "b2")
    assert review.of("two")[Choice.note] == ""


def test_progress_tells_reviewed_sets_from_those_of_history_and_counts_no_skipped_and_no_single_ones(
    review: Review,
) -> None:
    review.decide("two", "skipped")
    assert str(progress(review.choices())) == "Reviewed 0/3 groups (0 %)"
    review.decide("pair", "approved", "d2")
    assert str(progress(review.choices())) == "Reviewed 1/3 groups (33 %)"
    said = pl.concat([history("one", "a2"), history("pair", "d1")])
    assert str(progress(review.choices(said))) == "Decided 2/3 groups (67 %): 1 reviewed, 1 by history"
