"""Related pictures stay on one side of every split: sets, near-duplicates and vectors of one content."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from proofsheet.training.split_groups import ties_of
from schemas.groups import Duplicate
from schemas.history import ImportedVector
from schemas.library import Photo
from schemas.table import Table
from schemas.training import TrainingPair


def frame(table: type[Table], *rows: dict[str, Any]) -> pl.DataFrame:
    return table.frame(dict.fromkeys(table.polars_schema()) | row for row in rows)


def labels(
    pairs: dict[str, str],
    clusters: dict[str, str] | None = None,
    contents: dict[str, str] | None = None,
    vectors: str = "",
) -> dict[str, str]:
    """The label of every picture; a picture is a letter, and its content too.

    Args:
        pairs: set to its two pictures.
        clusters: cluster to its pictures.
        contents: picture to content.
        vectors: pictures that are imported vectors.
    """
    known = contents or {}
    ties = ties_of(
        frame(
            TrainingPair,
            *({"set_key": k, "winner_photo_id": a, "loser_photo_id": b} for k, (a, b) in pairs.items()),
        ),
        frame(
            Duplicate, *({"photo_id": i, "cluster_id": c} for c, ids in (clusters or {}).items() for i in ids)
        ),
        frame(
            Photo, *({"photo_id": i, "content_hash": known.get(i, i)} for i in "abcdefz" if i not in vectors)
        ),
        frame(ImportedVector, *({"vector_id": i, "content_hash": known.get(i)} for i in vectors)),
    )
    return {i: ties.label(i) for i in "abcdefz"}


@pytest.mark.parametrize(
    ("clusters", "contents", "vectors"),
    [
        ({"5cluster": "ac"}, {}, ""),
        ({"5cluster": "bd"}, {}, ""),
        ({"5cluster": "az", "6cluster": "cz"}, {}, ""),
        ({}, {"a": "same", "c": "same"}, "ac"),
        ({}, {"a": "same", "d": "same"}, "d"),
        ({"5cluster": "az"}, {"z": "same", "c": "same"}, "c"),
    ],
)
def test_sets_that_share_a_picture_over_any_steps_have_one_label(
    clusters: dict[str, str], contents: dict[str, str], vectors: str
) -> None:
    found = labels({"0set": "ab", "fset": "cd", "1other": "ef"}, clusters, contents, vectors)
    assert {found[i] for i in "abcd"} == {"0set"}
    assert {found[i] for i in "ef"} == {"1other"}


def test_two_sets_with_one_picture_are_one_and_a_set_alone_keeps_its_key() -> None:
    found = labels({"0set": "ab", "fset": "ad", "1other": "ef"}, {"2cluster": "cz"})
    assert found == {
        "a": "0set",
        "b": "0set",
        "d": "0set",
        "e": "1other",
        "f": "1other",
        "c": "2cluster",
        "z": "2cluster",
    }
    assert labels({"set": "ab"})["c"] == "c"
    assert labels({"set": "ab"}, vectors="abcdef")["c"] == "c"


def test_ten_thousand_sets_in_a_row_are_one() -> None:
    rows = [
        {"set_key": f"{k:05}", "winner_photo_id": f"p{k}", "loser_photo_id": f"p{k + 1}"}
        for k in range(9999, -1, -1)
    ]
    ties = ties_of(frame(TrainingPair, *rows), Duplicate.frame(), Photo.frame(), ImportedVector.frame())
    assert {ties.label(f"p{k}") for k in range(10001)} == {"00000"}
