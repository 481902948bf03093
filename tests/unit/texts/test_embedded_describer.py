"""Texts from known facts: their order, language and columns, and the verdict of the gate."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from proofsheet.imaging.colors import NAMES
from proofsheet.proof.gate import judge
from proofsheet.rules.base import GateInput
from proofsheet.rules.repair import repair
from proofsheet.texts.embedded_describer import (
    TEMPLATE_WORDS,
    evidence,
    made_from,
    reply,
    template,
)
from proofsheet.texts.phrases import PHRASES
from proofsheet.texts.picture_facts import KnownFacts, SeenThing
from schemas.proof import FIELDS
from schemas.replies import CaptionReply, TagsReply, TitleReply
from schemas.settings.gate import GateSettings

LOOK: dict[str, Any] = {
    "brightness": 0.4,
    "colors": [
        {"color": "light blue", "share": 0.6, "place": "top"},
        {"color": "dark green", "share": 0.2, "place": "bottom"},
    ],
}
DATED = LOOK | {"taken_at": datetime(2024, 6, 12, 14, 32), "taken_on": "2024-06-12"}
SPANIEL = SeenThing("cocker spaniel", 0.8)


def written(known: KnownFacts) -> dict[str, Any]:
    """The four texts, as repair leaves them, with what people wrote in their places."""
    caption, title, tags = (reply(job, known) for job in ("caption", "title", "tags_normalize"))
    assert isinstance(caption, CaptionReply)
    assert isinstance(title, TitleReply)
    assert isinstance(tags, TagsReply)
    texts = {
        "title": title.title,
        "caption": caption.caption,
        "alt_text": caption.alt_text,
        "keywords": tags.tags_normalized,
    }
    return repair(texts)[0] | dict(known.written)


def rules_of(known: KnownFacts) -> set[str]:
    own = frozenset(FIELDS) - known.written.keys()
    row = GateInput(
        "1",
        written(known),
        "IMG_1.jpg",
        ("p",),
        frozenset(),
        measured=own,
        by_people=frozenset(known.written),
    )
    return {i.rule for i in judge([row], GateSettings(), TEMPLATE_WORDS)["1"]}


def test_a_label_is_what_a_model_probably_saw_and_a_sure_one_is_said_plainly() -> None:
    said = written(KnownFacts(measured=DATED, thing=SPANIEL, broader="dog"))
    assert said == {
        "title": "Probably a cocker spaniel, 12 June 2024",
        "caption": "Probably a cocker spaniel. Taken on 12 June 2024 at 14:32; "
        "mostly light blue at the top and dark green at the bottom.",
        "alt_text": "Probably a cocker spaniel; light blue at the top and dark green at the bottom.",
        "keywords": ["cocker spaniel", "dog", "light blue", "dark green"],
    }
    assert written(KnownFacts(measured=LOOK, thing=SeenThing("espresso", 0.95)))["title"] == "An espresso"
    assert written(KnownFacts(measured=LOOK, thing=SeenThing("sunglasses", 0.95)))["title"] == "Sunglasses"


def test_the_same_is_said_in_german() -> None:
    said = written(KnownFacts("de", DATED, thing=SPANIEL, broader="dog", objects={"person": 2}))
    assert said["title"] == "Vermutlich ein Cockerspaniel und 2 Personen, 12. Juni 2024"
    assert said["caption"].endswith(
        "Aufgenommen am 12. Juni 2024 um 14:32 Uhr; überwiegend hellblau oben und dunkelgrün unten."
    )
    assert said["keywords"] == ["Cockerspaniel", "Hund", "Person", "hellblau", "dunkelgrün"]


def test_people_come_first_then_the_folder_then_the_prompt_then_what_models_saw() -> None:
    every = {
        "written": {"title": "Anna and Ben cut the cake"},
        "subject": "Wedding of Anna and Ben",
        "location": "Lindau",
        "prompt": "a red fox",
        "thing": SPANIEL,
    }
    opened = []
    for name in (*every, ""):
        opened.append(written(KnownFacts(measured=LOOK, **every))["caption"].split(".")[0])
        every.pop(name, None)
    assert opened == [
        "Anna and Ben cut the cake",
        "Wedding of Anna and Ben, Lindau",
        "Lindau",
        "Computer-generated from “a red fox”",
        "Probably a cocker spaniel",
        "Mostly light blue at the top and dark green at the bottom",
    ]


@pytest.mark.parametrize(
    ("known", "keywords"),
    [
        ({"subject": "Wedding of Anna and Ben", "location": "Lindau"}, ["Wedding", "Anna", "Ben", "Lindau"]),
        ({"written": {"title": "Anna and Ben cut the cake"}}, ["Anna", "Ben", "cake"]),
        ({"prompt": "masterpiece, (a red fox:1.3) in the snow, <lora:x:1>, 8k, pine trees"}, ["fox", "snow"]),
        ({"objects": {"person": 2, "dog": 1}}, ["person", "dog"]),
    ],
)
def test_keywords_name_things_first_and_colours_last(known: dict[str, Any], keywords: list[str]) -> None:
    found = written(KnownFacts(measured=LOOK, **known))["keywords"]
    assert found[: len(keywords)] == keywords
    assert found[-2:] == ["light blue", "dark green"]


def test_colours_of_one_place_are_said_together() -> None:
    colors = [{"color": c, "share": 0.3, "place": "edges"} for c in ("dark blue", "light blue", "blue")]
    known = KnownFacts(measured={"brightness": 0.4, "colors": colors}, thing=SPANIEL)
    assert written(known)["alt_text"].endswith("; dark blue, light blue and blue around the edges.")
    assert rules_of(known) == set()


def test_people_and_things_are_counted_and_the_kind_of_a_label_is_not_said_twice() -> None:
    known = KnownFacts(measured=LOOK, thing=SPANIEL, objects={"dog": 1, "cake": 2, "person": 4})
    assert written(known)["caption"].startswith("Probably a cocker spaniel, 4 people and 2 cakes.")


def test_a_title_that_repeats_a_persons_caption_says_something_more() -> None:
    known = KnownFacts(measured=LOOK, written={"caption": "A heron in the reeds."})
    assert written(known)["title"] == "A heron in the reeds, light blue and dark green"
    assert rules_of(known) == set()


def test_each_text_names_the_columns_that_it_is_made_from() -> None:
    known = KnownFacts(measured=DATED, subject="Harvest", thing=SPANIEL)
    assert made_from("title", known) == "image_sets.subject, exif_facts.taken_at"
    assert made_from("caption", known) == (
        "image_sets.subject, photo_labels.label, exif_facts.taken_at, image_quality.colors"
    )
    assert (
        made_from("tags_normalize", known) == "image_sets.subject, photo_labels.label, image_quality.colors"
    )
    assert template(known) == "known-2 en"


@pytest.mark.parametrize("language", sorted(PHRASES))
@pytest.mark.parametrize(
    "known",
    [
        {"thing": SPANIEL, "broader": "dog"},
        {"subject": "Wedding of Anna and Ben", "location": "Lindau", "objects": {"person": 4, "cake": 2}},
        {"subject": "Hochzeit von Anna und Ben", "thing": SeenThing("bridegroom", 0.75)},
        {"prompt": "portrait of an old king, oil painting"},
        {"written": {"title": "Anna and Ben cut the cake"}},
        {"written": {"keywords": ["heron", "reeds"]}},
        {"objects": {"person": 1}},
        {"thing": SeenThing("gizmo of a detector", 0.95)},
    ],
)
def test_the_gate_takes_what_names_a_subject(known: dict[str, Any], language: str) -> None:
    for measured in (LOOK, DATED, {"brightness": 0.1, "colors": []}):
        assert rules_of(KnownFacts(language, measured, **known)) == set()


@pytest.mark.parametrize("language", sorted(PHRASES))
def test_light_colour_and_date_alone_are_a_draft(language: str) -> None:
    looks = itertools.product(PHRASES["en"].places, (0.1, 0.5, 0.8), (0, 1, 2), (None, "2024-06-12"))
    for place, bright, count, day in looks:
        colors = [{**LOOK["colors"][0], "place": place}, LOOK["colors"][1]][:count]
        measured = {"brightness": bright, "colors": colors, "taken_on": day}
        assert rules_of(KnownFacts(language, measured)) == {"no_subject"}


def test_every_color_has_its_word_in_german() -> None:
    assert [name for name in NAMES if PHRASES["de"].color(name) == name] == ["orange"]


def test_words_that_measurements_support() -> None:
    assert evidence(LOOK | {"width_px": 3, "height_px": 2}) >= {"light", "blue", "dark", "green", "landscape"}
    assert reply("quality", KnownFacts(measured=LOOK)) is None
    assert reply("caption", None) is None


LONG = "A very long walk along the old harbour wall and over the hills to the little white chapel of"


@pytest.mark.parametrize(
    "known",
    [
        KnownFacts(measured=DATED, prompt=f"{LONG} the fishermen, a red fox in the snow"),
        KnownFacts(measured=DATED, subject=f"{LONG} the fishermen", location="Lindau"),
        KnownFacts("de", DATED, subject=f"{LONG} the fishermen", location="Lindau am Bodensee"),
        KnownFacts(measured=DATED, written={"keywords": [f"{LONG} the fishermen"]}),
    ],
)
def test_a_long_text_ends_at_a_whole_word_inside_its_quotation_marks(known: KnownFacts) -> None:
    said, (opens, closes) = written(known), "„“" if known.language == "de" else "“”"
    assert len(said["title"]) <= 80
    for field in ("title", "caption", "alt_text"):
        assert said[field].count(opens) == said[field].count(closes)
    assert not {"cut_off", "length", "no_sentence"} & rules_of(known)


def test_full_stops_of_abbreviations_and_initials_do_not_end_peoples_words() -> None:
    for caption in ("The market in St. Gallen", "Dr. A. Weber opens the fair", "A hut below Mt. Rigi"):
        known = KnownFacts(measured=DATED, written={"title": f"{caption}. It rained all day."})
        assert written(known)["caption"].startswith(f"{caption}. Taken")


def test_names_credits_and_equipment_of_a_prompt_are_no_keywords() -> None:
    prompt = "a lighthouse at dawn, by Greg Rutkowski, shot on Nikon Z9, 85mm, canon eos r5"
    said = written(KnownFacts(measured=LOOK, prompt=prompt))
    assert said["keywords"][:1] == ["lighthouse at dawn"]
    everything = " ".join(said["keywords"]).casefold()
    assert not [w for w in ("greg", "rutkowski", "nikon", "z9", "85mm", "canon") if w in everything]
    assert "Rutkowski" not in said["caption"]


def test_several_of_a_thing_are_counted() -> None:
    seen = KnownFacts(measured=LOOK, thing=SPANIEL, broader="dog", objects={"dog": 4, "person": 1})
    said = written(seen)
    assert said["title"] == "A person and 4 dogs"
    assert "cocker spaniel" in said["keywords"]
    assert written(replace(seen, objects={"dog": 1}))["title"] == "Probably a cocker spaniel"


@pytest.mark.parametrize(
    ("field", "text", "column"),
    [
        ("title", "Client_Meyer_0042", "written_metadata.title"),
        ("caption", "Client Meyer.", "written_metadata.description"),
        ("keywords", ["Client Meyer"], "written_metadata.keywords"),
    ],
)
def test_words_of_another_program_are_named_as_such(field: str, text: object, column: str) -> None:
    elsewhere = KnownFacts(measured=LOOK, written={field: text}, elsewhere=frozenset({field}))
    assert column in made_from("caption", elsewhere).split(", ")  # the alternative text repeats a caption
    here = made_from("caption", replace(elsewhere, elsewhere=frozenset()))
    assert ("written_metadata" in here, "word_edits.value" in here) == (False, True)
