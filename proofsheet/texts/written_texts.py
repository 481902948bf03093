"""Texts that people wrote into files and sidecars, by the fields that may be published.

Holds `WrittenText`, `WrittenTexts`, `texts_by_photo`, `texts_of_people`, `plain_keywords`,
`names_of_people` and `is_of_people`.
Add here: another field that people fill in elsewhere and that is published.
Keep out: reading them (library/written_metadata.py), and what is written here (edits.py).

They rank below what you write in Proofsheet and above every text of a model.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from schemas.proof import Texts
from schemas.written import EMBEDDED, WrittenMetadata

# Roots of trees of keywords under which programs keep names of people.
_PEOPLE = frozenset({"people", "person", "persons", "personen", "leute", "menschen", "personnes", "personas"})
_PLACES = {EMBEDDED: "file"}
_COLUMNS = {
    Texts.title: WrittenMetadata.title,
    Texts.caption: WrittenMetadata.description,
    Texts.keywords: WrittenMetadata.keywords,
}
Row = Mapping[str, Any]


@dataclass(frozen=True)
class WrittenText:
    """A text of people.

    Attributes:
        value: the text, or a list of keywords.
        place: file or sidecar.
    """

    value: Any
    place: str


WrittenTexts = Mapping[str, WrittenText]


def texts_by_photo(written: pl.DataFrame) -> dict[str, WrittenTexts]:
    """Photo to what people wrote of it, by field.

    Args:
        written: rows of `written_metadata`.
    """
    return {str(r[WrittenMetadata.photo_id]): texts_of_people(r) for r in written.to_dicts()}


def texts_of_people(row: Row) -> dict[str, WrittenText]:
    """Field to the text of people; the title, the caption and keywords without names of people.

    Args:
        row: of `written_metadata`; an empty one says nothing.
    """
    places = {said["field"]: _PLACES.get(said["place"], said["place"]) for said in row.get("said") or ()}
    values = {field: row.get(column) for field, column in _COLUMNS.items()}
    values[Texts.keywords] = plain_keywords(row)
    return {
        field: WrittenText(value, places.get(_COLUMNS[field], "file"))
        for field, value in values.items()
        if value
    }


def plain_keywords(row: Row) -> list[str]:
    """Flat keywords of people without names of people: those are not for others.

    Args:
        row: of `written_metadata`; an empty one says nothing.
    """
    people = names_of_people(row)
    return [w for w in row.get(WrittenMetadata.keywords) or () if w.casefold() not in people]


def names_of_people(row: Row) -> frozenset[str]:
    """Names, in small letters: of regions and persons, and of keywords below the keyword people.

    Args:
        row: of `written_metadata` or `embedded_metadata`; an empty one says nothing.
    """
    trees = [path.split("|") for path in row.get(WrittenMetadata.hierarchical_keywords) or ()]
    named = (row.get(n) or () for n in (WrittenMetadata.names_of_people, WrittenMetadata.people))
    below = (name for path in trees if path[0].casefold() in _PEOPLE for name in path)
    return frozenset(name.casefold() for name in (*below, *(n for names in named for n in names)))


def is_of_people(path: Sequence[str], names: Collection[str]) -> bool:
    """Whether a keyword with its broader terms, the broadest first, is about people.

    Args:
        path: the terms; a flat keyword is alone.
        names: of `names_of_people`.
    """
    return path[0].casefold() in _PEOPLE or any(term.casefold() in names for term in path)
