from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proofsheet.proof.gate import judge
from proofsheet.rules.base import GateInput, Issue
from proofsheet.rules.tokens import earlier_likeness, jaccard, name_tokens
from proofsheet.texts.embedded_describer import _PLACES, TEMPLATE_WORDS, evidence, reply, wrote
from schemas.library import ExifFact
from schemas.proof import FIELDS
from schemas.replies import CaptionReply, TagsReply, TitleReply
from schemas.settings_words import GateSettings
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
        "title": "Blue over green",
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
    assert rules_of(judged(file_name="green_landscape.jpg", caption="A landscape, green and wide.")) == set()
    assert rules_of(judged(file_name="red_landscape.jpg", caption="A redder landscape.")) == set()


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


def test_the_embedded_describer_says_what_was_measured() -> None:
    facts = FACTS | {"focal_length_mm": 50.0, "f_number": 2.8, "exposure_s": 0.005, "iso": 200}
    caption = reply("caption", facts)
    assert isinstance(caption, CaptionReply)
    assert "light blue at the top (60 %) and dark green at the bottom (20 %)" in caption.caption
    assert "Taken at 50 mm, f/2.8, 1/200 s, ISO 200." in caption.caption
    title, tags = reply("title", facts), reply("tags_normalize", facts)
    assert isinstance(title, TitleReply)
    assert isinstance(tags, TagsReply)
    assert title.title == "Light blue at the top and dark green at the bottom"
    assert tags.tags_normalized[:2] == ["light blue", "dark green"]
    bare = reply("title", FACTS | {"colors": []})
    assert isinstance(bare, TitleReply)
    assert bare.title
    assert reply("quality", FACTS) is None


def test_the_gate_takes_what_the_embedded_describer_says() -> None:
    measured = frozenset(FIELDS)
    looks = itertools.product(_PLACES, (0.1, 0.5, 0.8), (0.1, 0.2, 0.4), (0.01, 0.1, 0.5), (1.0, 2.0, 4.0))
    for place, bright, contrast, colour, sharp in looks:
        colors = [{**c, "place": place} for c in FACTS["colors"][:1]] + list(FACTS["colors"][1:])
        facts = FACTS | {"colors": colors, "brightness": bright, "contrast": contrast}
        facts |= {"colorfulness": colour, "tile_sharpness": sharp}
        caption, title, tags = (reply(job, facts) for job in ("caption", "title", "tags_normalize"))
        assert isinstance(caption, CaptionReply)
        assert isinstance(title, TitleReply)
        assert isinstance(tags, TagsReply)
        texts = {
            "title": title.title,
            "caption": caption.caption,
            "alt_text": caption.alt_text,
            "keywords": tags.tags_normalized,
        }
        row = replace(judged("1", **texts), evidence=evidence(facts), measured=measured)
        assert judge([row], GateSettings(), TEMPLATE_WORDS)["1"] == []


def test_fields_of_the_embedded_describer_are_those_that_nobody_changed() -> None:
    row = {
        "model": "embedded describer",
        "sources": "title=human (locked), caption=model, alt_text=model, keywords=human",
    }
    assert wrote(row) == {"caption", "alt_text"}
    assert wrote(row | {"model": "seer:7b"}) == frozenset()
