"""Words, tokens and likeness of texts.

Holds the few operations on text that several rules share.
Add here: what two rules need.
Keep out: rules.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Mapping

_WORD = re.compile(r"[^\W\d_]+|\d+")
_CAMEL = re.compile(r"(?<=[a-zß-ÿ])(?=[A-ZÀ-Þ])")


def words(text: str) -> list[str]:
    """Words and numbers in lower case, composed (NFC)."""
    return [w.group().casefold() for w in _WORD.finditer(unicodedata.normalize("NFC", text))]


def name_tokens(name: str) -> set[str]:
    """Words of a file or folder name, split at marks, digits and capitals inside words."""
    return {w for w in words(_CAMEL.sub(" ", name)) if not w.isdigit()}


def jaccard(one: frozenset[str], two: frozenset[str]) -> float:
    """Shared share of two sets: |A ∩ B| / |A ∪ B|; 1 for two empty sets (Jaccard, 1901)."""
    both = len(one | two)
    return len(one & two) / both if both else 1.0


def earlier_likeness(sets: Mapping[str, frozenset[str]], least: float) -> dict[str, str]:
    """For each key the first earlier key whose set is at least this alike; keys without one are left out.

    Two sets with Jaccard at least t share a word among the rarest `|A| - ceil(t |A|) + 1` of each (prefix filter: Chaudhuri,
    Ganti and Kaushik, 2006), so only sets that share such a word are compared.

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
