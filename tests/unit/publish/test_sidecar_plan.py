"""Which marks of the review go into sidecars, what they are compared with, and what an undo leaves."""

from __future__ import annotations

from pathlib import Path

import pytest

from proofsheet.publish.sidecar_merge import FLAG, LABEL, RATING, marks_of_attempts
from proofsheet.publish.sidecar_plan import sidecar_work
from proofsheet.review.marking import MarkRequest
from proofsheet.review.session import ReviewSession
from proofsheet.storage.stamps import Stamp
from proofsheet.storage.workspace import Project
from schemas.written import WrittenMetadata
from tests.support.kit import NOW
from tests.support.review_kit import chosen_project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return chosen_project(tmp_path, sets=1)[1]


def elsewhere(project: Project, photo: str, **said: object) -> None:
    empty = {n: [] if str(t).startswith("List") else None for n, t in WrittenMetadata.polars_schema().items()}
    row = empty | {"project": project.key, "photo_id": photo, **said}
    project.store.publish({WrittenMetadata: WrittenMetadata.frame([row])}, Stamp("1"))


def test_marks_go_into_sidecars_with_what_another_program_had_and_an_undo_gives_that_back(
    project: Project,
) -> None:
    photo = str(ReviewSession(project, 0.0).proposals().sets[0].images[0]["id"])
    assert sidecar_work(project) == []
    elsewhere(project, photo, rating=3.0, label="Green")
    session = ReviewSession(project, 0.0)
    session.mark(MarkRequest("mark-0001", photo, stars=5), NOW)
    session.mark(MarkRequest("mark-0002", photo, label="", flag=-1, known_id="mark-0001"), NOW)
    (one,) = sidecar_work(project)
    assert (one.fields.rating, one.fields.label, one.fields.flag, one.has_texts) == (5, "", -1, False)
    assert dict(one.sources.bases) == {RATING: "3", LABEL: "Green", FLAG: ""}
    session.step("undo", "step-1", NOW)
    session.step("undo", "step-2", NOW)
    (one,) = sidecar_work(project)
    assert (one.fields.rating, one.fields.label, one.fields.flag) == (3, "Green", 0)
    assert set(one.sources.bases.values()) == {None}
    elsewhere(project, photo, rating=1.0)  # changed since; the next mark has seen it
    session = ReviewSession(project, 0.0)
    session.mark(MarkRequest("mark-0003", photo, stars=4), NOW)
    assert sidecar_work(project)[0].sources.bases[RATING] == "1"
    session.step("undo", "step-3", NOW)
    assert sidecar_work(project)[0].fields.rating == 1


def test_what_was_undone_says_nothing_about_what_another_program_had(project: Project) -> None:
    photo = str(ReviewSession(project, 0.0).proposals().sets[0].images[0]["id"])
    elsewhere(project, photo, rating=2.0)
    ReviewSession(project, 0.0).mark(MarkRequest("mark-0001", photo, stars=4), NOW)
    elsewhere(project, photo, rating=3.0)
    session = ReviewSession(project, 0.0)
    session.mark(MarkRequest("mark-0002", photo, stars=5, known_id="mark-0001"), NOW)
    session.step("undo", "step-1", NOW)
    (one,) = sidecar_work(project)
    assert (one.fields.rating, dict(one.sources.bases)) == (4, {RATING: "2"})  # 3 is a conflict


@pytest.mark.long
@pytest.mark.parametrize(
    ("there", "said", "rating", "flag", "base"),
    [
        ({"rating": -1.0}, {"stars": 3}, 3, None, {RATING: "-1"}),
        ({"rating": -1.0}, {"flag": 1}, 0, 1, {RATING: "-1", FLAG: ""}),
        ({"rating": -1.0}, {"flag": 0}, 0, 0, {RATING: "-1", FLAG: ""}),
        ({"rating": -1.0}, {"flag": -1}, None, -1, {FLAG: ""}),
        ({"rating": 2.5}, {"stars": 4}, 4, None, {RATING: "2.5"}),
        ({"pick": -1}, {"flag": 1}, None, 1, {FLAG: "-1"}),
    ],
)
def test_stars_and_flags_are_compared_with_what_is_in_the_file(
    project: Project,
    there: dict[str, object],
    said: dict[str, int],
    rating: int | None,
    flag: int | None,
    base: dict[str, str],
) -> None:
    photo = str(ReviewSession(project, 0.0).proposals().sets[0].images[0]["id"])
    elsewhere(project, photo, **there)
    session = ReviewSession(project, 0.0)
    session.mark(MarkRequest("mark-0001", photo, **said), NOW)  # type: ignore[arg-type]
    (one,) = sidecar_work(project)
    assert (one.fields.rating, one.fields.flag) == (rating, flag)
    assert dict(one.sources.bases) == base
    session.step("undo", "step-1", NOW)
    (one,) = sidecar_work(project)
    if rating is not None:
        assert one.fields.rating == there["rating"]


def test_a_text_of_people_in_file_or_sidecar_is_never_taken_for_ours() -> None:
    row = {"photo_id": "a", "title": "Reiher", "caption": "A heron.", "alt_text": "", "keywords": ["Vogel"]}
    theirs = row | {"sources": "title=human in sidecar, caption=model, keywords=human in file"}
    ours = row | {"sources": "title=model, caption=model, keywords=model"}
    assert {m.split(":")[0] for m in marks_of_attempts([theirs])["a"]} == {"description"}
    assert {m.split(":")[0] for m in marks_of_attempts([ours])["a"]} == {"title", "description", "keywords"}
