"""Values as people write them: cleaned, bounded, and never guessed.

Holds `Reading`, which collects values and what is wrong with others.
Add here: another kind of value, or another default of a camera.
Keep out: where values are from (written_fields.py).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

_MOST_CHARS, _MOST_WORD_CHARS, _MOST_WORDS = 20_000, 1_000, 1_000
_SHOWN, _LONGEST_DEFAULT = 40, 120
_PERCENT = {1: 1, 25: 2, 50: 3, 75: 4, 99: 5}  # what Windows writes for 1 to 5 stars
# What cameras and programs write by themselves where a person may write; the whole text must be so.
_BY_ITSELF = re.compile(
    r"[\s!-@\[-`{-~]*|(?:dscf?|img|p|dscn|imag)[\W_]*\d+(?:\.\w{3,4})?"
    r"|(?:[\w.()-]+ ){0,3}digital (?:still )?camera[ \d.()]{0,10}"
    r"|(?:sony|samsung|olympus|minolta|konica minolta|casio|nikon|canon|kodak|pentax|ricoh|sanyo|panasonic)"
    r"(?: (?:dsc|csc|corporation|computer co\.?,? ?ltd\.?))?"
    r"|<[\w /.-]+>|picasa(?: [\d.]+)?|(?:file )?written by adobe photoshop\W* ?[\d.]*"
    r"|kofax .{0,20}filter - version [\d.]+|lead technologies inc\..{0,10}|exif[ _]jpeg(?:[ _]picture)?"
    r"|default|untitled|copyright[\W_]*|\(c\) by [\w-]+ user|screenshot|created with gimp",
    re.IGNORECASE,
)


@dataclass
class Reading:
    """Values that were read, and what could not be taken.

    Attributes:
        odd: what is wrong with some values, in words.
        defaults: further texts that no person wrote, such as the name of the camera, in small letters.
    """

    odd: list[str] = field(default_factory=list)
    defaults: set[str] = field(default_factory=set)

    def text(self, raw: str | None, tag: str) -> str | None:
        """A text without control characters and without spaces around it, or None.

        Args:
            raw: as it is stored; a text that is too long is left out, and noted.
            tag: where it is stored.
        """
        clean = "".join(c for c in raw or "" if c.isprintable() or c in "\n\t").strip()
        if len(clean) > _MOST_CHARS:
            self.odd.append(f"{tag} has {len(clean):,} characters, the limit is {_MOST_CHARS:,}")
            return None
        return clean or None

    def by_person(self, raw: str | None, tag: str) -> str | None:
        """The same, None also for what cameras and programs write by themselves; arguments as in `text`."""
        clean = self.text(raw, tag)
        if clean is None or clean.casefold() in self.defaults:
            return None
        return None if len(clean) <= _LONGEST_DEFAULT and _BY_ITSELF.fullmatch(clean) else clean

    def words(self, raw: Iterable[str], tag: str) -> list[str]:
        """Texts of a list, each once; arguments as in `text`."""
        texts = [self.word(one, tag) for one in raw]
        found = list(dict.fromkeys(t for t in texts if t))
        if len(found) > _MOST_WORDS:
            self.odd.append(f"{tag} has {len(found):,} entries, the first {_MOST_WORDS:,} are read")
        return found[:_MOST_WORDS]

    def word(self, raw: str, tag: str) -> str | None:
        """A keyword or name: as a text, and it may be a number."""
        clean = " ".join("".join(c if c.isprintable() else " " for c in raw).split())
        if len(clean) > _MOST_WORD_CHARS:
            self.odd.append(
                f"an entry of {tag} has {len(clean):,} characters, the limit is {_MOST_WORD_CHARS:,}"
            )
            return None
        return clean or None

    def stars(self, raw: object, tag: str) -> float | None:
        """A rating from -1 to 5; None for 0, which is no rating."""
        value = _number(raw)
        if value is None or not (value == -1 or 0 <= value <= 5):
            self.odd.append(f"{tag} {str(raw)[:_SHOWN]!r} is no rating from -1 to 5")
            return None
        return value or None

    def percent(self, raw: object, tag: str) -> float | None:
        """A rating of Windows in percent; None for 0."""
        value = _number(raw)
        if value is None or not 0 <= value <= 100:
            self.odd.append(f"{tag} {str(raw)[:_SHOWN]!r} is no rating in percent")
            return None
        near = min(_PERCENT, key=lambda known: abs(known - value))
        return float(_PERCENT[near]) if value else None

    def problem(self) -> str | None:
        """What is wrong, in one text."""
        return "; ".join(dict.fromkeys(self.odd)) or None


def _number(raw: object) -> float | None:
    try:
        value = float(str(raw).strip())
    except ValueError:
        return None
    return value if math.isfinite(value) else None
