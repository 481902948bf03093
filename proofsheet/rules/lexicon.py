"""Which words a language has, for as many languages as the package pyspellchecker brings word lists of.

Holds `known`, `is_beginning`, `is_ending`, `is_cut`, `is_shortened` and `share_known`.
Add here: another question about single words.
Keep out: sentences (sentences.py), rules, and word lists of our own (lists/).
"""

from __future__ import annotations

import functools
import re
from bisect import bisect_left
from collections.abc import Mapping

from spellchecker import SpellChecker

from proofsheet.rules.lists import by_first_word

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_LEAST_PART, _LEAST_COMPOUND, _LEAST_BEGINNING = 3, 7, 2
_MOST_CUT, _LOOKED = 4, 30
_LEAST_ENDING, _MOST_ENDING = 3, 8
_RARE, _RARER, _COMMON = 300, 50, 300  # counts of a word that may be half of another, and of the other
_INFLECTIONS = frozenset(["s", "es", "ed", "ing", "er", "ers", "e", "n", "en", "ern", "em", "st"])
_BRITISH = (  # British spellings as the American list has them
    *(
        (r"our(?=s?$|ed$|ing$|ful|less|able|ite|ist|hood|ly$|y$|er)", "or"),
        (r"([^aeiou])re(s?)$", r"\1er\2"),
        (r"tred$", "tered"),
    ),
    *(
        (r"is(e|es|ed|ing|er|ers|ation|ations)$", r"iz\1"),
        (r"ys(e|es|ed|ing|er|ers)$", r"yz\1"),
        (r"ll(ed|ing|er|ers|ery)$", r"l\1"),
    ),
    *(
        (r"ence(s?)$", r"ense\1"),
        (r"ae|oe", "e"),
        (r"mme(s?)$", r"m\1"),
        (r"ogue(s?)$", r"og\1"),
        (r"aero", "air"),
        (r"ewellery", "ewelry"),
    ),
    *(
        (r"^grey", "gray"),
        (r"ough(s?)$", r"ow\1"),
        (r"^kerb", "curb"),
        (r"^tyre", "tire"),
        (r"isation", "ization"),
    ),
)
_JOINS = ("s", "n", "es", "en")  # between the parts of a German compound


@functools.cache
def _frequencies(language: str) -> Mapping[str, int]:
    """How often each word of a language was counted; empty where there is no list."""
    if language not in SpellChecker.languages():
        return {}
    return SpellChecker(language=language).word_frequency.dictionary


@functools.cache
def _words(language: str) -> frozenset[str]:
    """Every word of a language in lower case; empty where there is no list."""
    counted = _frequencies(language)
    return frozenset(counted) | frozenset(by_first_word("further_words").get(language, ()) if counted else ())


@functools.cache
def _in_order(language: str) -> list[str]:
    return sorted(_words(language))


def has_words(language: str) -> bool:
    """Whether there is a list of the language's words."""
    return bool(_words(language))


def known(word: str, language: str) -> bool:
    """Whether a language has this word, or both parts of a compound.

    The word counts as it is, before an apostrophe or in British spelling.
    """
    plain = word.lower().replace("’", "'")
    listed = _words(language)
    if plain in listed or plain.split("'")[0] in listed:
        return True
    if language == "en" and any(re.sub(british, american, plain) in listed for british, american in _BRITISH):
        return True
    return language == "de" and (
        _inflected(plain, listed) or (len(plain) >= _LEAST_COMPOUND and _compound(plain, listed))
    )


def _inflected(word: str, listed: frozenset[str]) -> bool:
    return any(
        len(word) > len(e) + _LEAST_PART and word.endswith(e) and word.removesuffix(e) in listed
        for e in ("s", "es", "n")
    )


def _compound(word: str, listed: frozenset[str]) -> bool:
    for cut in range(_LEAST_PART, len(word) - _LEAST_PART + 1):
        if word[:cut] in listed:
            rest = word[cut:]
            after = (rest.removeprefix(j) for j in _JOINS if rest.startswith(j))
            if any(len(r) >= _LEAST_PART and r in listed for r in (rest, *after)):
                return True
    return False


def is_beginning(word: str, language: str) -> bool:
    """Whether some longer word of the language begins so.

    `harb` does, a name or a foreign word hardly does.
    """
    plain, ordered = word.lower(), _in_order(language)
    if len(plain) < _LEAST_BEGINNING:
        return False
    place = bisect_left(ordered, plain)
    return any(w.startswith(plain) and len(w) > len(plain) for w in ordered[place : place + 2])


def is_ending(word: str, language: str) -> bool:
    """Whether a lower-case word is unknown and an ending of frequent words: `tects` of `architects`."""
    plain = word.lower()
    if not _LEAST_ENDING <= len(plain) <= _MOST_ENDING or not plain.isalpha() or known(plain, language):
        return False
    return plain in _endings(language)


@functools.cache
def _endings(language: str) -> frozenset[str]:
    """The last letters of every frequent word."""
    often = (w for w, times in _frequencies(language).items() if times >= _COMMON)
    return frozenset(
        w[-size:] for w in often for size in range(_LEAST_ENDING, min(_MOST_ENDING, len(w) - 2) + 1)
    )


def is_cut(word: str, language: str) -> bool:
    """Whether a few letters more make it a word, and more than an ending.

    `mountai` is truncated, `roadsign` only lacks its plural.
    """
    plain, ordered = word.lower(), _in_order(language)
    place = bisect_left(ordered, plain)
    longer = [w for w in ordered[place : place + _LOOKED] if w.startswith(plain) and "'" not in w]
    return any(len(w) - len(plain) <= _MOST_CUT and w.removeprefix(plain) not in _INFLECTIONS for w in longer)


def is_shortened(word: str, language: str) -> bool:
    """Whether it begins a far more frequent word, and is itself rare or unknown.

    Examples are `fen` of `fence`, `glac` of `glacier`.
    """
    plain, ordered, often = word.lower(), _in_order(language), _frequencies(language)
    place = bisect_left(ordered, plain)
    longer = (
        w for w in ordered[place + (ordered[place : place + 1] == [plain]) :][:_LOOKED] if w.startswith(plain)
    )
    own = often.get(plain, 0)
    return any(
        len(w) - len(plain) <= _MOST_CUT
        and w.removeprefix(plain) not in _INFLECTIONS
        and often.get(w, 0) >= max(_COMMON, own * _RARER)
        for w in longer
        if "'" not in w and own <= _RARE
    )


def share_known(text: str, language: str) -> tuple[float, int]:
    """Share of a text's words that the language has, and their number.

    Unknown words with a capital are names and are left out.
    """
    found = [(w, known(w, language)) for w in _WORD.findall(text)]
    counted = [told for w, told in found if told or not w[0].isupper()]
    return (sum(counted) / len(counted) if counted else 1.0), len(counted)
