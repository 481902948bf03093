"""The rule on languages: another script, another language than the allowed ones, or two in one text.

Holds the rule `language`.
Add here: another sign of a language.
Keep out: word lists (lists/, lexicon.py), and the detection of languages (languages.py).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence

from proofsheet.rules import languages, lexicon
from proofsheet.rules.base import GateInput, Issue
from proofsheet.rules.lists import by_first_word
from proofsheet.rules.tokens import Span, outside_quotes, words
from schemas.proof import Texts
from schemas.settings.gate import GateSettings

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
_CLAUSE = re.compile(r"(?<=[.!?…,;:–—])\s+")
_LEAST_WORDS, _LEAST_HITS, _MOST_KNOWN, _LEAST_COUNTED, _LEAST_SHARE = 4, 2, 0.9, 3, 0.6
_LEAST_TITLE, _SURE, _UNLIKELY, _TITLE_UNLIKELY, _MAY_BE = 3, 0.5, 0.05, 0.02, 0.2


def language(row: GateInput, settings: GateSettings) -> Iterator[Issue]:
    """Letters of another script, or a sentence that is in none of the allowed languages."""
    for field, text in row.whole():
        if found := foreign(text, settings.languages, field):
            place, told = found
            yield Issue("language", field, place.start, place.end, told)
    keywords = row.parts(Texts.keywords)
    why = _sounds_foreign(", ".join(keywords), settings.languages, _UNLIKELY, _LEAST_TITLE)
    if why := why or languages.doubled(keywords, settings.languages):
        yield Issue("language", Texts.keywords, 0, 0, why)


def foreign(text: str, allowed: Sequence[str], field: str = Texts.caption) -> tuple[Span, str] | None:
    """Parts of a text in no allowed language, and the sign of that.

    Quotation marks and brackets may hold any language.

    Args:
        text: a title, a caption, an alternative text or a keyword; of a keyword only the letters are looked
            at.
        allowed: codes of languages.
        field: which of them it is.
    """
    own = _BESIDE.sub(lambda m: " " * len(m.group()), outside_quotes(text))
    own = own if words(own) else text
    scripts = tuple(s for code in allowed for s in _SCRIPTS.get(code, _COMMON)) + _COMMON
    strange = [
        k for k, c in enumerate(own) if c.isalpha() and not unicodedata.name(c, "").startswith(scripts)
    ]
    if len(strange) > _MOST_STRANGE or (strange and sum(c.isalpha() for c in own) <= len(strange)):
        return Span(strange[0], strange[-1] + 1), f"{len(strange)} letters are of another script"
    if field == Texts.keywords:
        return None
    for split in (_SENTENCE,) if field == Texts.title else (_SENTENCE, _CLAUSE):
        start = 0
        for part in split.split(own):
            start = own.index(part, start)
            if (
                told := _reads_foreign(part, allowed, field)
                if split is _SENTENCE
                else _sounds_foreign(part, allowed, _TITLE_UNLIKELY)
            ):
                return Span(start, start + len(part)), told
    return languages.mixed(own, allowed)


def _reads_foreign(text: str, allowed: Sequence[str], field: str) -> str | None:
    listed = words(text)
    least, unlikely = (
        (_LEAST_TITLE, _TITLE_UNLIKELY) if field == Texts.title else (_LEAST_WORDS - 1, _UNLIKELY)
    )
    if told := _sounds_foreign(text, allowed, unlikely, least):
        return told
    known, counted = _share_known(text, allowed)
    if known is not None and (
        (known < _LEAST_SHARE and counted >= _LEAST_COUNTED)
        or (known == 0 and (counted == len(listed) > 0 or counted > 1))
    ):
        return f"{known:.0%} of its words are known in {', '.join(allowed)}"
    hits = _hits(listed, by_first_word("function_words"))
    ours = max((hits.get(code, 0) for code in allowed), default=0)
    best = max(hits, key=lambda code: hits[code])
    if len(listed) < _LEAST_WORDS or best in allowed or hits[best] < _LEAST_HITS or hits[best] <= ours:
        return None
    if (known is not None and known >= _MOST_KNOWN) or _may_be(text, allowed):
        return None
    return f"it reads as {best}; allowed: {', '.join(allowed)}"


def _share_known(text: str, allowed: Sequence[str]) -> tuple[float | None, int]:
    """Share of the words that the allowed language with most of them has, and of how many."""
    return max((lexicon.share_known(text, c) for c in allowed if lexicon.has_words(c)), default=(None, 0))


def _sounds_foreign(
    text: str, allowed: Sequence[str], unlikely: float, least: int = _LEAST_WORDS
) -> str | None:
    """The language of a text, if it is certain and no allowed one is likely.

    Texts of known words are left out.
    """
    known, _counted = _share_known(text, allowed)
    if (
        len(words(text)) < least
        or (known is not None and known >= _MOST_KNOWN)
        or not languages.speaks(allowed)
    ):
        return None
    found = languages.likely(text, tuple(allowed))
    best = max(found, key=lambda code: found[code])
    if best in allowed or found[best] <= _SURE or max(found[code] for code in allowed) >= unlikely:
        return None
    return f"it is in {best}; allowed: {', '.join(allowed)}"


def _may_be(text: str, allowed: Sequence[str]) -> bool:
    """Whether a text that has small words of another language may be in an allowed one."""
    return (
        languages.speaks(allowed)
        and max(languages.likely(text, tuple(allowed))[code] for code in allowed) > _MAY_BE
    )


def _hits(listed: Sequence[str], known: Mapping[str, tuple[str, ...]]) -> dict[str, float]:
    """Small words by language.

    A single letter counts half, since it may be left of a genitive or an abbreviation.
    """
    return {
        code: sum(1.0 if len(w) > 1 else 0.5 for w in listed if w in small) for code, small in known.items()
    }
