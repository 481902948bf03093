"""Deterministic repair of texts: plain errors are corrected, nothing is invented.

Holds `repair`, `Change` and the rules, each a function with an id.
Add here: a rule, and its line in `TEXT_RULES` or `WORD_RULES`.
Keep out: whether a text may be published (proof/gate.py). Repair never appends anything to dodge a rule.

The rules are run until nothing changes any more, so that repairing twice is repairing once. Every rule makes
a text shorter or keeps its length, or is itself settled after one pass; a text that would not settle is left
unchanged. A truncated text is never made to look complete: the gate must see it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from proofsheet.rules.completeness import torn
from proofsheet.rules.tokens import words
from schemas.proof import FIELDS, Texts

VERSION = "repair 3"
_ROUNDS = 12
_SPACES = re.compile(r"[^\S\n]+|\s*\n\s*")
_BROKEN = re.compile(r"(?<=[^\W\d_])-\s*\n\s*(?=[a-zß-ÿ])")
_BEFORE_MARK = re.compile(r"\s+([,.;:!?])(?=\s|$)")
_DOUBLED = re.compile(r"([,;:])\1+|(?<!\.)\.\.(?!\.)|([!?])\2+")
_NAMES = (
    "(?:(?:image |photo )?caption|alt(?:ernativ(?:e )?)?[- ]?(?:text)?|(?:image )?title|"
    "(?:image )?description|answer|output"
    r"|bildunterschrift|(?:bild)?titel|(?:bild)?beschreibung|alternativtext|antwort|ausgabe)"
)
_LABEL = re.compile(rf"^(?:#+\s+{_NAMES}\b\s*[:–-]?\s*|{_NAMES}\s*(?::|\s[–-])\s+)(?=\S)", re.IGNORECASE)
_OPENING = re.compile(
    r"^(?:(?:in|on) this (?:photo|picture|image),? there (?:is|are) "
    r"|th(?:is|e) (?:photo|picture|image) (?:is of|shows|includes|depicts) )"
    r"(?=(?:an?|the|one|two|three|four|five|several|many)\s)"
    r"|^(?:das|dieses) (?:bild|foto) zeigt (?=(?:eine?|das|die|zwei|drei|vier|fünf|mehrere|viele)\s)",
    re.IGNORECASE,
)
_QUOTES = {'"': '"', "“": "”", "„": "“", "'": "'", "«": "»"}
_BULLET = re.compile(r"^\s*(?:[-*•–·]|#+|1[.)])\s+(?!.*\s(?:[-*•·]|2[.)])\s)")
_ENTITIES = {"&amp;": "&", "&quot;": '"', "&#39;": "'", "&apos;": "'", "&nbsp;": " "}
_NUMBERED = re.compile(r"^[(\[]?(?:\d{1,2}|[a-z])[.)\]](?:\s+|(?=[^\W\d]))|^\d{1,2}\s*[-–:]\s+|^[①-⑳]\s*")
_WORD_LABEL = re.compile(
    r"^(?:keywords?|tags?|labels?|stichw(?:o|ö)rte?r?|schlagw(?:o|ö)rte?r?)\s*\d*\s*[:=]\s*", re.IGNORECASE
)
_SCORE = re.compile(r"\s*(?:\(\s*\d[\d.,]*\s*%?\s*\)|[:=]\s*\d[\d.,]*\s*%?|\s\d[\d.,]*\s*%)$")
_WRAPPED = re.compile(
    r"^\(([^()]*)\)$|^\[+\s*(.*?)\s*\]*$|^([^\[]*?)\s*\]+$|^\{+\s*(.*?)\s*\}*$|^([^{]*?)\s*\}+$"
)
_GLUE = re.compile(r"[;,|/\n]+")
_CAMEL = re.compile(r"(?<=[a-zß-ÿ]{2})(?=[A-ZÀ-Þ][a-zß-ÿ]{2})")
_EDGES = re.compile(r"^[\s,;:.\-–—#*\"'“”„‚‘’«»|_/\\`•·]+|[\s,;:.\-–—#*\"'“”„‚‘’«»|_/\\`•·]+$")
_LEAST_CAPITALS = 12
_SENTENCE_END = (".", "!", "?", "…", '."', '!"', '?"', ".”", "!”", "?”", ")", "“", "”", '"')


@dataclass(frozen=True)
class Change:
    """What one rule did to one field."""

    field: str
    rule: str
    before: str
    after: str


def repair(texts: Mapping[str, Any]) -> tuple[dict[str, Any], list[Change]]:
    """The repaired texts, and the changes.

    Args:
        texts: field to text; keywords are a list.
    """
    found, changes = dict(texts), list[Change]()
    for field in FIELDS:
        if field == Texts.keywords:
            found[field] = _keywords(texts[field], changes)
        else:
            found[field] = _settled(field, texts[field], TEXT_RULES[field], changes)
    return found, changes


def _settled(field: str, text: str, rules: Mapping[str, Callable[[str], str]], changes: list[Change]) -> str:
    """The text after all rules, run until nothing changes."""
    now, made = text, list[Change]()
    for _round in range(_ROUNDS):
        before = now
        for name, rule in rules.items():
            after = rule(now)
            if after != now:
                made.append(Change(field, name, now, after))
                now = after
        if now == before:
            changes.extend(made)
            return now
    return text


def _keywords(keywords: Sequence[str], changes: list[Change]) -> list[str]:
    now, made = list(keywords), list[Change]()
    for _round in range(_ROUNDS):
        before, now = now, _keywords_once(now, made)
        if now == before:
            changes.extend(made)
            return now
    return list(keywords)


def _keywords_once(keywords: Sequence[str], changes: list[Change]) -> list[str]:
    split = [part for word in keywords for part in _split(unescape(word))]
    if split != list(keywords):
        changes.append(Change(Texts.keywords, "split_glued", "|".join(keywords), "|".join(split)))
    mended = [_settled(Texts.keywords, word, WORD_RULES, changes) for word in split]
    first: dict[str, str] = {}
    for word in mended:
        if word:
            first.setdefault(_key(word), word)
    kept = list(first.values())
    if kept != mended:
        changes.append(Change(Texts.keywords, "drop_repeated", "|".join(mended), "|".join(kept)))
    return kept


def _key(word: str) -> str:
    return " ".join(words(word)) or word


def _split(word: str) -> list[str]:
    """Several keywords in one: at marks between them, and at capitals inside a word."""
    whole = "<" in word or re.search(
        r"\w/(?:\w{1,2}|off|out|down)\b", word
    )  # markup is for the gate to see; AC/DC is one
    parts = [word] if whole else _GLUE.split(word)
    apart = [_CAMEL.sub(" ", p) if " " not in p.strip() and p.isascii() else p for p in parts]
    return [p for p in apart if p.strip()] or ([word] if word.strip() else [])


def decode(text: str) -> str:
    """Characters that were read in the wrong encoding, and composed ones (NFC)."""
    import ftfy

    return unicodedata.normalize("NFC", ftfy.fix_encoding(text))


def join_broken(text: str) -> str:
    """Words that were broken at the end of a line."""
    return _BROKEN.sub("", text)


def trim(text: str) -> str:
    """White space at the ends, doubled, or as line ends."""
    return _SPACES.sub(" ", text).strip()


def drop_label(text: str) -> str:
    """The field's own name before the text."""
    return _LABEL.sub("", text)


