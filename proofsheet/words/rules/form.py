"""Rules on the form of a text: empty, control characters, markup, residue of prompts, length, language.

Holds one function a rule.
Add here: a rule that needs nothing but the text.
Keep out: rules that compare with names or other pictures.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence

from proofsheet.words.lists import by_first_word, lines
from proofsheet.words.rules.judged import Issue, Judged
from proofsheet.words.text import Found, find_phrases, words
from schemas.proof import FIELDS, Texts
from schemas.settings_words import GateSettings

_JOINERS = {"\u200c", "\u200d"}  # they hold emoji and some scripts together
_BAD_CATEGORIES = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_MARKUP = re.compile(
    r"</?[a-zA-Z!][^<>]*>|&(?:[a-zA-Z]{2,8}|#\d{1,6});|\*\*[^*]+\*\*|__[^_]+__|```|\[[^\]]+\]\([^)]+\)|^\s*#{1,6}\s"
    r"|^\s*[-*•]\s+\S.*$\n\s*[-*•]\s|https?://\S+|www\.\S+|\{\s*\"[^\"]+\"\s*:|^\s*\|.*\|\s*$",
    re.MULTILINE,
)
_CHAT = re.compile(
    r"<\|[^|>]*\|?>|\[/?INST\]|</?s>|<</?SYS>>|^\s*(?:system|assistant|user)\s*:|[.!?]\s+(?:system|assistant|user)\s*:", re.I
)
_QUOTED = re.compile(r"\"[^\"]*\"|“[^”]*”|„[^“”]*[“”]|«[^»]*»|»[^«]*«|(?<!\w)'[^']*'(?!\w)")
_END = re.compile(r"(\w*)[.!?…]+[\"”“)]*(?=\s|$)")
_LEAST_LETTERS = 3
_LATIN, _MOST_FOREIGN = "LATIN", 0.3
_LEAST_WORDS, _LEAST_HITS = 4, 2


def empty(row: Judged, _settings: GateSettings) -> Iterator[Issue]:
    """A field without a word in it."""
    for field in FIELDS:
        if not any(words(part) for part in row.parts(field)):
            yield Issue("empty", field, 0, 0, f"{field} holds no word")


def control_characters(row: Judged, _settings: GateSettings) -> Iterator[Issue]:
    """Characters that are not seen: controls, text directions, invisible spaces."""
    for field, text in row.whole():
        for place, sign in enumerate(text):
            if unicodedata.category(sign) in _BAD_CATEGORIES and sign not in _JOINERS:
                yield Issue("control_characters", field, place, place + 1, f"U+{ord(sign):04X} is not a visible character")
                break


def markup(row: Judged, _settings: GateSettings) -> Iterator[Issue]:
    """HTML, Markdown, JSON, links."""
    for field, text in row.whole():
        if found := _MARKUP.search(text):
            yield Issue("markup", field, found.start(), found.end(), f"{_shown(found.group())} is markup or a link")


def injection(row: Judged, _settings: GateSettings) -> Iterator[Issue]:
    """Residue of prompts, chats and refusals; what a sign in the picture says may stand in quotation marks."""
    for field, text in row.whole():
        outside = _QUOTED.sub(lambda m: '"' * len(m.group()), text)
        marks = _CHAT.search(text)
        found = Found(marks.start(), marks.end()) if marks else next(find_phrases(outside, lines("injection")), None)
        if found:
            said = _shown(text[found.start : found.end])
            yield Issue("injection", field, found.start, found.end, f"{said} is no description of a picture")


def length(row: Judged, settings: GateSettings) -> Iterator[Issue]:
    """Too long, too many sentences, too many keywords, or no real word."""
    most = {Texts.title: settings.max_title, Texts.caption: settings.max_caption, Texts.alt_text: settings.max_alt_text}
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
        yield Issue("length", Texts.caption, 0, end, f"{sentences} sentences, at most {settings.max_sentences}")
    if len(row.texts[Texts.keywords]) > settings.max_keywords:
        yield Issue("length", Texts.keywords, 0, 0, f"{len(row.texts[Texts.keywords])} keywords, at most {settings.max_keywords}")


def count_sentences(text: str) -> int:
    """Sentences; abbreviations end none."""
    ends = [m for m in _END.finditer(text) if m.group(1).casefold() not in lines("abbreviations") or m.end() == len(text)]
    return len(ends) + (1 if text.strip() and (not ends or ends[-1].end() < len(text.rstrip())) else 0)


def language(row: Judged, settings: GateSettings) -> Iterator[Issue]:
    """Another script, or more small words of another language than of those allowed."""
    for field in (Texts.title, Texts.caption, Texts.alt_text):
        if told := foreign(row.texts[field], settings.languages):
            yield Issue("language", field, 0, len(row.texts[field]), told)


def foreign(text: str, allowed: Sequence[str]) -> str | None:
    """Why a text is in none of the allowed languages, or None."""
    letters = [c for c in text if c.isalpha()]
    strange = sum(not unicodedata.name(c, "").startswith(_LATIN) for c in letters)
    if letters and strange / len(letters) > _MOST_FOREIGN:
        return f"{strange} of {len(letters)} letters are of another script"
    listed = words(text)
    if len(listed) < _LEAST_WORDS:
        return None
    hits = _hits(listed, by_first_word("function_words"))
    ours = max((hits.get(code, 0) for code in allowed), default=0)
    best = max(hits, key=lambda code: hits[code])
    if best not in allowed and hits[best] >= _LEAST_HITS and hits[best] > ours:
        return f"it reads as {best}; allowed: {', '.join(allowed)}"
    return None


def _hits(listed: Sequence[str], known: Mapping[str, tuple[str, ...]]) -> dict[str, float]:
    """Small words by language; a single letter, which may be left of a genitive or an abbreviation, counts half."""
    return {code: sum(1.0 if len(w) > 1 else 0.5 for w in listed if w in small) for code, small in known.items()}


def _shown(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:40] + "…")
