"""What stands at targets: names of versions, what a person took back, and what should go."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from proofsheet.publish.upload_history import TargetContents, note_upload, takedown_rows
from proofsheet.storage.ledger import Ledger
from schemas.choices import Choice
from schemas.proof import MetadataQuality
from schemas.publish import Takedown, Upload, Withdrawal
from tests.support.kit import NOW


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "l.sqlite", "p")


def send(ledger: Ledger, photo: str, attempt: int, name: str, target: str = "site") -> str:
    """Publish as publishing does; gives the name there."""
    found, version = TargetContents(ledger, target).place(photo, attempt, name)
    row = {
        Upload.photo_id: photo,
        Upload.attempt: attempt,
        Upload.target: target,
        Upload.path: f"{photo}.jpg",
    }
    row |= {Upload.name_there: found, Upload.version: version, Upload.content_hash: "c", Upload.proof: "read"}
    note_upload(ledger, row | {Upload.uploaded_at: NOW + timedelta(days=attempt)})
    return found


def take_back(ledger: Ledger, photo: str, attempt: int) -> None:
    key: dict[str, Any] = {Withdrawal.photo_id: photo, Withdrawal.attempt: attempt, Withdrawal.target: "site"}
    key[Withdrawal.number] = ledger.rows(Upload, **key).height
    ledger.put(Withdrawal, [key | {Withdrawal.taken_back_at: NOW}])


def gone(ledger: Ledger, *sets: dict[str, Any]) -> dict[str, str]:
    row = dict.fromkeys(Choice.polars_schema()) | {
        Choice.project: "p",
        Choice.note: "",
        Choice.action: "none",
    }
    choices = Choice.frame(row | {Choice.group_id: str(k)} | one for k, one in enumerate(sets))
    rows = takedown_rows("p", choices, MetadataQuality.frame(), ledger)
    return dict(rows.select(Takedown.name_there, Takedown.reason).iter_rows())


def chosen(photo: str | None, by: str, *, submitted: bool | None = True) -> dict[str, Any]:
    """The set of a and b."""
    found = {
        Choice.photo_ids: ["a", "b"],
        Choice.chosen_photo_id: photo,
        Choice.chosen_photo_ids: [photo] if photo else [],
    }
    return found | {
        Choice.chosen_path: photo and f"{photo}.jpg",
        Choice.decided_by: by,
        Choice.submitted: submitted,
    }


def test_each_version_of_a_picture_has_a_name_of_its_own_at_each_target(ledger: Ledger) -> None:
    assert [send(ledger, "a", n, "p/x.tar.jpg") for n in (1, 2, 5)] == [
        "p/x.tar.jpg",
        "p/x.tar-v2.jpg",
        "p/x.tar-v3.jpg",
    ]
    assert send(ledger, "a", 5, "p/x.tar.jpg", "elsewhere") == "p/x.tar.jpg"
    assert (TargetContents(ledger, "site").latest("a"), TargetContents(ledger, "site").latest("b")) == (
        5,
        None,
    )


def test_a_name_that_was_given_in_a_publication_is_not_given_to_another_picture(ledger: Ledger) -> None:
    send(ledger, "a", 1, "p/a.jpg")
    shelf = TargetContents(ledger, "site")
    assert shelf.place("a", 2, "p/a.jpg") == ("p/a-v2.jpg", 2)
    assert shelf.place("b", 1, "p/a-v2.jpg") == ("p/a-v2-v2.jpg", 2)


def test_a_second_upload_after_it_was_taken_back_has_a_row_of_its_own(ledger: Ledger) -> None:
    send(ledger, "a", 1, "p/a.jpg")
    take_back(ledger, "a", 1)
    (first,) = ledger.rows(Upload).to_dicts()
    note_upload(ledger, first | {Upload.content_hash: "other", Upload.uploaded_at: NOW + timedelta(days=9)})
    rows = ledger.rows(Upload).select(Upload.number, Upload.content_hash, Upload.uploaded_at).rows()
    assert rows == [(1, "c", NOW + timedelta(days=1)), (2, "other", NOW + timedelta(days=9))]
    assert TargetContents(ledger, "site").latest("a") == 1
    take_back(ledger, "a", 1)
    assert TargetContents(ledger, "site").latest("a") is None


def test_a_name_that_another_picture_of_ours_has_there_is_not_taken(ledger: Ledger) -> None:
    send(ledger, "a", 1, "p/x.jpg")
    send(ledger, "b", 1, "p/x-v2.jpg")
    assert TargetContents(ledger, "site").place("a", 2, "p/x.jpg") == ("p/x-v3.jpg", 3)
    assert TargetContents(ledger, "site").place("edited", 1, "p/x.jpg") == ("p/x-v3.jpg", 3)


def test_what_was_taken_back_goes_out_again_under_its_name_and_stands_then(ledger: Ledger) -> None:
    send(ledger, "a", 1, "p/x.jpg")
    take_back(ledger, "a", 1)
    assert TargetContents(ledger, "site").latest("a") is None
    assert TargetContents(ledger, "site").place("a", 2, "p/x.jpg") == ("p/x.jpg", 1)
    assert send(ledger, "a", 1, "p/x.jpg") == "p/x.jpg"
    assert TargetContents(ledger, "site").latest("a") == 1


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (chosen("b", "person"), "b.jpg was chosen instead in the review"),
        (chosen("b", "history", submitted=None), "b.jpg was chosen instead by history"),
        (chosen("b", "suggestion", submitted=None), "b.jpg is proposed instead"),
        (chosen(None, "person"), "its set was rejected in the review"),
        (chosen("b", "person", submitted=False), None),
        (chosen("a", "person"), None),
    ],
)
def test_a_published_picture_that_is_no_longer_chosen_is_listed_once_that_is_handed_over(
    ledger: Ledger, row: dict[str, Any], reason: str | None
) -> None:
    send(ledger, "a", 1, "p/x.jpg")
    assert gone(ledger, row) == ({"p/x.jpg": reason} if reason else {})
    take_back(ledger, "a", 1)
    assert gone(ledger, row) == {}


def test_an_older_version_is_listed_and_a_picture_that_is_gone_from_the_project_is_not(
    ledger: Ledger,
) -> None:
    send(ledger, "a", 1, "p/x.jpg")
    send(ledger, "a", 2, "p/x.jpg")
    send(ledger, "deleted", 1, "p/y.jpg")
    assert gone(ledger, chosen("a", "person")) == {"p/x.jpg": "version 2 is there as p/x-v2.jpg"}
