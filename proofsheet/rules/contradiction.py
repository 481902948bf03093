"""The rule on one text that cannot be true.

It states that a thing is and is not, is one and is several, is this and is that.

Holds the rule `self_contradiction`.
Add here: another way in which a text denies itself; words are data (lists/impossible.txt).
Keep out: caption against alternative text (wording.py).
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence
from itertools import combinations

from proofsheet.rules.base import GateInput, Issue, small_words
from proofsheet.rules.lists import by_first_word, lines
from proofsheet.rules.tokens import Span, outside_quotes, phrase_pattern, spans
from schemas.proof import Texts
from schemas.settings.gate import GateSettings

_FAR_APART = 4
_LEAST_NOUN = 3
_PLAIN = str.maketrans("äöü", "aou")
_EITHER = re.compile(r"\s(?:or|oder)\s")
_EMPTY_AND_FULL = re.compile(
    r"\b(?:empty|deserted|(?:menschen)?leere[rns]?|verlassene[rns]?)\s+\w+\s+(?:is\s+|"
    r"ist\s+)?(?:full|filled|packed|crowded|voll\w*|überfüllt\w*)\b",
    re.IGNORECASE,
)


def self_contradiction(row: GateInput, _settings: GateSettings) -> Iterator[Issue]:
    """A text that denies what it says."""
    for field in (Texts.title, Texts.caption, Texts.alt_text):
        text = outside_quotes(row.texts[field])
        if found := _both(text) or _none_and_some(text) or _one_and_several(text) or _is_another(text):
            said = row.texts[field][found.start : found.end]
            yield Issue(
                "self_contradiction",
                field,
                found.start,
                found.end,
                f"{said!r} cannot be true; say what is seen",
            )


def _both(text: str) -> Span | None:
    """Two things that exclude each other in one picture.

    Examples are a black and white photo in bright colours, a night at noon.
    """
    for one, two in _excluding():
        first, second = one.search(text), two.search(text)
        if (
            first
            and second
            and not _EITHER.match(text, min(first.end(), second.end()))
            and not (
                first.start() <= second.start() < first.end()
                or second.start() <= first.start() < second.end()
            )
        ):
            return _around(first, second)
    return None


def _none_and_some(text: str) -> Span | None:
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
            if (
                _same(listed[at][0], noun)
                and before & set(words["definite"])
                and not before & set(words["none"])
            ):
                return Span(place.start, listed[at][1].end)
    return None


def _one_and_several(text: str) -> Span | None:
    """`one dog`, and then `the three dogs`."""
    words, listed = by_first_word("impossible_words"), spans(text)
    several = {w for w, n in by_first_word("numbers").items() if int(n[0]) > 1} | set(words["both"])
    for k in range(len(listed) - 1):
        noun = next((w for w, _p in listed[k + 1 : k + 3] if w not in words["single"]), "")
        if listed[k][0] not in words["one"] or len(noun) < _LEAST_NOUN:
            continue
        for at in range(k + 4, len(listed)):
            if (
                listed[at - 1][0] in several
                and listed[at - 2][0] in words["the"]
                and _same(listed[at][0], noun)
            ):
                return Span(listed[k][1].start, listed[at][1].end)
    return None


def _is_another(text: str) -> Span | None:
    """`a red car that is green`, `a man who is a woman`, `the dogs are cats`."""
    if full := _EMPTY_AND_FULL.search(text):
        return Span(full.start(), full.end())
    words, listed = by_first_word("impossible_words"), spans(text)
    kinds = [
        set(line.split()[1:]) for line in lines("impossible_words") if line.startswith(("colour ", "kind "))
    ]
    for k, (word, place) in enumerate(listed):
        if word not in words["is"]:
            continue
        ahead = next(((w, p) for w, p in listed[k + 1 : k + 3] if w not in words["article"]), None)
        if ahead and (found := _other(listed[max(0, k - _FAR_APART) : k], ahead, kinds, words["other"])):
            return found
        last = (
            k > 2 and listed[k - 2][0] in words["the"] and text[place.end :][:1] in (".", ",", "")
        )  # `die rot ist`
        before = listed[max(0, k - 2 - _FAR_APART) : k - 2] if last else []
        if found := _other(before, listed[k - 1], kinds, words["other"]):
            return found
    return None


def _other(
    before: Sequence[tuple[str, Span]],
    said: tuple[str, Span],
    kinds: Sequence[set[str]],
    parting: Sequence[str],
) -> Span | None:
    """From the last word of the same kind to the word that refers to it, if they are two."""
    for kind in kinds:
        place = max((n for n, (w, _p) in enumerate(before) if w in kind), default=None)
        if said[0] not in kind or place is None or _same(before[place][0], said[0]):
            continue
        if len(before) - place <= _LEAST_NOUN and not {w for w, _p in before[place:]} & set(parting):
            return Span(before[place][1].start, said[1].end)
    return None


def _same(one: str, two: str) -> bool:
    """Whether two words are one noun in two numbers."""
    one, two = (w.translate(_PLAIN) for w in (one, two))
    return one == two or any(
        a == b + e for a, b in ((one, two), (two, one)) for e in ("s", "es", "e", "n", "en", "er")
    )


def _around(one: re.Match[str], two: re.Match[str]) -> Span:
    return Span(min(one.start(), two.start()), max(one.end(), two.end()))


@functools.cache
def _excluding() -> list[tuple[re.Pattern[str], re.Pattern[str]]]:
    """Pairs of sides; a line may hold more than two, each against each."""
    pairs: list[tuple[re.Pattern[str], re.Pattern[str]]] = []
    for line in lines("impossible"):
        sides = [
            re.compile("|".join(phrase_pattern(p.strip()) for p in side.split(",")), re.IGNORECASE)
            for side in line.split("|")
        ]
        pairs += combinations(sides, 2)
    return pairs
