"""Cut pictures: new files, never the original.

Holds `cut_bytes` and `cut_name`.
Add here: another format that can be written as it was read.
Keep out: where cuts lie (plan.py).
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from PIL import Image, ImageOps

from proofsheet.errors import UsageError
from proofsheet.formats import FORMATS

_SUFFIXES = {"JPEG": (".jpg", ".jpeg"), "PNG": (".png",), "WEBP": (".webp",), "TIFF": (".tif", ".tiff")}


def cut_name(path: str) -> str:
    """Path of the cut beside a picture: `name_crop.ext`; formats that are only read give PNG."""
    found = PurePosixPath(path)
    suffix = found.suffix if any(found.suffix.lower() in s for s in _SUFFIXES.values()) else ".png"
    return str(found.with_name(f"{found.stem}_crop{suffix}"))


def cut_bytes(path: Path, box: Sequence[float], quality: int, max_pixels: int) -> bytes:
    """The cut of a picture in its own format, upright, with its colour profile and what its camera wrote.

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
                raise UsageError(f"{path} has {opened.width} x {opened.height} pixels.", f"At most {max_pixels} are cut.")
            upright = ImageOps.exif_transpose(opened)
            kept = {"exif": upright.getexif().tobytes(), "icc_profile": opened.info.get("icc_profile")}
            left, top, right, bottom = pixel_box(box, upright.width, upright.height)
            cut = upright.crop((left, top, right, bottom))
    except (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError) as error:
        raise UsageError(f"{path} cannot be cut: {error}.", "Look at the picture; the original is untouched.") from error
    if format_ == "JPEG" and cut.mode not in ("L", "RGB", "CMYK"):
        cut = cut.convert("RGB")
    buffer = io.BytesIO()
    options = {"quality": quality} if format_ in ("JPEG", "WEBP") else {}
    cut.save(buffer, format_, **options, **{k: v for k, v in kept.items() if v})
    return buffer.getvalue()


def pixel_box(box: Sequence[float], width: int, height: int) -> tuple[int, int, int, int]:
    """A box in whole pixels, at least one each way."""
    left, top = min(int(box[0] * width), width - 1), min(int(box[1] * height), height - 1)
    return left, top, max(left + 1, round(box[2] * width)), max(top + 1, round(box[3] * height))
