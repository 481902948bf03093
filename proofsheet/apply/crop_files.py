"""Crops: new files, never the original.

Holds `cut_bytes`, `cut_name` and `Crop`.
Add here: another format that can be written as it was read.
Keep out: where crops are written (plan.py).
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from PIL import Image, ImageOps, PngImagePlugin

from proofsheet.core.errors import UsageError
from proofsheet.imaging.colour_management import coded_profile, hdr_name
from proofsheet.imaging.formats import FORMATS
from proofsheet.imaging.scaling import upright_pixels

_PNG = b"\x89PNG\r\n\x1a\n"
DEPTH_AT, SHALLOW = 24, 8  # where a PNG says its bits a sample, and how many most have
_IHDR_SIZE = 25
_SHOWN_AS = {b"gAMA", b"cHRM", b"sRGB", b"cICP", b"pHYs"}
_ORIENTATION, _BITS_PER_SAMPLE = 0x0112, 258
_SUFFIXES = {"JPEG": (".jpg", ".jpeg"), "PNG": (".png",), "WEBP": (".webp",), "TIFF": (".tif", ".tiff")}


def cut_name(path: str) -> str:
    """Path of the crop beside a picture: `name_crop.ext`.

    Formats that are only read give PNG.
    """
    found = PurePosixPath(path)
    suffix = found.suffix if any(found.suffix.lower() in s for s in _SUFFIXES.values()) else ".png"
    return str(found.with_name(f"{found.stem}_crop{suffix}"))


@dataclass(frozen=True)
class Crop:
    """A crop as a file, and the parts of the picture that it lacks.

    `lost` is empty if only pixels outside of the crop are missing.
    """

    content: bytes
    lost: str


def cut_bytes(path: Path, box: Sequence[float], quality: int, max_pixels: int) -> Crop:
    """The crop of a picture, upright, in its own format and depth.

    It keeps the profile, the camera's metadata and the texts of a PNG.

    Args:
        path: the picture.
        box: left, top, right, bottom in 0..1 of the upright picture.
        quality: of JPEG and WebP.
        max_pixels: larger pictures are refused.

    Raises:
        UsageError: if the picture cannot be opened or is too large.
    """
    suffix = Path(cut_name(path.name)).suffix.lower()
    format_ = next(f for f, suffixes in _SUFFIXES.items() if suffix in suffixes)
    try:
        with Image.open(path, formats=FORMATS) as opened:
            if opened.width * opened.height > max_pixels:
                raise UsageError(
                    f"{path} has {opened.width} x {opened.height} pixels.",
                    f"At most {max_pixels} are cropped.",
                )
            deep = (
                format_ == "PNG"
                and opened.format == "PNG"
                and opened.mode in {"RGB", "RGBA"}
                and _bits(path) > SHALLOW
            )
            lost = _lost(opened, path, deep)
            upright = ImageOps.exif_transpose(opened)
            profile = opened.info.get("icc_profile") or coded_profile(opened.mode, opened.info)
            kept = {"exif": upright.getexif().tobytes(), "icc_profile": profile}
            texts = _texts(opened) if format_ == "PNG" else None
            cropped = upright.crop(pixel_box(box, upright.width, upright.height))
            buffer = _written(cropped, format_, quality, {**kept, "pnginfo": texts})
            if format_ == "PNG" and opened.format == "PNG":
                buffer = _with_chunks(buffer, path, _SHOWN_AS)
            if deep:
                turned = opened.getexif().get(_ORIENTATION, 1)
                buffer = with_pixels(
                    buffer, _deep_pixels(path, turned, pixel_box(box, upright.width, upright.height))
                )
    except (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError) as error:
        raise UsageError(
            f"{path} cannot be cropped: {error}.", "Look at the picture; the original is untouched."
        ) from error
    return Crop(buffer, lost)


def _written(cropped: Image.Image, format_: str, quality: int, kept: Mapping[str, Any]) -> bytes:
    if format_ == "JPEG" and cropped.mode not in ("L", "RGB", "CMYK"):
        cropped = cropped.convert("RGB")
    buffer = io.BytesIO()
    options = {"quality": quality} if format_ in ("JPEG", "WEBP") else {}
    cropped.save(buffer, format_, **options, **{k: v for k, v in kept.items() if v})
    return buffer.getvalue()


def _lost(opened: Image.Image, path: Path, deep: bool) -> str:
    """The parts of a picture that a crop does not carry over, in words.

    Boxes and names in XMP refer to the whole picture, so XMP is left out.
    """
    bits, found = _bits(path), list[str]()
    if bits > SHALLOW and not deep and opened.mode not in {"I;16", "I;16B", "I", "F"}:
        found.append(f"8 bits a channel instead of {bits}")
    if (frames := getattr(opened, "n_frames", 1)) > 1:
        found.append(f"{frames - 1} further frames or pages")
    if name := hdr_name(opened.info):
        found.append(f"its light, which is coded as {name} (HDR)")
    if opened.info.get("xmp") or "XML:com.adobe.xmp" in opened.info:
        found.append("its XMP")
    if opened.info.get("photoshop"):
        found.append("its IPTC")
    return ", ".join(found)


def _bits(path: Path) -> int:
    """Bits a channel as the header of a PNG or TIFF has them; 8 for other formats."""
    with path.open("rb") as stream:
        head = stream.read(DEPTH_AT + 1)
    if head.startswith(_PNG) and len(head) > DEPTH_AT:
        return head[DEPTH_AT]
    with Image.open(path, formats=FORMATS) as opened:
        found = getattr(opened, "tag_v2", {}).get(_BITS_PER_SAMPLE, SHALLOW)
    return int(max(found) if isinstance(found, tuple) else found)


def _texts(opened: Image.Image) -> PngImagePlugin.PngInfo | None:
    texts = {
        k: v
        for k, v in opened.info.items()
        if isinstance(k, str) and isinstance(v, str) and not k.startswith("XML:")
    }
    found = PngImagePlugin.PngInfo()
    for keyword, text in texts.items():
        found.add_itxt(keyword, text)
    return found if texts else None


def _deep_pixels(path: Path, orientation: int, box: tuple[int, int, int, int]) -> bytes:
    """The crop of a deep PNG as a bare PNG of the same depth."""
    import cv2

    pixels = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None:
        raise ValueError("its deep pixels cannot be read")
    left, top, right, bottom = box
    part = np.ascontiguousarray(upright_pixels(pixels, orientation)[top:bottom, left:right])
    return bytes(cv2.imencode(".png", part)[1].tobytes())


def with_pixels(described: bytes, bare: bytes) -> bytes:
    """A PNG with the header and the pixels of `bare` and everything else of `described`."""
    head, data = _chunks(bare, {b"IHDR"}), _chunks(bare, {b"IDAT"})
    rest = [c for c in _chunks(described, None) if c[4:8] not in {b"IHDR", b"IDAT", b"IEND"}]
    return _PNG + b"".join([*head, *rest, *data, *_chunks(bare, {b"IEND"})])


def _with_chunks(png: bytes, path: Path, kinds: set[bytes]) -> bytes:
    """A PNG with the chunks of another one that say how its numbers are shown."""
    start = len(_PNG) + _IHDR_SIZE
    return png[:start] + b"".join(_chunks(path.read_bytes(), kinds)) + png[start:]


def _chunks(png: bytes, kinds: set[bytes] | None) -> list[bytes]:
    found, at = list[bytes](), len(_PNG)
    while at + 12 <= len(png):
        end = at + 12 + int.from_bytes(png[at : at + 4], "big")
        if kinds is None or png[at + 4 : at + 8] in kinds:
            found.append(png[at:end])
        at = end
    return found


def pixel_box(box: Sequence[float], width: int, height: int) -> tuple[int, int, int, int]:
    """A box in whole pixels, at least one each way."""
    left, top = min(int(box[0] * width), width - 1), min(int(box[1] * height), height - 1)
    return left, top, max(left + 1, round(box[2] * width)), max(top + 1, round(box[3] * height))
