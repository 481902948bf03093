"""Rules on words that come from names and hints instead of from the picture.

Holds one function a rule.
Add here: another place that words may leak from.
Keep out: what counts as evidence (proof/attempts.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from proofsheet.rules.base import GateInput, Issue, small_words
from proofsheet.rules.tokens import Span, name_tokens, spans, words
from schemas.settings.gate import GateSettings

_LEAST_LETTERS, _LEAST_CODE = 4, 5
_CHUNK = re.compile(r"[^\W_]+")
_RUN, _LEAST_RUN = 4, 2


def file_name_leak(row: GateInput, _settings: GateSettings) -> Iterator[Issue]:
    """A word or number of the file name that nothing in the picture supports."""
    stem = row.file_name.rsplit(".", 1)[0]
    yield from _leaks("file_name_leak", row, stem, f"of the file name {row.file_name!r}")


def folder_leak(row: GateInput, _settings: GateSettings) -> Iterator[Issue]:
    """A word of the project's or a folder's name that nothing in the picture supports."""
    for folder in row.folders:
        yield from _leaks("folder_leak", row, folder, f"of the folder {folder!r}")


def _leaks(rule: str, row: GateInput, name: str, origin: str) -> Iterator[Issue]:
    suspects = {t for t in name_tokens(name) if len(t) >= _LEAST_LETTERS} - row.evidence - small_words()
    codes = {c for c in _CHUNK.findall(name) if len(c) >= _LEAST_CODE and any(s.isdigit() for s in c)}
    whole = {name} if any(c.isdigit() for c in name) and len(name) >= _LEAST_CODE else set()
    for field, text in row.not_measured():
        for token in sorted(suspects | codes | whole):
            if found := re.search(rf"(?<!\w){re.escape(token)}(?!\w)", text, re.IGNORECASE):
                yield Issue(rule, field, found.start(), found.end(), f"{found.group()!r} is a word {origin}")


def hint_copied(row: GateInput, _settings: GateSettings) -> Iterator[Issue]:
    """A run of words of the set's hint: hints help to look, and are not text."""
    hint = words(row.hint)
    size = min(_RUN, len(hint))
    if size < _LEAST_RUN:
        return
    runs = {tuple(hint[i : i + size]) for i in range(len(hint) - size + 1)}
    for field, text in row.not_measured():
        if found := _run(spans(text), runs, size):
            yield Issue(
                "hint_copied",
                field,
                found.start,
                found.end,
                f"{text[found.start : found.end]!r} is copied from the hint",
            )


def _run(listed: list[tuple[str, Span]], runs: set[tuple[str, ...]], size: int) -> Span | None:
    for i in range(len(listed) - size + 1):
        run = tuple(w for w, _f in listed[i : i + size])
        if run in runs and any(w not in small_words() for w in run):
            return Span(listed[i][1].start, listed[i + size - 1][1].end)
    return None
