"""What people wrote about a picture: of IPTC, XMP and EXIF that one which counts.

Holds `embedded_metadata`, the measurement of a file, and `fields_of_packet`.
Add here: another tag of a field, in the tables.
Keep out: how values are cleaned (written_values.py), and which of file and sidecar counts (library/).

The Metadata Working Group says which one counts: EXIF where it has a text, else XMP. IPTC counts where XMP
has nothing, and where by its checksum it was edited after the XMP. The tags of Windows come last.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from proofsheet.imaging.decode import Picture
from proofsheet.imaging.formats import RAW
from proofsheet.metadata.exif_texts import exif_texts
from proofsheet.metadata.generation_metadata import generation_facts
from proofsheet.metadata.iptc_texts import iptc_texts
from proofsheet.metadata.own_marks import mark_of, written_here
from proofsheet.metadata.written_regions import regions_of
from proofsheet.metadata.written_stars import pick, rating
from proofsheet.metadata.written_values import Reading
from proofsheet.metadata.xmp_packet import XmpPacket, branches
from schemas.library import GenerationFact
from schemas.written import LISTS, WRITTEN, EmbeddedMetadata, WrittenFields

_SHOWN = "Iptc4xmpExt:LocationShown"
# Field to its tags in EXIF, XMP, IPTC and those of Windows; a tag of XMP may name a part of a structure.
_TAGS: Mapping[str, tuple[str, tuple[str, ...], str, str]] = {
    WrittenFields.title: ("", ("dc:title",), "ObjectName", "XPTitle"),
    WrittenFields.headline: ("", ("photoshop:Headline",), "Headline", ""),
    WrittenFields.description: ("ImageDescription", ("dc:description",), "Caption-Abstract", ""),
    WrittenFields.keywords: ("", ("dc:subject",), "Keywords", "XPKeywords"),
    WrittenFields.people: ("", ("Iptc4xmpExt:PersonInImage",), "", ""),
    WrittenFields.creators: ("Artist", ("dc:creator",), "By-line", "XPAuthor"),
    WrittenFields.copyright: ("Copyright", ("dc:rights",), "CopyrightNotice", ""),
    WrittenFields.usage_terms: ("", ("xmpRights:UsageTerms",), "", ""),
    WrittenFields.city: ("", (f"{_SHOWN}/City", "photoshop:City"), "City", ""),
    WrittenFields.state: ("", (f"{_SHOWN}/ProvinceState", "photoshop:State"), "Province-State", ""),
    WrittenFields.country: (
        *("", (f"{_SHOWN}/CountryName", "photoshop:Country")),
        *("Country-PrimaryLocationName", ""),
    ),
    WrittenFields.location: ("", (f"{_SHOWN}/Sublocation", "Iptc4xmpCore:Location"), "Sub-location", ""),
}
_LIMITS = {"ObjectName": 64, "By-line": 32, "City": 32, "Sub-location": 32, "Province-State": 32} | {
    "Country-PrimaryLocationName": 64,
    "Headline": 256,
    "CopyrightNotice": 128,
    "Caption-Abstract": 2000,
    "Keywords": 64,
}  # bytes that IPTC has for a text; longer ones are cut
_BY_CAMERAS = {WrittenFields.description, WrittenFields.copyright, WrittenFields.creators}
_TREES = (("lr:hierarchicalSubject", "|"), ("digiKam:TagsList", "/"), ("MicrosoftPhoto:LastKeywordXMP", "/"))


@dataclass
class _Sources:
    """Texts by tag, each place on its own."""

    xmp: XmpPacket = field(default_factory=XmpPacket)
    iptc: Mapping[str, list[str]] = field(default_factory=dict)
    exif: Mapping[str, str] = field(default_factory=dict)
    iptc_edited: bool = False
    reading: Reading = field(default_factory=Reading)
    prompt: str = ""
    ours: frozenset[str] = frozenset()

    def said(self, name: str) -> Iterator[tuple[str, list[str]]]:
        """The values of people of a field with their tag, the one that counts first."""
        for tag, texts in self._all(name):
            yield tag, [t for t in texts if mark_of(name, t) not in self.ours]

    def _all(self, name: str) -> Iterator[tuple[str, list[str]]]:
        exif, xmp, iptc, windows = _TAGS[name]
        of_xmp = [(f"XMP {tag}", self._of_xmp(tag)) for tag in xmp]
        of_iptc = [(f"IPTC {iptc}", self.iptc.get(iptc, []))]
        yield f"EXIF {exif}", _split(name, self.exif.get(exif, ""))
        yield from of_iptc + of_xmp if self.iptc_edited and not self._is_cut(iptc, of_xmp) else of_xmp
        yield from of_iptc
        yield f"EXIF {windows}", _split(name, self.exif.get(windows, ""))

    def _of_xmp(self, tag: str) -> list[str]:
        name, _, part = tag.partition("/")
        if part:
            return list(self.xmp.parts(name, f"Iptc4xmpExt:{part}"))[:1]
        return self.xmp.values.get(tag, [])

    def _is_cut(self, iptc: str, of_xmp: list[tuple[str, list[str]]]) -> bool:
        """Whether the IPTC is the beginning of the XMP, up to the limit of IPTC."""
        cut, whole = self.iptc.get(iptc, []), next((v for _tag, v in of_xmp if v), [])
        return [w.encode()[: _LIMITS[iptc]] for w in whole] == [c.encode() for c in cut] if iptc else False

    def value(self, name: str, tag: str, texts: list[str]) -> str | list[str] | None:
        """A field out of its texts; None if no person wrote it."""
        if name in LISTS:
            kept = [t for t in texts if name not in _BY_CAMERAS or self.reading.by_person(t, tag)]
            return self.reading.words(kept, tag) or None
        clean = self.reading.by_person if name in _BY_CAMERAS else self.reading.text
        found = next((t for t in (clean(text, tag) for text in texts) if t), None)
        return None if found and self.prompt and self.prompt in found else found


def _split(name: str, text: str) -> list[str]:
    """The texts in one of EXIF: creators and keywords are separated by semicolons."""
    parts = text.split(";") if name in LISTS else [text]
    return [part.strip().strip('"') for part in parts if part.strip()]


def embedded_metadata(picture: Picture) -> Mapping[str, object]:
    """Every column of `EmbeddedMetadata` but the ids, without the values that Proofsheet wrote."""
    reading, xmp = Reading(), XmpPacket()
    try:
        xmp = XmpPacket.read(picture.blocks.xmp)
    except ValueError as error:
        reading.odd.append(f"XMP: {error}")
    exif = exif_texts(picture.blocks.raw_exif if picture.format == RAW else picture.exif)
    own = frozenset(written_here(xmp))
    reading.defaults = {v.strip().casefold() for n, v in exif.items() if n in ("Make", "Model", "Software")}
    iptc, edited = iptc_texts(picture.blocks.iptc), picture.blocks.iptc_edited
    sources = _Sources(xmp, iptc, exif, edited, reading, ours=own)
    sources.prompt = str(generation_facts(picture)[GenerationFact.prompt] or "")
    return _columns(sources)


def fields_of_packet(xmp: XmpPacket) -> Mapping[str, object]:
    """The same columns of a packet of XMP alone, such as a sidecar."""
    return _columns(_Sources(xmp))


def _columns(sources: _Sources) -> Mapping[str, object]:
    found: dict[str, tuple[object, str]] = {}
    for name in _TAGS:
        values = ((sources.value(name, tag, texts), tag) for tag, texts in sources.said(name))
        if (first := next((v for v in values if v[0] is not None), None)) is not None:
            found[name] = first
    if trees := _trees(sources):
        found[WrittenFields.hierarchical_keywords] = trees
    stars = (rating(sources.xmp, sources.exif, sources.reading), pick(sources.xmp, sources.reading))
    for name, said in zip((WrittenFields.rating, WrittenFields.pick), stars, strict=True):
        if said is not None and mark_of(name, said[0]) not in sources.ours:
            found[name] = said
    label = next(iter(sources.xmp.values.get("xmp:Label", [])), "")
    if clean := sources.reading.word(label, "xmp:Label"):
        found[WrittenFields.label] = (clean, "XMP xmp:Label")
    empty: dict[str, object] = {n: [] if n in LISTS else None for n in WRITTEN}
    return {
        **empty,
        **{name: value for name, (value, _tag) in found.items()},
        EmbeddedMetadata.tags: [{"field": name, "tag": tag} for name, (_value, tag) in found.items()],
        EmbeddedMetadata.regions: regions_of(sources.xmp, sources.reading),
        EmbeddedMetadata.unread: sources.reading.problem(),
    }


def _trees(sources: _Sources) -> tuple[list[str], str] | None:
    """Keywords with their broader terms, of all programs that write them."""
    found: dict[str, str] = {}
    for tag, between in _TREES:
        for one in sources.xmp.values.get(tag, []):
            found.setdefault("|".join(p.strip() for p in one.split(between) if p.strip()), f"XMP {tag}")
    if (element := sources.xmp.elements.get("mwg-kw:Keywords")) is not None:
        for tree in (c for c in element.iter() if c.tag.endswith("}Hierarchy")):
            for path in branches(tree, "mwg-kw:Keyword", "mwg-kw:Children"):
                found.setdefault("|".join(p.strip() for p in path), "XMP mwg-kw:Hierarchy")
    of_people = [p for p in found if mark_of(WrittenFields.hierarchical_keywords, p) not in sources.ours]
    words = sources.reading.words(of_people, "hierarchical keywords")
    return (words, ", ".join(dict.fromkeys(found.values()))) if words else None
