"""The CSV of ratings: which pictures stand in it, and criteria that would share a column."""

from __future__ import annotations

from pathlib import Path

import pytest

from proofsheet.core.errors import UsageError
from proofsheet.publish.ratings_csv import append_ratings, columns, rated_among
from schemas.words import Rating


def test_only_a_picture_that_was_rated_counts_as_rated(tmp_path: Path) -> None:
    table = tmp_path / "r.csv"
    append_ratings(
        table,
        [
            {"path": path, "overall": 5, Rating.criteria: {"light": 1.0}}
            for path in ("'a.jpg", "=b.jpg", "c.jpg")
        ],
    )
    assert rated_among(table, ["a.jpg", "'a.jpg", "=b.jpg", "b.jpg", "c.jpg"]) == {
        "'a.jpg",
        "=b.jpg",
        "c.jpg",
    }


@pytest.mark.parametrize(
    "criteria", [["path", "criterion path"], ["criterion overall"], ["=light", "'=light"]]
)
def test_criteria_that_would_share_a_column_are_refused(tmp_path: Path, criteria: list[str]) -> None:
    with pytest.raises(UsageError, match="would share the column"):
        columns(criteria)
    with pytest.raises(UsageError, match="would share the column"):
        append_ratings(
            tmp_path / "r.csv",
            [{"path": "a.jpg", "overall": 5, Rating.criteria: dict.fromkeys(criteria, 1.0)}],
        )
    assert not (tmp_path / "r.csv").exists()
