"""The gate on labelled texts, and repair as a property."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from benchmarks.gate import GOOD, HERE, PAGE, PARTS, RESULTS, development, figures, labelled, page
from proofsheet.proof.gate import RULES, judge
from proofsheet.rules.base import GateInput
from proofsheet.rules.repair import TEXT_RULES, WORD_RULES, repair
from proofsheet.rules.sentence_ends import count_sentences
from schemas.proof import FIELDS
from schemas.settings.gate import GateSettings
from tests.support.kit import SHARED

OF_SETS = {"set_validation"}
STAMPS = Path("/usr/share/tuxpaint/stamps")


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    return {part: figures(labelled(HERE / "texts" / f"{part}.tsv")) for part in PARTS}


def test_nearly_all_bad_texts_are_blocked_and_nearly_all_good_ones_pass(
    found: dict[str, Any], figure: Any
) -> None:
    bad, blocked = (sum(f[k] for f in found.values()) for k in ("bad", "blocked"))
    good, accepted = (sum(f[k] for f in found.values()) for k in ("good", "accepted"))
    assert bad + good >= 400
    assert good >= 150
    assert blocked / bad >= 0.985
    assert accepted / good >= 0.98
    figure("the gate on labelled texts", bad=bad, blocked=blocked, good=good, accepted=accepted)


@pytest.mark.parametrize("rule", sorted(set(RULES) - OF_SETS))
def test_every_rule_has_twenty_bad_texts_and_finds_most(found: dict[str, Any], rule: str) -> None:
    texts, hits = (sum(f["rules"][rule][k] for f in found.values()) for k in ("texts", "found"))
    assert texts >= 20
    assert hits / texts >= 0.9


def test_no_text_is_labelled_twice_or_by_an_unknown_rule() -> None:
    rows = [r for part in PARTS for r in labelled(HERE / "texts" / f"{part}.tsv")]
    assert len({(r.field, r.text, tuple(r.context.items())) for r in rows}) == len(rows)
    assert {rule for r in rows for rule in r.rules} <= set(RULES) | {GOOD}


@pytest.mark.long
def test_the_page_of_the_gate_is_current(found: dict[str, Any]) -> None:
    found = found | {"development": development()}
    assert json.loads(RESULTS.read_text("utf-8")) == found, "run `python -m benchmarks.gate`"
    assert PAGE.read_text("utf-8") == page(found)


def one(caption: str) -> GateInput:
    texts = {
        "title": "Own title",
        "caption": caption,
        "alt_text": "Something else at all.",
        "keywords": ["own word"],
    }
    return GateInput("1", texts, "x.jpg", ("p",), frozenset())


def rules_of(caption: str) -> set[str]:
    return {i.rule for i in judge([one(caption)], GateSettings(), frozenset())["1"] if i.field == "caption"}


@pytest.mark.skipif(not SHARED.is_dir(), reason="files of others are not at hand")
def test_captions_that_cameras_wrote_are_all_blocked(figure: Any) -> None:
    texts = set()
    for path in sorted(SHARED.rglob("*")):
        if path.suffix.lower() in {".jpg", ".jpeg", ".tif", ".tiff"}:
            try:
                with Image.open(path) as image:
                    told = image.getexif().get(0x010E)
            except (OSError, ValueError, SyntaxError):
                continue
            if isinstance(told, str) and told.strip(" \0"):
                texts.add(told.strip(" \0\t\r\n"))
    by_camera = {
        t
        for t in texts
        if any(w in t.casefold() for w in ("camera", "dsc", "jpeg", "samsung", "minolta", "olympus", "sony"))
    }
    assert by_camera
    passed = sorted(t for t in by_camera if not rules_of(t))
    figure(
        "captions that cameras wrote, in files of others",
        found=len(by_camera),
        blocked=len(by_camera) - len(passed),
    )
    assert passed == []


@pytest.mark.skipif(not STAMPS.is_dir(), reason="Debian's tuxpaint-stamps-default is not installed")
def test_captions_that_people_wrote_for_stamps_mostly_pass(figure: Any) -> None:
    texts = {
        p.name: p.read_text("utf-8", "replace").splitlines()[0].strip() for p in sorted(STAMPS.rglob("*.txt"))
    }
    texts = {n: t for n, t in texts.items() if t}
    refused = {n: rules_of(repair(one(t).texts)[0]["caption"]) for n, t in texts.items()}
    refused = {n: r for n, r in refused.items() if r}
    figure(
        "English captions of tuxpaint-stamps-default",
        captions=len(texts),
        rejected=len(refused),
        rules=str(sorted(set().union(*refused.values()))),
    )
    assert len(texts) > 100
    assert len(refused) / len(texts) < 0.05, {n: (texts[n], r) for n, r in refused.items()}


piece = st.sampled_from(
    [
        *"aBcäß .,;:!?-–\n\t\"'“”„#*/|_0É",
        "The ",
        "dog",
        "Caption: ",
        "Ã¤",
        "â€™",
        "wa-\nter",
        "blueSky",
        "..",
        "...",
        "ISO",
        "\u0301",
        "ǆ",
        "ŉ",
        "ﬁ",
        "İ",
    ]
)
text = st.lists(piece, max_size=14).map("".join) | st.text(max_size=20)


@settings(max_examples=400, deadline=None)
@given(text, text, text, st.lists(text, max_size=5))
def test_repairing_twice_is_repairing_once(title: str, caption: str, alt: str, keywords: list[str]) -> None:
    texts = {"title": title, "caption": caption, "alt_text": alt, "keywords": keywords}
    first, _changes = repair(texts)
    again, changes = repair(first)
    assert again == first
    assert changes == []


@settings(max_examples=150, deadline=None)
@given(text, text, text, st.lists(text, max_size=5), text, text)
def test_no_text_breaks_the_gate_and_every_issue_lies_in_its_field(
    title: str, caption: str, alt: str, keywords: list[str], name: str, hint: str
) -> None:
    texts = {"title": title, "caption": caption, "alt_text": alt, "keywords": keywords}
    row = GateInput("1", texts, name or "x", (name, "p"), frozenset(), hint)
    for issue in judge([row], GateSettings(), frozenset())["1"]:
        longest = (
            max((len(k) for k in keywords), default=0)
            if issue.field == "keywords"
            else len(texts[issue.field])
        )
        assert 0 <= issue.start <= max(issue.end, issue.start) <= max(longest, issue.start)
        assert issue.rule in RULES


@pytest.mark.parametrize(
    ("field", "before", "after"),
    [
        ("caption", "  a heron   stands in\nwater ", "A heron stands in water."),
        ("caption", "The moun-\ntain glows.", "The mountain glows."),
        ("caption", "A cafÃ© in the rain.", "A café in the rain."),
        ("caption", "A HERON STANDS IN WATER", "A heron stands in water."),
        ("caption", '"A heron stands in water."', "A heron stands in water."),
        ("caption", "Caption: a heron stands here..", "A heron stands here."),
        ("caption", "A heron , a swan !!", "A heron, a swan!"),
        ("title", "heron at dawn.", "Heron at dawn"),
        ("title", "Harbour at 6 a.m.", "Harbour at 6 a.m."),
        ("keywords", ["sky,tree; lake"], ["sky", "tree", "lake"]),
        (
            "keywords",
            ["blueSky", "HERON", "heron", "#dawn", "Sky", "sky."],
            ["blue Sky", "HERON", "dawn", "Sky"],
        ),
        ("keywords", ["AC/DC", "F1", "rock 'n' roll"], ["AC/DC", "F1", "rock 'n' roll"]),
        ("keywords", ["REFLECTION"], ["reflection"]),
    ],
)
def test_what_is_plainly_broken_is_mended(field: str, before: Any, after: Any) -> None:
    texts: dict[str, Any] = dict.fromkeys(FIELDS, "") | {"keywords": []} | {field: before}
    found, changes = repair(texts)
    assert found[field] == after
    assert bool(changes) == (before != after)
    assert all(c.field == field and c.rule and c.before != c.after for c in changes)


def test_repair_never_dodges_a_rule_and_every_change_names_its_rule() -> None:
    assert repair(one("").texts)[0]["caption"] == ""
    names = {name for rules in TEXT_RULES.values() for name in rules} | set(WORD_RULES)
    assert len(names) >= 10


@pytest.mark.parametrize(
    ("said", "count"),
    [("", 0), ("A fox", 1), ("A fox. A hen!", 2), ("Dr. Lee and Mr. Kahn.", 1), ("At 6 a.m. it rains.", 1)],
)
def test_sentences_are_counted(said: str, count: int) -> None:
    assert count_sentences(said) == count


def test_every_issue_marks_its_place() -> None:
    rows = [
        r
        for part in PARTS
        for r in labelled(HERE / "texts" / f"{part}.tsv")
        if r.field == "caption" and r.rules
    ]
    for row in rows:
        for issue in judge([one(row.text)], GateSettings(), frozenset())["1"]:
            if issue.field == "caption":
                assert 0 <= issue.start <= issue.end <= len(row.text)
                assert issue.message
                assert issue.rule in RULES
