"""The subject of a text, in figures.

For each of its parts they are the classes of its words and the share of words for something visible.

Holds `SentencePart`, `parts`, `traits` and `names_nothing`.
Add here: another figure; its weight follows from `python -m benchmarks.gate_fit`.
Keep out: weights (lists/weights.txt) and what follows from them (caption.py). Classes of words are data
(lists/talk_*.txt).
"""

from __future__ import annotations

import functools
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from proofsheet.rules import lexicon
from proofsheet.rules.lists import by_first_word, lines, stop_words
from proofsheet.rules.sentences import Token, WordClasses, sentences
from proofsheet.rules.tokens import Span, outside_quotes

_BREAKS = frozenset(";:()–—/[]")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)?\s?%|\b[01][.,]\d+\b|\b\d+\s?/\s?\d+\b")
_OPENS = frozenset("([")
_LEAST_PART = 2
_MOST_NAMES = 3
_SMALL, _WEAK = "SMALL", frozenset(["DOES", "COLOUR"])
_LEAST_WORDS = 5
_LEAST_STEM = 3
_ENDINGS = {
    "en": (
        ("s", ""),
        ("es", ""),
        ("ies", "y"),
        ("ves", "f"),
        ("ing", ""),
        ("ing", "e"),
        ("ed", ""),
        ("ed", "e"),
        ("ied", "y"),
        ("er", ""),
        ("'s", ""),
    ),
    "de": (
        ("e", ""),
        ("en", ""),
        ("n", ""),
        ("er", ""),
        ("es", ""),
        ("em", ""),
        ("s", ""),
        ("ern", ""),
        ("chen", ""),
        ("in", ""),
        ("innen", ""),
    ),
}


@dataclass(frozen=True)
class SentencePart:
    """A sentence, or the part between two marks in it.

    Attributes:
        tokens: its words and marks.
        place: in the text.
        ends: the mark behind it.
        is_aside: whether a bracket is before it.
        is_later: whether a sentence is before it.
    """

    tokens: tuple[Token, ...]
    place: Span
    ends: str
    is_aside: bool = False
    is_later: bool = False

    @property
    def words(self) -> tuple[Token, ...]:
        """Its tokens that are words."""
        return tuple(t for t in self.tokens if t.is_word)


def parts(text: str) -> list[SentencePart]:
    """Every sentence, and every part of one that marks set apart.

    Quotations are skipped.
    """
    found = []
    for number, sentence in enumerate(sentences(outside_quotes(text))):
        found.append(_part(sentence, is_later=number > 0))
        pieces: list[list[Token]] = [[]]
        opened = [False]
        for token in sentence:
            pieces[-1].append(token)
            if token.word in _BREAKS:
                pieces.append([])
                opened.append(token.word in _OPENS)
        if len(pieces) > 1:
            several = [
                (p, o)
                for p, o in zip(pieces, opened, strict=True)
                if sum(t.is_word for t in p) >= _LEAST_PART
            ]
            found += [_part(p, is_aside=o, is_later=number > 0) for p, o in several]
    return found


def _part(tokens: Sequence[Token], *, is_later: bool, is_aside: bool = False) -> SentencePart:
    ends = next((t.word for t in reversed(tokens) if t.word != '"'), "")
    return SentencePart(
        tuple(tokens), Span(tokens[0].place.start, tokens[-1].place.end), ends, is_aside, is_later
    )


