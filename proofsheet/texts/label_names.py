"""What labels of models are called: the broader kind of each, and its German name.

Holds `LabelName` and `label_name`.
Add here: nothing; a label is a line of label_names.txt; its first lines explain the form.
Keep out: how sure a model is (picture_facts.py), and sentences (phrases.py).
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

_ARTICLES = {"m": "ein", "f": "eine", "n": "ein"}


@dataclass(frozen=True)
class LabelName:
    """A label by its names.

    Attributes:
        english: as the model writes it.
        kind: the broader label, or empty.
        gender: m, f or n of what can be counted; p for a plural, u for what cannot be; empty if not known.
        german: in the singular; None without a word in the list.
        english_plural: empty if it is not listed.
        german_plural: empty if it is not listed.
    """

    english: str
    kind: str = ""
    gender: str = ""
    german: str | None = None
    english_plural: str = ""
    german_plural: str = ""

    @property
    def is_countable(self) -> bool:
        """Whether it has an article."""
        return self.gender not in ("p", "u")

    @property
    def german_article(self) -> str:
        """The German article; empty before a plural and what cannot be counted."""
        return _ARTICLES.get(self.gender, "")


def label_name(label: str) -> LabelName:
    """The names of a label; of one that is not listed, its own."""
    return _names().get(label.casefold(), LabelName(label))


@functools.cache
def _names() -> Mapping[str, LabelName]:
    text = files("proofsheet.texts").joinpath("label_names.txt").read_text("utf-8")
    found: dict[str, LabelName] = {}
    kind = ""
    for line in (each.strip() for each in text.splitlines()):
        if line.startswith("["):
            kind = line.strip("[]")
        elif line and not line.startswith("#"):
            english, _is, rest = line.partition(" = ")
            named, *plurals = [part.strip() for part in rest.split(";")]
            gender, _space, german = named.partition(" ")
            listed = LabelName(english, kind if kind != english else "", gender, german, *plurals)
            found[english.casefold()] = listed
    return found
