"""The rule on languages: another script, or words that none of the allowed languages has.

Holds the rule `language`.
Add here: another sign of a language.
Keep out: word lists (lists/, lexicon.py).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence

from proofsheet.words import lexicon
from proofsheet.words.lists import by_first_word
from proofsheet.words.rules.judged import Issue, Judged
from proofsheet.words.text import Found, outside_quotes, words
from schemas.proof import Texts
from schemas.settings_words import GateSettings

_CYRILLIC, _HAN = ("CYRILLIC",), ("CJK", "HIRAGANA", "KATAKANA", "FULLWIDTH")
_SCRIPTS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("ru", "uk", "bg", "sr", "mk", "be"), _CYRILLIC),
    **dict.fromkeys(("ar", "fa", "ur"), ("ARABIC",)),
    **dict.fromkeys(("hi", "mr", "ne"), ("DEVANAGARI",)),
    "el": ("GREEK",),
    "he": ("HEBREW",),
    "ja": _HAN,
    "zh": _HAN,
    "ko": ("HANGUL", "CJK"),
    "th": ("THAI",),
    "ka": ("GEORGIAN",),
}
_COMMON = ("LATIN", "MODIFIER", "MASCULINE", "FEMININE", "MICRO")
_MOST_STRANGE = 1  # a single letter may be a formula or a size
_BESIDE = re.compile(r"\([^)]*\)")
_SENTENCE = re.compile(r"(?<=[.!?…])\s+")
_LEAST_WORDS, _LEAST_HITS, _MOST_KNOWN, _LEAST_COUNTED, _LEAST_SHARE = 4, 2, 0.9, 3, 0.6


def language(row: Judged, settings: GateSettings) -> Iterator[Issue]:
    """Letters of another script, or a sentence that is in none of the allowed languages."""
    for field, text in row.whole():
        if found := foreign(text, settings.languages, in_words=field != Texts.keywords):
            place, told = found
            yield Issue("language", field, place.start, place.end, told)


def foreign(text: str, allowed: Sequence[str], *, in_words: bool = True) -> tuple[Found, str] | None:
    """Where a text is in none of the allowed languages, and how that is seen; what stands in quotation marks or brackets may be.

    Args:
        text: a title, a caption, an alternative text or a keyword.
        allowed: codes of languages.
        in_words: whether its words are looked at, not only its letters.
    """
    own = _BESIDE.sub(lambda m: " " * len(m.group()), outside_quotes(text))
    own = own if words(own) else text
    scripts = tuple(s for code in allowed for s in _SCRIPTS.get(code, _COMMON)) + _COMMON
    strange = [k for k, c in enumerate(own) if c.isalpha() and not unicodedata.name(c, "").startswith(scripts)]
    if len(strange) > _MOST_STRANGE or (strange and sum(c.isalpha() for c in own) <= len(strange)):
        return Found(strange[0], strange[-1] + 1), f"{len(strange)} letters are of another script"
    start = 0
    for part in _SENTENCE.split(own) if in_words else ():
        start = own.index(part, start)
        if told := _reads_foreign(part, allowed):
            return Found(start, start + len(part)), told
    return None


def _reads_foreign(text: str, allowed: Sequence[str]) -> str | None:
    listed = words(text)
    known, counted = max((lexicon.share_known(text, c) for c in allowed if lexicon.has_words(c)), default=(None, 0))
    if known is not None and (
        (known < _LEAST_SHARE and counted >= _LEAST_COUNTED) or (known == 0 and (counted == len(listed) > 0 or counted > 1))
    ):
        return f"{known:.0%} of its words are known in {', '.join(allowed)}"
    hits = _hits(listed, by_first_word("function_words"))
    ours = max((hits.get(code, 0) for code in allowed), default=0)
    best = max(hits, key=lambda code: hits[code])
    if len(listed) < _LEAST_WORDS or best in allowed or hits[best] < _LEAST_HITS or hits[best] <= ours:
        return None
    if known is not None and known >= _MOST_KNOWN:
        return None
    return f"it reads as {best}; allowed: {', '.join(allowed)}"


def _hits(listed: Sequence[str], known: Mapping[str, tuple[str, ...]]) -> dict[str, float]:
    """Small words by language; a single letter, which may be left of a genitive or an abbreviation, counts half."""
    return {code: sum(1.0 if len(w) > 1 else 0.5 for w in listed if w in small) for code, small in known.items()}
