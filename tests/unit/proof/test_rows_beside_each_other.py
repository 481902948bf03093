"""The gate over several rows: leaks of names, equal texts, drafts, and the filter behind it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proofsheet.proof.gate import judge
from proofsheet.rules.base import GateInput, Issue
from proofsheet.rules.tokens import earlier_likeness, jaccard, name_tokens
from proofsheet.texts.embedded_describer import TEMPLATE_WORDS, evidence
from schemas.library import ExifFact
from schemas.settings.gate import GateSettings
from schemas.vision import ImageQuality

FACTS: dict[str, Any] = dict.fromkeys(ImageQuality.polars_schema().names()[2:], 0.5) | {
    "width_px": 1200,
    "height_px": 800,
    "brightness": 0.4,
    "contrast": 0.2,
    "colorfulness": 0.3,
    "tile_sharpness": 2.5,
    "colors": [
        {"color": "light blue", "share": 0.62, "place": "top"},
        {"color": "dark green", "share": 0.2, "place": "bottom"},
    ],
    **dict.fromkeys(ExifFact.polars_schema().names()[2:]),
}


def judged(
    photo_id: str = "1", file_name: str = "IMG_0001.jpg", folders: tuple[str, ...] = ("p",), **texts: Any
) -> GateInput:
    good = {
        "title": "Sky over a field",
        "caption": f"Wide blue sky above the green field number {photo_id}.",
        "alt_text": f"Blue sky, green field {photo_id}.",
        "keywords": ["sky", "green field"],
    }
    return GateInput(photo_id, good | texts, file_name, folders, evidence(FACTS))


def issues(*rows: GateInput, **settings: Any) -> dict[str, list[Issue]]:
    return judge(rows, GateSettings(**settings), frozenset())


def rules_of(row: GateInput) -> set[str]:
    return {i.rule for i in issues(row)[row.photo_id]}


def test_good_texts_pass() -> None:
    assert issues(
        judged("1"), judged("2", alt_text="A lake under snow.", caption="Snow lies around a frozen lake.")
    ) == {
        "1": [],
        "2": [],
    }


@pytest.mark.parametrize(
    ("texts", "rule", "field"),
    [
        ({"title": ""}, "empty", "title"),
        ({"caption": " … "}, "empty", "caption"),
        ({"keywords": []}, "empty", "keywords"),
        ({"keywords": ["sky", "12"]}, "broken_keywords", "keywords"),
        ({"keywords": ["sky", "x"]}, "broken_keywords", "keywords"),
        ({"keywords": ["sky", "field,"]}, "broken_keywords", "keywords"),
        ({"keywords": ["sky", "one two three four five"]}, "broken_keywords", "keywords"),
        ({"keywords": ["sky", "Sky"]}, "broken_keywords", "keywords"),
    ],
)
def test_each_bad_text_is_told_by_rule_and_field(texts: dict[str, Any], rule: str, field: str) -> None:
    row = judged(**texts)
    found = [i for i in issues(row)["1"] if i.rule == rule]
    assert [i.field for i in found] == [field]


def test_a_word_of_the_file_name_is_marked_by_its_span() -> None:
    row = judged(file_name="amsterdamTrip_0042.jpg", caption="A street in Amsterdam at night.")
    (issue,) = issues(row)["1"]
    assert (issue.rule, issue.field) == ("file_name_leak", "caption")
    assert row.texts["caption"][issue.start : issue.end] == "Amsterdam"


def test_a_word_of_a_folder_is_told() -> None:
    row = judged(folders=("Client Meyer", "wedding"), caption="The wedding of the Meyer family.")
    assert [(i.rule, i.message) for i in issues(row)["1"]] == [
        ("folder_leak", "'Meyer' is a word of the folder 'Client Meyer'"),
        ("folder_leak", "'wedding' is a word of the folder 'wedding'"),
    ]


def test_a_leak_that_the_picture_supports_is_none() -> None:
    assert (
        rules_of(judged(file_name="green_landscape.jpg", caption="A landscape with trees, green and wide."))
        == set()
    )
    assert rules_of(judged(file_name="red_landscape.jpg", caption="A redder landscape with trees.")) == set()


def test_the_later_of_two_equal_texts_is_blocked_and_names_the_earlier() -> None:
    one, two = judged("1"), judged("2", file_name="B.jpg", caption=judged("1").texts["caption"].upper())
    found = issues(one, two)
    assert found["1"] == []
    (issue,) = [i for i in found["2"] if i.field == "caption"]
    assert issue.rule == "duplicate_text"
    assert "'IMG_0001.jpg'" in issue.message


def test_template_words_do_not_make_texts_alike() -> None:
    rows = [
        judged("1", caption="picture with contrast: red"),
        judged("2", caption="picture with contrast: blue"),
    ]
    template = frozenset({"picture", "with", "contrast"})
    assert not any(
        i.rule == "duplicate_text" for i in judge(rows, GateSettings(), template)["2"] if i.field == "caption"
    )


words_sets = st.lists(st.frozensets(st.sampled_from("abcdefgh"), min_size=0, max_size=6), max_size=12)


@given(words_sets, st.sampled_from([0.3, 0.5, 0.8, 0.9, 1.0]))
def test_the_filter_finds_what_comparing_all_pairs_finds(sets: list[frozenset[str]], least: float) -> None:
    keyed = {str(i): s for i, s in enumerate(sets)}
    slow = {}
    for i, own in enumerate(sets):
        for j in range(i):
            if jaccard(own, sets[j]) >= least:
                slow[str(i)] = str(j)
                break
    assert earlier_likeness(keyed, least) == slow


def test_names_are_split_at_marks_digits_and_capitals() -> None:
    assert name_tokens("IMG_2024-Blue hourTrip3") == {"img", "blue", "hour", "trip"}


def of_the_describer(photo_id: str, caption: str) -> GateInput:
    texts = {
        "title": "A dog",
        "caption": caption,
        "alt_text": f"A dog number {photo_id}.",
        "keywords": ["dog"],
    }
    return GateInput(photo_id, texts, f"{photo_id}.jpg", (), frozenset(), measured=frozenset(texts))


def alike(*captions: str, describer: bool) -> list[str]:
    """The photos of which the caption claims the same as an earlier one."""
    make = of_the_describer if describer else lambda i, c: judged(i, caption=c)
    found = judge([make(str(i), c) for i, c in enumerate(captions)], GateSettings(), TEMPLATE_WORDS)
    return [
        p for p, said in found.items() for i in said if (i.rule, i.field) == ("duplicate_text", "caption")
    ]


@pytest.mark.parametrize("describer", [True, False])
def test_drafts_do_not_make_each_other_alike(describer: bool) -> None:
    assert alike("Mostly dark blue throughout.", "Mostly dark blue throughout.", describer=describer) == []


def test_texts_of_the_describer_are_alike_when_all_that_they_claim_is() -> None:
    look = "mostly light blue at the top and tan on the left"
    first = f"Probably a cocker spaniel. Taken on 12 June 2024 at 14:32; {look}."
    others = [
        first.replace("14:32", "14:33"),
        first.replace("12 June", "13 June"),
        first.replace("light blue", "light grey"),
        first.replace("at the top", "at the bottom"),
    ]
    assert alike(first, *others, first, describer=True) == ["5"]
    sure = (
        "A cocker spaniel. Mostly light blue at the top and tan on the left; taken on 12 June 2024 at 14:32."
    )
    assert alike(first, sure, describer=True) == ["1"]


def test_a_model_that_claims_the_same_of_two_pictures_is_found() -> None:
    assert alike("A cocker spaniel lies on a sofa.", "On a sofa lies a cocker spaniel.", describer=False) == [
        "1"
    ]
    assert alike("A heron in the reeds.", "A heron in the reeds 2.", describer=False) == []
