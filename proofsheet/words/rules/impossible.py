"""The rule on one text that cannot be true: it says of the same that it is and is not, is one and is several, is this and is that.

Holds the rule `self_contradiction`.
Add here: another way in which a text denies itself; words are data (lists/impossible.txt).
Keep out: caption against alternative text (wording.py).
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from itertools import combinations

from proofsheet.words.lists import by_first_word, lines
from proofsheet.words.rules.judged import Issue, Judged, small_words
from proofsheet.words.text import Found, outside_quotes, phrase_pattern, spans
from schemas.proof import Texts
from schemas.settings_words import GateSettings

_FAR_APART = 4
_LEAST_NOUN = 3
_EMPTY_AND_FULL = re.compile(
    r"\b(?:empty|deserted|(?:menschen)?leere[rns]?|verlassene[rns]?)\s+\w+\s+(?:is\s+|ist\s+)?(?:full|filled|packed|crowded|voll\w*|überfüllt\w*)\b",
    re.IGNORECASE,
)


def self_contradiction(row: Judged, _settings: GateSettings) -> Iterator[Issue]:
    """A text that denies what it says."""
    for field in (Texts.title, Texts.caption, Texts.alt_text):
        text = outside_quotes(row.texts[field])
        if found := _both(text) or _none_and_some(text) or _one_and_several(text) or _is_another(text):
            said = row.texts[field][found.start : found.end]
            yield Issue("self_contradiction", field, found.start, found.end, f"{said!r} cannot be true; say what is seen")


def _both(text: str) -> Found | None:
    """Two things that exclude each other of one picture: a black and white photo in bright colours, a night at noon."""
    for one, two in _excluding():
        first, second = one.search(text), two.search(text)
        if first and second and not (first.start() <= second.start() < first.end() or second.start() <= first.start() < second.end()):
            return _around(first, second)
    return None


def _none_and_some(text: str) -> Found | None:
    """`no boats`, and then `the boats` or `filled with water`."""
    words = by_first_word("impossible_words")
    listed = spans(text)
    for k, (word, place) in enumerate(listed):
        if word not in words["none"]:
            continue
        noun = next((w for w, _p in listed[k + 1 : k + 3] if w not in words["any"]), "")
        if len(noun) < _LEAST_NOUN or noun in small_words():
            continue
        for at in range(k + 2, len(listed)):
            before = {w for w, _p in listed[max(k + 2, at - 3) : at]}
            if _same(listed[at][0], noun) and before & set(words["definite"]) and not before & set(words["none"]):
                return Found(place.start, listed[at][1].end)
    return None


def _one_and_several(text: str) -> Found | None:
    """`one dog`, and then `the three dogs`."""
    words, listed = by_first_word("impossible_words"), spans(text)
    several = {w for w, n in by_first_word("numbers").items() if int(n[0]) > 1} | set(words["both"])
    for k in range(len(listed) - 1):
        noun = next((w for w, _p in listed[k + 1 : k + 3] if w not in words["single"]), "")
        if listed[k][0] not in words["one"] or len(noun) < _LEAST_NOUN:
            continue
        for at in range(k + 4, len(listed)):
            if listed[at - 1][0] in several and listed[at - 2][0] in words["the"] and _same(listed[at][0], noun):
                return Found(listed[k][1].start, listed[at][1].end)
    return None


def _is_another(text: str) -> Found | None:
    """`a red car that is green`, `a man who is a woman`, `the dogs are cats`."""
    if full := _EMPTY_AND_FULL.search(text):
        return Found(full.start(), full.end())
    words, listed = by_first_word("impossible_words"), spans(text)
    kinds = [set(line.split()[1:]) for line in lines("impossible_words") if line.startswith(("colour ", "kind "))]
    for k, (word, place) in enumerate(listed):
        if word not in words["is"]:
            continue
        after = next(((w, p) for w, p in listed[k + 1 : k + 3] if w not in words["article"]), None)
        if k > 1 and listed[k - 2][0] in words["the"]:  # German puts the verb last: `die rot ist`
            after, k = listed[k - 1], k - 1
        if after is None:
            continue
        for kind in kinds:
            earlier = [(w, p) for w, p in listed[max(0, k - _FAR_APART) : k] if w in kind]
            if after[0] in kind and earlier and not any(_same(w, after[0]) for w, _p in earlier):
                between = [w for w, p in listed if earlier[-1][1].end <= p.start < place.start]
                if len(between) <= 2 and not set(between) & set(words["other"]):
                    return Found(earlier[-1][1].start, after[1].end)
    return None


def _same(one: str, two: str) -> bool:
    """Whether two words are one noun in two numbers."""
    return one == two or any(a == b + e for a, b in ((one, two), (two, one)) for e in ("s", "es", "e", "n", "en", "er"))


def _around(one: re.Match[str], two: re.Match[str]) -> Found:
    return Found(min(one.start(), two.start()), max(one.end(), two.end()))


@functools.cache
def _excluding() -> list[tuple[re.Pattern[str], re.Pattern[str]]]:
    """Pairs of sides; a line may hold more than two, each against each."""
    pairs = []
    for line in lines("impossible"):
        sides = [re.compile("|".join(phrase_pattern(p.strip()) for p in side.split(",")), re.IGNORECASE) for side in line.split("|")]
        pairs += combinations(sides, 2)
    return pairs
