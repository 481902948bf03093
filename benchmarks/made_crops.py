"""Pictures of which the right crop is known: real photographs with more surroundings, and as they are.

Holds `CropCase`, `KINDS` and `made_crops`.
Add here: another kind of surroundings.
Keep out: rules that crop (crop_rule.py) and figures (crops.py).

A photographer chose the frame of every photograph here; that frame is the right crop of a picture in which
more is seen, and the photograph itself needs none. The surroundings are the photograph's own, mirrored at
its edges; the same out of focus; or its edges drawn out to plain stripes. Photographs that need no
crop have half of the weight. The hidden judge of benchmarks/hidden_judge.py, a formula, crops the
photographs as they are, as a fourth kind.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from benchmarks.hidden_judge import Taste, cut
from benchmarks.originals import originals
from proofsheet.imaging.saliency import Floats, grid
from proofsheet.imaging.scaling import Pixels, fit
from proofsheet.models.boxes import FULL, Box

KINDS = ("mirrored", "out of focus", "plain", "hidden judge")
_SIDE_PX, _GRID_PX = 512, 192
_TIMES = 3  # pictures of a kind made of one photograph
_LEAST, _MOST = 0.55, 0.9  # share of the picture's side that the right crop has
_TASTES = (0.45, 0.55, 0.65)
_JUDGE_CROPS = 0.6  # share of photographs that the judge crops


@dataclass(frozen=True)
class CropCase:
    """One picture.

    Attributes:
        original: number of the photograph that it is made of.
        kind: one of `KINDS`.
        grid: (720,) row of `saliency_grids`.
        box: the right crop; the full frame if none is needed.
        weight: of the picture in a mean.
    """

    original: int
    kind: str
    grid: Floats
    box: Box
    weight: float


def made_crops(seed: int) -> list[CropCase]:
    """All pictures, in the order of the photographs.

    Args:
        seed: of margins and tastes.
    """
    rng = np.random.default_rng(seed)
    photographs = [fit(pixels, _SIDE_PX) for _name, pixels in originals()]
    found = [case for number, pixels in enumerate(photographs) for case in _widened(number, pixels, rng)]
    return found + list(_judged(photographs, rng))


def _widened(number: int, pixels: Pixels, rng: np.random.Generator) -> Iterator[CropCase]:
    own = grid(fit(pixels, _GRID_PX)).ravel()
    for kind in KINDS[:3]:
        for _time in range(_TIMES):
            picture, box = widen(pixels, rng.uniform(_LEAST, _MOST), (rng.uniform(), rng.uniform()), kind)
            yield CropCase(number, kind, grid(fit(picture, _GRID_PX)).ravel(), box, 1.0)
        yield CropCase(number, kind, own, FULL, float(_TIMES))


def widen(pixels: Pixels, share: float, place: tuple[float, float], kind: str) -> tuple[Pixels, Box]:
    """A photograph with more surroundings, and the box of the photograph in it.

    Args:
        pixels: (height, width, 3).
        share: of the new picture's sides that the photograph has.
        place: 0..1, share of the new room to its left and above it.
        kind: one of the first three of `KINDS`.
    """
    import cv2

    height, width = pixels.shape[:2]
    tall, wide = round(height / share), round(width / share)
    left, top = round((wide - width) * place[0]), round((tall - height) * place[1])
    sides = (top, tall - height - top, left, wide - width - left)
    border = cv2.BORDER_REPLICATE if kind == "plain" else cv2.BORDER_REFLECT_101
    picture = np.asarray(cv2.copyMakeBorder(pixels, *sides, border), dtype=np.uint8)
    if kind == "out of focus":
        picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), 9.0), dtype=np.uint8)
        picture[top : top + height, left : left + width] = pixels
    return picture, (left / wide, top / tall, (left + width) / wide, (top + height) / tall)


def _judged(photographs: list[Pixels], rng: np.random.Generator) -> Iterator[CropCase]:
    for tight in _TASTES:
        taste = Taste((0.0, 0.0, 0.0, 0.0), 0.0, 0.0, 0.0, tight, _JUDGE_CROPS, float(rng.normal(0, 0.08)))
        said = [cut(pixels, taste, rng) for pixels in photographs]
        least = float(np.quantile([gain for gain, _box in said], 1 - _JUDGE_CROPS))
        for number, (pixels, (gain, box)) in enumerate(zip(photographs, said, strict=True)):
            shown = grid(fit(pixels, _GRID_PX)).ravel()
            yield CropCase(number, KINDS[3], shown, box if gain >= least else FULL, 1.0)
