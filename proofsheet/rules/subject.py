"""The rule on texts without a subject: colour, light and form alone do not say what a picture shows.

Holds the rule `no_subject`, `names_subject` and `subject_words`.
Add here: another sign of a thing, being, place or event; words of mere look are data (lists/look_*.txt).
Keep out: texts about something else than the picture (caption.py), and states of a row (proof/attempts.py).
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence

from proofsheet.rules import lexicon
from proofsheet.rules.base import GateInput, Issue
from proofsheet.rules.completeness import LANGUAGES, reads_as
from proofsheet.rules.lists import lines
from proofsheet.rules.sentences import Token, WordClasses, sentences
from proofsheet.rules.tokens import Span, find_phrases
from proofsheet.rules.traits import seen_classes, small_words_of, spoken_classes
from schemas.proof import Texts
from schemas.settings.gate import GateSettings

NO_SUBJECT = "no_subject"
_TEXTS = (Texts.title, Texts.caption)
_WEAK = frozenset(["DOES", "COLOUR"])
_PREPOSITIONS = {
    "en": frozenset(
        ["on", "in", "at", "of", "with", "from", "by", "under", "over", "behind", "beside", "near"]
    ),
    "de": frozenset(
        ["auf", "in", "im", "am", "mit", "aus", "bei", "vor", "hinter", "neben", "unter", "über"]
    ),
}
_LOOKS_LIKE = {  # endings of words that describe or name an idea, for words that no class holds
    "en": ("ly", "ful", "less", "ous", "ive", "ish", "ness", "ity", "ism", "esque", "est", "ened", "toned"),
    "de": ("heit", "keit", "ität", "ismus", "nis"),
}


def no_subject(row: GateInput, settings: GateSettings) -> Iterator[Issue]:
    """A title, caption or keywords without a thing, being, place or event; words of people pass."""
    codes = tuple(c for c in LANGUAGES if c in settings.languages)
    for field in (f for f in (*_TEXTS, Texts.keywords) if codes and f not in row.by_people):
        text = "; ".join(row.parts(field))
        if text and not names_subject(text, codes):
            end = 0 if field == Texts.keywords else len(text)
            message = "it names no thing, being, place or event: a draft for a person or a model to complete"
            yield Issue(NO_SUBJECT, field, 0, end, message)


@functools.lru_cache(4096)
def names_subject(text: str, codes: Sequence[str]) -> bool:
    """Whether some word of a text names a thing, being, place or event, by the word lists.

    A word that no list holds may be a name or a rare thing, and counts as one.

    Args:
        text: a title, a caption, an alternative text, or keywords with semicolons between.
        codes: languages that it may be in, of those that have lists.
    """
    return bool(subject_words(text, codes))


def subject_words(text: str, codes: Sequence[str]) -> list[str]:
    """The words of a text that name a thing, being, place or event, each once; arguments as above."""
    language = reads_as(text) if len(codes) > 1 else codes[0]
    for phrase in find_phrases(text, lines("look_phrases")):
        text = text[: phrase.start] + " " * (phrase.end - phrase.start) + text[phrase.end :]
    listed = [t for sentence in sentences(text) for t in sentence if t.word.isalpha()]
    has_capitals = any(t.written[:1].isupper() for t in listed[1:])
    things = _things(text, listed, language)
    found = (
        t.written
        for k, t in enumerate(listed)
        if t.place in things or _names(t, language, has_capitals=has_capitals, begins=k == 0)
    )
    return list(dict.fromkeys(found))


def _things(text: str, listed: Sequence[Token], language: str) -> frozenset[Span]:
    """Places of words of look that are things here: `an orange` before no other word of look."""
    found = set()
    for phrase in find_phrases(text, lines("thing_phrases")):
        inside = [k for k, t in enumerate(listed) if phrase.start <= t.place.start < phrase.end]
        behind = listed[inside[-1] + 1] if inside and inside[-1] + 1 < len(listed) else None
        if inside and (behind is None or behind.word in _PREPOSITIONS[language]):
            found.add(listed[inside[-1]].place)
    return frozenset(found)


def _names(token: Token, language: str, *, has_capitals: bool, begins: bool) -> bool:
    """Whether a word names something; in German only a word with a capital does, where the text has any."""
    if len(token.word) == 1 or _looks(language).names(token) - {token.word}:
        return False
    if seen_classes(token, language) - _WEAK:
        return True
    if token.word in small_words_of(language):
        return False
    if not lexicon.known(token.written, language):
        return True
    if seen_classes(token, language) or spoken_classes(token, language):
        return False
    if language == "de" and has_capitals and token.written.islower() and not begins:
        return False
    return not token.word.endswith(_LOOKS_LIKE[language])


@functools.cache
def _looks(language: str) -> WordClasses:
    """Words that say how a picture looks."""
    return WordClasses(lines(f"look_{language}"))
