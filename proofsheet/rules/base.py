"""What a rule is given, and what it says.

Holds `GateInput` and `Issue`.
Add here: something else that rules may compare a text with.
Keep out: rules.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from proofsheet.rules.lists import stop_words


@dataclass(frozen=True)
class GateInput:
    """The texts of one picture, and what the rules may compare them with.

    Attributes:
        photo_id: of the picture.
        texts: field to text; keywords are a list.
        file_name: last part of the path.
        folders: display name of the project and the folders inside it.
        evidence: words that something other than the describer supports: measurements, labels, identifiers, a
            confirmed subject.
        hint: soft hint of the set, or empty.
        published: True for texts that are out already: compared with, not judged.
        measured: fields that known facts fill, in the words of a template, without a prompt.
        by_people: fields that people wrote, here or in another program.
        by_hand: those of them that you wrote here, word by word; a program may have filled the others.
    """

    photo_id: str
    texts: Mapping[str, Any]
    file_name: str
    folders: tuple[str, ...]
    evidence: frozenset[str]
    hint: str = ""
    published: bool = False
    measured: frozenset[str] = frozenset()
    by_people: frozenset[str] = frozenset()
    by_hand: frozenset[str] = frozenset()

    def parts(self, field: str) -> list[str]:
        """The field as a list of texts."""
        value = self.texts[field]
        return list(value) if isinstance(value, list) else [value]

    def whole(self) -> Iterator[tuple[str, str]]:
        """Every field with every text in it."""
        for field in self.texts:
            for part in self.parts(field):
                yield field, part

    def not_measured(self) -> Iterator[tuple[str, str]]:
        """The same without the fields that known facts fill: no model read names or hints for them."""
        return (pair for pair in self.whole() if pair[0] not in self.measured)


@dataclass(frozen=True)
class Issue:
    """One objection. For keywords, start and end count from the beginning of the keyword."""

    rule: str
    field: str
    start: int
    end: int
    message: str


@functools.cache
def small_words() -> frozenset[str]:
    """Stop words of all languages that have a list."""
    return stop_words("en") | stop_words("de")
