"""Words in texts: which match, what they are worth, and in which order photos come."""

from __future__ import annotations

import polars as pl
import pytest

from proofsheet.core.errors import UsageError
from proofsheet.search.text_sources import SearchText
from proofsheet.search.word_search import find_words, labels_there, words_of


def texts(*rows: tuple[str, str, float, str]) -> pl.DataFrame:
    """Texts as photo, field, weight, text."""
    return pl.DataFrame([(*row, "somebody") for row in rows], schema=SearchText.schema, orient="row")


def scores(query: str, *rows: tuple[str, str, float, str]) -> dict[str, float]:
    return dict(find_words(texts(*rows), query).select("photo_id", "score").iter_rows())


@pytest.mark.parametrize(
    ("query", "text", "score"),
    [
        ("flower", "a flower", 1.0),
        ("Flower", "FLOWERS, red", 0.8),
        ("flowers", "one flower.", 0.8),
        ("sun", "the sunset", 0.6),
        ("set", "the sunset", 0.0),
        ("ox", "a fox in a box", 0.0),
        ("ox", "an ox", 1.0),
        ("ox", "oxford", 0.0),
        ("zurich", "Zürich", 1.0),
        ("Zu\u0308rich", "zürich", 1.0),
        ("STRASSE", "Hauptstraße", 0.0),
        ("strasse", "eine Straße", 1.0),
        ("harbour", "IMG_0012_harbour-night.jpg", 1.0),
        ("flower", "FreshFlower.jpg", 1.0),
        ("iphone", "Apple iPhone 15", 1.0),
        ("東京", "夜の東京タワー", 1.0),
        ("서울", "서울의 밤", 1.0),
        ("ночь", "Белая ночь", 1.0),
        ("2024", "day 2024-05-01", 1.0),
        ("c++", "c", 1.0),
    ],
)
def test_a_word_is_worth_what_its_form_says(query: str, text: str, score: float) -> None:
    assert scores(query, ("one", "title", 1.0, text)) == ({"one": score} if score else {})


def test_the_best_text_of_each_word_counts_and_the_mean_over_the_words() -> None:
    rows = [
        ("one", "path", 0.5, "red.jpg"),
        ("one", "title", 1.0, "A red door"),
        ("two", "caption", 0.8, "A red car by a door"),
    ]
    assert scores("red car", *rows) == {"one": 0.5, "two": 0.8}


def test_it_says_which_texts_hold_the_words_and_who_wrote_them() -> None:
    found = find_words(
        texts(("one", "title", 1.0, "A red door"), ("one", "label", 0.45, "car wheel")), "car red"
    )
    assert found.row(0, named=True) == {
        "photo_id": "one",
        "score": 0.725,
        "why": "title: A red door; label: car wheel",
        "by": "somebody",
    }


def test_every_word_counts_once_however_often_it_is_typed() -> None:
    assert words_of("Red, red RED car") == ["red", "car"]


@pytest.mark.parametrize("query", ["", "  ", "?!", "___", "\u0301"])
def test_a_query_without_a_word_is_refused(query: str) -> None:
    with pytest.raises(UsageError, match="holds no word"):
        find_words(texts(), query)


def test_a_query_is_never_a_pattern() -> None:
    assert scores("a.c .* (", ("one", "title", 1.0, "abc")) == {}


def test_the_most_frequent_labels_come_first() -> None:
    rows = [("one", "label", 0.9, "dog"), ("two", "label", 0.2, "dog"), ("two", "label", 0.7, "cat")]
    assert labels_there(texts(*rows), 5) == ["dog × 2", "cat × 1"]
