"""Which language a text is in, and texts half in another."""

from __future__ import annotations

import pytest

from proofsheet.rules import languages, lexicon
from proofsheet.rules.completeness import torn
from proofsheet.rules.language import foreign
from schemas.proof import Texts

BOTH = ("en", "de")


@pytest.mark.parametrize(
    "text", ["Kolme lasta istuu sillalla ja onkii.", "Två båtar ligger vid en gammal brygga."]
)
def test_another_language_is_told(text: str) -> None:
    assert foreign(text, BOTH)
    assert languages.likely(text, BOTH)["en"] < 0.05


@pytest.mark.parametrize(
    "text",
    [
        "A girl feeds geese unter einer alten Brücke.",
        "Der Hirte treibt seine Schafe across the narrow road and home.",
    ],
)
def test_a_text_half_in_another_allowed_language_is_told(text: str) -> None:
    found = foreign(text, BOTH)
    assert found
    assert "half in" in found[1]


@pytest.mark.parametrize(
    "text",
    [
        "Children play outside the Kindergarten in Weimar.",
        "Eine Frau mit Sweatshirt und Skateboard",
        "Café de la Paix, Paris",
    ],
)
def test_names_and_borrowed_words_are_no_other_language(text: str) -> None:
    assert foreign(text, BOTH, Texts.caption) is None


def test_keywords_in_two_languages_are_told() -> None:
    assert languages.doubled(["hedge", "Hecke", "meadow", "Blumenwiese", "bridge", "Brücke"], BOTH)
    assert languages.doubled(["bread", "knife", "plate", "Biergarten"], BOTH) is None


def test_languages_that_lingua_lacks_are_left_to_words() -> None:
    assert languages.speaks(BOTH)
    assert not languages.speaks(("en", "xx"))


@pytest.mark.parametrize(
    "text",
    [
        "Although the baker opens the heavy oven door",
        "Obwohl der Bäcker die Ofentür öffnet.",
        "is holding a basket of eggs",
    ],
)
def test_a_clause_alone_and_a_verb_without_its_subject_are_torn(text: str) -> None:
    assert torn(text)


@pytest.mark.parametrize(
    "text", ["Während eines Festes tanzen viele Paare.", "Ein Mann sägt einen Balken durch."]
)
def test_a_whole_sentence_is_not_torn(text: str) -> None:
    assert torn(text) is None


def test_the_end_of_a_word_is_told() -> None:
    assert lexicon.is_ending("tects", "en")
    assert not lexicon.is_ending("house", "en")
