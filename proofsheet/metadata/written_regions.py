"""Regions that people or their programs marked in pictures, with names: faces, animals, the focus.

Holds `regions_of`.
Add here: another schema of regions in XMP.
Keep out: which regions count, and turning them upright (library/written_regions.py).

The Metadata Working Group gives the middle and the size of a region, as parts of the picture as its pixels
are stored. Microsoft gives the upper left corner and the size, as parts of the upright picture: files of
digiKam, which writes both, say so.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from xml.etree import ElementTree

from proofsheet.metadata.written_values import Reading
from proofsheet.metadata.xmp import RDF, name_of
from proofsheet.metadata.xmp_packet import XmpPacket, items_of, texts_of
from schemas.written import EDGES, KINDS_OF_REGIONS, OTHER_REGION

_MOST = 200  # of one picture; a class photo has fewer faces
_UNNAMED = "ffffffffffffffff"  # what Picasa calls somebody whom nobody has named
_OUTSIDE = 0.02  # how far a box may leave the picture, as programs round
Box = tuple[float, float, float, float]


def regions_of(xmp: XmpPacket, reading: Reading) -> list[dict[str, object]]:
    """The regions of a packet, as the entries of `EmbeddedMetadata.regions`.

    Args:
        xmp: the packet.
        reading: notes regions that have no box.
    """
    found = [*_of_working_group(xmp, reading), *_of_microsoft(xmp, reading)]
    if len(found) > _MOST:
        reading.odd.append(f"{len(found)} regions, the first {_MOST} are read")
    return found[:_MOST]


def _of_working_group(xmp: XmpPacket, reading: Reading) -> Iterator[dict[str, object]]:
    tag = "mwg-rs:RegionList"
    regions = _fields(xmp.elements.get("mwg-rs:Regions"))
    size = _texts(_element(regions, "mwg-rs:AppliedToDimensions"))
    across, down = _number(size.get("stDim:w")), _number(size.get("stDim:h"))
    for told in _structures(_element(regions, tag)):
        area = _texts(_element(told, "mwg-rs:Area"))
        x, y, w, h = (_number(area.get(f"stArea:{n}")) for n in "xywh")
        scale = (across, down) if area.get("stArea:unit") == "pixel" else (1.0, 1.0)
        box = None
        if None not in (x, y, w, h, *scale) and all(scale):
            x, y, w, h = x / scale[0], y / scale[1], w / scale[0], h / scale[1]  # type: ignore[operator]
            box = (x - w / 2, y - h / 2, x + w / 2, y + h / 2)
        kind = (_text(told, "mwg-rs:Type") or OTHER_REGION).lower()
        name = _text(told, "mwg-rs:Name")
        if entry := _entry(box, kind, name, tag, reading):
            known = across and down and across > 0 and down > 0
            yield entry | {
                "description": reading.text(_text(told, "mwg-rs:Description"), tag),
                "upright": False,
                "aspect": across / down if known else None,  # type: ignore[operator]
            }


def _of_microsoft(xmp: XmpPacket, reading: Reading) -> Iterator[dict[str, object]]:
    tag = "MPRI:Regions"
    regions = _fields(xmp.elements.get("MP:RegionInfo"))
    for told in _structures(_element(regions, tag)):
        parts = [_number(p) for p in (_text(told, "MPReg:Rectangle") or "").split(",")]
        box = None
        if len(parts) == 4 and None not in parts:
            x, y, w, h = parts
            box = (x, y, x + w, y + h)  # type: ignore[operator]
        if box is None and not _text(told, "MPReg:Rectangle"):
            continue  # somebody is named as being in the picture, and nobody said where
        if entry := _entry(box, "face", _text(told, "MPReg:PersonDisplayName"), tag, reading):  # type: ignore[arg-type]
            yield entry | {"description": None, "upright": True, "aspect": None}


def _entry(
    box: Box | None, kind: str, name: str | None, tag: str, reading: Reading
) -> dict[str, object] | None:
    """A region; None, and noted, without a box inside the picture."""
    if box is None or not is_inside(box):
        reading.odd.append(f"{tag} has a region without a box inside the picture")
        return None
    edges = dict(zip(EDGES, (min(1.0, max(0.0, edge)) for edge in box), strict=True))
    word = reading.word(name or "", tag)
    return {
        "kind": kind if kind in KINDS_OF_REGIONS else OTHER_REGION,
        "name": None if word == _UNNAMED else word,
        **edges,
        "tag": f"XMP {tag}",
    }


def is_inside(box: Box) -> bool:
    """Whether a box has an area and is inside of the picture, but for what programs round.

    Args:
        box: left, top, right, bottom as parts of the picture.
    """
    left, top, right, bottom = box
    least, most = -_OUTSIDE, 1 + _OUTSIDE
    return all(map(math.isfinite, box)) and least <= left < right <= most and least <= top < bottom <= most


def _fields(element: ElementTree.Element | None) -> Mapping[str, str | ElementTree.Element]:
    """The fields of a structure: texts of attributes, and elements."""
    if element is None:
        return {}
    found: dict[str, str | ElementTree.Element] = {}
    for one in (element, *element.findall(f"{RDF}Description")):
        found |= {name_of(tag): value for tag, value in one.attrib.items()}
        found |= {name_of(child.tag): child for child in one}
    return found


def _structures(element: ElementTree.Element | None) -> Iterator[Mapping[str, str | ElementTree.Element]]:
    for item in () if element is None else items_of(element):
        yield _fields(item)


def _element(fields: Mapping[str, str | ElementTree.Element], name: str) -> ElementTree.Element | None:
    found = fields.get(name)
    return None if isinstance(found, str) else found


def _text(fields: Mapping[str, str | ElementTree.Element], name: str) -> str | None:
    found = fields.get(name)
    return found if found is None or isinstance(found, str) else next(iter(texts_of(found)), None)


def _texts(element: ElementTree.Element | None) -> dict[str, str]:
    fields = _fields(element)
    return {name: text for name in fields if (text := _text(fields, name)) is not None}


def _number(text: str | None) -> float | None:
    try:
        value = float((text or "").strip())
    except ValueError:
        return None
    return value if math.isfinite(value) else None
