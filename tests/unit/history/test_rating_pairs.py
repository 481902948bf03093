"""Stars and flags of people as pairs for the ranker: what they say, and what says nothing."""

from __future__ import annotations

import polars as pl
import pytest

from proofsheet.history.rating_pairs import rating_pairs
from proofsheet.history.training_pairs import pair_rows
from proofsheet.selection.photo_marks import Mark, PictureMarks, picture_marks
from schemas.groups import PhotoGroup
from schemas.history import ImportedVector
from schemas.library import Photo
from schemas.selections import Selection, VectorSelection
from schemas.training import TrainingPair

NAMES = ("a", "b", "c", "d")
PHOTOS = pl.DataFrame(
    {
        Photo.photo_id: NAMES,
        Photo.content_hash: ["1", "2", "3", "3"],
        Photo.stage: pl.Series([1.0, 2.0, None, None], dtype=pl.Float64),
    }
)
NONE = Selection.frame()


def groups(*names: str, keep_all: bool = False) -> pl.DataFrame:
    rows = {PhotoGroup.group_id: ["g"] * len(names), PhotoGroup.photo_id: names}
    return pl.DataFrame({**rows, PhotoGroup.keep_all: [keep_all] * len(names)})


def stars(count: int | None, flag: int | None = None) -> PictureMarks:
    return picture_marks([], Mark(count, None, flag))


def said(marks: dict[str, PictureMarks], sets: pl.DataFrame | None = None) -> list[tuple[str, str]]:
    found = rating_pairs("p", groups(*NAMES) if sets is None else sets, PHOTOS, NONE, marks)
    return [(r[TrainingPair.winner_photo_id], r[TrainingPair.loser_photo_id]) for r in found]


def test_more_stars_beat_fewer_and_equal_ones_say_nothing() -> None:
    pairs = said({"a": stars(5), "b": stars(3), "c": stars(3)})
    assert pairs == [("a", "b"), ("a", "c"), ("a", "d"), ("b", "d")]  # c and d are copies of one picture
    assert said({n: stars(4) for n in NAMES}) == []
    assert said({}) == []


@pytest.mark.parametrize(
    ("one", "two", "expected"),
    [
        (stars(None, 1), stars(None, -1), [("a", "b")]),
        (stars(5, -1), stars(1, 1), []),  # stars and flag contradict each other
        (stars(5, 1), stars(5), [("a", "b")]),
        (picture_marks([], Mark(), 5), stars(1), [("b", "a")]),  # stars of a model count as none
    ],
)
def test_stars_and_flags_are_read_together(
    one: PictureMarks, two: PictureMarks, expected: list[tuple[str, str]]
) -> None:
    assert said({"a": one, "b": two}, groups("a", "b")) == expected


def test_a_choice_and_sets_that_belong_together_are_left_alone() -> None:
    marks = {"a": stars(5), "b": stars(1)}
    chosen = pl.DataFrame({Selection.photo_ids: [["b", "a"]]})
    assert rating_pairs("p", groups("a", "b"), PHOTOS, chosen, marks) == []
    assert said(marks, groups("a", "b", keep_all=True)) == []


def test_two_pictures_of_one_choice_are_not_taught_the_other_way_in_a_set_that_grew() -> None:
    marks = {"a": stars(5), "b": stars(1)}
    chosen = pl.DataFrame({Selection.photo_ids: [["b", "a", "gone"]]})
    found = rating_pairs("p", groups("a", "b", "c"), PHOTOS, chosen, marks)
    pairs = [(r[TrainingPair.winner_photo_id], r[TrainingPair.loser_photo_id]) for r in found]
    assert pairs == [("a", "c"), ("b", "c")]  # which of a and b is better, the choice says


def test_the_pairs_fit_the_table_of_training_pairs() -> None:
    marks = {"a": stars(2), "b": stars(5), "c": stars(4)}
    rated = rating_pairs("p", groups(*NAMES), PHOTOS, NONE, marks)
    vectors = VectorSelection.frame(), ImportedVector.frame()
    found = pair_rows("p", NONE, PHOTOS, *vectors, rated)
    TrainingPair.gate("p").validate(found, lazy=True)
    odd = found.filter(pl.col(TrainingPair.anomaly))
    assert odd.is_empty()
    assert (
        found.group_by(TrainingPair.set_key).agg(pl.col(TrainingPair.winner_photo_id).n_unique()).height == 3
    )
