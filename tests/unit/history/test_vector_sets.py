"""Which vector a row of history speaks of, and that a choice is learnt from once: as photos or as vectors."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import polars as pl
import pytest

from proofsheet.history.matching import Matched, match_history
from schemas.history import HistoryRow, ImportedVector
from schemas.library import Photo
from schemas.review import ReviewDecision
from schemas.selections import HistoryMatch, VectorSelection
from schemas.vision import ImageQuality
from tests.support.kit import NOW
from tests.unit.history.test_importer import PHOTOS, QUALITY, picture, row
from tests.unit.history.test_matching import vector

GONE = ("p/gone.png", "p/lost.png")
PLACES = {"raw": "p/gone.png", "final": "p_final/gone.png"}


def known(own: str, path: str, days: int = 0, content: str | None = None) -> dict[str, Any]:
    made = vector(path.rpartition("/")[2], 1, content=content)
    return made | {"vector_id": own, "path": path, "imported_at": NOW + timedelta(days=days)}


def matched(vectors: list[dict[str, Any]], *rows: dict[str, Any]) -> Matched:
    return match_history(
        "p",
        HistoryRow.frame(rows),
        ReviewDecision.frame(),
        PHOTOS,
        QUALITY,
        ImportedVector.frame(vectors),
        {},
    )


def winners(found: Matched) -> list[str]:
    return found.vector_sets[VectorSelection.chosen_vector_id].to_list()


@pytest.mark.parametrize("kind", ["crop", "cropped, box unknown"])
def test_a_choice_whose_crop_alone_cannot_be_used_is_learnt_from_once(kind: str) -> None:
    names = ("a_stage1.png", "a_stage2.png")
    found = matched([known(n, f"p/{n}") for n in names], row(1, kind, chosen=names[0], others=(names[1],)))
    assert (found.selections.height, found.vector_sets.height) == (1, 0)
    (fate,) = found.matches.to_dicts()
    assert fate[HistoryMatch.status] == "quarantined"
    assert fate[HistoryMatch.reason].split(":")[0] in {"no coordinates", "box unknown"}


def test_a_row_whose_pictures_are_one_and_the_same_teaches_by_vectors_as_little_as_by_photos() -> None:
    photo, quality = picture("copied.png", 2.0, "z")
    names = ("one/copy.png", "copied.png")
    vectors = ImportedVector.frame(known(n, n) for n in names)
    photos, measured = (
        pl.concat([PHOTOS, Photo.frame([photo])]),
        pl.concat([QUALITY, ImageQuality.frame([quality])]),
    )
    history = HistoryRow.frame([row(1, chosen=names[0], others=names[1:])])
    found = match_history("p", history, ReviewDecision.frame(), photos, measured, vectors, {})
    assert (found.selections.height, found.vector_sets.height) == (0, 0)
    assert found.matches[HistoryMatch.reason].str.starts_with("set of one").all()


@pytest.mark.parametrize("order", [1, -1])
def test_of_the_vectors_of_one_path_the_newest_counts(order: int) -> None:
    vectors = [known(f"{path} {day}", path, day) for path in GONE for day in (0, 1, 2)]
    vectors.append(known("short", "gone.png", -1))
    found = matched(vectors[::order], row(1, chosen=GONE[0], others=(GONE[1],)))
    assert found.vector_sets[VectorSelection.vector_ids].to_list() == [["p/gone.png 2", "p/lost.png 2"]]


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ("p_final/gone.png", "final"),
        ("p/gone.png", "raw"),
        ("D:\\x\\p_final\\gone.png", "final"),
        ("/Users/x/training data/p/gone.png", "raw"),
    ],
)
@pytest.mark.parametrize("before", ["", "training data/", "/Volumes/T7/y/"])
def test_raw_and_final_of_one_name_are_told_apart_by_their_folders(
    chosen: str, expected: str, before: str
) -> None:
    vectors = [known(own, before + path) for own, path in {**PLACES, "lost": "p/lost.png"}.items()]
    found = matched(vectors, row(1, chosen=chosen, others=("p/lost.png",)))
    assert winners(found) == [expected]
    assert found.matches[HistoryMatch.status].to_list() == ["vectors alone"]


def test_a_name_that_stands_for_several_pictures_is_told_and_one_content_is_one_picture() -> None:
    vectors = [known(own, path) for own, path in {**PLACES, "lost": "p/lost.png"}.items()]
    for rows in (
        row(1, chosen="crop/gone.png", others=("p/lost.png",)),
        row(1, chosen="p_final/gone.png", others=GONE),
    ):
        found = matched(vectors, rows)
        (fate,) = found.matches.to_dicts()
        assert (found.vector_sets.height, fate[HistoryMatch.status]) == (0, "quarantined")
        assert fate[HistoryMatch.reason].startswith(
            "ambiguous vector: 'gone.png' has vectors of different pictures"
        )
    same = [known(own, path, content="c") for own, path in PLACES.items()]
    assert (
        len(winners(matched([*same, vectors[2]], row(1, chosen="crop/gone.png", others=("p/lost.png",)))))
        == 1
    )
