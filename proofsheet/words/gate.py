"""Row verdicts on words: each rule a function with an id, and every objection with field, span and message.

Holds the rules and `judge`.
Add here: a rule, and its line in `RULES`.
Keep out: what follows from a verdict (proof.py). There is no way around a rule.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from proofsheet.words.lists import stop_words
from proofsheet.words.text import earlier_likeness, name_tokens, words
from schemas.proof import FIELDS
from schemas.settings import GateSettings
from schemas.words import Caption

_LEAST_LETTERS = 4
_EDGE_MARKS = re.compile(r"^[^\w(\"'“„]|[^\w)\"'”“.!?%]$")


@dataclass(frozen=True)
class Judged:
    """The texts of one picture, and what the rules may compare them with.

    Attributes:
        photo_id: of the picture.
        texts: field to text; keywords are a list.
        file_name: last part of the path.
        folders: display name of the project and the folders inside it.
        evidence: words that measurements support.
    """

    photo_id: str
    texts: Mapping[str, Any]
    file_name: str
    folders: tuple[str, ...]
    evidence: frozenset[str]

    def parts(self, field: str) -> list[str]:
        """The field as a list of texts."""
        value = self.texts[field]
        return list(value) if isinstance(value, list) else [value]


@dataclass(frozen=True)
class Issue:
    """One objection. For keywords, start and end count from the beginning of the keyword."""

    rule: str
    field: str
    start: int
    end: int
    message: str


Rule = Callable[[list[Judged], GateSettings, frozenset[str]], Iterator[tuple[str, Issue]]]


def judge(rows: Iterable[Judged], settings: GateSettings, template_words: frozenset[str]) -> dict[str, list[Issue]]:
    """Every objection by photo id; a photo without one has an empty list.

    Args:
        rows: of one project, in the order in which the first of two equal texts stays.
        settings: thresholds.
        template_words: words that the describer puts into every text; they do not count as content.
    """
    listed = list(rows)
    found: dict[str, list[Issue]] = {row.photo_id: [] for row in listed}
    for rule in RULES.values():
        for photo_id, issue in rule.check(listed, settings, template_words):
            found[photo_id].append(issue)
    return found


def empty(rows: list[Judged], settings: GateSettings, template_words: frozenset[str]) -> Iterator[tuple[str, Issue]]:
    """A field without a word in it."""
    for row in rows:
        for field in FIELDS:
            if not any(words(part) for part in row.parts(field)):
                yield row.photo_id, Issue("empty", field, 0, 0, f"{field} holds no word")


def file_name_leak(rows: list[Judged], settings: GateSettings, template_words: frozenset[str]) -> Iterator[tuple[str, Issue]]:
    """A word of the file name that nothing in the picture supports."""
    for row in rows:
        stem = row.file_name.rsplit(".", 1)[0]
        yield from _leaks("file_name_leak", row, name_tokens(stem), f"of the file name {row.file_name!r}")


def folder_leak(rows: list[Judged], settings: GateSettings, template_words: frozenset[str]) -> Iterator[tuple[str, Issue]]:
    """A word of the project's or a folder's name that nothing in the picture supports."""
    for row in rows:
        for folder in row.folders:
            yield from _leaks("folder_leak", row, name_tokens(folder), f"of the folder {folder!r}")


def duplicate_text(rows: list[Judged], settings: GateSettings, template_words: frozenset[str]) -> Iterator[tuple[str, Issue]]:
    """A caption or alternative text that says the same as an earlier one of the project."""
    ignored = _ignored() | template_words
    names = {row.photo_id: row.file_name for row in rows}
    for field in (Caption.caption, Caption.alt_text):
        sets = {row.photo_id: frozenset(words(row.texts[field])) - ignored for row in rows if words(row.texts[field])}
        for photo_id, earlier in earlier_likeness(sets, settings.duplicate_similarity).items():
            length = len(next(r for r in rows if r.photo_id == photo_id).texts[field])
            yield (
                photo_id,
                Issue("duplicate_text", field, 0, length, f"says the same as the {field} of {names[earlier]!r}"),
            )


def broken_keywords(rows: list[Judged], settings: GateSettings, template_words: frozenset[str]) -> Iterator[tuple[str, Issue]]:
    """Keywords that are no words: digits only, single letters, stray marks, too many words, repeated."""
    for row in rows:
        seen: set[str] = set()
        for keyword in row.texts[Caption.keywords]:
            what = _broken(keyword, settings) or ("repeated" if keyword.casefold() in seen else None)
            seen.add(keyword.casefold())
            if what:
                yield row.photo_id, Issue("broken_keywords", Caption.keywords, 0, len(keyword), f"{keyword!r} is {what}")


def _broken(keyword: str, settings: GateSettings) -> str | None:
    parts = words(keyword)
    if not any(not p.isdigit() for p in parts):
        return "no word"
    if len("".join(parts)) < 2:
        return "a single letter"
    if _EDGE_MARKS.search(keyword.strip()) or keyword != keyword.strip():
        return "framed by a stray mark"
    if len(parts) > settings.max_keyword_words:
        return f"longer than {settings.max_keyword_words} words"
    return None


def _leaks(rule: str, row: Judged, tokens: set[str], origin: str) -> Iterator[tuple[str, Issue]]:
    suspects = {t for t in tokens if len(t) >= _LEAST_LETTERS} - row.evidence - _ignored()
    for field in FIELDS:
        for part in row.parts(field):
            for token in sorted(suspects):
                if found := re.search(rf"(?<!\w){re.escape(token)}(?!\w)", part, re.IGNORECASE):
                    message = f"{found.group()!r} is a word {origin}"
                    yield row.photo_id, Issue(rule, field, found.start(), found.end(), message)


def _ignored() -> frozenset[str]:
    return stop_words("en") | stop_words("de")


@dataclass(frozen=True)
class NamedRule:
    """A rule with its meaning for people."""

    meaning: str
    check: Rule


RULES: dict[str, NamedRule] = {
    "empty": NamedRule("Every field holds at least one word.", empty),
    "file_name_leak": NamedRule("No word of the file name stands in the text without evidence.", file_name_leak),
    "folder_leak": NamedRule("No word of a folder name stands in the text without evidence.", folder_leak),
    "duplicate_text": NamedRule("No caption or alternative text says the same as another of the project.", duplicate_text),
    "broken_keywords": NamedRule("Every keyword is a word or a short phrase, once.", broken_keywords),
}
