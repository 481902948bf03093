"""Pictures for conversions, and reading of what they became.

Holds `convert_one`, `read_back`, `corners`, `delta_e`, `grey_profile` and the pictures of the tests.
Add here: another picture that several tests convert.
Keep out: assertions.
"""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms

from proofsheet.core.files import Refused
from proofsheet.core.progress import Quiet
from proofsheet.imaging.colour_management import rgb_profile
from proofsheet.imaging.decode import prepare_decoders
from proofsheet.imaging.measurement_pass import limits_of
from proofsheet.library.file_hashes import Scan
from proofsheet.library.scan import scan
from proofsheet.publish.conversion.file_conversion import ConversionTask, ConvertedFile, converted_file
from proofsheet.publish.conversion.formats import ConversionOptions
from schemas.settings.photos import PhotoSettings
from tests.support.kit import picture_file

EVERY_FORMAT = ("jpeg", "png", "webp", "avif", "heic")
P3 = rgb_profile((0.3127, 0.3290, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060), None, b"Display P3")
QUARTERS = ((220, 40, 40), (40, 180, 60), (50, 60, 210), (230, 210, 60))
_P3_POINTS = (np.array([0.680, 0.265, 0.150]), np.array([0.320, 0.690, 0.060]))  # x and y of the primaries
_SRGB_POINTS = (np.array([0.64, 0.30, 0.15]), np.array([0.33, 0.60, 0.06]))


