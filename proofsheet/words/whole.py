"""Whether a text is whole, or was cut off at its beginning or end.

Holds `torn`.
Add here: another sign that something is missing; which words are such signs is data (lists/ends_*.txt).
Keep out: what follows from it (repair.py, rules/form.py).

The endings are judged by the language whose small words the text has most of.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass

from proofsheet.words import lexicon
from proofsheet.words.lists import by_first_word
from proofsheet.words.sentences import Token, sentences
from proofsheet.words.text import Found, words

LANGUAGES = ("en", "de")  # languages that have lists of endings
_HANGING = re.compile(r"[,;:–—&+/=\-(\[{„‚<]\s*$")
_OPENING = re.compile(r"^\s*[,;:.!?)\]}%&=](?=\s|\w)")
_PAIRS = {"(": ")", "[": "]", "{": "}", "„": "“”"}
_SMILEY = re.compile(r"[:;]-?[()\[\]/|]|<3")
_INCHES = re.compile(r"\d\"(?!.*\")")
_STOPS = frozenset(".!?…")
_CLOSING = frozenset("\"'”“’‘»«)]")
_LEAST_HALF, _LEAST_WORDS, _MOST_REST, _SURE = 2, 4, 3, 0.75


@dataclass(frozen=True)
class Torn:
    """Where a text is cut off, and how that is seen."""

    place: Found
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
        return Torn(Found(0, opening.end()), f"it begins with {opening.group().strip()!r}")
    if hanging := _HANGING.search(text):
        return Torn(Found(hanging.start(), end), f"it ends with {hanging.group().strip()!r}")
    for opens, closes in _PAIRS.items():
        last = text.rfind(opens)
        if last >= 0 and not any(c in text[last:] for c in closes) and text.count(opens) > sum(map(text.count, closes)):
            return Torn(Found(last, end), f"{opens!r} is never closed")
    alone = text.rfind("“") if "“" in text and not set("„”") & set(text) else text.rfind('"') if text.count('"') % 2 else -1
    if alone >= 0 and not _INCHES.search(text):
        return Torn(Found(alone, end), "a quotation mark stands alone")
    return None


def _by_words(text: str) -> Torn | None:
    listed = sentences(text)
    first, last = listed[0], listed[-1]
    language = reads_as(text)
    ends = _ends(language)
    opening = next(t for t in first if t.is_word)
    if opening.word in ends["begins"] and opening.written.islower():
        return Torn(opening.place, f"it begins with {opening.written!r}")
    said = [t for t in last if t.is_word]
    stop = next((t.word for t in reversed(last) if t.word not in _CLOSING), "")
    if why := _last_word(said, stop, language):
        return Torn(said[-1].place, why)
    if stop not in _STOPS and len(listed) > 1 and len(said) <= _MOST_REST and said[0].word in ends["verbless"] | ends["people"]:
        return Torn(Found(said[0].place.start, said[-1].place.end), "the last sentence only begins")
    return None


def reads_as(text: str) -> str:
    """The language of endings whose small words a text has most of; the first where it has none."""
    listed, known = words(text), by_first_word("function_words")
    return max(LANGUAGES, key=lambda code: sum(w in known[code] for w in listed))


@functools.cache
def _ends(language: str) -> dict[str, frozenset[str]]:
    return {key: frozenset(found) for key, found in by_first_word(f"ends_{language}").items()}


def _last_word(said: Sequence[Token], stop: str, language: str) -> str | None:
    """Why the last word cannot be the last."""
    ends, last = _ends(language), said[-1]
    before = said[-2].word if len(said) > 1 else ""
    shown = f"it ends with {last.written!r}"
    if last.written[:1].isupper() and len(last.written) > 1 and not last.written.isupper() and before:
        return None  # a name, or a German noun
    if last.word in ends["never"] and before != "of" and (last.word, stop) != ("a", ".") and not last.written[:1].isupper():
        return shown
    if stop in "?!" and stop:
        return None
    if last.word in ends["bound"] and not _is_free(said, ends):
        return shown
    if (
        last.word in ends["placed"]
        and not _is_free(said, ends)
        and (before in ends["static"] or _has_no_verb(said, ends, language))
    ):
        return shown
    if before in ends["article"] and _waits_for_noun(last, before, ends, language):
        return shown
    return shown + ", half a word" if _is_half(said, stop, language) else None


def _is_free(said: Sequence[Token], ends: dict[str, frozenset[str]]) -> bool:
    """Whether something before lets a bound word stand last: a relative clause, an infinitive, a passive, an idiom."""
    earlier = [t.word for t in said[:-1]]
    return (
        any(w in ends["frees"] for w in earlier)
        or any(w in ends["people"] for w in earlier[1:])
        or (bool(earlier) and earlier[-1] in ends["idiom"])
        or (len(earlier) > 1 and earlier[-2] in {"is", "are", "was", "were"} and earlier[-1].endswith(("ed", "en", "ught")))
    )


def _has_no_verb(said: Sequence[Token], ends: dict[str, frozenset[str]], language: str) -> bool:
    """Whether a text that begins with an article holds no verb; only signs of verbs are known, so long texts are not judged."""
    if said[0].word not in ends["verbless"] or len(said) > 2 * _MOST_REST:
        return False
    middle = [t for t in said[1:-1] if t.word != "with"]
    if len(middle) < len(said) - 2:
        return False
    if language == "de":
        return not any(t.written.islower() and t.word.endswith(("t", "en", "eln", "ern")) for t in middle)
    return not any(t.word.endswith(("ing", "ed", "s", "n", "t")) or t.word in {"is", "are", "was"} for t in middle[1:])


def _waits_for_noun(last: Token, before: str, ends: dict[str, frozenset[str]], language: str) -> bool:
    if last.word in ends["nominal"]:
        return False
    if language == "de":
        return last.written.islower() and _is_adjective(last.written)
    return last.word in ends.get("adjective", frozenset())


def _is_adjective(word: str) -> bool:
    """Whether a German word is one that takes the endings of adjectives."""
    stem = next((word.removesuffix(e) for e in ("en", "em", "er", "es", "e") if word.endswith(e)), "")
    return len(stem) > 1 and not stem.endswith("st") and all(lexicon.known(stem + e, "de") for e in ("e", "er", "es", "en", "em"))


def _is_half(said: Sequence[Token], stop: str, language: str) -> bool:
    """Whether the last word is no word but the beginning of one, in a text whose other words are known."""
    last = said[-1]
    if len(said) < _LEAST_WORDS or stop in "?!." and stop or not last.written.islower() or len(last.word) < _LEAST_HALF:
        return False
    if lexicon.known(last.word, language) or not lexicon.is_beginning(last.word, language):
        return False
    others = [t for t in said[:-1] if t.written.islower()]
    return sum(lexicon.known(t.word, language) for t in others) >= _SURE * max(1, len(others))
