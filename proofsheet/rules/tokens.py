"""Words, tokens and likeness of texts.

Holds the few operations on text that several rules share.
Add here: what two rules need.
Keep out: rules.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_WORD = re.compile(r"[^\W\d_]+|\d+")
_QUOTED = re.compile(r"\"[^\"“”]*[\"“”]|“[^”“]*[”“]|„[^“”]*[“”]|«[^»]*»|»[^«]*«|(?<!\w)'[^']*'(?!\w)")
_CAMEL = re.compile(r"(?<=[a-zß-ÿ])(?=[A-ZÀ-Þ])")


def words(text: str) -> list[str]:
    """Words and numbers in lower case, composed (NFC)."""
    return [w.group().casefold() for w in _WORD.finditer(unicodedata.normalize("NFC", text))]


@dataclass(frozen=True)
class Span:
    """A place in a text, in characters."""

    start: int
    end: int


def spans(text: str) -> list[tuple[str, Span]]:
    """Words and numbers in lower case with their places."""
    return [(w.group().casefold(), Span(w.start(), w.end())) for w in _WORD.finditer(text)]


def outside_quotes(text: str) -> str:
    """The text with quotations blotted out, of the same length: signs in a picture may have any text."""
    return _QUOTED.sub(lambda m: '"' * len(m.group()), text)


@functools.lru_cache(4096)
def phrase_pattern(phrase: str) -> str:
    """A pattern for a phrase, with any marks between its words; # is any number."""
    parts = (r"\d+" if p == "#" else re.escape(p) for p in phrase.split())
    return r"(?<![^\W_])" + r"[\W_]+".join(parts) + r"(?![^\W_])"


@functools.lru_cache(64)
def _compiled(phrases: tuple[str, ...]) -> re.Pattern[str]:
    kinds: dict[str, list[str]] = {"^": [], "=": [], "": []}
    for phrase in phrases:
        kind = phrase[0] if phrase[0] in "^=" else ""
        kinds[kind].append(phrase_pattern(phrase.lstrip("^=")))
    first = r"\A[\W_]*(?:{})".format("|".join(kinds["^"])) if kinds["^"] else r"(?!)"
    alone = r"\A[\W_]*(?:{})[\W_]*\Z".format("|".join(kinds["="])) if kinds["="] else r"(?!)"
    anywhere = "|".join(kinds[""]) or r"(?!)"
    return re.compile(f"{alone}|{first}|{anywhere}", re.IGNORECASE)


def find_phrases(text: str, phrases: tuple[str, ...]) -> Iterator[Span]:
    """Places of phrases of a list; ^ marks those at the beginning, = those that are the whole text.

    Args:
        text: any text.
        phrases: in lower case, words apart by spaces.
    """
    for found in _compiled(phrases).finditer(text):
        yield Span(found.start(), found.end())


def name_tokens(name: str) -> set[str]:
    """Words of a file or folder name, split at marks, digits and capitals inside words."""
    return {w for w in words(_CAMEL.sub(" ", name)) if not w.isdigit()}


def jaccard(one: frozenset[str], two: frozenset[str]) -> float:
    """Shared share of two sets: |A ∩ B| / |A ∪ B|; 1 for two empty sets (Jaccard, 1901)."""
    both = len(one | two)
    return len(one & two) / both if both else 1.0


def earlier_likeness(sets: Mapping[str, frozenset[str]], least: float) -> dict[str, str]:
    """For each key the first earlier key with a set at least this similar; keys without one are left out.

    Two sets with Jaccard at least t share a word among the rarest `|A| - ceil(t |A|) + 1` of each (prefix
    filter: Chaudhuri, Ganti and Kaushik, 2006), so only sets that share such a word are compared.

    Args:
        sets: in the order in which the first of equals wins.
        least: Jaccard threshold in (0, 1].
    """
    frequency = Counter(word for found in sets.values() for word in found)
    index: dict[str, list[str]] = defaultdict(list)
    found: dict[str, str] = {}
    order = {key: place for place, key in enumerate(sets)}
    for key, own in sets.items():
        ranked = sorted(own, key=lambda w: (frequency[w], w)) or [""]
        prefix = ranked[: len(ranked) - -(-int(least * 1000) * len(ranked) // 1000) + 1]
        candidates = {other for word in prefix for other in index[word]}
        for other in sorted(candidates, key=order.__getitem__):
            if jaccard(own, sets[other]) >= least:
                found[key] = other
                break
        for word in prefix:
            index[word].append(key)
    return found
