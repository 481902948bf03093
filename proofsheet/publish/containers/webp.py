"""WebP copies, animated ones too: the chunks that show the picture, each coded picture to its last byte.

Holds `rebuilt` and `parts`.
Add here: another chunk that changes how the picture looks.
Keep out: partitions (vp8.py), the content of EXIF (directories.py) and of profiles (icc.py).
"""

from __future__ import annotations

import functools
import io
import struct
from collections.abc import Iterator

import numpy as np
from PIL import Image

from proofsheet.publish.containers import directories, icc, vp8
from proofsheet.publish.containers.part import CannotClean, FilePart, Rebuilt, exact, inside
from proofsheet.publish.containers.transparent import COVERED, covers, uncovered

_CODED = (b"VP8 ", b"VP8L")
_SIZES = {b"VP8X": 10, b"ANIM": 6}
_KNOWN, _ALPHA = 0x3E, 0x3F  # bits of the head, and of how transparency is coded, that are not reserved
_FRAME = 16  # bytes of a frame of an animation before its chunks
_PROFILE, _META = 0x20, 0x2C  # flags: a profile; a profile, EXIF or XMP

Chunk = tuple[bytes, bytes]


def rebuilt(data: bytes) -> Rebuilt:
    """A WebP of the chunks that show the picture.

    Raises:
        CannotClean: if it is incomplete or damaged.
    """
    chunks = list(_chunks(data[12 : _end(data)]))
    profile = next((v for k, v in chunks if k == b"ICCP"), b"")
    cleaned = icc.cleaned(profile) or b""
    left = list[str]()
    shown = [(k, cleaned) if k == b"ICCP" else (k, v) for k, v in _shown(chunks, told=left)]
    body = b"WEBP" + b"".join(
        _written(k, _flagged(v, bool(cleaned)) if k == b"VP8X" else v) for k, v in shown if v
    )
    left += ["a colour profile that cannot be read"] if profile and not cleaned else []
    return Rebuilt(b"RIFF" + struct.pack("<I", len(body)) + body, tuple(dict.fromkeys(left)))


def parts(data: bytes) -> list[FilePart]:
    """Every chunk, those of frames too, and what follows the last one."""
    end = _end(data)
    found, chunks = [FilePart("RIFF", 12, True)], list(_chunks(data[12:end]))
    shown = _shown(chunks)
    for kind, value in chunks:
        name, size = kind.decode("latin-1").strip(), len(value) + 8
        if kind == b"EXIF":
            found += inside(name, directories.exif_parts(value.removeprefix(b"Exif\0\0")))
        elif kind == b"ICCP":
            found += inside(name, icc.parts(value))
        else:
            found.append(FilePart(name, size, kind == b"XMP " or (kind, value) in shown))
    return [*found, *([FilePart("bytes after the end", len(data) - end, False)] if end < len(data) else [])]


def _end(data: bytes) -> int:
    """Where the container says that it ends."""
    end = 8 + int(struct.unpack_from("<I", data, 4)[0])
    if end > len(data) + 1:  # the last padding may be missing
        raise CannotClean("its end is missing")
    return min(end, len(data))


def _chunks(body: bytes) -> Iterator[Chunk]:
    at = 0
    while at + 8 <= len(body):
        kind, size = struct.unpack_from("<4sI", body, at)
        value = body[at + 8 : at + 8 + size]
        if len(value) < size:
            raise CannotClean(f"its chunk {kind.decode('latin-1')} is incomplete")
        yield kind, value
        at += 8 + size + size % 2
    if at < len(body):
        yield b"rest", body[at:]


def _written(kind: bytes, value: bytes) -> bytes:
    return struct.pack("<4sI", kind, len(value)) + value + bytes(len(value) % 2)


