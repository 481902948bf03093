"""Which values `embed` writes into a picture: XMP merged with words of people, and twins in IPTC and EXIF.

Holds `EmbedValues` and `embed_values`.
Add here: another twin of a field, or a limit of IPTC.
Keep out: the merge itself (sidecar_merge.py), and writing (apply/metadata_writing.py).

A field is decided once, in XMP. Its twins get the same value where they are empty, or have our former value.
A value that IPTC shortens is marked as ours in both lengths. Keywords about people come from no other place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from proofsheet.apply.metadata_writing import ENCODING, IPTC_DIGEST
from proofsheet.metadata.own_marks import mark_of
from proofsheet.publish.sidecar_merge import (
    COLUMNS,
    DESCRIPTION,
    LISTS,
    MARKS,
    NAMES,
    RATING,
    SUBJECT,
    TITLE,
    Merge,
    MergeSources,
    merged_fields,
    without_people,
)
from proofsheet.publish.xmp_sidecar import Fields

_KEYWORDS = "IPTC:Keywords"
# Field in XMP to its twins, each with the bytes that it takes; None for any number
_TWINS: Mapping[str, tuple[tuple[str, int | None], ...]] = {
    TITLE: (("IPTC:ObjectName", 64),),
    DESCRIPTION: (("IPTC:Caption-Abstract", 2000), ("IFD0:ImageDescription", None)),
    RATING: (("IFD0:Rating", None),),
    SUBJECT: ((_KEYWORDS, 64),),
}
_WITH_IPTC = frozenset({"JPEG", "TIFF", "DNG", "PNG"})
_DIGEST_NOW = "File:CurrentIPTCDigest"
_UTF8 = "UTF8"


@dataclass
class EmbedValues:
    """What is written into a picture.

    Attributes:
        values: by the tags of exiftool; without any, nothing is to be written.
        conflicts: fields that stay as people wrote them, each with the reason.
        notes: texts that IPTC or EXIF has otherwise, in words.
    """

    values: dict[str, Any] = field(default_factory=dict)
    conflicts: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def embed_values(
    before: Mapping[str, Any],
    wanted: Fields,
    sources: MergeSources,
    container: str,
    of_sidecar: Mapping[str, Any] = MappingProxyType({}),
) -> EmbedValues:
    """The values for a picture.

    Args:
        before: its fields, by the tags of exiftool.
        wanted: what is to be in it.
        sources: what people wrote, and our former texts.
        container: JPEG, TIFF, DNG, PNG, WEBP or HEIF.
        of_sidecar: what people wrote into the sidecar, by tag; it goes into the file without a mark.
    """
    names = {*sources.people.get(NAMES, ()), *of_sidecar.get(NAMES, ())}
    sources = replace(sources, people=without_people(sources.people, names))
    of_sidecar = without_people(of_sidecar, names)
    merged = merged_fields(before, wanted.values(), sources)
    decided = frozenset({*merged.values, *sources.bases})
    _take_over(merged, before, {t: v for t, v in of_sidecar.items() if t in LISTS or t not in decided})
    made = EmbedValues(dict(merged.values), merged.conflicts)
    ours = merged.last | frozenset(sources.former) | frozenset(merged.marks)
    twins = _Twins(before, made, ours, merged)
    utf8 = _takes_utf8(before)
    for tag, places in _TWINS.items():
        if tag not in merged.values:
            continue
        for place, most in places:
            if not place.startswith("IPTC:"):
                twins.write(tag, place, None)
            elif container not in _WITH_IPTC:
                made.notes.append(f"{place}: {container} has no place for IPTC")
            elif utf8 or all(str(v).isascii() for v in _as_list(merged.values[tag])):
                twins.write(tag, place, most)
            else:
                made.notes.append(f"{place}: the IPTC of this file is not in UTF-8, the text stays in XMP")
    _finish(before, made, merged)
    if any(n.startswith("IPTC:") for n in made.values):
        made.values |= _about_iptc(before, container, utf8=utf8)
    return made


def _take_over(merged: Merge, before: Mapping[str, Any], of_sidecar: Mapping[str, Any]) -> None:
    """Add what people wrote into the sidecar, where the file has nothing of its own.

    What people set in the review app, or is written anyway, is decided already, but for keywords.
    """
    for tag, value in of_sidecar.items():
        old = before.get(tag)
        if tag in LISTS:
            there = _as_list(merged.values.get(tag, old))
            if missing := [w for w in value if str(w) not in map(str, there)]:
                merged.values[tag] = [*there, *missing]
        elif old in (None, "", "0") and not any(before.get(p) for p, _most in _TWINS.get(tag, ())):
            merged.values[tag] = value
        elif str(old) != str(value):
            merged.conflicts.append(f"{COLUMNS[tag]}: the sidecar has another one than the file")


def _finish(before: Mapping[str, Any], made: EmbedValues, merged: Merge) -> None:
    """Marks of all that is ours, where any differ."""
    if made.values and merged.marks != _as_list(before.get(MARKS)):
        made.values[MARKS] = merged.marks


def _about_iptc(before: Mapping[str, Any], container: str, *, utf8: bool) -> dict[str, str]:
    """The encoding of IPTC, and its digest where that is true now."""
    made = {ENCODING: _UTF8} if utf8 and before.get(ENCODING) != _UTF8 else {}
    if container != "PNG" and before.get(IPTC_DIGEST) in (None, before.get(_DIGEST_NOW)):
        made[IPTC_DIGEST] = "new"
    return made


@dataclass
class _Twins:
    """Writes a field of XMP into its other places."""

    before: Mapping[str, Any]
    made: EmbedValues
    ours: frozenset[str]
    merged: Merge

    def write(self, tag: str, place: str, most: int | None) -> None:
        """Write one twin, or note why it stays.

        Args:
            tag: of the field in XMP.
            place: of the twin.
            most: bytes that it takes; None for any number.
        """
        value, old = self.merged.values[tag], self.before.get(place)
        if tag in LISTS:
            self._write_list(tag, place, _as_list(value), _as_list(old), most or 0)
            return
        if old not in (None, "", "0") and mark_of(COLUMNS[tag], old) not in self.ours:
            self.made.notes.append(f"{place}: another text is there and stays")
            return
        self.made.values[place] = self._fitting(tag, place, str(value), most)

    def _write_list(
        self, tag: str, place: str, words: Sequence[Any], there: Sequence[Any], most: int
    ) -> None:
        """Words of people that are there, then those of XMP that are not."""
        wanted = [self._fitting(tag, place, str(w), most) for w in words]
        known = {str(w).casefold() for w in wanted}
        stay = [
            str(w) for w in there if mark_of(COLUMNS[tag], w) not in self.ours or str(w).casefold() in known
        ]
        have = {w.casefold() for w in stay}
        self.made.values[place] = stay + [w for w in wanted if w.casefold() not in have]

    def _fitting(self, tag: str, place: str, text: str, most: int | None) -> str:
        raw = text.encode()
        if most is None or len(raw) <= most:
            return text
        cut = raw[:most].decode("utf-8", "ignore")
        own = mark_of(COLUMNS[tag], text) in self.merged.marks
        if own and (mark := mark_of(COLUMNS[tag], cut)) not in self.merged.marks:
            self.merged.marks.append(mark)
        self.made.notes.append(f"{place}: the first {len(cut.encode())} of {len(raw)} bytes; XMP has all")
        return cut


def _takes_utf8(before: Mapping[str, Any]) -> bool:
    """Whether texts in UTF-8 can be written into the IPTC of a file; its other texts keep their encoding."""
    texts = [str(w) for n, v in before.items() if n.startswith("IPTC:") for w in _as_list(v)]
    return before.get(ENCODING) == _UTF8 or all(t.isascii() for t in texts)


def _as_list(value: Any) -> list[Any]:  # noqa: ANN401 - a list of one comes as its item
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]
