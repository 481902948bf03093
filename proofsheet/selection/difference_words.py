"""Differences between two pictures in words of photographers, with both values.

Holds `in_words`.
Add here: the words for another difference, in `WORDS`.
Keep out: the weight of a difference (models/starter_ranker.py), the choice of reasons
(technical_comparison.py).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from proofsheet.models.picture_differences import CORNERS
from schemas.vision import SCALES, ImageQuality

Row = Mapping[str, Any]
_LEAST_PERCENT = 5


def in_words(name: str, best: Row, rival: Row, number: int) -> str:
    """One difference in words; empty if it is too small, not measured, or speaks against the choice.

    Args:
        name: of `models.picture_differences.NAMES`.
        best: columns of `image_quality` of the choice.
        rival: the same of the other.
        number: of the other in its set, from 1.
    """
    if name.startswith(("detail", "sharp")):
        return _sharper(best, rival, number)
    if name == "empty pixels" and _pixels(best) < _pixels(rival):
        return f"more detail in its pixels than {number}, which looks enlarged or blurred"
    words = WORDS.get(name)
    if words is None:
        return ""
    one, other = (words.value(r) if words.value else r[name] for r in (best, rival))
    if one is None or other is None:
        return ""
    told, shown, against = words.more if one > other else words.less, *map(words.form.format, (one, other))
    return f"{told} than {number}: {shown} against {against}" if told and shown != against else ""


def _sharper(best: Row, rival: Row, number: int) -> str:
    """Fine detail of one against the other in percent: the lesser of the first two scales that both have.

    Noise hides the detail of single pixels, and a soft picture with the same noise shows the larger share of
    it; at half the size the sharper one is ahead. So sharper is only what both scales call so.
    """
    smaller = min(best[ImageQuality.detail_side_px], rival[ImageQuality.detail_side_px])
    ahead = min(_detail_at(best, side) - _detail_at(rival, side) for side in (smaller, smaller / 2))
    percent = round(100 * (10 ** (ahead / 2) - 1))
    if percent < _LEAST_PERCENT:
        return ""  # a softer picture wins by other things
    return f"{percent} % sharper than {number}"


def _detail_at(row: Row, side_px: float) -> float:
    octave = math.log2(row[ImageQuality.detail_side_px] / side_px)
    return float(np.interp(octave, np.arange(SCALES), np.asarray(row[ImageQuality.detail_scales])))


def _pixels(row: Row) -> float:
    return float(row[ImageQuality.width_px] * row[ImageQuality.height_px])


def _corners(row: Row) -> float:
    """Light of the corners against the rest, in EV."""
    light = np.asarray(row[ImageQuality.light_tiles], dtype=np.float64)
    return float(light[list(CORNERS)].mean() - np.median(light))


def _power(column: str) -> Callable[[Row], float]:
    """The share of which a column holds the decimal logarithm."""
    return lambda row: float(10.0 ** row[column])


@dataclass(frozen=True)
class DifferenceWords:
    """Words for a difference.

    Attributes:
        more: words if the choice has more of it; empty if that never speaks for a picture.
        less: words if it has less.
        form: of both values.
        value: of a row; the column of that name by default.
    """

    more: str
    less: str
    form: str
    value: Callable[[Row], float] | None = None


WORDS: Mapping[str, DifferenceWords] = {
    ImageQuality.grain: DifferenceWords("", "less noise", "{:.1f} of 255 levels"),
    ImageQuality.smooth: DifferenceWords("", "less smeared", "{:.0%} without fine detail"),
    ImageQuality.tails: DifferenceWords("detail clearer of noise", "detail less smeared", "{:.2f}"),
    ImageQuality.halo: DifferenceWords("", "weaker halos at edges", "{:z.0%} of the edges' height"),
    ImageQuality.fringes: DifferenceWords(
        "", "weaker colour fringes", "{:.1%} of the fine detail", _power(ImageQuality.fringes)
    ),
    ImageQuality.impulses: DifferenceWords("", "fewer single bright or dark pixels", "{:.2%}"),
    ImageQuality.comb: DifferenceWords("", "fewer gaps between tones", "{:.2f}"),
    ImageQuality.stripes: DifferenceWords(
        "", "weaker stripes", "{:.1%} of the fine detail", _power(ImageQuality.stripes)
    ),
    ImageQuality.upright: DifferenceWords("more upright", "", "{:.0%} of the edges"),
    ImageQuality.blockiness: DifferenceWords("", "fewer JPEG blocks", "{:z.2f}"),
    ImageQuality.exposure_ev: DifferenceWords("brighter", "darker", "{:+z.1f} EV"),
    ImageQuality.entropy: DifferenceWords("more tones", "", "{:.1f} bit"),
    ImageQuality.contrast: DifferenceWords("more contrast", "less contrast", "{:.2f}"),
    ImageQuality.clipped_highlights: DifferenceWords("", "fewer clipped highlights", "{:.1%}"),
    ImageQuality.clipped_shadows: DifferenceWords("", "fewer clipped shadows", "{:.1%}"),
    ImageQuality.burnt_colours: DifferenceWords("", "fewer burnt colours", "{:.1%}"),
    ImageQuality.crushed_colours: DifferenceWords("", "fewer crushed colours", "{:.1%}"),
    ImageQuality.spots: DifferenceWords("", "fewer dust spots", "{:.2%} of the pixels"),
    ImageQuality.cast: DifferenceWords("", "a weaker colour cast", "{:.0f} in Lab"),
    ImageQuality.cast_of_neutrals: DifferenceWords("", "greys less coloured", "{:.0f} in Lab"),
    ImageQuality.cast_of_lights: DifferenceWords("", "lights less coloured", "{:.0f} in Lab"),
    ImageQuality.cast_of_shadows: DifferenceWords("", "shadows less coloured", "{:.0f} in Lab"),
    ImageQuality.chroma: DifferenceWords("stronger colours", "quieter colours", "{:.0f} in Lab"),
    ImageQuality.haze: DifferenceWords("", "less haze", "{:.2f}"),
    ImageQuality.black_point: DifferenceWords("lighter blacks", "deeper blacks", "L {:.0f}"),
    ImageQuality.white_point: DifferenceWords("brighter whites", "duller whites", "L {:.0f}"),
    ImageQuality.spectrum_slope: DifferenceWords("more fine detail", "", "spectrum slope {:.1f}"),
    "contrast of places": DifferenceWords(
        "more local contrast",
        "less local contrast",
        "{:.0f} of 255 levels",
        lambda row: float(np.mean(row[ImageQuality.contrast_tiles])),
    ),
    "light of corners": DifferenceWords("lighter corners", "", "{:+z.1f} EV", _corners),
    "pixels": DifferenceWords("more pixels", "", "{:,.0f}", _pixels),
}
