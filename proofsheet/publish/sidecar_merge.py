"""Three-way merge of our fields into a sidecar: what is there, what we want, and what we wrote last.

Holds `MergeSources`, `Merge`, `merged_fields`, `tags_of_people`, `without_people` and `marks_of_attempts`.
Add here: another field, with its column, in `COLUMNS`.
Keep out: exiftool and files (xmp_sidecar.py); how a mark is made (metadata/own_marks.py).

What we wrote is known by its mark in the sidecar. A value without a mark is from people and stays.
What people removed of ours is not written again. Both are listed as conflicts.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from proofsheet.metadata.own_marks import mark_of
from proofsheet.metadata.written_stars import flag_of_digikam
from proofsheet.proof.assemble import written_elsewhere
from proofsheet.publish.sidecar_said import said_value
from proofsheet.texts.written_texts import is_of_people, names_of_people
from schemas.proof import FIELDS, ProofAttempt, Texts
from schemas.written import WrittenFields

RATING, LABEL, TITLE = "XMP-xmp:Rating", "XMP-xmp:Label", "XMP-dc:Title"
DESCRIPTION, SUBJECT, HIERARCHY = "XMP-dc:Description", "XMP-dc:Subject", "XMP-lr:HierarchicalSubject"
FLAG = "XMP-xmpDM:Pick"
TAGS_LIST, ALT_TEXT = "XMP-digiKam:TagsList", "XMP-iptcCore:AltTextAccessibility"
EXTENDED, MARKS = "XMP-iptcCore:ExtDescrAccessibility", "XMP-proofsheet:Written"
NAMES = "names of people"  # no tag: names that no list may take into a file
LISTS = (SUBJECT, HIERARCHY, TAGS_LIST)
COLUMNS = {
    RATING: WrittenFields.rating,
    LABEL: WrittenFields.label,
    FLAG: WrittenFields.pick,
    TITLE: WrittenFields.title,
    DESCRIPTION: WrittenFields.description,
    SUBJECT: WrittenFields.keywords,
    HIERARCHY: WrittenFields.hierarchical_keywords,
    TAGS_LIST: WrittenFields.hierarchical_keywords,
    ALT_TEXT: "alt_text",
    EXTENDED: "extended_description",
}
_PICK_LABEL = "XMP-digiKam:PickLabel"
_TRUTHS = frozenset({"true", "false"})
Tags = Mapping[str, Any]


def _no_check() -> None:
    """For fields of no picture."""


@dataclass(frozen=True)
class MergeSources:
    """What a merge knows beside the sidecar.

    Attributes:
        people: what people wrote into the picture itself, by tag.
        former: marks of texts that we may have written before sidecars held marks.
        replace: whether values that we wrote make room for new ones.
        bases: tags of values that people set in the review app, each with the value of other programs then;
            None where everything was undone.
        check_picture: called before a sidecar is read; raises UsageError if the picture beside it is another
            one than the fields are for.
    """

    people: Mapping[str, Any] = field(default_factory=dict)
    former: Collection[str] = ()
    replace: bool = False
    bases: Mapping[str, str | None] = field(default_factory=dict)
    check_picture: Callable[[], None] = _no_check


@dataclass
class Merge:
    """The result of a merge: values to write, and conflicts with words of people.

    Attributes:
        values: by tag; without any, nothing is to be written.
        conflicts: fields that stay as they are, each with the reason.
        marks: of everything in the sidecar that we wrote.
        last: the marks before.
    """

    values: dict[str, Any] = field(default_factory=dict)
    conflicts: list[str] = field(default_factory=list)
    marks: list[str] = field(default_factory=list)
    last: frozenset[str] = frozenset()

    def note(self, tag: str, *values: object) -> None:
        """Mark values as ours."""
        self.marks += [m for v in values if (m := _mark(tag, v)) not in self.marks]


def merged_fields(before: Tags, wanted: Tags, sources: MergeSources) -> Merge:
    """Merge fields into those of a sidecar.

    Args:
        before: what the sidecar holds.
        wanted: what is to be in it.
        sources: what is known beside it.
    """
    noted = _as_list(before.get(MARKS))
    made = Merge(marks=[*noted], last=frozenset(noted))
    ours = made.last | frozenset(sources.former)
    for tag, value in wanted.items():
        known = _Known(_old(before, tag), sources.people.get(tag), ours)
        if tag in sources.bases:
            _merge_said(made, tag, value, known, sources.bases[tag])
        elif tag in LISTS:
            _merge_list(made, tag, value, known, replace=sources.replace)
        elif tag in COLUMNS:
            _merge_one(made, tag, value, known, replace=sources.replace)
        elif known.old in (None, ""):
            made.values[tag] = value
    if made.marks != noted:
        made.values[MARKS] = made.marks
    return made


def _old(before: Tags, tag: str) -> Any:  # noqa: ANN401 - text or list
    """A value of the sidecar; the flag of digiKam where there is no other."""
    if tag == FLAG and before.get(tag) in (None, ""):
        return flag_of_digikam(str(before.get(_PICK_LABEL, "")))
    return before.get(tag)


@dataclass(frozen=True)
class _Known:
    """The value of a sidecar, that of people in the picture, and the marks of ours."""

    old: Any
    of_file: Any
    ours: frozenset[str]


def _merge_said(made: Merge, tag: str, value: object, known: _Known, base: str | None) -> None:
    """Stars, a label or a flag that people set here."""
    there = next((str(v) for v in (known.old, known.of_file) if v not in (None, "")), "")
    marks = (_mark(tag, there), _mark(tag, value))
    found = said_value(there, str(value), base, marks, made.marks)
    made.marks = found.marks
    if found.conflict:
        made.conflicts.append(found.conflict)
    elif found.write:
        made.values[tag] = value


def _merge_one(made: Merge, tag: str, value: object, known: _Known, *, replace: bool) -> None:
    empty = (None, "", "0") if tag == RATING else (None, "")
    if known.old in empty and known.of_file in empty:
        if any(m.startswith(f"{COLUMNS[tag]}:") for m in made.last):
            made.conflicts.append(f"{COLUMNS[tag]}: people removed it")
        else:
            made.values[tag] = value
            made.note(tag, value)
        return
    ours = known.old not in empty and _mark(tag, known.old) in known.ours
    if ours:
        made.note(tag, known.old)
    if same(known.of_file if known.old in empty else known.old, value):
        return
    if not ours:
        made.conflicts.append(f"{COLUMNS[tag]}: people wrote another one")
    elif replace:
        made.marks = [m for m in made.marks if not m.startswith(f"{COLUMNS[tag]}:")]
        made.values[tag] = value
        made.note(tag, value)


def _merge_list(made: Merge, tag: str, value: Iterable[object], known: _Known, *, replace: bool) -> None:
    there = {_mark(tag, v): v for v in _as_list(known.of_file if known.old is None else known.old)}
    wanted = {_mark(tag, v): v for v in value}
    ours = known.ours if known.old is not None else frozenset[str]()
    made.note(tag, *(v for mark, v in there.items() if mark in ours))
    if gone := [v for mark, v in wanted.items() if mark in made.last and mark not in there]:
        made.conflicts.append(f"{COLUMNS[tag]}: people removed {', '.join(map(str, gone))}")
    fresh = [v for mark, v in wanted.items() if mark not in there and v not in gone]
    left = {mark for mark in there if replace and mark in ours and mark not in wanted}
    if fresh or left:
        made.values[tag] = [*(v for mark, v in there.items() if mark not in left), *fresh]
        made.marks = [m for m in made.marks if m not in left]
        made.note(tag, *fresh)


def _mark(tag: str, value: object) -> str:
    text = str(value).replace("/", "|") if tag == TAGS_LIST else value
    return mark_of(COLUMNS[tag], text)


def _as_list(value: Any) -> list[Any]:  # noqa: ANN401 - a list of one comes as its item
    if value in (None, ""):
        return []
    return list(value) if isinstance(value, list) else [value]


def same(one: Any, two: Any) -> bool:  # noqa: ANN401 - a list of one comes as its item
    """Whether two values are the same when read.

    Exiftool does not keep the case of the words true and false.
    """
    return [_plain(v) for v in _as_list(one)] == [_plain(v) for v in _as_list(two)]


def _plain(value: Any) -> str:  # noqa: ANN401
    return str(value).lower() if str(value).lower() in _TRUTHS else str(value)


def tags_of_people(row: Mapping[str, Any]) -> dict[str, Any]:
    """What people wrote into a picture, by the tags of exiftool, and names of people.

    Args:
        row: of `embedded_metadata`; an empty one says nothing.
    """
    found = {tag: row.get(name) for tag, name in COLUMNS.items() if tag != TAGS_LIST}
    found |= {tag: f"{found[tag]:g}" for tag in (RATING, FLAG) if found[tag] is not None}
    found[TAGS_LIST] = [path.replace("|", "/") for path in found[HIERARCHY] or ()]
    found[NAMES] = sorted(names_of_people(row))
    return {tag: value for tag, value in found.items() if value not in (None, "", [])}


def without_people(tags: Tags, names: Collection[str]) -> dict[str, Any]:
    """The values without keywords about people: names are not for others.

    Args:
        tags: of `tags_of_people`.
        names: in small letters.
    """
    found = {tag: value for tag, value in tags.items() if tag != NAMES}
    for tag, between in ((SUBJECT, "\n"), (HIERARCHY, "|"), (TAGS_LIST, "/")):
        words = _as_list(found.pop(tag, None))
        if kept := [w for w in words if not is_of_people(str(w).split(between), names)]:
            found[tag] = kept
    return found


def marks_of_attempts(attempts: Iterable[Mapping[str, Any]]) -> dict[str, set[str]]:
    """Photo to the marks of all texts that it ever had here, without those of people in file or sidecar.

    Args:
        attempts: rows of `proof_attempts`.
    """
    found: dict[str, set[str]] = {}
    for row in attempts:
        theirs = written_elsewhere(row[ProofAttempt.sources] or "")
        own = {f: row[f] for f in FIELDS if f not in theirs}
        told = {TITLE: own.get(Texts.title), DESCRIPTION: own.get(Texts.caption)}
        told[ALT_TEXT] = own.get(Texts.alt_text)
        marks = {_mark(tag, text) for tag, text in told.items() if text}
        marks |= {_mark(SUBJECT, word) for word in own.get(Texts.keywords) or ()}
        found.setdefault(str(row[ProofAttempt.photo_id]), set()).update(marks)
    return found