def traits(part: SentencePart, field: str, language: str, text: str) -> Mapping[str, float]:
    """The figures of a part that are not zero.

    Args:
        part: of the text.
        field: title, caption, alternative text or keywords.
        language: language of the classes.
        text: the whole text.
    """
    words, small = part.words, _small(language)
    heard = [_classes(talk(language), t, begins=k == 0) for k, t in enumerate(words)]
    shown = [bool(_seen(t, language)) for t in words]
    content = [
        k
        for k, t in enumerate(words)
        if not t.word.isdecimal() and (heard[k] or shown[k] or t.word not in small)
    ]
    spoken = sum(bool(heard[k]) and not shown[k] for k in content)
    things = sum(shown[k] for k in content)
    strange = len(content) - things - spoken
    found: dict[str, float] = {f"field {field}": 1.0}
    for name in set[str]().union(*heard):
        found[name] = 1.0
        if not things:
            found[f"alone {name}"] = 1.0
    counted = Counter(name for names in heard for name in names)
    found |= {f"two {name}": 1.0 for name, times in counted.items() if times > 1}
    found["kinds"] = math.log1p(len(counted))
    found["aside"] = float(part.is_aside and spoken > 0 and not things)
    for name in heard[content[0]] if content else ():
        found[f"begins {name}"] = 1.0
    found["nothing seen"] = float(things == 0)
    found["nothing else"] = float(things + strange == 0)
    found["nothing seen of much"] = float(things == 0) * math.log1p(strange + spoken)
    found["seen"] = math.log1p(things)
    found["strange"] = math.log1p(strange)
    found["spoken"] = math.log1p(spoken)
    found["share spoken"] = spoken / max(1, len(content))
    found["quotes"] = float(any(t.word == '"' for t in part.tokens))
    found["asks"] = float(part.ends == "?")
    found["calls"] = float(part.ends == "!")
    found["announces"] = float(part.ends == ":")
    found["figures"] = float(bool(_NUMBER.search(text[part.place.start : part.place.end])))
    found["begins seen"] = float(bool(content) and shown[content[0]])
    if field != "title" and language == "en":
        found["names"] = float(
            min(_MOST_NAMES, sum(not heard[k] and words[k].written[:1].isupper() for k in content if k))
        )
    return {name: value for name, value in found.items() if value}


def names_nothing(text: str, language: str) -> bool:
    """Whether a text of at least five words names no being, thing or place.

    A name and a word outside of all lists may do so.

    Args:
        text: a caption or an alternative text.
        language: language of the classes.
    """
    words = [t for sentence in sentences(outside_quotes(text)) for t in sentence if t.is_word]
    signs = by_first_word(f"ends_{language}")["signs"]  # `less than or equal to` is the name of a sign
    told = (
        _classes(talk(language), words[0], begins=True) & {"SELF", "WE"} if words else frozenset()
    )  # `I wish we were there`
    if len(words) < _LEAST_WORDS or told or words[0].word in signs or '"' in outside_quotes(text):
        return False
    for k, token in enumerate(words):
        if _seen(token, language) - _WEAK or not lexicon.known(token.written, language):
            return False
        if (
            k
            and token.written[:1].isupper()
            and (language == "en" or not lexicon.known(token.written, language))
            and token.word != "i"
        ):
            return False
    if not any(_classes(talk(language), t, begins=False) for t in words):
        return False
    return not (words[0].word in by_first_word("numbers") and any(_is_strange(t, language) for t in words))


def _is_strange(token: Token, language: str) -> bool:
    """Whether a word of meaning is in no class.

    After an article it may be a thing that the lists do not hold.
    """
    return (
        token.word not in _small(language)
        and not _classes(talk(language), token, begins=False)
        and not _seen(token, language)
    )


def _classes(classes: WordClasses, token: Token, *, begins: bool) -> frozenset[str]:
    found = classes.names(token, begins=begins)
    return frozenset(
        n for n in found if len(n) > 1 and n.isascii() and n.isalpha() and n.isupper() and n != _SMALL
    )


@functools.lru_cache(8192)
def _seen(token: Token, language: str) -> frozenset[str]:
    """Classes of visible things that a word belongs to.

    The word counts in its own form or without the ending of a plural or a verb.
    """
    classes = word_classes(language)
    for form in _forms(token.word, language):
        if found := _classes(classes, Token(form, form, token.place), begins=True):
            return found
    return frozenset()


def _forms(word: str, language: str) -> Iterator[str]:
    yield word
    for ending, instead in _ENDINGS[language]:
        if word.endswith(ending) and len(word) - len(ending) >= _LEAST_STEM:
            stem = word.removesuffix(ending)
            yield stem + instead
            if len(stem) > _LEAST_STEM and stem[-1] == stem[-2]:
                yield stem[:-1]


@functools.cache
def word_classes(language: str) -> WordClasses:
    """Classes of the words that name what can be seen."""
    return WordClasses(lines(f"seen_{language}"))


@functools.cache
def talk(language: str) -> WordClasses:
    """Classes of the words that name nothing to be seen."""
    return WordClasses(lines(f"talk_{language}"))


@functools.cache
def _small(language: str) -> frozenset[str]:
    small = next(
        (line.split()[2:] for line in lines(f"talk_{language}") if line.startswith(f"{_SMALL} = ")), []
    )
    return (
        frozenset(small)
        | stop_words(language)
        | frozenset(by_first_word("function_words")[language])
        | frozenset(by_first_word("no_keywords")["small"])
    )