def _shown(chunks: list[Chunk], sides: bytes = b"", told: list[str] | None = None) -> list[Chunk]:
    """The chunks that show the picture, the first of each kind.

    `sides` are width and height less one, in three bytes each; `told` gets what was left out of pixels.
    """
    found = list[Chunk]()
    for kind, value in chunks:
        if kind != b"ANMF" and any(k == kind or {k, kind} <= set(_CODED) for k, _ in found):
            continue
        if kind == b"VP8X" and len(value) == _SIZES[kind]:
            sides = value[4:10]
            found.append((kind, bytes((value[0] & _KNOWN,)) + bytes(3) + sides))
        elif kind in _CODED:
            found.append(
                (kind, _exact(value) if kind == b"VP8 " else exact(value, functools.partial(_pixels, kind)))
            )
        elif kind == b"ALPH" and len(sides) == 6 and value:
            head = bytes((value[0] & _ALPHA,))
            found.append((kind, head + exact(value[1:], functools.partial(_alpha, value[0], sides))))
        elif kind == b"ANMF" and len(value) > _FRAME:
            inner = [
                c
                for c in _shown(list(_chunks(value[_FRAME:])), value[6:12], told)
                if c[0] in (*_CODED, b"ALPH")
            ]
            head = value[: _FRAME - 1] + bytes((value[_FRAME - 1] & 3,))
            found.append((kind, head + b"".join(_written(*c) for c in inner)))
        elif kind == b"ANIM" and len(value) == _SIZES[kind] and any(k == b"ANMF" for k, _ in chunks):
            found.append((kind, bytes(4) + value[4:]))  # readers show no background
        elif kind == b"ICCP":
            found.append((kind, value))
    return _uncovered(found, sides, told)


def _uncovered(found: list[Chunk], sides: bytes, told: list[str] | None) -> list[Chunk]:
    """The same chunks; a picture with colours under transparent pixels is coded again, without loss."""
    coded = next(((k, v) for k, v in found if k in _CODED), None)
    alpha = next(((k, v) for k, v in found if k == b"ALPH"), None)
    if coded is None or (coded[0] == b"VP8 " and alpha is None):
        return found
    head = [(b"VP8X", b"\x10\0\0\0" + sides), alpha] if alpha and coded[0] == b"VP8 " else []
    with Image.open(io.BytesIO(_file(*head, coded)), formats=["WEBP"]) as image:
        if image.mode != "RGBA" or not covers(pixels := np.asarray(image)):
            return found
    out = io.BytesIO()
    Image.fromarray(uncovered(pixels)).save(out, "WEBP", lossless=True, exact=True)
    new = next(c for c in _chunks(out.getvalue()[12:]) if c[0] == b"VP8L")
    if told is not None:
        told.append(f"{COVERED} (coded again without loss)")
    return [new if one == coded else one for one in found if one != alpha]


def _file(*chunks: Chunk) -> bytes:
    body = b"WEBP" + b"".join(_written(*one) for one in chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _flagged(value: bytes, profile: bool) -> bytes:
    """The head of an extended file, which says what is in it."""
    return bytes((value[0] & ~_META | profile * _PROFILE,)) + value[1:]


def _exact(value: bytes) -> bytes:
    """A lossy picture, each partition of it to its last byte."""
    pieces = vp8.partitions(value)
    for place in range(1, len(pieces)):

        def shown(data: bytes, place: int = place) -> bytes | None:
            return _pixels(b"VP8 ", vp8.joined([*pieces[:place], data, *pieces[place + 1 :]]))

        pieces[place] = exact(pieces[place], shown)
    return vp8.joined(pieces)


def _alpha(method: int, sides: bytes, value: bytes) -> bytes | None:
    """An alpha plane, or None if it is not whole; coded ones are a lossless picture without its head."""
    width, height = int.from_bytes(sides[:3], "little"), int.from_bytes(sides[3:], "little")
    if method & 3 == 0:
        size = (width + 1) * (height + 1)
        return value[:size] if len(value) >= size else None
    return _pixels(b"VP8L", b"\x2f" + struct.pack("<I", width | height << 14) + value)


def _pixels(kind: bytes, value: bytes) -> bytes | None:
    """Coded pixels, or None if they do not decode."""
    try:
        with Image.open(io.BytesIO(_file((kind, value))), formats=["WEBP"]) as image:
            return image.tobytes()
    except (OSError, ValueError):
        return None
