"""What a text is about.

Weights, things that are seen, one statement, texts that deny themselves, halves of words.
"""

from __future__ import annotations

import pytest

from benchmarks.gate_fit import WEIGHTS, fit, matrices, samples, table
from benchmarks.strange_texts import NEUTRAL
from proofsheet.proof.gate import judge
from proofsheet.rules import lexicon
from proofsheet.rules.base import GateInput
from proofsheet.rules.caption import weigh, weights
from proofsheet.rules.completeness import torn
from proofsheet.rules.repair import repair
from proofsheet.rules.traits import names_nothing, parts, talk, word_classes
from schemas.settings.gate import GateSettings


def rules_of(text: str, field: str = "caption", *, by_people: bool = True) -> set[str]:
    value, own = text.split("; ") if field == "keywords" else text, frozenset([field] if by_people else [])
    row = GateInput("1", NEUTRAL | {field: value}, "x.jpg", ("p",), frozenset(), by_people=own)
    return {i.rule for i in judge([row], GateSettings(), frozenset())["1"] if i.field == field}


@pytest.mark.long
def test_the_weights_are_those_of_the_committed_texts() -> None:
    listed = samples()
    names = [name for name in weights() if name != "constant"]
    again = fit(matrices(listed, names), [s.is_bad for s in listed])
    assert WEIGHTS.read_text("utf-8") == table(names, again)


@pytest.mark.parametrize(
    "text",
    [
        "Readers expect short answers, so the wording was kept simple.",
        "My task is to choose the best description for the customer.",
        "Bitte prüfen Sie die Angaben und bestätigen Sie die Auswahl.",
        "This version should be more suitable for your purpose.",
    ],
)
def test_a_text_about_something_else_is_refused_with_a_reason(text: str) -> None:
    assert "not_a_caption" in rules_of(text)
    assert weigh(text, "caption", ("en", "de"))[2]


@pytest.mark.parametrize(
    "text",
    [
        "A child reads a letter to her grandmother.",
        "The light means you must wait.",
        "Ein Mann liest seiner Tochter vor.",
        "A blackboard with E=mc2 in white chalk.",
    ],
)
def test_a_text_about_what_is_seen_passes(text: str) -> None:
    assert rules_of(text) == set()


def test_a_text_of_known_words_has_to_name_something() -> None:
    assert names_nothing("It always depends on how you understand it", "en")
    assert not names_nothing("It always depends on the horse you ride", "en")
    assert not names_nothing("It always depends on how Skiddaw decides", "en")
    assert not names_nothing("A kookaburrita decides how it feels", "en")
    said = "Das kommt ganz darauf an, wie man es versteht."
    assert "nothing_seen" in rules_of(said, by_people=False)
    assert "nothing_seen" not in rules_of(said)


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("A mill by a stream / an old mill / a water mill", "caption"),
        ("Still Lake OR Calm Water", "title"),
        ("Ein Reiher im Schilf. Alternativ: Ein Vogel am Wasser.", "caption"),
        ("Heron (92%)", "title"),
        ("heron 0.94, post 0.90, sea 0.71", "alt_text"),
        ("Photo by Jane Doe", "caption"),
        ("Subject: heron. Place: pond.", "caption"),
        ("fghjkl", "title"),
        ("It could be a heron or a stork.", "caption"),
    ],
)
def test_what_is_no_single_statement_is_refused(text: str, field: str) -> None:
    assert "not_one_statement" in rules_of(text, field)


@pytest.mark.parametrize(
    "text",
    [
        "Left: a boat. Right: its owner.",
        "An engine built in 1924 / rebuilt in 1950.",
        "Photo albums by the window.",
    ],
)
def test_near_to_several_statements_passes(text: str) -> None:
    assert "not_one_statement" not in rules_of(text)


@pytest.mark.parametrize(
    "text",
    [
        "An empty hall filled with dancers.",
        "A green van that is yellow.",
        "There are no boats on the lake, and the boats are painted red.",
        "Ein grünes Auto, das gelb ist.",
        "There is one sheep on the hill, and the four sheep are eating.",
    ],
)
def test_a_text_that_denies_itself_is_refused(text: str) -> None:
    assert "self_contradiction" in rules_of(text)


@pytest.mark.parametrize(
    "text",
    [
        "A single swan and two swans.",
        "An empty chair in a crowded room.",
        "A dog with no lead follows its owner.",
    ],
)
def test_what_only_sounds_like_it_passes(text: str) -> None:
    assert "self_contradiction" not in rules_of(text)


def test_keywords_at_random_or_in_another_language_are_refused() -> None:
    assert "language" in rules_of("montagne; neige; hiver", "keywords")
    assert rules_of("heron; reed; 1963; U.S.A.; AI", "keywords") == set()


@pytest.mark.parametrize(
    "text",
    [
        "A brown horse stands beside a wooden fen",
        "Winter Light on the Glac",
        "Three boys who are",
        "Er sitzt dort, weil er auf die",
    ],
)
def test_half_a_word_or_clause_is_seen(text: str) -> None:
    assert torn(text)


def test_the_name_of_a_sign_is_whole() -> None:
    assert torn("Less than") is None
    assert torn("Divided by") is None
    assert lexicon.is_shortened("glac", "en")
    assert not lexicon.is_shortened("tree", "en")


def test_an_opening_that_says_nothing_is_taken_off_where_the_rest_stands() -> None:
    assert (
        repair(NEUTRAL | {"caption": "This photo shows a dog on a beach."})[0]["caption"]
        == "A dog on a beach."
    )
    assert repair(NEUTRAL | {"caption": "Das Bild zeigt vier Hunde."})[0]["caption"] == "Vier Hunde."
    assert (
        repair(NEUTRAL | {"caption": "Das Bild zeigt einen Hund."})[0]["caption"]
        == "Das Bild zeigt einen Hund."
    )


def test_parts_are_sentences_and_what_marks_set_apart() -> None:
    found = parts('A heron (kept brief). "I will help" says a sign.')
    assert [len(p.words) for p in found] == [4, 2, 2, 3]
    assert [p.is_aside for p in found] == [False, False, True, False]


@pytest.mark.parametrize("language", ["en", "de"])
def test_lists_of_words_are_filled(language: str) -> None:
    assert {"TEXT", "PICTURE", "HEDGE"} <= talk(language).filled()
    assert {"BEING", "THING", "LAND"} <= word_classes(language).filled()
