"""Pictures with a secret in every place that their container has, and a search for it in a whole file."""

from __future__ import annotations

import io
import json
import struct
import subprocess
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pillow_heif
from PIL import Image, ImageCms, TiffImagePlugin
from PIL.PngImagePlugin import PngInfo

from proofsheet.imaging.decode import prepare_decoders

SECRET = "zqHUSH at 48.2083 16.3700"
KEPT = {
    "IFD0:Copyright": "(c) 2024 Ann Example",
    "IFD0:Artist": "Ann Example",
    "ExifIFD:DateTimeOriginal": "2024:05:06 07:08:09",
    "IFD0:Make": "Acme",
    "IFD0:Model": "Acme 7",
    "ExifIFD:LensModel": "Acme 50mm F2",
}
KEPT_XMP = {
    "XMP-dc:Rights": "(c) 2024 Ann Example",
    "XMP-dc:Creator": "Ann Example",
    "XMP-photoshop:DateCreated": "2024:05:06",
}
_B = SECRET.encode()
_PRIVATE = [
    "ImageDescription",
    "DocumentName",
    "HostComputer",
    "ReelName",
    "UserComment",
    "OwnerName",
    "SerialNumber",
    "Software",
]
_PRIVATE += [
    "XMP-dc:Description-de",
    "XMP-dc:Title-fr",
    "XMP-photoshop:City",
    "XMP-xmpMM:DocumentID",
    "XMP-mwg-rs:RegionName",
]
_PRIVATE += [
    "XMP-exif:UserComment",
    "XMP-iptcExt:PersonInImage",
    "IPTC:City",
    "IPTC:Caption-Abstract",
    "Photoshop:URL",
    "Comment",
]
_PRIVATE += [
    "XMP-digiKam:TagsList",
    "XMP-xmpMM:HistoryAction",
    "GPSProcessingMethod",
    "XMP-aux:OwnerName",
    "ImageUniqueID",
]


