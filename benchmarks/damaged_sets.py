"""Pairs and series made of real photographs of which it is known which picture is the better one.

Holds `Case`, `cases` and `measured_cases`.
Add here: another kind of pair.
Keep out: damage itself (damage.py), and figures (picks.py).

Every picture is stored as a JPEG, opened and measured as the project does it.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter

from benchmarks.damage import KINDS, exposure, linear, soft, tones
from benchmarks.originals import originals
from proofsheet.imaging.decode import DecodeLimits, prepare_decoders, read_picture
from proofsheet.imaging.image_quality import image_quality
from proofsheet.imaging.scaling import Pixels
from schemas.settings.photos import PhotoSettings
from schemas.vision import ImageQuality

Row = Mapping[str, Any]
_SIDE_PX = 1000  # of the pictures that are damaged: most originals are no larger
_FINE_PX = 6000  # of the camera for which a softness of one pixel is tried
_MIXTURES, _SPOILT = 6, 4
_NOISY, _BLURS = 3, ("soft lens", "out of focus", "camera shake")
_COPIES, _THUMBNAIL_PX = 3, (40, 320)
_BLURRED = 200  # of the longest side is one sigma of the blur
_SHOWN = ("astronaut", "chelsea", "coffee", "motorcycle_left", "rocket")
_UNUSED = (ImageQuality.colors, ImageQuality.notes, ImageQuality.sharpness_tiles, ImageQuality.measured_by)


@dataclass(frozen=True, eq=False)
class Case:
    """Two pictures of one photograph.

    Attributes:
        original: name of the photograph.
        kind: of `KINDS`, or what else was done.
        strength: seen, looked, ruined, or which of several.
        better: measurements of the picture that should win, or of the unchanged one where neither should.
        worse: of the other.
        trained: names of the kinds of damage in it.
        stages: stage of the better and of the worse picture; None for photographs.
    """

    original: str
    kind: str
    strength: str
    better: Row
    worse: Row
    trained: tuple[str, ...] = ()
    stages: tuple[float, float] | None = None


def measured(pixels: Pixels, quality: int = 95) -> Row:
    """Columns of `image_quality` of pixels, stored as JPEG and opened again."""
    settings, file = PhotoSettings(), io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=quality)
    limits = DecodeLimits(10**9, 10**9, settings.analysis_side_px, settings.preview_px)
    found = image_quality(read_picture(file, limits))
    return {n: v for n, v in found.items() if n not in _UNUSED}


def photographs() -> Iterator[tuple[str, Pixels]]:
    """Every original at hand, and the photographs that scikit-image and scikit-learn hold."""
    import skimage
    import sklearn

    yield from originals()
    folder = Path(str(skimage.__file__)).parent / "data"
    files = [p for p in sorted(folder.iterdir()) if p.stem in _SHOWN]
    files += sorted((Path(str(sklearn.__file__)).parent / "datasets" / "images").glob("*.jpg"))
    for path in files:
        yield path.stem, np.asarray(Image.open(path).convert("RGB"))


def measured_cases(workers: int = 2) -> list[Case]:
    """The cases of every photograph; each has a chance of its own, so that they are the same in every run."""
    prepare_decoders()
    with ProcessPoolExecutor(workers) as pool:
        return [case for found in pool.map(cases, *zip(*photographs(), strict=True)) for case in found]


def cases(name: str, pixels: Pixels) -> list[Case]:
    """Every case of one photograph.

    Args:
        name: of the photograph.
        pixels: (height, width, 3).
    """
    import cv2

    cv2.setNumThreads(1)
    chance = np.random.default_rng(list(name.encode()))
    small = fitted(pixels, _SIDE_PX)
    plain = measured(small)
    found = [
        Case(name, kind, strength, plain, measured(how.make(small, value, chance)), (kind,))
        for kind, how in KINDS.items()
        for strength, value in (("seen", how.seen), ("looked", how.looked))
    ]
    for label, stops in (("brighter", 1 / 3), ("darker", -1 / 3)):
        found.append(Case(name, "a third of a stop", label, plain, measured(exposure(small, stops, chance))))
    faint = exposure(soft(pixels, max(pixels.shape[:2]) / _FINE_PX, chance), 1 / 3, chance)
    found.append(Case(name, "soft and brighter", "", measured(pixels), measured(faint)))
    found.append(Case(name, "another shot", "", plain, measured(another_shot(small, chance))))
    for k in range(_MIXTURES):
        mixed, kinds = _worse(
            small if k % 2 else another_shot(small, chance), int(chance.integers(1, 4)), 0.0, chance
        )
        found.append(
            Case(name, "mixture", "", plain, measured(mixed, int(chance.choice([88, 92, 95]))), kinds)
        )
    return [
        *found,
        *_series(name, small, plain, chance),
        *_ruined(name, small, plain),
        *_copies(name, pixels),
        *_noisy(name, small),
    ]


def _ruined(name: str, pixels: Pixels, plain: Row) -> Iterator[Case]:
    """Damage far beyond what is seen at once, with a chance of its own."""
    chance = np.random.default_rng(list(f"{name} ruined".encode()))
    for kind, how in KINDS.items():
        if how.ruined is not None:
            yield Case(name, kind, "ruined", plain, measured(how.make(pixels, how.ruined, chance)), (kind,))


def _noisy(name: str, pixels: Pixels) -> Iterator[Case]:
    """Frames of one high sensitivity: all have the same noise, and one is out of focus or shaken too."""
    chance = np.random.default_rng(list(f"{name} noisy".encode()))
    noise = KINDS["sensor noise"]
    for k in range(_NOISY):
        strength = float(np.exp(chance.uniform(*np.log([noise.looked, noise.seen]))))
        blur = KINDS[_BLURS[k % len(_BLURS)]]
        amount = float(np.exp(chance.uniform(*np.log([blur.looked, 2.0 * blur.seen]))))
        sharp, soft_one = (
            measured(noise.make(p, strength, chance), int(chance.integers(88, 96)))
            for p in (pixels, blur.make(pixels, amount, chance))
        )
        yield Case(name, "soft among noisy", "", sharp, soft_one)


def _copies(name: str, pixels: Pixels) -> Iterator[Case]:
    """The whole against smaller copies of it, and small ones against larger ones without detail."""
    chance = np.random.default_rng(list(f"{name} copies".encode()))
    whole, side = measured(pixels), max(pixels.shape[:2])
    for kind, sides in (
        ("smaller copy", chance.uniform(0.2, 0.9, _COPIES) * side),
        ("thumbnail", np.exp(chance.uniform(*np.log(_THUMBNAIL_PX), _COPIES))),
    ):
        for small_px in sides:
            copy = measured(fitted(pixels, int(small_px)), int(chance.integers(75, 96)))
            yield Case(name, kind, "", whole, copy)
    small = fitted(pixels, side // 4)
    upscaled = Image.fromarray(small).resize(pixels.shape[1::-1], Image.Resampling.BICUBIC)
    yield Case(name, "empty pixels", "upscaled", measured(small), measured(np.asarray(upscaled)))
    half, blurred = fitted(pixels, side // 2), soft(pixels, side / _BLURRED, chance)
    yield Case(name, "empty pixels", "blurred", measured(half), measured(blurred))


def _series(name: str, pixels: Pixels, plain: Row, chance: np.random.Generator) -> Iterator[Case]:
    """Stages: generated small, upscaled, enhanced; or enhanced alone; and the last stage spoilt."""
    first = fitted(pixels, max(pixels.shape[:2]) // 2)
    size = (pixels.shape[1], pixels.shape[0])
    second = np.asarray(Image.fromarray(first).resize(size, Image.Resampling.LANCZOS))
    last, alone = _enhanced(second, chance), _enhanced(pixels, chance)
    rows = {1.0: measured(first), 2.0: measured(second), 3.0: measured(last)}
    yield Case(name, "stages", "3 over 1", rows[3.0], rows[1.0], stages=(3.0, 1.0))
    yield Case(name, "stages", "3 over 2", rows[3.0], rows[2.0], stages=(3.0, 2.0))
    after = measured(alone)
    yield Case(name, "stages", "enhanced over original", after, plain, stages=(2.0, 1.0))
    for k in range(_SPOILT):
        bad, kinds = _worse(last if k % 2 else alone, 1, 0.9, chance)
        row = measured(bad)
        yield Case(name, "mixture", "of a stage", rows[3.0] if k % 2 else after, row, kinds)
        yield Case(name, "spoilt stage", "", rows[2.0] if k % 2 else plain, row, kinds, stages=(2.0, 3.0))


def fitted(pixels: Pixels, side_px: int) -> Pixels:
    """Scaled down so that the longest side has at most so many pixels."""
    image = Image.fromarray(pixels)
    image.thumbnail((side_px, side_px), Image.Resampling.LANCZOS)
    return np.asarray(image)


def another_shot(pixels: Pixels, chance: np.random.Generator) -> Pixels:
    """The next picture of a burst: moved a little, exposed and balanced a trace differently."""
    height, width = pixels.shape[:2]
    room = max(4, int(0.02 * max(height, width)))
    top, left = chance.integers(0, room, 2)
    part = linear(pixels[top : height - room + top, left : width - room + left])
    gain = np.float32(chance.uniform(-0.15, 0.15)) + chance.normal(0, 0.02, 3).astype(np.float32)
    return tones(part * np.exp2(gain))


def _enhanced(pixels: Pixels, chance: np.random.Generator) -> Pixels:
    """What a last stage does: a little sharper, a little more contrast and colour."""
    sharpen = ImageFilter.UnsharpMask(float(chance.uniform(0.8, 2)), int(chance.uniform(20, 80)), 2)
    image = ImageEnhance.Contrast(Image.fromarray(pixels).filter(sharpen)).enhance(
        float(chance.uniform(1.0, 1.1))
    )
    return np.asarray(ImageEnhance.Color(image).enhance(float(chance.uniform(1.0, 1.15))))


def _worse(
    pixels: Pixels, count: int, least: float, chance: np.random.Generator
) -> tuple[Pixels, tuple[str, ...]]:
    """Several kinds of damage after each other, of chance strength between looked and seen."""
    trained: Sequence[str] = [k for k, how in KINDS.items() if how.trained]
    kinds = tuple(str(k) for k in chance.choice(trained, count, replace=False))
    for kind in kinds:
        how, share = KINDS[kind], chance.uniform(least, 1.0)
        pixels = how.make(pixels, float(how.looked ** (1 - share) * how.seen**share), chance)
    return pixels, kinds
