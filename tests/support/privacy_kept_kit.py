"""Pictures with a secret inside a part that their copies keep.

A table, a palette, a value, or behind coded pixels.
"""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Callable
from functools import partial

import numpy as np
import pillow_heif
from PIL import Image, ImageCms

from proofsheet.publish.containers import boxes, coded_units, heif, vp8
from tests.support.privacy_kit import SECRET, chunk, riff, saved, scene, segment

_B = SECRET.encode()
_WIDE = SECRET.encode("utf-16-le")
_PNG_END = chunk(b"IEND", b"")


def _jpeg(before: bytes = b"", at: bytes = b"\xff\xc0", end: bytes = b"", **options: object) -> bytes:
    data = saved(scene(), "JPEG", **options)
    return data.replace(at, before + at, 1)[:-2] + end + data[-2:]


def _rare_symbols() -> bytes:
    """A grey picture of one block with two codes, `no difference` and `no more`.

    The other symbols of its table are the secret.
    """
    letters = bytes(dict.fromkeys(_B))
    start = (
        b"\xff\xd8"
        + segment(0xDB, b"\0" + b"\1" * 64)
        + segment(0xC0, struct.pack(">BHHB", 8, 8, 8, 1) + b"\1\x11\0")
    )
    codes = segment(0xC4, b"\0\1" + bytes(16) + b"\x10\0\1" + bytes(13) + bytes((len(letters), 0)) + letters)
    return start + codes + segment(0xDA, b"\1\1\0\0\x3f\0") + bytes((0b00011111,)) + b"\xff\xd9"


def _unused_divisors() -> bytes:
    data = saved(Image.new("RGB", (48, 32), (90, 90, 90)), "JPEG")
    at = data.index(b"\xff\xdb") + 5
    return data[: at + 20] + _B + data[at + 20 + len(_B) :]


JPEGS: dict[str, Callable[[], bytes]] = {
    "unused-divisors": lambda: _jpeg(segment(0xDB, b"\3" + _B.ljust(64, b"."))),
    "divisors-of-nothing": _unused_divisors,
    "unused-codes": lambda: _jpeg(segment(0xC4, b"\3" + bytes((*(0,) * 15, len(_B))) + _B)),
    "symbols-of-nothing": _rare_symbols,
    "behind-codes": lambda: _jpeg(end=_B + b"\1\2"),
    "behind-codes-utf16": lambda: _jpeg(end=_WIDE),
    "behind-progressive-codes": lambda: _jpeg(end=_WIDE, progressive=True),
    "before-restart": lambda: _jpeg(restart_marker_blocks=2).replace(b"\xff\xd1", _WIDE + b"\xff\xd1", 1),
}


def _png(*chunks: bytes, image: Image.Image | None = None) -> bytes:
    data = saved(image or scene(), "PNG")
    at = data.index(b"IDAT") - 4
    return data[:at] + b"".join(chunks) + data[at:]


def _few(count: int = 16) -> Image.Image:
    return scene().convert("P", palette=Image.Palette.ADAPTIVE, colors=count)


def _png_palette() -> bytes:
    data = saved(_few(), "PNG", bits=8)
    at = data.index(b"PLTE") - 4
    (size,) = struct.unpack_from(">I", data, at)
    colours = data[at + 8 : at + 8 + size][:48].ljust(48, b"\0")
    return data[:at] + chunk(b"PLTE", colours + (_B + b"..")[:27]) + data[at + 12 + size :]


def _png_blocks() -> bytes:
    """Rows behind which the packed stream goes on without saying anything more."""
    rows = b"".join(b"\0" + r.tobytes() for r in np.asarray(scene()))
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 48, 32, 8, 2, 0, 0, 0))
    stream = zlib.compressobj(0)
    packed = stream.compress(rows) + stream.flush(zlib.Z_FULL_FLUSH)
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", packed) + chunk(b"IDAT", _B) + _PNG_END


