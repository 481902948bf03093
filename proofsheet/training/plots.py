"""Plots of a card as PNG.

Holds `reliability_plot`.
Add here: another plot.
Keep out: figures.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

from PIL import Image, ImageDraw

_SIDE, _EDGE = 520, 60
_INK, _SOFT, _DOT = (30, 30, 30), (190, 190, 190), (22, 122, 70)


def reliability_plot(bins: Sequence[Mapping[str, float]], title: str) -> bytes:
    """Share of right answers by stated confidence.

    Each bin is a dot, its area the number of cases; the diagonal is perfect calibration.

    Args:
        bins: confidence, right and n of each bin.
        title: heading of the plot.
    """
    image = Image.new("RGB", (_SIDE + 2 * _EDGE, _SIDE + 2 * _EDGE), "white")
    draw = ImageDraw.Draw(image)
    total = sum(b["n"] for b in bins) or 1
    draw.text(
        (_EDGE, 18),
        f"{title}: stated confidence (across) and share of right ones (up), n = {total:g}",
        fill=_INK,
    )
    for k in range(11):
        place = _EDGE + _SIDE * k / 10
        draw.line((place, _EDGE, place, _EDGE + _SIDE), fill=_SOFT)
        draw.line((_EDGE, place, _EDGE + _SIDE, place), fill=_SOFT)
        draw.text((place - 8, _EDGE + _SIDE + 8), f"{k / 10:.1f}", fill=_INK)
        draw.text((_EDGE - 30, _EDGE + _SIDE - _SIDE * k / 10 - 6), f"{k / 10:.1f}", fill=_INK)
    draw.line((_EDGE, _EDGE + _SIDE, _EDGE + _SIDE, _EDGE), fill=_INK, width=2)
    for one in bins:
        x, y = _EDGE + _SIDE * one["confidence"], _EDGE + _SIDE * (1 - one["right"])
        radius = 5 + 16 * (one["n"] / total) ** 0.5
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), outline=_DOT, width=4)
        draw.text((x + radius + 3, y - 6), f"{one['n']:g}", fill=_INK)
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()
