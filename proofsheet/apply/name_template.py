"""Templates of file names and folders: literal text and fields in braces.

Holds `NameTemplate`, `FieldValue`, `parse_template` and `refuse_bad_name`.
Add here: another way to write a value.
Keep out: where values come from (name_fields.py), and which files get the names (rename_plan.py).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches

from pathvalidate import ValidationError, sanitize_filename, validate_filename

from proofsheet.core.errors import UsageError
from proofsheet.core.files import composed

FieldValue = str | int | float | datetime | None
TAKEN, COUNTER, SEQUENCE, NAME, SUBSECOND = "taken", "n?", "seq", "name", "subsec"
UNIQUE = frozenset({COUNTER, SEQUENCE, NAME})
_FIELD = re.compile(r"\{([^{}:]*)(?::([^{}]*))?\}")
_TIME, _COUNT = "%Y%m%d_%H%M%S", re.compile(r"0?\d{0,2}")
_SEPARATORS = re.compile(r"[-_ .,+]+$")
_WINDOWS = "windows"


@dataclass(frozen=True)
class _Part:
    """Literal text, or a field with its format."""

    text: str
    field: str = ""


@dataclass(frozen=True)
class NameTemplate:
    """A template that is valid.

    Attributes:
        text: as it was given.
        parts: in their order.
    """

    text: str
    parts: tuple[_Part, ...]

    @property
    def fields(self) -> frozenset[str]:
        """Names of the fields in it."""
        return frozenset(p.field for p in self.parts if p.field)

    def fill(self, values: Mapping[str, FieldValue], counter: int = 1) -> str:
        """The name for these values.

        A field without a value takes the separator before it away; so does a counter of 1.

        Args:
            values: field to value.
            counter: which of several equal names it is, from 1.

        Raises:
            UsageError: if there is no date and the template has one.
        """
        made = ""
        for part in self.parts:
            if not part.field:
                made += part.text
                continue
            text = _count(counter, made) if part.field == COUNTER else _text_of(part, values.get(part.field))
            made = made + text if text else _SEPARATORS.sub("", made)
        return composed(made)


def parse_template(text: str, fields: Collection[str], *, folders: bool = False) -> NameTemplate:
    """Read a template.

    Args:
        text: as the user gave it.
        fields: names of the fields that may be in it.
        folders: whether it names folders, with / between them.

    Raises:
        UsageError: for an unknown field, with the nearest one, and for text that is no template.
    """
    parts, at = list[_Part](), 0
    for found in _FIELD.finditer(text):
        parts += [_Part(text[at : found.start()])] if found.start() > at else []
        parts.append(_Part(_format_of(found[1], found[2], fields), found[1]))
        at = found.end()
    parts += [_Part(text[at:])] if text[at:] else []
    literal = "".join(p.text for p in parts if not p.field)
    if any(sign in literal for sign in "{}"):
        raise UsageError(
            f"The template {text!r} has a brace without its partner.", "Write fields as {taken}."
        )
    if not parts:
        raise UsageError("The template is empty.", "Write fields such as {taken} and {name}.")
    if "\\" in literal or "\0" in literal or ("/" in literal and not folders):
        raise UsageError(
            f"The template {text!r} is no file name.",
            "Folders are made by `proofsheet organize`, with / between.",
        )
    return NameTemplate(text, tuple(parts))


def refuse_bad_name(name: str) -> None:
    """Refuse a name that Windows does not take.

    Raises:
        UsageError: with the reason.
    """
    try:
        validate_filename(name, platform=_WINDOWS)
    except ValidationError as error:
        why = error.description or error.reason.description
        raise UsageError(
            f"Windows does not take the name {name!r}: {why}.", "Use another template."
        ) from None


def _format_of(field: str, given: str | None, fields: Collection[str]) -> str:
    """The format of a field, which is checked.

    Raises:
        UsageError: if there is no such field, or it has no such format.
    """
    if field not in fields:
        near = get_close_matches(field, fields, n=1, cutoff=0.0)
        raise UsageError(
            f"There is no field {{{field}}}.",
            f"Did you mean {{{near[0]}}}? Fields: {', '.join(sorted(fields))}.",
        )
    if given is None:
        return _TIME if field == TAKEN else ""
    if field == TAKEN and "%" in given:
        return given
    if field == SEQUENCE and _COUNT.fullmatch(given):
        return given
    raise UsageError(
        f"{{{field}:{given}}} is no field with a format.",
        "Formats are for {taken:%Y-%m-%d} and {seq:04}.",
    )


def _text_of(part: _Part, value: FieldValue) -> str:
    if isinstance(value, datetime):
        return _plain(value.strftime(part.text))
    if part.field == TAKEN:
        raise UsageError("It has no date.", "Allow the date of its file with --file-time.")
    if part.field == SEQUENCE:
        return format(int(str(value)), part.text)
    if isinstance(value, float):
        return f"{value:g}"
    return "" if value is None else _plain(str(value))


def _plain(text: str) -> str:
    """A value with a dash for every sign that file names of some system cannot have."""
    return str(
        sanitize_filename(text, replacement_text="-", platform="universal", check_reserved=False)
    ).strip()


def _count(counter: int, before: str) -> str:
    if counter < 2:
        return ""
    return str(counter) if not before or _SEPARATORS.search(before) else f"_{counter}"