PNGS: dict[str, Callable[[], bytes]] = {
    "palette-of-colours": lambda: _png(chunk(b"PLTE", (_B + b"..")[:27])),
    "unused-colours": _png_palette,
    "transparency-of-colours": lambda: _png(chunk(b"tRNS", _B)),
    "chromaticities": lambda: _png(chunk(b"gAMA", b"\0\0\xb1\x8f"), chunk(b"cHRM", _B.ljust(32))),
    "repeated": lambda: _png(*(chunk(b"pHYs", part.ljust(9)) for part in (_B[:9], _B[9:18], _B[18:]))),
    "mastering": lambda: _png(chunk(b"mDCV", _B[:24].ljust(24)), chunk(b"sBIT", _B[:3])),
    "behind-rows": _png_blocks,
}


def _chad(tail: bytes) -> bytes:
    """An sRGB profile with a secret behind the numbers of its tags, and between two of them."""
    plain = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    (count,) = struct.unpack_from(">I", plain, 128)
    table, body, start = b"", b"", 132 + 12 * count
    for n in range(count):
        name, at, size = struct.unpack_from(">4sII", plain, 132 + 12 * n)
        value = plain[at : at + size] + (tail if name in (b"chad", b"rTRC", b"rXYZ", b"wtpt") else b"")
        table += struct.pack(">4sII", name, start + len(body), len(value))
        body += value + tail + bytes(-len(value + tail) % 4)
    whole = plain[4:132] + table + body
    return struct.pack(">I", len(whole) + 4) + whole


PNGS["profile-tails"] = lambda: saved(scene(), "PNG", icc_profile=_chad(_B))
JPEGS["profile-tails"] = lambda: saved(scene(), "JPEG", icc_profile=_chad(_B))