def drop_opening(text: str) -> str:
    """`This photo shows` at the beginning, if the rest needs no change.

    German is limited to words that keep their form.
    """
    return _OPENING.sub("", text)


def drop_bullet(text: str) -> str:
    """A list mark before a single line."""
    return _BULLET.sub("", text)


def unquote(text: str) -> str:
    """Quotation marks around the whole text."""
    if (
        len(text) > 1
        and text[0] in _QUOTES
        and text[-1] == _QUOTES[text[0]]
        and not any(q in text[1:-1] for q in (text[0], text[-1]))
    ):
        return text[1:-1].strip()
    return text


def mend_marks(text: str) -> str:
    """A space before a mark, and doubled marks; an ellipsis stays."""
    text = _BEFORE_MARK.sub(r"\1", text)
    return _DOUBLED.sub(lambda m: m.group(1) or m.group(2) or ".", text)


def calm(text: str) -> str:
    """A whole text in capitals, as a sentence."""
    letters = [c for c in text if c.isalpha()]
    if len(letters) >= _LEAST_CAPITALS and all(c.isupper() for c in letters):
        return text[:1] + text[1:].lower()
    return text


def begin_large(text: str) -> str:
    """A small first letter; a text that begins in the middle of a sentence keeps it, so that this is seen."""
    first = text[:1].upper()
    if torn(text):
        return text
    return first + text[1:] if text[:1].islower() and len(first) == 1 and not text[1:2].isupper() else text