def quarters(size: tuple[int, int] = (96, 64)) -> Image.Image:
    """A picture of four plain quarters, from the upper left to the lower right."""
    width, height = size
    image = Image.new("RGB", size)
    for number, colour in enumerate(QUARTERS):
        at = (number % 2 * width // 2, number // 2 * height // 2)
        image.paste(colour, (*at, at[0] + width // 2, at[1] + height // 2))
    return image


def stored_as(image: Image.Image, orientation: int) -> Image.Image:
    """A picture as a camera stores it that names this orientation, so that it is seen upright."""
    back = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    return image.transpose(back[orientation]) if orientation in back else image


def exif_of(**tags: object) -> Image.Exif:
    """EXIF with tags by their numbers in hexadecimal, such as `t0112=6`."""
    exif = Image.Exif()
    for name, value in tags.items():
        exif[int(name[1:], 16)] = value
    return exif


def convert_one(path: Path, to: str, **options: object) -> ConvertedFile | Refused:
    """A file as it would be written."""
    limits = replace(limits_of(PhotoSettings()), side_px=65_500)
    return converted_file(ConversionTask(picture_file(path), ConversionOptions(to, **options), limits))  # type: ignore[arg-type]


def read_back(made: ConvertedFile | Refused) -> Image.Image:
    """A new file, opened and decoded."""
    if isinstance(made, Refused):
        raise AssertionError(made.reason)
    prepare_decoders()
    image = Image.open(io.BytesIO(made.data))
    image.load()
    return image


def corners(image: Image.Image) -> list[tuple[int, ...]]:
    """The middle of each quarter."""
    rgb, (width, height) = image.convert("RGB"), image.size
    return [rgb.getpixel((width * x // 4, height * y // 4)) for y in (1, 3) for x in (1, 3)]  # type: ignore[misc]


def lab(image: Image.Image, icc: bytes) -> np.ndarray:
    """(height, width, 3) CIE L*a*b* of a picture in Display P3, or else in sRGB, computed in floats.

    Both have the curve and the white of sRGB, so that nothing has to be adapted.
    """
    coded = np.asarray(image.convert("RGB"), dtype=np.float64) / 255
    light = np.where(coded <= 0.04045, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4)
    x, y = _P3_POINTS if icc == P3 else _SRGB_POINTS
    primaries = np.array([x, y, 1 - x - y]) / y
    white = np.array([0.3127, 0.3290, 1 - 0.3127 - 0.3290]) / 0.3290
    xyz = light @ (primaries * np.linalg.solve(primaries, white)).T / white
    f = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.stack(
        [116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], axis=-1
    )


def ciede2000(one: np.ndarray, two: np.ndarray) -> float:
    """Distance of two colours in L*a*b* (CIE 142-2001)."""
    (l1, a1, b1), (l2, a2, b2) = one, two
    mean = (np.hypot(a1, b1) + np.hypot(a2, b2)) / 2
    g = 1.5 - 0.5 * np.sqrt(mean**7 / (mean**7 + 25.0**7))
    c1, c2 = np.hypot(g * a1, b1), np.hypot(g * a2, b2)
    h1, h2 = (np.degrees(np.arctan2(b, g * a)) % 360 for a, b in ((a1, b1), (a2, b2)))
    turn = (h2 - h1 + 180) % 360 - 180 if c1 * c2 else 0.0
    hue = 2 * np.sqrt(c1 * c2) * np.sin(np.radians(turn / 2))
    light, chroma, angle = (l1 + l2) / 2, (c1 + c2) / 2, (h1 + turn / 2) % 360
    waves = [(-0.17, 1, -30), (0.24, 2, 0), (0.32, 3, 6), (-0.20, 4, -63)]
    t = 1 + sum(k * np.cos(np.radians(n * angle + shift)) for k, n, shift in waves)
    s_l = 1 + 0.015 * (light - 50) ** 2 / np.sqrt(20 + (light - 50) ** 2)
    s_c, s_h = 1 + 0.045 * chroma, 1 + 0.015 * chroma * t
    bend = 60 * np.exp(-(((angle - 275) / 25) ** 2))
    r_t = -np.sin(np.radians(bend)) * 2 * np.sqrt(chroma**7 / (chroma**7 + 25.0**7))
    d_l, d_c, d_h = (l2 - l1) / s_l, (c2 - c1) / s_c, hue / s_h
    return float(np.sqrt(d_l**2 + d_c**2 + d_h**2 + r_t * d_c * d_h))


def delta_e(one: Image.Image, icc: bytes, two: Image.Image, icc_two: bytes) -> float:
    """The largest distance (CIEDE2000) of two pictures in the middle of each of 24 patches."""
    first, second = lab(one, icc), lab(two, icc_two)
    width, height = one.size
    at = [(height * (2 * y + 1) // 8, width * (2 * x + 1) // 12) for y in range(4) for x in range(6)]
    return max(ciede2000(first[a], second[a]) for a in at)


def patches() -> Image.Image:
    """24 plain patches of colours that sRGB has, as numbers of Display P3."""
    rng, image = np.random.default_rng(3), Image.new("RGB", (192, 128))
    for number in range(24):
        x, y = number % 6 * 32, number // 6 * 32
        image.paste(tuple(int(v) for v in rng.integers(0, 256, 3)), (x, y, x + 32, y + 32))
    wide = ImageCms.ImageCmsProfile(io.BytesIO(P3))
    change = ImageCms.buildTransform(ImageCms.createProfile("sRGB"), wide, "RGB", "RGB")
    return ImageCms.applyTransform(image, change) or image


def ultra_hdr(path: Path) -> Path:
    """A JPEG with a gain map behind it, in the form of Ultra HDR."""
    small = io.BytesIO()
    quarters((24, 16)).convert("L").save(small, "JPEG")
    xmp = (
        b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>"
        b"<rdf:Description rdf:about='' xmlns:hdrgm='http://ns.adobe.com/hdr-gain-map/1.0/'"
        b" hdrgm:Version='1.0' xmlns:dc='http://purl.org/dc/elements/1.1/' dc:format='image/jpeg'/>"
        b"</rdf:RDF></x:xmpmeta>"
    )
    quarters().save(path, "JPEG", xmp=xmp)
    path.write_bytes(path.read_bytes() + small.getvalue())
    return path


def deep_png(path: Path) -> Path:
    """A PNG of three channels of 16 bits, which Pillow does not write."""
    rows = b"".join(b"\0" + struct.pack(">24H", *([1000, 30000, 60000] * 8)) for _ in range(8))

    def chunk(kind: bytes, value: bytes) -> bytes:
        return struct.pack(">I", len(value)) + kind + value + struct.pack(">I", zlib.crc32(kind + value))

    head = struct.pack(">IIBBBBB", 8, 8, 16, 2, 0, 0, 0)
    body = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + body)
    return path


def grey_profile() -> bytes:
    """A profile of one channel with a gamma of 1.8 (ICC.1:2001-04)."""
    white = struct.pack(">4s4x3i", b"XYZ ", 63190, 65536, 54061)
    tags = [(b"desc", struct.pack(">4s4xI", b"desc", 2) + b"g\0" + bytes(78))]
    tags += [
        (b"cprt", b"text\0\0\0\0none\0"),
        (b"wtpt", white),
    ]
    tags += [(b"kTRC", struct.pack(">4s4xIH", b"curv", 1, 461))]
    index, data, start = struct.pack(">I", len(tags)), b"", 132 + 12 * len(tags)
    for sign, value in tags:
        index += struct.pack(">4sII", sign, start + len(data), len(value))
        data += value + bytes(-len(value) % 4)
    head = struct.pack(">I4xI", 128 + len(index) + len(data), 0x02400000) + b"mntrGRAYXYZ "
    head += struct.pack(">6H", 2024, 1, 1, 0, 0, 0) + b"acsp" + bytes(28)
    return (head + struct.pack(">3i", 63190, 65536, 54061)).ljust(128, b"\0") + index + data


def scanned(folder: Path, cache: Path) -> Scan:
    """A folder as a command looks at it."""
    return scan(folder, cache, Quiet())
