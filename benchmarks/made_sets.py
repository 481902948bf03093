"""Sets as a photographer comes home with them, made from real photographs: the truth is known.

Holds `make_sets`.
Add here: another difference between the pictures of one set.
Keep out: grouping.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter

from benchmarks.originals import originals
from proofsheet.imaging.scaling import Pixels

_SIDE_PX = 768


@dataclass(frozen=True)
class Shot:
    """One picture of a set."""

    set_id: int
    original: str
    pixels: Pixels
    taken_s: float


def make_sets(seed: int) -> list[Shot]:
    """Two overlapping scenes of every original, each as a set of two to four shots, in the order of capture.

    The two scenes share about half of their width; being alike and yet not one set, they are the hard
    negatives. Shots of one scene differ by a small move, zoom and turn of the camera, exposure, white
    balance, noise, focus and compression. Between shots of a set pass 1 to 90 s, between sets 10 to 600 s.
    """
    rng = np.random.default_rng(seed)
    shots: list[Shot] = []
    now = 0.0
    for number, (name, pixels) in enumerate(originals()):
        for half in (0, 1):
            now += float(rng.uniform(10, 600))
            for _shot in range(int(rng.integers(2, 5))):
                shots.append(Shot(2 * number + half, name, _shoot(pixels, half, rng), now))
                now += float(rng.uniform(1, 90))
    return shots


def _shoot(pixels: Pixels, half: int, rng: np.random.Generator) -> Pixels:
    image = Image.fromarray(pixels).rotate(float(rng.normal(0, 1.2)), Image.Resampling.BICUBIC)
    width, height = image.size
    zoom = float(rng.uniform(0.93, 1.0))
    wide, tall = 0.64 * width * zoom, 0.88 * height * zoom
    left = (0.03 if half == 0 else 0.33) * width + float(rng.normal(0, 0.012)) * width
    top = 0.06 * height + float(rng.normal(0, 0.015)) * height
    left, top = np.clip(left, 0, width - wide), np.clip(top, 0, height - tall)
    image = image.crop((round(left), round(top), round(left + wide), round(top + tall)))
    scale = _SIDE_PX / max(image.size)
    image = image.resize((round(image.width * scale), round(image.height * scale)), Image.Resampling.LANCZOS)
    if rng.random() < 0.3:
        image = image.filter(ImageFilter.GaussianBlur(float(rng.uniform(0.5, 2.5))))
    values = np.asarray(image, dtype=np.float32) * 2.0 ** float(rng.normal(0, 0.25)) * rng.normal(1, 0.02, 3)
    values += rng.normal(0, float(rng.uniform(0, 6)), values.shape)
    buffer = io.BytesIO()
    Image.fromarray(np.clip(values, 0, 255).astype(np.uint8)).save(
        buffer, "JPEG", quality=int(rng.integers(60, 95))
    )
    return np.asarray(Image.open(buffer).convert("RGB"))
