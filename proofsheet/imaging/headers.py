"""Headers for the cases that the decoder cannot handle.

These are pages and depths of a TIFF, unsupported formats, and large texts of a PNG.

Holds `largest_page`, `code_points`, `deepest_grey`, `white_is_zero`, `told_format` and
`png_without_large_texts`.
Add here: another fact of a header that opening needs.
Keep out: decoding (decode.py), metadata (library/).
"""

from __future__ import annotations

import io
import struct
import zlib
from typing import IO

from PIL import Image, PngImagePlugin, TiffImagePlugin

from proofsheet.imaging.formats import format_of

_MOST_PAGES = 64
_KIND, _BITS, _COMPRESSION, _PHOTOMETRIC, _SAMPLES, _SAMPLE_FORMAT = 254, 258, 259, 262, 277, 339
_REDUCED = 1
_PHOTOMETRICS = {
    0: "grey",
    1: "grey",
    2: "RGB",
    3: "palette",
    5: "CMYK",
    6: "YCbCr",
    8: "CIE Lab",
    9: "ICC Lab",
    10: "ITU Lab",
}
_PHOTOMETRICS |= {32803: "sensor", 32844: "LogL", 32845: "LogLuv", 34892: "linear RAW"}
_SAMPLE_FORMATS = {1: "unsigned", 2: "signed", 3: "floating point", 5: "complex", 6: "complex floating point"}
_COMPRESSIONS = {
    1: "none",
    5: "LZW",
    6: "old JPEG",
    7: "JPEG",
    8: "deflate",
    34712: "JPEG 2000",
    34925: "LZMA",
    50000: "Zstandard",
}
_COMPRESSIONS |= {50001: "WebP", 34676: "SGI LogLuv", 34887: "LERC", 52546: "JPEG XL"}
_PNG = b"\x89PNG\r\n\x1a\n"
_TEXTS = frozenset({b"zTXt", b"iTXt", b"iCCP"})
_HEAD = 32
_BEFORE_PIXELS = 1 << 16  # bytes in which the boxes of an AVIF say what its colours mean


def largest_page(image: Image.Image) -> str:
    """Turn a TIFF of several pages to its picture, and give a note if it is not the first page.

    The picture is the first page that is not a reduction of another.

    Args:
        image: opened and not decoded.
    """
    pages = getattr(image, "n_frames", 1) if isinstance(image, TiffImagePlugin.TiffImageFile) else 1
    if pages < 2:
        return ""
    areas = []
    for page in range(min(pages, _MOST_PAGES)):
        image.seek(page)
        kind = _tag(image, _KIND)
        reduced = isinstance(kind, int) and bool(kind & _REDUCED)
        areas.append(0 if reduced else image.width * image.height)
    most = max(areas)
    chosen = next(
        k for k, area in enumerate(areas) if area * 2 >= most
    )  # pages of a document differ little, a reduction much
    image.seek(chosen)
    return f"page {chosen + 1} of {pages} is shown: those before it are reduced" if chosen else ""


def code_points(image: Image.Image, stream: IO[bytes]) -> dict[str | tuple[int, int], object]:
    """The colours of PNG's cICP or of the box `colr` of an AVIF, which Pillow does not read.

    The form is that of HEIF.

    Args:
        image: opened and not decoded.
        stream: its file; the place in it stays.
    """
    place = stream.tell()
    try:
        if image.format == "PNG":
            found = _cicp(stream)
        elif image.format == "AVIF":
            found = _nclx(stream)
        else:
            found = None
    finally:
        stream.seek(place)
    if found is None:
        return {}
    return {"nclx_profile": {"color_primaries": found[0], "transfer_characteristics": found[1]}}


def _cicp(stream: IO[bytes]) -> tuple[int, int] | None:
    stream.seek(len(_PNG))
    while len(head := stream.read(8)) == 8:
        size, kind = struct.unpack(">I4s", head)
        if kind == b"cICP" and len(body := stream.read(2)) == 2:
            return body[0], body[1]
        if kind in {b"IDAT", b"IEND"}:
            return None
        stream.seek(size + 4, io.SEEK_CUR)
    return None


def _nclx(stream: IO[bytes]) -> tuple[int, int] | None:
    stream.seek(0)
    body = stream.read(_BEFORE_PIXELS).partition(b"colrnclx")[2]
    return struct.unpack_from(">HH", body) if len(body) >= 4 else None


