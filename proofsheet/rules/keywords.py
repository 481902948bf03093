"""Rules on keywords, and on texts beside those of other pictures.

Holds one function a rule.
Add here: a rule that looks at several pictures, or at lists of words.
Keep out: likeness of texts (tokens.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from proofsheet.rules import lexicon
from proofsheet.rules.base import GateInput, Issue, small_words
from proofsheet.rules.completeness import LANGUAGES
from proofsheet.rules.lists import by_first_word, lines
from proofsheet.rules.subject import names_subject
from proofsheet.rules.tokens import earlier_likeness, find_phrases, words
from schemas.proof import Texts
from schemas.settings.gate import GateSettings

_EDGE_MARKS = re.compile(r"^[^\w(\"'“„]|[^\w)\"'”“.!?%+]$")
_YEAR, _INITIALS = re.compile(r"^(?:1[5-9]|20)\d\d$"), re.compile(r"^(?:[^\W\d_]\.){1,5}[^\W\d_]\.?$")
_LEAST_HALF = 4
_INNER_MARKS = re.compile(r"[;|\n\t,]|\s[-–—]\s")
_CLAIMS = re.compile(r"[.,;:](?:\s|$)|\s(?:and|und)\s")


def broken_keywords(row: GateInput, settings: GateSettings) -> Iterator[Issue]:
    """Invalid keywords: digits, letters, halves, stray marks, parts of sentences, too long, repeated."""
    seen: set[str] = set()
    for keyword in row.texts[Texts.keywords]:
        what = (
            _broken(keyword, settings)
            or _no_keyword(keyword, settings)
            or ("repeated" if keyword.casefold() in seen else None)
        )
        seen.add(keyword.casefold())
        if what:
            yield Issue("broken_keywords", Texts.keywords, 0, len(keyword), f"{keyword!r} is {what}")


def _broken(keyword: str, settings: GateSettings) -> str | None:
    parts = words(keyword)
    if _YEAR.match(keyword) or _INITIALS.match(keyword):
        return None
    if not any(not p.isdigit() for p in parts):
        return "no word"
    if len("".join(parts)) < 2:
        return "a single letter"
    if _EDGE_MARKS.search(keyword.strip()) or keyword != keyword.strip():
        return "framed by a stray mark"
    if _INNER_MARKS.search(keyword):
        return "several keywords in one"
    if len(keyword.split()) > settings.max_keyword_words:
        return f"longer than {settings.max_keyword_words} words"
    return None


def _no_keyword(keyword: str, settings: GateSettings) -> str | None:
    """Why something that looks like a keyword is not one."""
    parts = words(keyword)
    listed = by_first_word("no_keywords")
    if _INITIALS.match(keyword) or _YEAR.match(keyword):
        return None
    if next(find_phrases(keyword, lines("filler_alt")), None):
        return "the beginning of an alternative text"
    if all(p in small_words() or p in listed["small"] for p in parts):
        return "made of small words"
    if [p for p in parts if not p.isdigit()] and all(p.isdigit() or p in listed["empty"] for p in parts):
        return "a place for a keyword"
    if len(parts) > 1 and (
        parts[0] in listed["begins"] or parts[-1] in listed["open"] or any(p in listed["says"] for p in parts)
    ):
        return "part of a sentence"
    if any(one == two for one, two in pairwise(parts) if len(one) > 1) and keyword.islower():
        return "the same word twice"
    return "half a word, or none" if _is_half(keyword, settings.languages) else None


def _is_half(keyword: str, languages: Sequence[str]) -> bool:
    """Whether a keyword of one word is in no list of words, and begins one; names have a capital."""
    if not keyword.isalpha() or not keyword.islower() or len(keyword) < _LEAST_HALF:
        return False
    listed = [c for c in languages if lexicon.has_words(c)]
    return (
        bool(listed)
        and not any(lexicon.known(keyword, c) for c in listed)
        and any(lexicon.is_cut(keyword, c) for c in listed)
    )


def duplicate_text(
    rows: Sequence[GateInput], settings: GateSettings, template_words: frozenset[str]
) -> Iterator[tuple[str, Issue]]:
    """A caption or alternative text that claims the same as an earlier or a published one of the project.

    A text without a subject claims nothing: it is a draft, and drafts are not compared.
    """
    ignored = small_words() | template_words
    codes = tuple(c for c in LANGUAGES if c in settings.languages)
    ordered = sorted(rows, key=lambda r: not r.published)
    by_place = {str(i): row for i, row in enumerate(ordered)}
    for field in (Texts.caption, Texts.alt_text):
        sets = {
            i: _claims(r, field, ignored)
            for i, r in by_place.items()
            if words(r.texts[field]) and (not codes or names_subject(r.texts[field], codes))
        }
        for i, earlier in earlier_likeness(sets, settings.duplicate_similarity).items():
            row, other = by_place[i], by_place[earlier]
            if not row.published and row.photo_id != other.photo_id:
                message = f"says the same as the {field} of {other.file_name!r}"
                yield row.photo_id, Issue("duplicate_text", field, 0, len(row.texts[field]), message)


def _claims(row: GateInput, field: str, ignored: frozenset[str]) -> frozenset[str]:
    """What a text claims: words of content, or whole statements of the embedded describer."""
    if field not in row.measured:
        return frozenset(words(row.texts[field])) - ignored
    statements = (words(part) for part in _CLAIMS.split(row.texts[field]))
    return frozenset(" ".join(w for w in said if w not in ignored) for said in statements) - {""}
