"""HEIC and AVIF copies: the picture that is shown, its tiles and its transparency.

Coded pictures lose their messages.

Holds `rebuilt` and `parts`.
Add here: another item or property that shows the picture.
Keep out: reading and writing boxes (boxes.py).
"""

from __future__ import annotations

import io
import struct

import numpy as np
from PIL import Image

from proofsheet.imaging.decode import prepare_decoders
from proofsheet.imaging.formats import FORMATS
from proofsheet.publish.containers import hevc, icc
from proofsheet.publish.containers.boxes import FULL, Item, Items, boxes, meta_box, read_items, written
from proofsheet.publish.containers.coded_units import (
    _SEQUENCE,
    PARAMETER_UNITS,
    Unit,
    alone,
    frames_of,
    joined,
    units_of,
)
from proofsheet.publish.containers.directories import exif_parts, gaps
from proofsheet.publish.containers.part import CannotClean, FilePart, Rebuilt, exact, inside
from proofsheet.publish.containers.transparent import COVERED, covers

_BRANDS = frozenset(
    {b"heic", b"heix", b"mif1", b"mif2", b"miaf", b"avif", b"MA1A", b"MA1B", b"MiHE", b"MiHB", b"MiHA"}
)
_TILED, _XMP = frozenset({b"grid", b"iden"}), b"application/rdf+xml"
_ALPHA = (b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha", b"urn:mpeg:hevc:2015:auxid:1")
# Properties of whole numbers: their layout behind version and flags, and the most that each may be.
_BOUNDS = {
    b"ispe": (FULL, ">2I", (1 << 24,) * 2), b"irot": (0, ">B", (3,)), b"imir": (0, ">B", (1,)),
    b"pasp": (0, ">2I", (1 << 16,) * 2),
    b"clap": (0, ">8i", (1 << 24,) * 8), b"a1op": (0, ">B", (31,)), b"lsel": (0, ">H", (3,)),
}  # fmt: skip
_CHANNELS, _DEEPEST, _CODE_POINT = 4, 16, 22
_META = frozenset({b"hdlr", b"pitm", b"iloc", b"iinf", b"iref", b"iprp", b"idat"})


def rebuilt(data: bytes) -> Rebuilt:
    """A still HEIC or AVIF of the picture that is shown.

    Raises:
        CannotClean: if an item or property of the picture is not known, or if there are
            colours under transparent pixels.
    """
    found = read_items(data)
    wanted = _wanted(found)
    left_out, numbers = (
        _left_out(found, wanted),
        {old: new for new, old in enumerate(sorted(wanted), 1)},
    )  # some readers want order
    properties, items = dict[tuple[bytes, bytes], int](), dict[int, Item]()
    for old, new in numbers.items():
        own = _own(found, found.items[old])
        used = [(properties.setdefault(p, len(properties) + 1), essential) for p, essential in own.items()]
        items[new] = Item(
            found.items[old].kind, b"", _picture(found, found.items[old]), [], used, found.items[old].hidden
        )
    kept = {
        (kind, numbers[source]): tuple(numbers[n] for n in to)
        for kind, source, to in reversed(found.references)
        if kind in (b"dimg", b"auxl", b"prem") and {source, *to} <= numbers.keys()
    }
    references = [(kind, source, to) for (kind, source), to in sorted(kept.items())]
    new_items = Items(numbers[found.primary], items, references, list(properties))
    head = _brands(data)
    size = len(head) + len(meta_box(new_items, 0)) + 8
    data = head + meta_box(new_items, size) + written(b"mdat", *(i.data for i in items.values()))
    if any(kind == b"auxl" for kind, _, _ in references):
        _refuse_covered(data)
    return Rebuilt(data, left_out)


def _refuse_covered(data: bytes) -> None:
    """Coded again, the picture would lose detail: such a picture is refused."""
    prepare_decoders()
    with Image.open(io.BytesIO(data), formats=FORMATS) as image:
        if image.mode == "RGBA" and covers(np.asarray(image)):
            raise CannotClean(f"it has {COVERED}; save it as PNG, which loses nothing, and scrub that")


def parts(data: bytes) -> list[FilePart]:
    """Every box, item and property, and bytes that belong to no item."""
    found, told, spans = read_items(data), list[FilePart](), list[tuple[int, int]]()
    end = 0
    for box in boxes(data):
        name = box.kind.decode("latin-1") or "bytes after the end"
        spans.append((end, box.at if box.kind == b"mdat" else box.at + len(box.data)))
        end = box.at + len(box.data)
        if box.kind == b"meta":
            told += [
                FilePart(f"meta {b.kind.decode('latin-1')}", len(b.data) + 8, b.kind in _META)
                for b in boxes(box.data, FULL)
            ]
        elif box.kind != b"mdat":
            told.append(
                FilePart(
                    name,
                    len(box.data) + 8,
                    box.kind == b"ftyp" and _brands(data) == written(b"ftyp", box.data),
                )
            )
    for item in found.items.values():
        name = f"item {item.kind.decode('latin-1')}"
        spans += item.spans
        if item.kind == b"Exif":
            told += inside(name, exif_parts(item.data[4 + int.from_bytes(item.data[:4], "big") :]))
        elif item.kind == b"mime":
            told.append(
                FilePart(
                    f"{name} {item.content_type.decode('latin-1')}", len(item.data), item.content_type == _XMP
                )
            )
        else:
            told.append(FilePart(name, len(item.data), _picture(found, item) == item.data))
    for kind, value in found.properties:
        if kind == b"colr" and value[:4] in (b"prof", b"rICC"):
            told += inside("colr", icc.parts(value[4:]))
        else:
            told.append(
                FilePart(
                    f"property {kind.decode('latin-1')}", len(value) + 8, _property(kind, value) == value
                )
            )
    return told + gaps(data, spans)


def _own(found: Items, item: Item) -> dict[tuple[bytes, bytes], bool]:
    """What a copy has of an item's properties, the first of each kind, and whether it is essential."""
    own, kinds = dict[tuple[bytes, bytes], bool](), set[bytes]()
    for number, essential in item.properties:
        if not 0 < number <= len(found.properties):
            continue
        kind, stored = found.properties[number - 1]
        value = _property(kind, stored)
        if value is None and essential:
            raise CannotClean("a property without which its picture cannot be shown is not known here")
        named = kind + stored[:4] if kind == b"colr" else kind
        if value is not None and named not in kinds:
            own[kind, value] = essential
            kinds.add(named)
    return own


def _wanted(found: Items) -> list[int]:
    """Numbers of the shown item, of the tiles that it is made of, and of their transparency."""
    wanted = [found.primary]
    for number in wanted:
        for kind, source, to in found.references:
            if kind == b"dimg" and source == number:
                wanted += [n for n in to if n not in wanted]
            if kind == b"auxl" and number in to and source not in wanted and _is_alpha(found, source):
                wanted.append(source)
    if any(n not in found.items or n > 0xFFFF for n in wanted):
        raise CannotClean("an item of its picture is missing")
    return wanted


def _is_alpha(found: Items, number: int) -> bool:
    used = found.items[number].properties if number in found.items else []
    some = [found.properties[n - 1] for n, _ in used if 0 < n <= len(found.properties)]
    return any(k == b"auxC" and v[FULL:].split(b"\0")[0] in _ALPHA for k, v in some)


def _left_out(found: Items, numbers: list[int]) -> tuple[str, ...]:
    pictures = [
        n
        for n, i in found.items.items()
        if n not in numbers and i.kind in (b"hvc1", b"av01", b"grid", b"tmap")
    ]
    thumbs = {source for kind, source, _ in found.references if kind == b"thmb"}
    tiles = {n for k, source, to in found.references if k == b"dimg" and source not in numbers for n in to}
    further = [n for n in pictures if n not in thumbs | tiles]
    bad = any(
        k == b"colr" and v[:4] in (b"prof", b"rICC") and not icc.cleaned(v[4:]) for k, v in found.properties
    )
    told = [f"{len(further)} further pictures, such as a gain map or depth"] if further else []
    return (*told, *(["a colour profile that cannot be read"] if bad else []))


def _brands(data: bytes) -> bytes:
    """The head of the file: a still picture, and the brands of it that are known."""
    first = next(boxes(data)).data
    named = [first[at : at + 4] for at in range(0, len(first), 4) if at != 4]
    kept = [b for b in dict.fromkeys(named[1:]) if b in _BRANDS]
    coded = b"avif" if any(b in (b"avif", b"avis") for b in named) else b"heic"
    major = named[0] if named[0] in _BRANDS else coded
    return written(b"ftyp", major, bytes(4), *(kept if coded in kept or major == coded else [coded, *kept]))


def _property(kind: bytes, value: bytes) -> bytes | None:
    """A property without what shows no picture; None if it is not known."""
    if kind in _BOUNDS:
        start, layout, most = _BOUNDS[kind]
        fits = len(value) == start + struct.calcsize(layout)
        numbers = struct.unpack(layout, value[start:]) if fits else ()
        return (
            bytes(start) + value[start:]
            if fits and all(abs(n) <= m for n, m in zip(numbers, most, strict=True))
            else None
        )
    if kind == b"pixi":
        bits = value[FULL + 1 : FULL + 1 + value[FULL]]
        return (
            bytes(FULL) + bytes((len(bits),)) + bits
            if len(bits) <= _CHANNELS and max(bits, default=0) <= _DEEPEST
            else None
        )
    if kind == b"auxC":
        urn = value[FULL:].split(b"\0")[0]
        return bytes(FULL) + urn + b"\0" if urn in _ALPHA else None
    if kind == b"colr" and value[:4] == b"nclx":
        points = struct.unpack_from(">3H", value, 4)
        return value[:10] + bytes((value[10] & 0x80,)) if max(points) <= _CODE_POINT else None
    if kind == b"colr":
        cleaned = icc.cleaned(value[4:])
        return value[:4] + cleaned if cleaned and value[:4] in (b"prof", b"rICC") else None
    if kind == b"av1C":
        return value[:4]
    return _parameters(value) if kind == b"hvcC" else None


def _parameters(value: bytes) -> bytes:
    """The parameter sets of HEVC up to their last bits.

    Of the head, only the width of lengths is read, which they do not have themselves.
    """
    count = value[22]
    at = 23
    arrays = []
    sequence = b""
    for _ in range(count):
        kind, (number,) = value[at] & 63, struct.unpack_from(">H", value, at + 1)
        array, at = value[at : at + 3], at + 3
        for _ in range(number):
            size = int(struct.unpack_from(">H", value, at)[0])
            unit, at = value[at + 2 : at + 2 + size], at + 2 + size
            if kind in PARAMETER_UNITS:
                unit = hevc.ended(unit)
            sequence = unit if kind == _SEQUENCE else sequence
            array += struct.pack(">H", len(unit)) + unit
        if kind in PARAMETER_UNITS:
            arrays.append(array)
    profile = sequence.replace(b"\0\0\3", b"\0\0")[3:15]  # as the sequence has it, behind its own head
    if len(profile) < 12 or at > len(value):
        raise CannotClean("its coded picture has no sequence")
    shape = bytes((0xFC | value[16] & 3, 0xF8 | value[17] & 7, 0xF8 | value[18] & 7))
    return (
        b"\1"
        + profile
        + b"\xf0\0\xfc"
        + shape
        + bytes(2)
        + bytes((value[21] & 0x3F, len(arrays)))
        + b"".join(arrays)
    )


def _picture(found: Items, item: Item) -> bytes:
    """The bytes of an item that show it."""
    if item.kind == b"grid" and len(item.data) >= 8:
        return item.data[: 12 if item.data[1] & 1 else 8]
    if item.kind in _TILED:
        return b""
    used = dict(found.properties[n - 1] for n, _ in item.properties if 0 < n <= len(found.properties))
    if item.kind == b"hvc1" and len(used.get(b"hvcC", b"")) > 22:
        units = list(units_of(item.data, (used[b"hvcC"][21] & 3) + 1))
    elif item.kind == b"av01":
        units = list(frames_of(item.data))
    else:
        raise CannotClean(f"an item of the kind {item.kind.decode('latin-1')} is not known here")
    for place, one in enumerate(units):

        def shown(data: bytes, place: int = place, one: Unit = one) -> bytes | None:
            return alone(found, item, joined([*units[:place], one._replace(data=data), *units[place + 1 :]]))

        if one.coded:
            units[place] = one._replace(data=exact(one.data, shown, spare=1))
    return joined(units)