def scene(mode: str = "RGB", seed: int = 1, size: tuple[int, int] = (48, 32)) -> Image.Image:
    """A picture of soft colours; with alpha, it fades."""
    rows = np.random.default_rng(seed).integers(0, 255, (size[1] // 4, size[0] // 4, 3), np.uint8)
    image = Image.fromarray(rows).resize(size, Image.Resampling.BICUBIC).convert(mode)
    if mode == "RGBA":
        image.putalpha(Image.linear_gradient("L").resize(size))
    return image


def saved(image: Image.Image, format_: str, **options: object) -> bytes:
    prepare_decoders()
    out = io.BytesIO()
    image.save(out, format_, **options)
    return out.getvalue()


def tagged(data: bytes, suffix: str, place: Path) -> bytes:
    """With every private tag that exiftool can write into the container, and the fields that are kept."""
    path = place / f"tagged{suffix}"
    path.write_bytes(data)
    tags = [f"-{n}={SECRET} {i}" for i, n in enumerate(_PRIVATE)] + [
        f"-{n}={v}" for n, v in {**KEPT, **KEPT_XMP}.items()
    ]
    subprocess.run(
        ["exiftool", "-q", "-q", "-m", "-overwrite_original", *tags, str(path)],
        check=False,
        capture_output=True,
    )
    return path.read_bytes()


def profile() -> bytes:
    """An sRGB profile with secrets in its description, rights, a private tag, and its header."""
    plain = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    count = struct.unpack_from(">I", plain, 128)[0]
    tags = {}
    for n in range(count):
        name, at, size = struct.unpack_from(">4sII", plain, 132 + 12 * n)
        tags[name] = plain[at : at + size]
    wide = SECRET.encode("utf-16-be")
    text = b"mluc" + struct.pack(">III", 0, 1, 12) + b"enUS" + struct.pack(">II", len(wide), 28) + wide
    tags |= {
        b"desc": text,
        b"cprt": text,
        b"dmnd": text,
        b"zqHU": b"text\0\0\0\0" + _B,
        b"calt": b"text\0\0\0\0" + _B,
    }
    table, body, start = b"", b"", 132 + 12 * len(tags)
    for name, value in tags.items():
        table += struct.pack(">4sII", name, start + len(body), len(value))
        body += value + bytes(-len(value) % 4)
    whole = plain[4:48] + b"zqHUSHzq" + plain[56:128] + struct.pack(">I", len(tags)) + table + body
    return struct.pack(">I", len(whole) + 4) + whole


def segment(marker: int, payload: bytes) -> bytes:
    return bytes((0xFF, marker)) + struct.pack(">H", len(payload) + 2) + payload


def box(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data) + 8) + kind + data


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def riff(kind: bytes, data: bytes) -> bytes:
    return kind + struct.pack("<I", len(data)) + data + bytes(len(data) % 2)


def _after_soi(*segments: bytes, **options: object) -> bytes:
    jpeg = saved(scene(), "JPEG", **options)
    return jpeg[:2] + b"".join(segments) + jpeg[2:]


def _before_scans(data: bytes, extra: bytes) -> bytes:
    return data.replace(b"\xff\xda", extra + b"\xff\xda")


def _thumbnail() -> bytes:
    small = saved(scene(size=(16, 16)), "JPEG", comment=_B)
    ifd0 = struct.pack("<HHHIIi", 1, 270, 2, len(_B), 100, 26)
    ifd1 = struct.pack("<HHHIIHHIIi", 2, 513, 4, 1, 200, 514, 4, 1, len(small), 0)
    block = (b"II*\0\x08\0\0\0" + ifd0 + ifd1).ljust(100, b"\0") + _B
    return b"Exif\0\0" + block.ljust(200, b"\0") + small


_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_EXTENDED = b"http://ns.adobe.com/xmp/extension/\0" + b"0" * 32 + struct.pack(">II", len(_B), 0) + _B
_C2PA = box(
    b"jumb",
    box(b"jumd", b"c2pa\x00\x11\x00\x10\x80\x00\x00\xaa\x00\x38\x9b\x71\x03c2pa\0") + box(b"json", _B),
)
_IRB = (
    b"Photoshop 3.0\x008BIM\x04\x04\0\0"
    + struct.pack(">I", len(_B) + 5)
    + b"\x1c\x02\x5a\0"
    + bytes((len(_B),))
    + _B
    + b"\0"
)
JPEGS: dict[str, Callable[[], bytes]] = {
    "comment": lambda: _after_soi(segment(0xFE, _B), segment(0xFE, _B * 3)),
    "comment-utf16": lambda: _after_soi(segment(0xFE, SECRET.encode("utf-16-le"))),
    "app4-full": lambda: _after_soi(segment(0xE4, (_B * 3000)[:65533])),
    "c2pa": lambda: _after_soi(segment(0xEB, b"JP\0\1\0\0\0\1" + _C2PA)),
    "photoshop": lambda: _after_soi(segment(0xED, _IRB)),
    "flashpix": lambda: _after_soi(segment(0xE2, b"FPXR\0\1" + _B)),
    "ducky": lambda: _after_soi(segment(0xEC, b"Ducky\0" + _B)),
    "extended-xmp": lambda: _after_soi(segment(0xE1, _XMP + b"<x:xmpmeta/>" + _B), segment(0xE1, _EXTENDED)),
    "thumbnail": lambda: _after_soi(segment(0xE1, _thumbnail())),
    "jfxx": lambda: _after_soi(
        segment(0xE0, b"JFIF\0\1\2\0\0\1\0\1\3\3" + _B[:25] + b"zq"), segment(0xE0, b"JFXX\0\x10" + _B)
    ),
    "fill-bytes": lambda: _after_soi(b"\xff\xff\xff", segment(0xFE, _B), b"\xff\xff"),
    "between-segments": lambda: _after_soi(segment(0xFE, b"x"), _B),
    "after-end": lambda: _after_soi() + _B,
    "samsung": lambda: _after_soi() + b"\0\0\1\x0a\x0e\0\0\0Image_UTC_Data" + _B + b"SEFT",
    "motion": lambda: _after_soi() + box(b"ftyp", b"mp42\0\0\0\0") + box(b"mdat", _B),
    "second-picture": lambda: (
        _after_soi(segment(0xE2, b"MPF\0" + _B)) + saved(scene(seed=2), "JPEG", comment=_B)
    ),
    "between-scans": lambda: _before_scans(saved(scene(), "JPEG", progressive=True), segment(0xFE, _B)),
    "restarts": lambda: _after_soi(segment(0xFE, _B), restart_marker_blocks=2),
    "cmyk": lambda: _before_scans(saved(scene("CMYK"), "JPEG"), segment(0xEE, b"Adobe" + bytes(7) + _B)),
    "grey-profile": lambda: saved(scene("L"), "JPEG", comment=_B),
    "profile": lambda: saved(scene(), "JPEG", icc_profile=profile()),
}


def _png(*chunks: bytes, image: Image.Image | None = None, end: bytes = b"", **options: object) -> bytes:
    data = saved(image or scene(), "PNG", **options)
    return data[:33] + b"".join(chunks) + data[33:] + end


def _png_rows(change: Callable[[bytes], bytes]) -> bytes:
    rows = np.asarray(scene())
    raw = b"".join(b"\0" + r.tobytes() for r in rows)
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 48, 32, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", change(raw)) + chunk(b"IEND", b"")


def _noted() -> PngInfo:
    info = PngInfo()
    info.add_text("parameters", SECRET)
    info.add_text("workflow", SECRET, zip=True)
    info.add_itxt("prompt", SECRET, zip=True)
    return info


def _deep() -> Image.Image:
    return Image.fromarray((np.arange(48 * 32, dtype=np.uint16) * 40).reshape(32, 48))


PNGS: dict[str, Callable[[], bytes]] = {
    "texts": lambda: saved(scene(), "PNG", pnginfo=_noted()),
    "exif": lambda: _png(chunk(b"eXIf", _thumbnail()[6:])),
    "c2pa": lambda: _png(chunk(b"caBX", _C2PA)),
    "private": lambda: _png(chunk(b"zqHU", _B), chunk(b"tIME", b"zqHUSHx"), chunk(b"sPLT", _B)),
    "after-end": lambda: _png(end=_B),
    "after-rows": lambda: _png_rows(lambda raw: zlib.compress(raw) + _B),
    "more-rows": lambda: _png_rows(lambda raw: zlib.compress(raw + _B * 9)),
    "profile": lambda: _png(chunk(b"iCCP", b"zqHUSH\0\0" + zlib.compress(profile()))),
    "palette": lambda: _png(chunk(b"tEXt", b"a\0" + _B), image=scene("P"), transparency=3),
    "deep": lambda: _png(chunk(b"tEXt", b"a\0" + _B), image=_deep()),
    "animated": lambda: _png(
        chunk(b"tEXt", b"a\0" + _B), save_all=True, append_images=[scene(seed=2), scene(seed=3)]
    ),
}


def _webp(*chunks: bytes, end: bytes = b"", **options: object) -> bytes:
    data = saved(scene(str(options.pop("mode", "RGB"))), "WEBP", **options)
    body = data[12:] + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body + end


def _longer(data: bytes, kind: bytes) -> bytes:
    at = data.index(kind)
    size = struct.unpack_from("<I", data, at + 4)[0]
    body = data[12:at] + riff(kind, data[at + 8 : at + 8 + size] + _B) + data[at + 8 + size + size % 2 :]
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


WEBPS: dict[str, Callable[[], bytes]] = {
    "chunks": lambda: _webp(
        riff(b"zqHU", _B),
        riff(b"XMP ", _B),
        riff(b"EXIF", _thumbnail()),
        exif=b"Exif\0\0II*\0\x08\0\0\0\0\0\0\0\0\0",
    ),
    "after-end": lambda: _webp(end=_B),
    "profile": lambda: _webp(icc_profile=profile(), lossless=True),
    "animated": lambda: _webp(riff(b"zqHU", _B), save_all=True, append_images=[scene(seed=2)], xmp=_B),
    "after-lossy": lambda: _longer(_webp(), b"VP8 "),
    "after-lossless": lambda: _longer(_webp(lossless=True), b"VP8L"),
    "after-alpha": lambda: _longer(_longer(_webp(mode="RGBA"), b"VP8 "), b"ALPH"),
}


def _tiff(image: Image.Image | None = None, *, end: bytes = b"", **options: object) -> bytes:
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    for number in (269, 270, 285, 305, 316, 65000):
        tags[number] = SECRET
    tags[271], tags[33432], tags[306] = "Acme", KEPT["IFD0:Copyright"], "2024:05:06 07:08:09"
    tags.tagtype[65001], tags[65001] = 7, _B
    return saved(image or scene(), "TIFF", tiffinfo=tags, **options) + end


def _tiff_by_hand(packing: int, change: Callable[[bytes], bytes], order: str = "<") -> bytes:
    """One strip, with a secret behind its rows and a directory below the first one."""
    strip = change(np.asarray(scene()).astype(order + "u2").tobytes())
    at, below = 8 + len(strip), 8 + len(strip) + 200
    tags = [
        (256, 4, 1, 48),
        (257, 4, 1, 32),
        (258, 3, 3, at + 180),
        (259, 3, 1, packing),
        (262, 3, 1, 2),
        (273, 4, 1, 8),
    ]
    tags += [(277, 3, 1, 3), (278, 4, 1, 32), (279, 4, 1, len(strip)), (330, 4, 1, below)]
    table = b""
    for tag, kind, count, value in tags:
        held = (
            struct.pack(order + "HH", value, 0)
            if kind == 3 and count == 1
            else struct.pack(order + "I", value)
        )
        table += struct.pack(order + "HHI", tag, kind, count) + held
    first = (struct.pack(order + "H", len(tags)) + table + bytes(4)).ljust(180, b"\0") + struct.pack(
        order + "HHH", 16, 16, 16
    )
    second = struct.pack(order + "HHHIII", 1, 270, 2, len(_B), below + 18, 0) + _B
    head = (b"II" if order == "<" else b"MM") + struct.pack(order + "HI", 42, at)
    return head + strip + first.ljust(200, b"\0") + second


TIFFS: dict[str, Callable[[], bytes]] = {
    "first-directory": _tiff,
    "lzw": lambda: _tiff(compression="tiff_lzw"),
    "packbits": lambda: _tiff(compression="packbits"),
    "deflate": lambda: _tiff(compression="tiff_adobe_deflate"),
    "jpeg": lambda: _tiff(compression="jpeg"),
    "fax": lambda: _tiff(scene("1"), compression="group4"),
    "deep": lambda: _tiff(_deep()),
    "palette": lambda: _tiff(scene("P")),
    "pages": lambda: _tiff(save_all=True, append_images=[scene(seed=2)]),
    "profile": lambda: _tiff(icc_profile=profile()),
    "after-end": lambda: _tiff(end=_B),
    "longer-strip": lambda: _tiff_by_hand(1, lambda rows: rows + _B),
    "longer-deflate": lambda: _tiff_by_hand(8, lambda rows: zlib.compress(rows + _B) + _B, ">"),
}


def _gif(
    *blocks: bytes, end: bytes = b"", change: Callable[[bytes], bytes] = lambda data: data, **options: object
) -> bytes:
    data = saved(scene("P"), "GIF", **options)
    return change(data[:-1]) + b"".join(blocks) + b";" + end


def _sub(data: bytes) -> bytes:
    return (
        b"".join(bytes((len(data[n : n + 255]),)) + data[n : n + 255] for n in range(0, len(data), 255))
        + b"\0"
    )


GIFS: dict[str, Callable[[], bytes]] = {
    "comment": lambda: _gif(comment=_B),
    "xmp": lambda: _gif(b"!\xff\x0bXMP DataXMP" + _sub(_B * 20)),
    "application": lambda: _gif(
        b"!\xff\x0bzqHUSHxHUSH" + _sub(_B), b"!\xff\x0bICCRGBG1012" + _sub(profile())
    ),
    "plain-text": lambda: _gif(b"!\x01\x0c" + bytes(12) + _sub(_B)),
    "animated": lambda: _gif(comment=_B, save_all=True, append_images=[scene("P", 2), scene("P", 3)], loop=0),
    "after-codes": lambda: _gif(change=lambda data: data[:-1] + _sub(_B)),
    "after-end": lambda: _gif(end=_B),
}


def _heif(*outer: bytes, format_: str = "HEIF", **options: object) -> bytes:
    pillow_heif.register_heif_opener()
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/">' + _B + b"</x:xmpmeta>"
    return saved(scene(size=(64, 64)), format_, exif=_thumbnail(), xmp=xmp, **options) + b"".join(outer)


HEIFS: dict[str, Callable[[], bytes]] = {
    "items": _heif,
    "boxes": lambda: _heif(box(b"uuid", bytes(16) + _C2PA), box(b"free", _B), box(b"udta", _B)),
    "profile": lambda: _heif(icc_profile=profile()),
}
AVIFS: dict[str, Callable[[], bytes]] = {
    "items": lambda: _heif(format_="AVIF"),
    "boxes": lambda: _heif(
        box(b"uuid", bytes(16) + _C2PA), box(b"skip", _B), format_="AVIF", icc_profile=profile()
    ),
}
TABLE = {
    ".jpg": JPEGS,
    ".png": PNGS,
    ".webp": WEBPS,
    ".tif": TIFFS,
    ".gif": GIFS,
    ".heic": HEIFS,
    ".avif": AVIFS,
}


_FORMS = [
    word.encode(code)
    for word in ("zqHU", "HUSH", "48.2083", "16.3700")
    for code in ("ascii", "utf-16-le", "utf-16-be")
]


def hidden_in_bytes(data: bytes, told: bytes = b"") -> list[str]:
    """Where the secret, or a piece of it, is in the bytes of a file, its streams and other facts."""
    streams = [data, told]
    for at in range(len(data) - 2):
        if data[at] == 0x78 and (data[at] << 8 | data[at + 1]) % 31 == 0:
            try:
                stream = zlib.decompressobj()
                streams += [stream.decompress(data[at:]), stream.unused_data]
            except zlib.error:
                continue
    return [
        f"{form!r} in stream {n}" for n, stream in enumerate(streams) for form in _FORMS if form in stream
    ]


def hidden_in(path: Path) -> list[str]:
    """The same of a file, with what exiftool reads of it."""
    command = ["exiftool", "-json", "-a", "-u", "-G1", "-ee", "-b", str(path)]
    told = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)[0]
    values = {k: v for k, v in told.items() if k not in ("SourceFile", "System:Directory")}
    return hidden_in_bytes(path.read_bytes(), json.dumps(values).encode())
