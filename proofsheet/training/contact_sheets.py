"""Contact sheets: sets and crops as pictures.

Holds `set_sheet` and `crop_sheet`.
Add here: another sheet.
Keep out: which sets are shown.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw

from proofsheet.models.boxes import Box

_CELL, _GAP, _TEXT = 200, 8, 16
_CHOSEN, _PICKED, _BOTH, _INK = (22, 122, 70), (200, 60, 30), (20, 90, 200), (20, 20, 20)


@dataclass(frozen=True)
class SheetSet:
    """A set on a sheet: thumbnails, the person's choice, the model's, and a line of text."""

    thumbs: Sequence[Path]
    chosen: int
    pick: int
    text: str


def set_sheet(sets: Sequence[SheetSet]) -> bytes:
    """A row a set; green frame: the person's choice, red: the model's, blue: both. JPEG."""
    most = max((len(s.thumbs) for s in sets), default=1)
    image = Image.new(
        "RGB", (most * (_CELL + _GAP) + _GAP, len(sets) * (_CELL + _GAP + _TEXT) + _GAP), "white"
    )
    draw = ImageDraw.Draw(image)
    for row, one in enumerate(sets):
        top = _GAP + row * (_CELL + _GAP + _TEXT)
        draw.text((_GAP, top), _printable(one.text), fill=_INK)
        for col, thumb in enumerate(one.thumbs):
            left = _GAP + col * (_CELL + _GAP)
            size = _paste(image, thumb, left, top + _TEXT)
            if col == one.chosen == one.pick:
                colour = _BOTH
            elif col == one.chosen:
                colour = _CHOSEN
            elif col == one.pick:
                colour = _PICKED
            else:
                colour = None
            if colour:
                draw.rectangle(
                    (left, top + _TEXT, left + size[0] - 1, top + _TEXT + size[1] - 1),
                    outline=colour,
                    width=4,
                )
    return _jpeg(image)


def crop_sheet(crops: Sequence[tuple[Path, Box | None, Box | None, str]], across: int = 5) -> bytes:
    """Pictures with the drawn box (green) and the proposed one (red). JPEG.

    Args:
        crops: thumbnail, drawn box, proposed box and a line of text of each picture.
        across: pictures in a row.
    """
    rows = -(-len(crops) // across)
    image = Image.new(
        "RGB", (across * (_CELL + _GAP) + _GAP, max(rows, 1) * (_CELL + _GAP + _TEXT) + _GAP), "white"
    )
    draw = ImageDraw.Draw(image)
    for k, (thumb, drawn, proposed, text) in enumerate(crops):
        left, top = _GAP + (k % across) * (_CELL + _GAP), _GAP + (k // across) * (_CELL + _GAP + _TEXT)
        draw.text((left, top), _printable(text), fill=_INK)
        width, height = _paste(image, thumb, left, top + _TEXT)
        for box, colour in ((drawn, _CHOSEN), (proposed, _PICKED)):
            if box is not None:
                sides = (
                    left + box[0] * width,
                    top + _TEXT + box[1] * height,
                    left + box[2] * width,
                    top + _TEXT + box[3] * height,
                )
                draw.rectangle(sides, outline=colour, width=3)
    return _jpeg(image)


def _paste(image: Image.Image, thumb: Path, left: int, top: int) -> tuple[int, int]:
    try:
        with Image.open(thumb) as found:
            shown = found.convert("RGB")
    except OSError:  # a lost thumbnail is made again by the next run; the sheet shows where it was
        shown = Image.new("RGB", (_CELL, _CELL), (235, 235, 235))
    shown.thumbnail((_CELL, _CELL))
    image.paste(shown, (left, top))
    return shown.size


def _printable(text: str) -> str:
    return text.encode("latin-1", "replace").decode("latin-1")


def _jpeg(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=85)
    return buffer.getvalue()