def deepest_grey(image: Image.Image) -> float:
    """The number that is white in a picture of whole numbers."""
    bits = _tag(image, _BITS)
    first = bits[0] if isinstance(bits, tuple) and bits else bits
    return float(2 ** min(int(first), 32) - 1) if isinstance(first, int) and first > 8 else 65535.0


def white_is_zero(image: Image.Image) -> bool:
    """Whether a deep grey TIFF counts from white; the decoder turns round only those of 8 bits and less."""
    return isinstance(image, TiffImagePlugin.TiffImageFile) and _tag(image, _PHOTOMETRIC) == 0


def _tag(image: Image.Image, tag: int) -> object:
    return getattr(image, "tag_v2", {}).get(tag)


def told_format(stream: IO[bytes]) -> str:
    """A description of a file that no decoder opens, or an empty text.

    An example is `a TIFF of 3 x 32 bits floating point, RGB`.
    """
    stream.seek(0)
    head = stream.read(_HEAD)
    name = format_of(head)
    if name == "TIFF":
        return _told_tiff(stream)
    return f"a {name} that the decoder does not know" if name else _OTHERS.get(head[:4], "")


_OTHERS = {
    b"8BPS": "a Photoshop document",
    b"\0\0\0\x0c": "JPEG 2000 or JPEG XL",
    b"%PDF": "a PDF",
    b"v/1\x01": "OpenEXR",
    b"SIMP": "FITS",
}


def _told_tiff(stream: IO[bytes]) -> str:
    stream.seek(0)
    try:
        found = TiffImagePlugin.ImageFileDirectory_v2(stream.read(8))
        stream.seek(found.next)
        found.load(stream)
        bits, samples = found.get(_BITS, (1,)), found.get(_SAMPLES, 1)
        kind = _SAMPLE_FORMATS.get(_first(found.get(_SAMPLE_FORMAT, 1)), "of another kind")
        colours = _PHOTOMETRICS.get(_first(found.get(_PHOTOMETRIC, -1)), "another colour space")
        packed = _COMPRESSIONS.get(
            _first(found.get(_COMPRESSION, 1)), f"code {_first(found.get(_COMPRESSION, 1))}"
        )
    except (SyntaxError, OSError, struct.error, TypeError, ValueError, KeyError, OverflowError):
        return "a TIFF with a damaged header"
    return f"a TIFF of {samples} x {_first(bits)} bits {kind}, {colours}, compression {packed}"


def _first(value: object) -> int:
    found = value[0] if isinstance(value, tuple) and value else value
    return found if isinstance(found, int) else -1


def png_without_large_texts(stream: IO[bytes]) -> tuple[IO[bytes], str] | None:
    """A PNG without texts and profiles that are too large for the decoder, and a note.

    None if all of them fit.

    Args:
        stream: of a file that could not be decoded.
    """
    stream.seek(0)
    if stream.read(len(_PNG)) != _PNG:
        return None
    kept, left = io.BytesIO(), list[str]()
    kept.write(_PNG)
    while len(head := stream.read(8)) == 8:
        size, kind = struct.unpack(">I4s", head)
        body = stream.read(size + 4)
        if kind in _TEXTS and (keyword := _too_large(kind, body[:-4])):
            left.append(keyword)
            continue
        kept.write(head + body)
    if not left:
        return None
    kept.seek(0)
    limit = PngImagePlugin.MAX_TEXT_CHUNK // 1024
    return kept, f"left out, since they are larger than {limit} KiB: {', '.join(left)}"


def _too_large(kind: bytes, body: bytes) -> str:
    """The keyword of a chunk with a text that is too large for the decoder, or an empty text."""
    keyword, _zero, rest = body.partition(b"\0")
    if kind == b"iTXt":
        packed, rest = rest[:1] == b"\x01", rest[2:].partition(b"\0")[2].partition(b"\0")[2]
    else:
        packed, rest = True, rest[1:]
    if not packed:
        return ""
    try:
        size = len(zlib.decompressobj().decompress(rest, PngImagePlugin.MAX_TEXT_CHUNK + 1))
    except zlib.error:
        return ""
    return (
        keyword.decode("latin-1", "replace") or kind.decode() if size > PngImagePlugin.MAX_TEXT_CHUNK else ""
    )
