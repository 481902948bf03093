"""Picture files: names of formats, extensions, and the first bytes of a picture under another name.

Holds `FORMATS`, the sets of extensions, `DECODER_ERRORS` and `format_of`.
Add here: a format (its Pillow name, extensions and magic number).
Keep out: opening files (decode.py).
"""

from __future__ import annotations

import struct
import zlib

from PIL import Image

FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "GIF", "BMP", "AVIF", "HEIF")  # MPO comes with JPEG
DRAFTED = frozenset({"JPEG", "MPO"})  # their decoders can give a smaller picture for less work
RAW = "RAW"
# fmt: off
EXTENSIONS = frozenset({
    ".avif", ".bmp", ".gif", ".heic", ".heif", ".hif", ".jfif", ".jpe", ".jpeg", ".jpg", ".mpo", ".png",
    ".tif", ".tiff", ".webp",
})
RAW_EXTENSIONS = frozenset({
    ".3fr", ".arw", ".cr2", ".cr3", ".crw", ".dcr", ".dng", ".erf", ".iiq", ".kdc", ".mef", ".mos", ".mrw",
    ".nef", ".nrw", ".orf", ".pef", ".raf", ".raw", ".rw2", ".rwl", ".sr2", ".srf", ".srw", ".x3f",
})
OTHER_PICTURES = frozenset({
    ".apng", ".blp", ".bw", ".cur", ".dcx", ".dds", ".emf", ".eps", ".exr", ".fit", ".fits", ".flc", ".fli",
    ".ftex", ".gd", ".hdr", ".icns", ".ico", ".im", ".j2k", ".jp2", ".jpf", ".jpx", ".jxl", ".mic", ".msp",
    ".pbm", ".pcd", ".pcx", ".pfm", ".pgm", ".pnm", ".ppm", ".psd", ".pxr", ".qoi", ".ras", ".rgb", ".rgba",
    ".sgi", ".spider", ".svg", ".tga", ".wal", ".wmf", ".xbm", ".xpm",
})
# fmt: on
# what Pillow's decoders raise for a damaged file
DECODER_ERRORS = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    EOFError,
    KeyError,
    IndexError,
    OverflowError,
    ZeroDivisionError,
    MemoryError,
    NotImplementedError,
    RuntimeError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)
_MAGIC = {
    b"\xff\xd8\xff": "JPEG",
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"GIF8": "GIF",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
}
_MAGIC |= {b"II+\0": "TIFF", b"MM\0+": "TIFF"}  # those of more than 4 GB


def format_of(head: bytes) -> str | None:
    """The picture format that the first bytes announce, or None."""
    for magic, name in _MAGIC.items():
        if head.startswith(magic):
            return name
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    if head[4:8] == b"ftyp" and head[8:12] in {b"heic", b"heix", b"mif1", b"avif"}:
        return "HEIF"
    return None
