"""Texts without a subject: which words are a thing, being, place or event, and which texts pass without."""

from __future__ import annotations

from dataclasses import replace

import pytest

from proofsheet.proof.gate import judge
from proofsheet.rules.base import GateInput
from proofsheet.rules.subject import names_subject, subject_words
from schemas.settings.gate import GateSettings

BOTH = ("en", "de")
ROW = GateInput(
    "1",
    {
        "title": "Heron at dawn",
        "caption": "A heron stands in the reeds.",
        "alt_text": "Heron among reeds.",
        "keywords": ["heron", "dark blue"],
    },
    "x.jpg",
    ("p",),
    frozenset(),
)


def fields_without(row: GateInput, **settings: list[str]) -> list[str]:
    found = judge([row], GateSettings(**settings), frozenset())["1"]
    return [i.field for i in found if i.rule == "no_subject"]


@pytest.mark.parametrize(
    "text",
    [
        "Dark blue throughout and light blue at the top",
        "Warm earth tones with gentle gradients",
        "Shallow depth of field",
        "Untitled",
        "12 June 2024",
        "Taken on a sunny afternoon in July",
        "A beautiful moment captured in time",
        "Golden hour",
        "Black and white photograph with strong contrast",
        "Dunkelblau überall und hellblau am oberen Rand",
        "Warme Farbtöne mit sanften Übergängen",
        "Sanftes Licht von links",
        "Ein schöner Moment",
        "Schwarzweißaufnahme mit viel Kontrast",
    ],
)
def test_light_colour_form_mood_and_time_are_no_subject(text: str) -> None:
    assert not names_subject(text, BOTH)


@pytest.mark.parametrize(
    "text",
    [
        "Cocker spaniel",
        "Sunset",
        "Anna and Ben",
        "Wedding",
        "Lindau, 12 June 2024",
        "Dusk at Hallstatt",
        "Red roses",
        "A camera",
        "Fog",
        "Hund am Strand",
        "hund am strand",
        "Abendbrot",
        "Goldfisch",
        "Leuchtturm",
        "Kühlschrank",
        "Hochzeit",
        "The square at night",
        "An orange",
        "Eine Orange auf einem Tisch",
    ],
)
def test_a_thing_a_being_a_place_an_event_or_a_name_is_one(text: str) -> None:
    assert names_subject(text, BOTH)


@pytest.mark.parametrize("text", ["An orange glow", "An orange and yellow gradient", "A square shape"])
def test_a_word_of_look_before_another_is_none(text: str) -> None:
    assert not names_subject(text, BOTH)


def test_title_caption_and_keywords_need_one() -> None:
    assert fields_without(ROW) == []
    dark = {"title": "Dark blue", "caption": "Dark blue throughout.", "keywords": ["dark blue", "landscape"]}
    bare = replace(ROW, texts=dict(ROW.texts) | dark)
    assert fields_without(bare) == ["title", "caption", "keywords"]
    assert fields_without(bare, languages=["fr"]) == []  # no word list can tell


def test_a_persons_words_stand_whoever_wrote_the_others() -> None:
    texts = dict(ROW.texts) | {"title": "Blue", "caption": "Dark blue throughout."}
    assert fields_without(replace(ROW, texts=texts, by_people=frozenset(["title"]))) == ["caption"]


def test_the_words_that_name_something_are_told_in_their_order() -> None:
    assert subject_words("Anna and Ben cut the cake", BOTH) == ["Anna", "Ben", "cake"]
    assert subject_words("Braut und Bräutigam vor der Kirche", BOTH) == ["Braut", "Bräutigam", "Kirche"]
