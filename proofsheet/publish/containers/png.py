"""PNG copies, animated ones too: the chunks that show the picture; its rows are checked to their last byte.

Holds `rebuilt` and `parts`.
Add here: another chunk that changes how the picture looks.
Keep out: what stands in EXIF (directories.py) and in profiles (icc.py).
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

from proofsheet.publish.containers import directories, icc
from proofsheet.publish.containers.part import CannotClean, Part, Rebuilt, inside

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
# The sizes that a chunk may have; others are no such chunk.
_SIZES = {
    b"IHDR": range(13, 14), b"PLTE": range(3, 769, 3), b"tRNS": range(1, 257), b"cHRM": range(32, 33), b"gAMA": range(4, 5),
    b"sRGB": range(1, 2), b"cICP": range(4, 5), b"sBIT": range(1, 5), b"pHYs": range(9, 10), b"bKGD": range(1, 7),
    b"mDCV": range(24, 25), b"cLLI": range(8, 9), b"acTL": range(8, 9), b"fcTL": range(26, 27), b"IEND": range(1),
}  # fmt: skip
_ROWS = (b"IDAT", b"fdAT")
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
_ICC_NAME = b"icc\0\0"
_XMP = b"XML:com.adobe.xmp\0\0\0\0\0"


class _Chunk(NamedTuple):
    kind: bytes
    data: bytes
    whole: bool  # its checksum is right, and it lies inside the file


def rebuilt(data: bytes) -> Rebuilt:
    """A PNG of the chunks that show the picture.

    Raises:
        CannotClean: if rows are missing or damaged.
    """
    chunks = list(_chunks(data))
    if not chunks or not _fits(chunks[0]) or chunks[0].kind != b"IHDR" or not any(c.kind == b"IEND" for c in chunks):
        raise CannotClean("it is no whole PNG")
    out, count, left_out = [_SIGNATURE], 0, []
    for kind, value in _shown(chunks):
        if kind == b"iCCP" and not value:
            left_out.append("a colour profile that cannot be read")
        elif kind in (b"fcTL", b"fdAT"):
            out.append(_written(kind, struct.pack(">I", count) + value))
            count += 1
        else:
            out.append(_written(kind, value))
    return Rebuilt(b"".join(out), tuple(left_out))


def parts(data: bytes) -> list[Part]:
    """Every chunk, and what follows the last one."""
    found = [Part("signature", len(_SIGNATURE), data.startswith(_SIGNATURE))]
    chunks = list(_chunks(data))
    rows = [v for k, v in _shown(chunks) if k in _ROWS]
    exact = rows == [c.data[4:] if c.kind == b"fdAT" else c.data for c in chunks if c.kind in _ROWS]
    for one in chunks:
        size, name = len(one.data) + 12, one.kind.decode("latin-1")
        if one.kind == b"eXIf":
            found += inside("eXIf", directories.exif_parts(one.data))
        elif one.kind == b"iCCP":
            found += inside("iCCP", [Part("name", 4, one.data.startswith(_ICC_NAME)), *icc.parts(_profile(one.data))])
        elif one.kind == b"iTXt" and one.data.startswith(_XMP):
            found.append(Part("iTXt XMP", size, True))
        else:
            found.append(Part(name, size, one.whole and (exact if one.kind in _ROWS else _fits(one))))
    end = len(_SIGNATURE) + sum(len(c.data) + 12 for c in chunks)
    return [*found, *([Part("bytes after the end", len(data) - end, False)] if end < len(data) else [])]


def _chunks(data: bytes) -> Iterator[_Chunk]:
    """Chunks up to the last one of the picture, or to where the file is cut off."""
    at = len(_SIGNATURE)
    while at + 12 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        value = data[at + 8 : at + 8 + size]
        if at + 12 + size > len(data):
            return
        (checksum,) = struct.unpack_from(">I", data, at + 8 + size)
        yield _Chunk(kind, value, checksum == zlib.crc32(kind + value))
        at += 12 + size
        if kind == b"IEND":
            return


def _written(kind: bytes, value: bytes) -> bytes:
    return struct.pack(">I", len(value)) + kind + value + struct.pack(">I", zlib.crc32(kind + value))


def _fits(one: _Chunk) -> bool:
    return one.whole and len(one.data) in _SIZES.get(one.kind, ())


def _shown(chunks: list[_Chunk]) -> Iterator[tuple[bytes, bytes]]:
    """What shows the picture: chunks without the numbers of an animation; a profile that cannot be read is empty."""
    header, size, kind, rows = chunks[0].data, chunks[0].data[:8], b"IDAT", list[bytes]()
    for one in chunks:
        if one.kind in _ROWS:
            kind = one.kind
            rows.append(one.data[4:] if kind == b"fdAT" else one.data)
            continue
        if rows and one.kind in (b"fcTL", b"IEND"):
            yield from ((kind, piece) for piece in _exact(rows, size, header))
            rows = []
        if one.kind == b"iCCP":
            profile = icc.cleaned(_profile(one.data))
            yield one.kind, _ICC_NAME + zlib.compress(profile, 9) if profile else b""
        elif _fits(one):
            size = one.data[4:12] if one.kind == b"fcTL" else size
            yield one.kind, one.data[4:] if one.kind == b"fcTL" else one.data


def _profile(value: bytes) -> bytes:
    try:
        return zlib.decompress(value.partition(b"\0")[2][1:])
    except zlib.error:
        return b""


def _exact(rows: list[bytes], size: bytes, header: bytes) -> list[bytes]:
    """Compressed rows as they are, or compressed again if more is in them than rows.

    Raises:
        CannotClean: if rows are missing or damaged.
    """
    stream, wanted = zlib.decompressobj(), _rows_size(size, header)
    try:
        raw = stream.decompress(b"".join(rows), wanted + 1)
    except zlib.error as error:
        raise CannotClean(f"its rows are damaged: {error}") from error
    if len(raw) < wanted:
        raise CannotClean("rows are missing")
    if len(raw) == wanted and stream.eof and not stream.unused_data:
        return rows
    return [zlib.compress(raw[:wanted], 6)]


def _rows_size(size: bytes, header: bytes) -> int:
    """Bytes of the rows, each with its filter."""
    width, height = struct.unpack(">II", size)
    bits = header[8] * _CHANNELS.get(header[9], 4)
    passes = _ADAM7 if header[12] else ((0, 0, 1, 1),)
    sides = [(-(-(width - x) // across), -(-(height - y) // down)) for x, y, across, down in passes]
    return sum(h * (1 + (w * bits + 7) // 8) for w, h in sides if w > 0 and h > 0)