def _tiff(strip: bytes, tags: dict[int, tuple[int, bytes]]) -> bytes:
    sizes = {1: 1, 3: 2, 4: 4, 5: 8}
    at = 8 + len(strip) + len(strip) % 2
    base, table, extra = at + 2 + 12 * len(tags) + 4, b"", b""
    for tag, (kind, value) in sorted(tags.items()):
        held = value.ljust(4, b"\0") if len(value) <= 4 else struct.pack("<I", base + len(extra))
        extra += value + bytes(len(value) % 2) if len(value) > 4 else b""
        table += struct.pack("<HHI", tag, kind, len(value) // sizes[kind]) + held
    return (
        b"II"
        + struct.pack("<HI", 42, at)
        + strip.ljust(at - 8, b"\0")
        + struct.pack("<H", len(tags))
        + table
        + bytes(4)
        + extra
    )


def _shorts(*numbers: int) -> tuple[int, bytes]:
    return 3, struct.pack(f"<{len(numbers)}H", *numbers)


def _tiff_with(tag: int, kind: int, value: bytes) -> bytes:
    strip = np.asarray(scene()).tobytes()
    tags = {
        256: _shorts(48),
        257: _shorts(32),
        258: _shorts(8, 8, 8),
        259: _shorts(1),
        262: _shorts(2),
        273: (4, struct.pack("<I", 8)),
    }
    tags |= {277: _shorts(3), 278: _shorts(32), 279: (4, struct.pack("<I", len(strip)))}
    return _tiff(strip, {**tags, tag: (kind, value)})


def _tiff_tile() -> bytes:
    """One tile of 64 x 64 around a picture of 48 x 32."""
    tile = np.zeros((64, 64, 3), np.uint8)
    tile[:32, :48] = np.asarray(scene())
    tile[40].reshape(-1)[: len(_B)] = np.frombuffer(_B, np.uint8)
    tags = {
        256: _shorts(48),
        257: _shorts(32),
        258: _shorts(8, 8, 8),
        259: _shorts(1),
        262: _shorts(2),
        277: _shorts(3),
    }
    tags |= {
        322: _shorts(64),
        323: _shorts(64),
        324: (4, struct.pack("<I", 8)),
        325: (4, struct.pack("<I", tile.size)),
    }
    return _tiff(tile.tobytes(), tags)


def _tiff_palette() -> bytes:
    image = _few(8)
    strip = np.asarray(image).tobytes()
    colours = np.zeros((3, 256), "<u2")
    colours[:, :8] = (
        np.frombuffer(bytes(image.getpalette() or ())[:24], np.uint8).reshape(8, 3).T.astype(np.uint16) * 257
    )
    colours[1, 100 : 100 + len(_B) // 2] = np.frombuffer(_B[: len(_B) // 2 * 2], "<u2")
    tags = {
        256: _shorts(48),
        257: _shorts(32),
        258: _shorts(8),
        259: _shorts(1),
        262: _shorts(3),
        273: (4, struct.pack("<I", 8)),
    }
    tags |= {
        277: _shorts(1),
        278: _shorts(32),
        279: (4, struct.pack("<I", len(strip))),
        320: (3, colours.tobytes()),
    }
    return _tiff(strip, tags)


TIFFS: dict[str, Callable[[], bytes]] = {
    "palette-of-colours": lambda: _tiff_with(320, 3, (_B + b" ")[:26]),
    "palette-of-bytes": lambda: _tiff_with(320, 1, _B),
    "unused-colours": _tiff_palette,
    "primaries": lambda: _tiff_with(319, 5, _B.ljust(48)),
    "black-and-white": lambda: _tiff_with(532, 5, _B.ljust(48)),
    "beyond-the-picture": _tiff_tile,
}


def _gif_colours() -> bytes:
    data = bytearray(saved(_few(5), "GIF", optimize=False))
    size = 3 << ((data[10] & 7) + 1)
    head, rest = bytes(data[:13]), bytes(data[13 + size :])
    colours = (bytes(data[13 : 13 + size])[:48] + _B).ljust(768, b"\0")
    return head[:10] + bytes((head[10] & 0xF8 | 7,)) + head[11:] + colours + rest


def _gif_loops() -> bytes:
    data = saved(scene("P"), "GIF", save_all=True, append_images=[scene("P", 2)], loop=0)
    loops = b"".join(
        b"!\xff\x0bNETSCAPE2.0\x03\x01" + part.ljust(2) + b"\0"
        for part in (_B[n : n + 2] for n in range(0, len(_B), 2))
    )
    times = b"".join(
        b"!\xf9\x04" + part.ljust(4) + b"\0" for part in (_B[n : n + 4] for n in range(0, len(_B), 4))
    )
    return data[:-1] + loops + times + b"!\xfe\x19" + _B[:25] + b"\0;"


GIFS: dict[str, Callable[[], bytes]] = {"unused-colours": _gif_colours, "loops-and-times": _gif_loops}


def _webp_twice() -> bytes:
    data = saved(scene(), "WEBP")
    second = riff(b"VP8 ", data[20:] + _B)
    body = b"WEBP" + data[12:] + second + riff(b"ANIM", b"zqHUSH")
    return b"RIFF" + struct.pack("<I", len(body)) + body


# A lossy picture of 16 x 64 whose coefficients are divided into two partitions.
PARTED = base64.b64decode(
    "UklGRgIBAABXRUJQVlA4IPUAAAAQBwCdASoQAEAADkcIhYWIhYSIXYICdbok9GITsW8Hqq6BXQbtKb/XSsN721JrT1iavuYJPu3HQ2sxBRZhnz"
    "LBrYhWAAD+6rvH3uInpKEe8lMF/S8c1Ox4qnkM2/prf8x8frRgtH4XxKkeUIvdsQf4en7DH5MXB7cnkfeA8UHi71XVKrCLalddzdx1Cp4V7esM"
    "Lv2HfwRAvg45gNyaUvnNJZCBzDC5bM3vKRTZXvgMgXyRQXU3nM2Den+aa8f1v4Rwu8uyBTJoK08tXH0UNmQsnfAwQbNy6VHG+f82fDTcneURsp"
    "WhExRQ3/dTfQNphMI+KmseAAA="
)


def _webp_gap(place: int) -> bytes:
    """With a secret at the end of a partition: 1 are the modes, 2 and 3 the coefficients."""
    (size,) = struct.unpack_from("<I", PARTED, 16)
    pieces = vp8.partitions(PARTED[20 : 20 + size])
    pieces[place] += _B
    body = b"WEBP" + riff(b"VP8 ", vp8.joined(pieces))
    return b"RIFF" + struct.pack("<I", len(body)) + body


WEBPS: dict[str, Callable[[], bytes]] = {
    "second-picture": _webp_twice,
    **{f"behind-partition-{place}": partial(_webp_gap, place) for place in (1, 2, 3)},
    "profile-tails": lambda: saved(scene(), "WEBP", icc_profile=_chad(_B)),
}


def _heic(change: Callable[[boxes.Items], boxes.Items], format_: str = "HEIF") -> bytes:
    pillow_heif.register_heif_opener()
    found = change(boxes.read_items(saved(scene(size=(64, 64)), format_)))
    head = heif._brands(saved(scene(size=(64, 64)), format_))
    size = len(head) + len(boxes.meta_box(found, 0)) + 8
    return (
        head + boxes.meta_box(found, size) + boxes.written(b"mdat", *(i.data for i in found.items.values()))
    )


def _with_unit(kind: int) -> Callable[[boxes.Items], boxes.Items]:
    def change(found: boxes.Items) -> boxes.Items:
        unit = bytes((kind << 1, 1)) + _B
        found.items[found.primary].data += struct.pack(">I", len(unit)) + unit
        return found

    return change


def _longer_parameters(kind: int) -> Callable[[boxes.Items], boxes.Items]:
    def change(found: boxes.Items) -> boxes.Items:
        place = next(n for n, (name, _) in enumerate(found.properties) if name == b"hvcC")
        value, at, out = found.properties[place][1], 23, found.properties[place][1][:23]
        for _ in range(value[22]):
            (size,) = struct.unpack_from(">H", value, at + 3)  # each array holds one unit
            unit = value[at + 5 : at + 5 + size] + (_B if value[at] & 63 == kind else b"")
            out, at = out + value[at : at + 3] + struct.pack(">H", len(unit)) + unit, at + 5 + size
        found.properties[place] = (b"hvcC", out)
        return found

    return change


def _longer_slice(found: boxes.Items) -> boxes.Items:
    item = found.items[found.primary]
    item.data = struct.pack(">I", len(item.data) - 4 + len(_B)) + item.data[4:] + _B
    return found


def _longer_frame(found: boxes.Items) -> boxes.Items:
    item = found.items[found.primary]
    units = list(coded_units.frames_of(item.data))
    item.data = coded_units.joined([u._replace(data=u.data + _B) for u in units])
    return found


def _with_property(kind: bytes, value: bytes) -> Callable[[boxes.Items], boxes.Items]:
    def change(found: boxes.Items) -> boxes.Items:
        found.properties.append((kind, value))
        found.items[found.primary].properties.append((len(found.properties), False))
        return found

    return change


HEIFS: dict[str, Callable[[], bytes]] = {
    **{f"unit-{kind}": partial(_heic, _with_unit(kind)) for kind in (12, 24, 30, 48)},
    "behind-slice": lambda: _heic(_longer_slice),
    **{f"behind-parameters-{kind}": partial(_heic, _longer_parameters(kind)) for kind in (32, 33, 34)},
    "mastering": lambda: _heic(_with_property(b"mdcv", _B[:24].ljust(24))),
    "channels": lambda: _heic(_with_property(b"pixi", bytes(4) + bytes((len(_B),)) + _B)),
}
AVIFS: dict[str, Callable[[], bytes]] = {"behind-frame": lambda: _heic(_longer_frame, "AVIF")}
KEPT_PARTS = {
    ".jpg": JPEGS,
    ".png": PNGS,
    ".webp": WEBPS,
    ".tif": TIFFS,
    ".gif": GIFS,
    ".heic": HEIFS,
    ".avif": AVIFS,
}
