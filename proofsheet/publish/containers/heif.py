"""HEIC and AVIF copies: the picture that is shown, its tiles and its transparency; coded pictures without their messages.

Holds `rebuilt` and `parts`.
Add here: another item or property that shows the picture.
Keep out: reading and writing boxes (boxes.py).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from proofsheet.publish.containers import icc
from proofsheet.publish.containers.boxes import FULL, Item, Items, boxes, meta_box, read_items, written
from proofsheet.publish.containers.directories import exif_parts, gaps
from proofsheet.publish.containers.part import CannotClean, Part, Rebuilt, inside

_BRANDS = frozenset({b"heic", b"heix", b"mif1", b"mif2", b"miaf", b"avif", b"MA1A", b"MA1B", b"MiHE", b"MiHB", b"MiHA"})
_TILED, _XMP = frozenset({b"grid", b"iden"}), b"application/rdf+xml"
_ALPHA = (b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha", b"urn:mpeg:hevc:2015:auxid:1")
_SIZES = {b"ispe": 12, b"irot": 1, b"imir": 1, b"clap": 32, b"pasp": 8, b"clli": 4, b"mdcv": 24, b"a1op": 1, b"lsel": 2}
_META = frozenset({b"hdlr", b"pitm", b"iloc", b"iinf", b"iref", b"iprp", b"idat"})
_MESSAGES = frozenset({35, 36, 37, 38, 39, 40, *range(41, 64)})  # HEVC units that hold no pixels and no parameters
_SHOWN_UNITS = frozenset({1, 3, 4, 6, 7})  # of AV1: sequence, frames and tiles


def rebuilt(data: bytes) -> Rebuilt:
    """A still HEIC or AVIF of the picture that is shown.

    Raises:
        CannotClean: if an item or property of the picture is not known.
    """
    found = read_items(data)
    numbers = sorted(_wanted(found))  # some readers want them in order
    properties, places = list[tuple[bytes, bytes]](), dict[int, int]()
    for number in sorted({n for i in numbers for n, _ in found.items[i].properties}):
        if 0 < number <= len(found.properties) and (value := _property(*found.properties[number - 1])) is not None:
            properties.append((found.properties[number - 1][0], value))
            places[number] = len(properties)
    items, left_out = {}, _left_out(found, numbers)
    for number in numbers:
        old = found.items[number]
        if any(essential and n not in places for n, essential in old.properties):
            raise CannotClean("a property without which its picture cannot be shown is not known here")
        used = [(places[n], essential) for n, essential in old.properties if n in places]
        items[number] = Item(old.kind, b"", _picture(found, old), [], used, old.hidden)
    kept = [(k, a, to) for k, a, to in found.references if k in (b"dimg", b"auxl", b"prem") and {a, *to} <= set(items)]
    new = Items(found.primary, items, kept, properties)
    head = _brands(data)
    size = len(head) + len(meta_box(new, 0)) + 8
    return Rebuilt(head + meta_box(new, size) + written(b"mdat", *(i.data for i in items.values())), left_out)


def parts(data: bytes) -> list[Part]:
    """Every box, item and property, and bytes that belong to no item."""
    found, told, spans = read_items(data), list[Part](), list[tuple[int, int]]()
    end = 0
    for box in boxes(data):
        name = box.kind.decode("latin-1") or "bytes after the end"
        spans.append((end, box.at if box.kind == b"mdat" else box.at + len(box.data)))
        end = box.at + len(box.data)
        if box.kind == b"meta":
            told += [Part(f"meta {b.kind.decode('latin-1')}", len(b.data) + 8, b.kind in _META) for b in boxes(box.data, FULL)]
        elif box.kind != b"mdat":
            told.append(Part(name, len(box.data) + 8, box.kind == b"ftyp" and _brands(data) == written(b"ftyp", box.data)))
    for item in found.items.values():
        name = f"item {item.kind.decode('latin-1')}"
        spans += item.spans
        if item.kind == b"Exif":
            told += inside(name, exif_parts(item.data[4 + int.from_bytes(item.data[:4], "big") :]))
        elif item.kind == b"mime":
            told.append(Part(f"{name} {item.content_type.decode('latin-1')}", len(item.data), item.content_type == _XMP))
        else:
            told.append(Part(name, len(item.data), _picture(found, item) == item.data))
    for kind, value in found.properties:
        if kind == b"colr" and value[:4] in (b"prof", b"rICC"):
            told += inside("colr", icc.parts(value[4:]))
        else:
            told.append(Part(f"property {kind.decode('latin-1')}", len(value) + 8, _property(kind, value) == value))
    return told + gaps(data, spans)


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
    pictures = [n for n, i in found.items.items() if n not in numbers and i.kind in (b"hvc1", b"av01", b"grid", b"tmap")]
    thumbs = {source for kind, source, _ in found.references if kind == b"thmb"}
    tiles = {n for k, source, to in found.references if k == b"dimg" and source not in numbers for n in to}
    further = [n for n in pictures if n not in thumbs | tiles]
    bad = any(k == b"colr" and v[:4] in (b"prof", b"rICC") and not icc.cleaned(v[4:]) for k, v in found.properties)
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
    if kind in _SIZES:
        return value if len(value) == _SIZES[kind] else None
    if kind == b"pixi":
        return value[: FULL + 1 + value[FULL]] if len(value) > FULL else None
    if kind == b"auxC":
        urn = value[FULL:].split(b"\0")[0]
        return bytes(FULL) + urn + b"\0" if urn in _ALPHA else None
    if kind == b"colr" and value[:4] == b"nclx":
        return value[:11]
    if kind == b"colr":
        cleaned = icc.cleaned(value[4:])
        return value[:4] + cleaned if cleaned and value[:4] in (b"prof", b"rICC") else None
    if kind == b"av1C":
        return value[:4] + _frames(value[4:])
    return _parameters(value) if kind == b"hvcC" else None


def _parameters(value: bytes) -> bytes:
    """The parameter sets of HEVC without messages."""
    count, at, arrays = value[22], 23, []
    for _ in range(count):
        kind, (number,) = value[at] & 63, struct.unpack_from(">H", value, at + 1)
        start = at
        at += 3
        for _ in range(number):
            at += 2 + int(struct.unpack_from(">H", value, at)[0])
        if kind not in _MESSAGES:
            arrays.append(value[start:at])
    return value[:22] + bytes((len(arrays),)) + b"".join(arrays)


def _picture(found: Items, item: Item) -> bytes:
    """The bytes of an item that show it."""
    if item.kind == b"grid" and len(item.data) >= 8:
        return item.data[: 12 if item.data[1] & 1 else 8]
    if item.kind in _TILED:
        return b""
    used = dict(found.properties[n - 1] for n, _ in item.properties if 0 < n <= len(found.properties))
    if item.kind == b"hvc1" and len(used.get(b"hvcC", b"")) > 22:
        return b"".join(_units(item.data, (used[b"hvcC"][21] & 3) + 1))
    if item.kind == b"av01":
        return _frames(item.data)
    raise CannotClean(f"an item of the kind {item.kind.decode('latin-1')} is not known here")


def _units(data: bytes, wide: int) -> Iterator[bytes]:
    """Units of HEVC that hold pixels or parameters, with their lengths."""
    at = 0
    while at + wide < len(data):
        end = at + wide + int.from_bytes(data[at : at + wide], "big")
        if end > len(data):
            raise CannotClean("its coded picture is cut off")
        if data[at + wide] >> 1 & 63 not in _MESSAGES:
            yield data[at:end]
        at = end


def _frames(data: bytes) -> bytes:
    """Units of AV1 that hold pixels or parameters."""
    at, kept = 0, []
    while at < len(data):
        start, head = at, data[at]
        at += 2 if head & 4 else 1
        size, shift = len(data) - at, 0
        if head & 2:
            size = 0
            while at < len(data):
                byte, at = data[at], at + 1
                size |= (byte & 127) << shift
                shift += 7
                if not byte & 128:
                    break
        at += size
        if at > len(data):
            raise CannotClean("its coded picture is cut off")
        if head >> 3 & 15 in _SHOWN_UNITS:
            kept.append(data[start:at])
    return b"".join(kept)
