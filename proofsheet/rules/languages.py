"""The language of a text, by the package lingua, and texts in two languages.

Holds `likely`, `speaks`, `mixed` and `doubled`.
Add here: another question about the language of a whole text.
Keep out: single words (lexicon.py), and the rule (language.py).

The models of lingua are read when a text is first asked about, and only for texts of which the lists do not
know the words.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from itertools import combinations

from lingua import IsoCode639_1, LanguageDetector, LanguageDetectorBuilder

from proofsheet.rules import lexicon
from proofsheet.rules.lists import by_first_word
from proofsheet.rules.tokens import Span

_ASKED = (
    "en",
    "de",
    "fr",
    "es",
    "it",
    "pt",
    "nl",
    "sv",
    "da",
    "nb",
    "fi",
    "pl",
    "cs",
    "hu",
    "ro",
    "hr",
    "tr",
    "vi",
)
_WORD = re.compile(r"[^\W\d_]+")
_BREAK = re.compile(r"[.!?…;:\"“”„()]")
_LEAST_RUN, _LEAST_SIDE, _LEAST_SHARE = 2, 3, 0.4
_SHORTEST = 2


@functools.cache
def _codes() -> frozenset[str]:
    """Every code that lingua knows."""
    return frozenset(name.lower() for name in dir(IsoCode639_1) if len(name) == len(_ASKED[0]))


@functools.cache
def _detector(languages: frozenset[str]) -> LanguageDetector:
    return LanguageDetectorBuilder.from_iso_codes_639_1(
        *(getattr(IsoCode639_1, c.upper()) for c in sorted(languages))
    ).build()


def speaks(allowed: Sequence[str]) -> bool:
    """Whether each of some languages can be distinguished from the others."""
    return bool(allowed) and _codes().issuperset(allowed)


@functools.lru_cache(1024)
def likely(text: str, allowed: tuple[str, ...]) -> Mapping[str, float]:
    """How likely a text is in each language, most likely first; the sum is 1.

    Args:
        text: a sentence, a clause or a list of words.
        allowed: codes that are asked about beside the common ones of Europe.
    """
    told = _detector(frozenset((*_ASKED, *allowed))).compute_language_confidence_values(text)
    return {one.language.iso_code_639_1.name.lower(): one.value for one in told}


def mixed(text: str, allowed: Sequence[str]) -> tuple[Span, str] | None:
    """The place where a text changes from one allowed language to another.

    In each it has a run of words that the other lacks.
    """
    listed = [c for c in allowed if lexicon.has_words(c)]
    for one, two in combinations(listed, 2):
        runs = [_run(text, here, there) for here, there in ((one, two), (two, one))]
        if runs[0] and runs[1]:
            return max(runs[0], runs[1], key=lambda r: r.start), f"it is half in {one} and half in {two}"
    return None


def _run(text: str, here: str, there: str) -> Span | None:
    """The first run with two words of one language alone and no word of the other alone.

    Names are skipped.
    """
    small, other = (frozenset(by_first_word("function_words").get(code, ())) for code in (here, there))
    start, end, own = -1, 0, 0
    for match in _WORD.finditer(text):
        word = match.group().lower()
        is_ours, is_theirs = word in small - other, word in other - small
        if not (is_ours or is_theirs or match.group()[0].isupper()):
            ours, theirs = lexicon.known(word, here), lexicon.known(word, there)
            is_ours, is_theirs = ours and not theirs, theirs and not ours
        if is_theirs or _BREAK.search(text[end : match.start()]):
            own = 0
        if is_ours and len(word) >= _SHORTEST:
            start = start if own else match.start()
            own += 1
        end = match.end()
        if own >= _LEAST_RUN:
            return Span(start, end)
    return None


def doubled(keywords: Sequence[str], allowed: Sequence[str]) -> str | None:
    """Whether keywords are in two allowed languages.

    Each language has at least three words that the other lacks.
    """
    for one, two in combinations([c for c in allowed if lexicon.has_words(c)], 2):
        pairs = ((one, two), (two, one))
        sides = [
            sum(lexicon.known(k, here) and not lexicon.known(k, there) for k in keywords)
            for here, there in pairs
        ]
        if min(sides) >= _LEAST_SIDE and min(sides) >= _LEAST_SHARE * len(keywords):
            return f"they are half in {one} and half in {two}"
    return None
