"""Rules on keywords, and on texts beside those of other pictures.

Holds one function a rule.
Add here: a rule that looks at several pictures, or at lists of words.
Keep out: likeness of texts (text.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from proofsheet.words.rules.judged import Issue, Judged, small_words
from proofsheet.words.text import earlier_likeness, words
from schemas.proof import Texts
from schemas.settings_words import GateSettings

_EDGE_MARKS = re.compile(r"^[^\w(\"'“„]|[^\w)\"'”“.!?%+]$")
_INNER_MARKS = re.compile(r"[;|\n\t,]|\s[-–—]\s")


def broken_keywords(row: Judged, settings: GateSettings) -> Iterator[Issue]:
    """Keywords that are no words: digits only, single letters, stray marks, too many words, repeated."""
    seen: set[str] = set()
    for keyword in row.texts[Texts.keywords]:
        what = _broken(keyword, settings) or ("repeated" if keyword.casefold() in seen else None)
        seen.add(keyword.casefold())
        if what:
            yield Issue("broken_keywords", Texts.keywords, 0, len(keyword), f"{keyword!r} is {what}")


def _broken(keyword: str, settings: GateSettings) -> str | None:
    parts = words(keyword)
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


def duplicate_text(rows: Sequence[Judged], settings: GateSettings, template_words: frozenset[str]) -> Iterator[tuple[str, Issue]]:
    """A caption or alternative text that says the same as an earlier one of the project, or as one that is published."""
    ignored = small_words() | template_words
    ordered = sorted(rows, key=lambda r: not r.published)
    by_place = {str(i): row for i, row in enumerate(ordered)}
    for field in (Texts.caption, Texts.alt_text):
        sets = {i: frozenset(words(r.texts[field])) - ignored for i, r in by_place.items() if words(r.texts[field])}
        for i, earlier in earlier_likeness(sets, settings.duplicate_similarity).items():
            row, other = by_place[i], by_place[earlier]
            if not row.published and row.photo_id != other.photo_id:
                message = f"says the same as the {field} of {other.file_name!r}"
                yield row.photo_id, Issue("duplicate_text", field, 0, len(row.texts[field]), message)