def end_sentence(text: str) -> str:
    """A full stop after a text of one clause or more that has none; never after one that was cut off."""
    if len(words(text)) >= 3 and not text.endswith(_SENTENCE_END) and not torn(text):
        return text + "."
    return text


def drop_stop(text: str) -> str:
    """A full stop after a title."""
    return (
        text[:-1]
        if text.endswith(".") and not text.endswith("..") and not re.search(r"\b\w{1,3}\.$|\.\w\.$", text)
        else text
    )


def unescape(text: str) -> str:
    """Signs that were written for a web page; those that could open markup stay."""
    for entity, sign in _ENTITIES.items():
        text = text.replace(entity, sign)
    return text


def drop_number(text: str) -> str:
    """The number or letter of a list before a keyword, and the list's name."""
    return _NUMBERED.sub("", _WORD_LABEL.sub("", text))


def drop_score(text: str) -> str:
    """How sure somebody was of a keyword, behind it."""
    return _SCORE.sub("", text)


def unwrap(text: str) -> str:
    """Brackets around a keyword, or left of a list."""
    found = _WRAPPED.match(text)
    return next(g for g in found.groups() if g is not None).strip() if found else text


def part_underlined(text: str) -> str:
    """Lines between the words of a keyword, where spaces belong."""
    return re.sub(r"(?<=[^\W_])_+(?=[^\W_])", " ", text)


def strip_edges(text: str) -> str:
    """Stray marks around a keyword."""
    return _EDGES.sub("", text)


def lower_common(text: str) -> str:
    """A common keyword that was written as a title or in capitals; short ones may be abbreviations."""
    if " " not in text and len(text) > 5 and text.isupper() and text.isalpha():
        return text.lower()
    return text


_COMMON: dict[str, Callable[[str], str]] = {
    "decode": decode,
    "unescape": unescape,
    "join_broken": join_broken,
    "trim": trim,
    "drop_label": drop_label,
    "drop_bullet": drop_bullet,
    "drop_opening": drop_opening,
    "unquote": unquote,
    "mend_marks": mend_marks,
    "calm": calm,
    "begin_large": begin_large,
}
TEXT_RULES: dict[str, dict[str, Callable[[str], str]]] = {
    Texts.title: {**_COMMON, "drop_stop": drop_stop},
    Texts.caption: {**_COMMON, "end_sentence": end_sentence},
    Texts.alt_text: _COMMON,
}
WORD_RULES: dict[str, Callable[[str], str]] = {
    "decode": decode,
    "unescape": unescape,
    "trim": trim,
    "unwrap": unwrap,
    "drop_number": drop_number,
    "drop_score": drop_score,
    "part_underlined": part_underlined,
    "strip_edges": strip_edges,
    "lower_common": lower_common,
}
