"""The fixed words of texts that no model wrote, in English and German.

Holds `Phrases` and `PHRASES`.
Add here: another language, or another form of words for something that is known.
Keep out: what is known (picture_facts.py), and which of it a text says (embedded_describer.py).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from proofsheet.texts.label_names import LabelName

_AN = re.compile(r"(?!uni|eu|one|us|ut)[aeiou]|hour|heir|x-", re.IGNORECASE)
_MONTHS = "January February March April May June July August September October November December"
_MONATE = "Januar Februar März April Mai Juni Juli August September Oktober November Dezember"
_FARBEN = {
    "black": "schwarz",
    "dark grey": "dunkelgrau",
    "grey": "grau",
    "light grey": "hellgrau",
    "white": "weiß",
    "red": "rot",
    "dark red": "dunkelrot",
    "orange": "orange",
    "brown": "braun",
    "tan": "hellbraun",
    "cream": "cremefarben",
    "yellow": "gelb",
    "olive": "olivgrün",
    "green": "grün",
    "dark green": "dunkelgrün",
    "light green": "hellgrün",
    "teal": "blaugrün",
    "turquoise": "türkis",
    "light blue": "hellblau",
    "blue": "blau",
    "dark blue": "dunkelblau",
    "purple": "violett",
    "pink": "rosa",
    "magenta": "magentarot",
}


@dataclass(frozen=True)
class Phrases:
    """How one language says what is known.

    Attributes:
        name: a label with its article.
        plural: several of a thing, by number.
        probably: around what a model saw and is not sure of.
        generated: around the prompt of a generated picture.
        day: a date.
        taken_on: around the date of capture.
        taken_at: around date and time of capture.
        mostly: around the colours.
        picture: around the light of a picture.
        quoted: around words in another language.
        joins: between the last two of several.
        places: place of a colour to its words.
        color: name of a colour in this language.
        light: dark, bright and evenly lit.
    """

    name: Callable[[LabelName], str]
    plural: Callable[[LabelName, int], str]
    probably: str
    generated: str
    day: Callable[[datetime], str]
    taken_on: str
    taken_at: str
    mostly: str
    picture: str
    quoted: str
    joins: str
    places: Mapping[str, str]
    color: Callable[[str], str]
    light: Mapping[str, str]

    def around(self) -> tuple[str, ...]:
        """The phrases around what is known."""
        return (self.probably, self.generated, self.taken_on, self.taken_at, self.mostly, self.picture)

    def joined(self, parts: list[str]) -> str:
        """Several parts as one: a, b and c."""
        return self.joins.join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else "".join(parts)


def _english(label: LabelName) -> str:
    if not label.is_countable:
        return label.english
    return f"{'an' if _AN.match(label.english) else 'a'} {label.english}"


def _german(label: LabelName) -> str:
    if label.german is None:  # no word of ours: as the model wrote it
        return f"„{label.english}“"
    return f"{label.german_article} {label.german}".strip()


PHRASES = {
    "en": Phrases(
        name=_english,
        plural=lambda label, count: f"{count} {label.english_plural or f'× {label.english}'}",
        probably="probably {}",
        generated="computer-generated from “{}”",
        day=lambda when: f"{when.day} {_MONTHS.split()[when.month - 1]} {when.year}",
        taken_on="taken on {}",
        taken_at="taken on {} at {}",
        mostly="mostly {}",
        picture="{} picture",
        quoted="“{}”",
        joins=" and ",
        places={
            "top": "at the top",
            "bottom": "at the bottom",
            "left": "on the left",
            "right": "on the right",
            "centre": "in the centre",
            "edges": "around the edges",
            "throughout": "throughout",
        },
        color=str,
        light={"dark": "dark", "bright": "bright", "even": "evenly lit"},
    ),
    "de": Phrases(
        name=_german,
        plural=lambda label, count: f"{count} {label.german_plural or f'× {label.german or label.english}'}",
        probably="vermutlich {}",
        generated="computererzeugt nach „{}“",
        day=lambda when: f"{when.day}. {_MONATE.split()[when.month - 1]} {when.year}",
        taken_on="aufgenommen am {}",
        taken_at="aufgenommen am {} um {} Uhr",
        mostly="überwiegend {}",
        picture="Bild, {}",
        quoted="„{}“",
        joins=" und ",
        places={
            "top": "oben",
            "bottom": "unten",
            "left": "links",
            "right": "rechts",
            "centre": "in der Mitte",
            "edges": "am Rand",
            "throughout": "im ganzen Bild",
        },
        color=lambda name: _FARBEN.get(name, name),
        light={"dark": "dunkel", "bright": "hell", "even": "gleichmäßig hell"},
    ),
}
