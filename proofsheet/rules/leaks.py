"""Rules on words that come from names and hints instead of from the picture.

Holds one function a rule.
Add here: another place that words may leak from.
Keep out: what counts as evidence (proof/regenerate.py), and who wrote a field (proof/assemble.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from proofsheet.rules.base import GateInput, Issue, small_words
from proofsheet.rules.tokens import Span, name_tokens, spans, words
from schemas.settings.gate import GateSettings

_LEAST_LETTERS, _LEAST_CODE = 4, 5
_CHUNK = re.compile(r"[^\W_]+")
_RUN, _LEAST_RUN = 4, 2
_JOINED = "_"  # of names of files, not of words


def file_name_leak(row: GateInput, _settings: GateSettings) -> Iterator[Issue]:
    """A word of the file name that neither picture nor your own text supports, or the file name itself."""
    stem = row.file_name.rsplit(".", 1)[0]
    names = {row.file_name} if row.file_name != stem else set()
    names |= {stem} if _JOINED in stem else set()
    yield from _leaks("file_name_leak", row, stem, names, f"of the file name {row.file_name!r}")


def folder_leak(row: GateInput, _settings: GateSettings) -> Iterator[Issue]:
    """A word of the project's or a folder's name that neither the picture nor your own text supports."""
    for folder in row.folders:
        names = {folder} if _JOINED in folder else set()
        yield from _leaks("folder_leak", row, folder, names, f"of the folder {folder!r}")
    for field, text in row.not_measured():
        for path in _paths(row.folders):
            if found := _place(path, text):
                yield Issue("folder_leak", field, *found.span(), f"{found.group()!r} is the path of folders")


def _leaks(rule: str, row: GateInput, name: str, names: set[str], origin: str) -> Iterator[Issue]:
    known = row.evidence | small_words() | _of_people(row)
    suspects = {t for t in name_tokens(name) if len(t) >= _LEAST_LETTERS} - known
    codes = {c for c in _CHUNK.findall(name) if len(c) >= _LEAST_CODE and any(s.isdigit() for s in c)}
    whole = {name} if any(c.isdigit() for c in name) and len(name) >= _LEAST_CODE else set()
    for field, text in row.not_measured():
        by_hand = field in row.by_hand
        plain = {w for w in whole if by_hand and " " in w}  # `Route 66`, not `DSC_0042`
        for token in sorted((suspects | codes | whole | names) - plain):
            if found := _place(token, text):
                yield Issue(rule, field, found.start(), found.end(), f"{found.group()!r} is a word {origin}")


def _place(token: str, text: str) -> re.Match[str] | None:
    return re.search(rf"(?<!\w){re.escape(token)}(?!\w)", text, re.IGNORECASE)


def _paths(folders: tuple[str, ...]) -> Iterator[str]:
    """Folders with the one inside, as paths have them."""
    for outer, inner in pairwise(folders):
        yield from (f"{outer}/{inner}", f"{outer}\\{inner}")


def _of_people(row: GateInput) -> frozenset[str]:
    """Words that you wrote about this picture: a text that repeats them copies no name."""
    return frozenset(w for field in row.by_hand for part in row.parts(field) for w in words(part))


def hint_copied(row: GateInput, _settings: GateSettings) -> Iterator[Issue]:
    """A run of words of the set's hint that no person wrote here: hints help to look, and are not text."""
    hint = words(row.hint)
    size = min(_RUN, len(hint))
    if size < _LEAST_RUN:
        return
    runs = {tuple(hint[i : i + size]) for i in range(len(hint) - size + 1)}
    for field, text in row.not_measured():
        if field not in row.by_hand and (found := _run(spans(text), runs, size)):
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
