"""Rules on the form of a text: empty, cut off, no sentence, too long.

Holds one function a rule.
Add here: a rule that needs nothing but the text.
Keep out: what programs leave in texts (residue.py), languages (language.py), and names or other pictures.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from proofsheet.rules.base import GateInput, Issue, small_words
from proofsheet.rules.completeness import torn
from proofsheet.rules.sentence_ends import count_sentences
from proofsheet.rules.tokens import words
from schemas.proof import FIELDS, Texts
from schemas.settings.gate import GateSettings

_LEAST_LETTERS = 3
_LEAST_PARTS, _LONGEST_PART = 5, 3
_MOST_TITLE_SENTENCES, _LEAST_SEMICOLONS = 2, 2
_NO_SENTENCE = {
    "names and values": re.compile(r"(?:(?:^|[\n;,.|])\s*\w[\w ]{1,20}(?::| =)\s+[^:=]*?){3,}"),
    "single letters": re.compile(r"(?<!\w)(?:[^\W\d_] ){5,}|^\W*(?:\w\W+)+\w\W*$"),
    "a loop of signs": re.compile(r"(\w)\1{5,}|(\S{2,4})\2{4,}|([^\w\s])\3{4,}"),
    "a time stamp": re.compile(r"^\W*\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}"),
}


def empty(row: GateInput, _settings: GateSettings) -> Iterator[Issue]:
    """A field without a word in it."""
    for field in FIELDS:
        if not any(words(part) for part in row.parts(field)):
            yield Issue("empty", field, 0, 0, f"{field} holds no word")


def cut_off(row: GateInput, _settings: GateSettings) -> Iterator[Issue]:
    """A text of which the beginning or the end is missing."""
    for field in (Texts.title, Texts.caption, Texts.alt_text):
        if found := torn(row.texts[field]):
            yield Issue(
                "cut_off", field, found.place.start, found.place.end, f"the text is cut off: {found.why}"
            )


def no_sentence(row: GateInput, _settings: GateSettings) -> Iterator[Issue]:
    """A text that has another form: a list of words, pairs of names and values, signs without words."""
    if told := _title_form(row.texts[Texts.title]):
        yield Issue("no_sentence", Texts.title, 0, len(row.texts[Texts.title]), f"{told}, no title")
    for field in (Texts.caption, Texts.alt_text):
        text = row.texts[field]
        what = next((told for told, pattern in _NO_SENTENCE.items() if pattern.search(text)), None)
        if what is None and words(text) and not any(w.isalpha() for w in words(text)):
            what = "numbers alone"
        if what is None and _is_list(text):
            what = "a list of words"
        if what is not None:
            yield Issue("no_sentence", field, 0, len(text), f"{what}, no sentence or phrase")


def _is_list(text: str) -> bool:
    """Whether a text is many short parts without one small word."""
    parts = [words(p) for p in re.split(r"[,;|/\n]", text.rstrip(". "))]
    return len(parts) >= _LEAST_PARTS and all(
        0 < len(p) <= _LONGEST_PART and not small_words().intersection(p) for p in parts
    )


def _title_form(text: str) -> str | None:
    """Why a text is not a title: several sentences, or a list."""
    if count_sentences(text) > _MOST_TITLE_SENTENCES:
        return "several sentences"
    return "a list of words" if text.count(";") >= _LEAST_SEMICOLONS else None


def length(row: GateInput, settings: GateSettings) -> Iterator[Issue]:
    """Too long, too many sentences, too many keywords, or no real word."""
    most = {
        Texts.title: settings.max_title,
        Texts.caption: settings.max_caption,
        Texts.alt_text: settings.max_alt_text,
    }
    for field, limit in most.items():
        text = row.texts[field]
        if len(text) > limit:
            yield Issue("length", field, limit, len(text), f"{len(text)} characters, at most {limit}")
        letters = sum(c.isalnum() for c in text)
        if 0 < letters < _LEAST_LETTERS and field != Texts.title:
            yield Issue("length", field, 0, len(text), f"{letters} letters say nothing")
    sentences = count_sentences(row.texts[Texts.caption])
    if sentences > settings.max_sentences:
        end = len(row.texts[Texts.caption])
        yield Issue(
            "length", Texts.caption, 0, end, f"{sentences} sentences, at most {settings.max_sentences}"
        )
    if len(row.texts[Texts.keywords]) > settings.max_keywords:
        yield Issue(
            "length",
            Texts.keywords,
            0,
            0,
            f"{len(row.texts[Texts.keywords])} keywords, at most {settings.max_keywords}",
        )
