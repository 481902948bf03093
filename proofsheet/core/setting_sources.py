"""Where the values of settings come from: `proofsheet.toml` and the environment.

Holds `Sources`.
Add here: another source of values.
Keep out: which settings there are, and their order (config.py).
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_origin

from pydantic import BaseModel

from proofsheet.core.errors import UsageError

Sections = Mapping[str, type[BaseModel]]
_PREFIX = "PROOFSHEET_"
_FORMER = frozenset({("groups", "clip_similarity")})  # settings of earlier versions: they are left out
_WORD = r"\s*[\"']?([\w-]+)[\"']?\s*"
_HEADER = re.compile(rf"\s*\[{_WORD}(?:\.{_WORD})?\]\s*(?:#.*)?$")
_KEY = re.compile(rf"{_WORD}(?:\.{_WORD})?=")


@dataclass(frozen=True)
class Sources:
    """A file and the environment, with the place of every value.

    Attributes:
        sections: every section with its class.
        environment: the variables.
        path: the file, if there is one.
    """

    sections: Sections
    environment: Mapping[str, str]
    path: Path | None

    def values(self) -> dict[str, dict[str, Any]]:
        """Values by section and name: those of the environment, then those of the file.

        Raises:
            UsageError: if the file cannot be read, or a variable names no setting.
        """
        found = dict(self._of_file())
        for (section, name), variable in self._variables().items():
            value = _parsed(variable, self.environment[variable], self.sections[section], name)
            found.setdefault(section, {})[name] = value
        return {
            section: {name: value for name, value in values.items() if (section, name) not in _FORMER}
            for section, values in found.items()
        }

    def place_of(self, where: Sequence[int | str]) -> str:
        """The variable, or the file with the line, that holds a value.

        Args:
            where: section and name of the value; a section alone is the place of all its values.
        """
        section, name = str(where[0]), str(where[1]) if len(where) > 1 else ""
        variables = [v for key, v in self._variables().items() if key == (section, name or key[1])]
        if variables:
            return f"Environment variable {', '.join(variables)}"
        return "Settings" if self.path is None else self._in_file(self.path, section, name)

    def _in_file(self, path: Path, section: str, name: str = "") -> str:
        number = _line_of(self._text(path).splitlines(), section, name)
        return f"{path}, line {number}" if number else str(path)

    def _of_file(self) -> Iterator[tuple[str, dict[str, Any]]]:
        if self.path is None:
            return
        try:
            read = tomllib.loads(self._text(self.path))
        except tomllib.TOMLDecodeError as error:
            raise UsageError(
                f"{self.path} is not valid TOML: {error}.",
                "Correct the line, or delete the file and run `proofsheet init`.",
            ) from error
        for section, values in read.items():
            if not isinstance(values, dict):
                place = self._in_file(self.path, section)
                raise UsageError(
                    f"{place}: {section} is not in a section (value: {values!r}).",
                    "Put it below the line of its section, such as [place].",
                )
            yield section, values

    def _text(self, path: Path) -> str:
        try:
            return path.read_text("utf-8")
        except UnicodeDecodeError as error:
            raise UsageError(f"{path} is not valid TOML: {error}.", "Save it as UTF-8.") from error
        except OSError as error:
            raise UsageError(
                f"{path} cannot be read: {error.strerror}.", "Give yourself read permission."
            ) from error

    def _variables(self) -> dict[tuple[str, str], str]:
        """Section and name of each setting in the environment, with its variable.

        A variable is PROOFSHEET_<SECTION>_<NAME>; library and home need no section. Empty ones are left out.
        """
        found: dict[tuple[str, str], str] = {}
        for variable in (v for v in self.environment if v.startswith(_PREFIX) and self.environment[v]):
            rest = variable.removeprefix(_PREFIX).lower()
            section, _, name = rest.partition("_")
            if rest in self.sections["place"].model_fields:
                found.setdefault(("place", rest), variable)
            elif section in self.sections and name in self.sections[section].model_fields:
                found[section, name] = variable
            elif section in self.sections and name and (section, name) not in _FORMER:
                raise UsageError(f"{variable} is no setting.", _meant(section, name, self.sections[section]))
        return found


def _meant(section: str, name: str, kind: type[BaseModel]) -> str:
    close = get_close_matches(name, kind.model_fields, n=1)
    other = f"Write {_PREFIX}{section.upper()}_{close[0].upper()}" if close else "Unset it"
    return f"{other}; `proofsheet doctor --settings` has all of them."


def _parsed(variable: str, text: str, kind: type[BaseModel], name: str) -> object:
    """The text of a variable as the value of a setting: lists with commas or as JSON, tables as JSON.

    Raises:
        UsageError: if it is not valid JSON and has to be.
    """
    form = get_origin(kind.model_fields[name].annotation)
    if form is not dict and not (form is list and text.lstrip().startswith("[")):
        return [part for p in text.split(",") if (part := p.strip())] if form is list else text
    try:
        return json.loads(text)
    except ValueError as error:
        raise UsageError(
            f"{variable} is not valid JSON: {error} (value: {text!r}).",
            'Write a list as a, b or ["a", "b"], and a table as {"a": 1}.',
        ) from error


def _line_of(lines: Sequence[str], section: str, name: str) -> int | None:
    """Number of the line with a value, from 1; of its section, if the value has no line of its own."""
    of_section, inside = None, ""
    for number, line in enumerate(lines, start=1):
        if header := _HEADER.match(line):
            inside, place = header[1], (header[1], header[2] or "")
        elif key := _KEY.match(line):
            place = (inside, key[1]) if inside else (key[1], key[2] or "")
        else:
            continue
        if place == (section, name):
            return number
        if place[0] == section and of_section is None:
            of_section = number
    return of_section
