"""The rule on texts that are not one statement: several texts, a score, a credit, letters without a word.

Holds the rule `not_one_statement`.
Add here: another such form, as a line of lists/statements.txt.
Keep out: the content of a statement (speech.py, caption.py), markup (residue.py).
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator

from proofsheet.rules import lexicon
from proofsheet.rules.base import GateInput, Issue
from proofsheet.rules.lists import lines
from proofsheet.rules.tokens import Span, outside_quotes
from schemas.proof import Texts
from schemas.settings.gate import GateSettings

_SCORE = "a score or how sure somebody is"
_LABEL = re.compile(
    r"(?:^|[.!?;,]\s+|\s(?=[A-Z\d]))([^\W\d_][\w-]*(?:\s(?:[\w-]+)){0,2}|\d{1,2})\s?:\s+(?=\w|[\"'“„])"
)
_OF_SENTENCES = frozenset(["several texts to choose from", "words in no order", "no word of any language"])
_LEAST_STRANGE, _LEAST_KEYWORDS = 0.6, 3


def not_one_statement(row: GateInput, settings: GateSettings) -> Iterator[Issue]:
    """Several texts, a score, a credit or a row of letters in the place of one statement."""
    for field in (f for f in (Texts.title, Texts.caption, Texts.alt_text) if f not in row.measured):
        text = outside_quotes(row.texts[field])
        for what, pattern in _forms().items():
            if found := pattern.search(text):
                yield _issue(field, Span(found.start(), found.end()), what)
                break
        else:
            if labelled := _labels(text):
                yield _issue(field, labelled, "a list of labels, or names its parts")
    for keyword in row.texts[Texts.keywords]:
        for what, pattern in _forms().items():
            if what not in _OF_SENTENCES and (found := pattern.search(keyword)):
                yield _issue(Texts.keywords, Span(found.start(), found.end()), what)
                break
    yield from _strange_letters(row, settings)


@functools.cache
def _forms() -> dict[str, re.Pattern[str]]:
    """What a form is, and the pattern of all its lines."""
    named, parts = dict[str, str](), dict[str, list[str]]()
    for line in lines("statements"):
        what, _sign, pattern = line.partition(" :: ")
        for name, words in named.items():
            pattern = pattern.replace(f"{{{name}}}", words)
        if what.isupper():
            named[what] = pattern
        else:
            parts.setdefault(what, []).append(pattern)
    return {what: re.compile("|".join(listed)) for what, listed in parts.items()}


def _issue(field: str, place: Span, what: str) -> Issue:
    return Issue(
        "not_one_statement",
        field,
        place.start,
        place.end,
        f"here stands {what}; leave one plain statement of what is seen",
    )


def _labels(text: str) -> Span | None:
    """Two labels with a colon or more, unless they say where or when in the picture."""
    found = [
        m for m in _LABEL.finditer(text) if m.group(1).split()[0].casefold() not in lines("labels_of_places")
    ]
    return Span(found[0].start(), found[-1].end()) if len(found) > 1 else None


def _strange_letters(row: GateInput, settings: GateSettings) -> Iterator[Issue]:
    """Keywords that are mostly random letters.

    Most are not words of an allowed language, and none has a capital.
    """
    listed = [w for k in row.texts[Texts.keywords] for w in k.split() if w.isalpha() and w.islower()]
    codes = [c for c in settings.languages if lexicon.has_words(c)]
    if not codes or len(listed) < _LEAST_KEYWORDS:
        return
    strange = [w for w in listed if not any(lexicon.known(w, c) for c in codes)]
    if len(strange) >= _LEAST_STRANGE * len(listed):
        for keyword in row.texts[Texts.keywords]:
            if set(keyword.split()) & set(strange):
                message = f"{keyword!r} is no word of {', '.join(settings.languages)}"
                yield Issue("language", Texts.keywords, 0, len(keyword), message)
