"""Whether a text is whole, or was cut off at its beginning or end.

Holds `torn`.
Add here: another sign that something is missing; which words are such signs is data (lists/ends_*.txt).
Keep out: what follows from it (repair.py, form.py).

The endings are judged in the language that most small words of the text belong to.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from proofsheet.rules import lexicon
from proofsheet.rules.endings import STOPS, Ending, ending_words
from proofsheet.rules.lists import by_first_word
from proofsheet.rules.sentences import Token, sentences
from proofsheet.rules.tokens import Span, words

LANGUAGES = ("en", "de")  # languages that have lists of endings
_HANGING = re.compile(r"[,;:–—&+/=\-(\[{„‚<]\s*(?:\.{2,}|…)?\s*$")
_OPENING = re.compile(r"^\s*[,;:.!?)\]}%&=](?=\s|\w)")
_PAIRS = {"(": ")", "[": "]", "{": "}", "„": '“”"'}
_SMILEY = re.compile(r"[:;]-?[()\[\]/|]|<3")
_INCHES = re.compile(r"\d\"(?!.*\")")
_QUOTES = '"“”„'
_CLOSING = frozenset("\"'”“’‘»«)]")
_PARTS, _VERBS = frozenset(",;:–—?!"), ("t", "en", "st", "rn")
_GENITIVES = frozenset(
    ["des", "der", "eines", "einer", "dieses", "dieser", "seines", "ihres", "seiner", "ihrer"]
)
_LEAST_WORDS, _MOST_REST, _MOST_CLAUSE = 4, 3, 12


@dataclass(frozen=True)
class Torn:
    """Where a text is cut off, and how that is seen."""

    place: Span
    why: str


def torn(text: str) -> Torn | None:
    """Where a text is cut off; None if it looks whole.

    Args:
        text: a title, a caption or an alternative text.
    """
    plain = _SMILEY.sub(lambda m: " " * len(m.group()), text)
    if not words(plain):
        return None
    return _by_marks(plain) or _by_words(plain)


def _by_marks(text: str) -> Torn | None:
    end = len(text.rstrip())
    if opening := _OPENING.match(text):
        return Torn(Span(0, opening.end()), f"it begins with {opening.group().strip()!r}")
    if hanging := _HANGING.search(text):
        return Torn(Span(hanging.start(), end), f"it ends with {hanging.group().strip()!r}")
    for opens, closes in _PAIRS.items():
        last = text.rfind(opens)
        if (
            last >= 0
            and not any(c in text[last:] for c in closes)
            and text.count(opens) > sum(map(text.count, closes))
        ):
            return Torn(Span(last, end), f"{opens!r} is never closed")
    alone = max(text.rfind(q) for q in _QUOTES) if sum(map(text.count, _QUOTES)) % 2 else -1
    if alone >= 0 and not _INCHES.search(text):
        return Torn(Span(alone, end), "a quotation mark stands alone")
    return None


def _by_words(text: str) -> Torn | None:
    listed = sentences(text)
    first, last = listed[0], listed[-1]
    language = reads_as(text)
    ends = ending_words(language)
    opening = next(t for t in first if t.is_word)
    if opening.written.islower() and (
        opening.word in ends["begins"] or lexicon.is_ending(opening.word, language)
    ):
        return Torn(opening.place, f"it begins with {opening.written!r}")
    if len(listed) == 1 and _only_joins(first, opening, ends, language):
        return Torn(opening.place, f"it is the part of a sentence that {opening.written!r} begins")
    said = Ending(
        tuple(t for t in last if t.is_word),
        next((t.word for t in reversed(last) if t.word not in _CLOSING), ""),
        language,
    )
    if said.is_torn(has_comma=any(t.word == "," for t in last)):
        return Torn(said.last.place, f"it ends with {said.last.written!r}")
    begins = said.words[0].word in ends["verbless"] | ends["people"] | ends["article"]
    if said.stop not in STOPS and len(listed) > 1 and len(said.words) <= _MOST_REST and begins:
        return Torn(Span(said.words[0].place.start, said.last.place.end), "the last sentence only begins")
    return None


def _only_joins(
    sentence: list[Token], opening: Token, ends: dict[str, frozenset[str]], language: str
) -> bool:
    """Whether a sentence is one clause that waits for another, as `While the woman hangs up the sheets`."""
    if opening.word not in ends["waits"] or any(t.word in _PARTS for t in sentence):
        return False
    listed = [t for t in sentence if t.is_word]
    if language == "de":  # where a comma has to part two clauses, and the verb of the waiting one stands last
        last = listed[-1].written
        if (
            opening.word == "während" and listed[1:] and listed[1].word in _GENITIVES
        ):  # `Während eines Marathons`
            return False
        return len(listed) >= _LEAST_WORDS and last.islower() and last.endswith(_VERBS)
    return _LEAST_WORDS <= len(listed) <= _MOST_CLAUSE


def reads_as(text: str) -> str:
    """The language, of those with endings, that most small words of a text belong to, then most words."""
    listed, small = words(text), by_first_word("function_words")
    return max(
        LANGUAGES,
        key=lambda code: (
            sum(w in small[code] for w in listed if len(w) > 1),
            lexicon.share_known(text, code),
        ),
    )
