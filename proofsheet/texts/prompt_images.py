"""Pictures for models: a JPEG of the configured size, upright, without metadata; and the test card.

Holds `model_jpeg`, `card` and `COLOURS`.
Add here: another way to show a picture.
Keep out: sending. Everything stays in memory: no temporary file can be left behind.
"""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont, ImageOps

from proofsheet.core.errors import UsageError

COLOURS = {
    "red": (200, 30, 30),
    "green": (20, 130, 40),
    "blue": (30, 60, 200),
    "black": (0, 0, 0),
    "purple": (120, 20, 140),
}
_CARD = (448, 320)


def model_jpeg(path: Path, side_px: int, quality: int) -> bytes:
    """A picture as it is sent: fitted into a square of `side_px`, never enlarged.

    Args:
        path: of a preview or another upright picture that was opened safely before.
        side_px: longest side.
        quality: of the JPEG.

    Raises:
        UsageError: if the preview was lost.
    """
    try:
        with Image.open(path, formats=["JPEG", "PNG", "WEBP"]) as image:
            image.draft("RGB", (side_px, side_px))
            upright = ImageOps.exif_transpose(image).convert("RGB")
    except OSError as error:
        raise UsageError(
            f"The preview {path.name} cannot be read: {error}.", "Run the asset previews again."
        ) from error
    upright.thumbnail((side_px, side_px), Image.Resampling.LANCZOS)
    return jpeg(upright, quality)


def jpeg(image: Image.Image, quality: int) -> bytes:
    """A JPEG of the pixels alone."""
    buffer = io.BytesIO()
    bare = Image.frombytes("RGB", image.size, image.tobytes())
    bare.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def card(number: int, colour: str) -> bytes:
    """A card of one colour with a number in white."""
    image = Image.new("RGB", _CARD, COLOURS[colour])
    draw = ImageDraw.Draw(image)
    draw.text((_CARD[0] / 2, _CARD[1] / 2), str(number), "white", ImageFont.load_default(220), anchor="mm")
    return jpeg(image, 90)
