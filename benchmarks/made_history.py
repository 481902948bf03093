"""A library of many projects with the history that a person's tools would have left: pictures, stages, choices, crops.

Holds `make_library`.
Add here: another defect of a picture, another habit of a tool.
Keep out: whose picture wins (hidden_judge.py).

Each project has its own photographs; no photograph is in two projects. A set is one scene of a photograph in two to four stages;
now and then a stage is spoilt.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter

from benchmarks.hidden_judge import Pixels, Taste, choose, cut, damage, utility
from benchmarks.originals import originals

STAGES = ((1.0, "generated"), (1.5, "face_swapped"), (2.0, "upscaled"), (3.0, "enhanced"))
_SIDES = {1.0: 512, 1.5: 512, 2.0: 640, 3.0: 640}
_QUALITY = 93
Array = np.ndarray[tuple[int, ...], np.dtype[np.float32]]


@dataclass(frozen=True)
class MadeSet:
    """One set: its file names by stage, who won, who wins for a judge that throws dice, the box if it was cut."""

    project: str
    set_id: str
    names: tuple[str, ...]
    stages: tuple[float, ...]
    size: tuple[int, int]
    winner: int
    dice: int
    box: tuple[float, float, float, float] | None
    original: str


def _blur(image: Image.Image, s: float, rng: np.random.Generator) -> Image.Image:
    return image.filter(ImageFilter.GaussianBlur(0.8 + 3.0 * s))


def _motion(image: Image.Image, s: float, rng: np.random.Generator) -> Image.Image:
    import cv2

    length = 5 + 2 * int(9 * s)
    kernel = np.zeros((length, length), np.float32)
    kernel[length // 2] = 1.0
    turn = cv2.getRotationMatrix2D((length / 2 - 0.5, length / 2 - 0.5), float(rng.uniform(0, 180)), 1.0)
    kernel = cv2.warpAffine(kernel, turn, (length, length))
    return Image.fromarray(cv2.filter2D(np.asarray(image), -1, kernel / kernel.sum()))


def _overexposed(image: Image.Image, s: float, rng: np.random.Generator) -> Image.Image:
    return ImageEnhance.Brightness(image).enhance(1.25 + 0.9 * s)


def _dark(image: Image.Image, s: float, rng: np.random.Generator) -> Image.Image:
    return ImageEnhance.Brightness(image).enhance(0.75 - 0.5 * s)


def _grain(image: Image.Image, s: float, rng: np.random.Generator) -> Image.Image:
    values = np.asarray(image, dtype=np.float32)
    return _image(values + rng.normal(0, 8 + 30 * s, values.shape).astype(np.float32))


def _blocks(image: Image.Image, s: float, rng: np.random.Generator) -> Image.Image:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=int(22 - 16 * s))
    return Image.open(buffer).convert("RGB")


def _halos(image: Image.Image, s: float, rng: np.random.Generator) -> Image.Image:
    return image.filter(ImageFilter.UnsharpMask(radius=2.5 + 3 * s, percent=int(160 + 300 * s), threshold=0))


def _banding(image: Image.Image, s: float, rng: np.random.Generator) -> Image.Image:
    step = 20 + 40 * s
    return _image(np.round(np.asarray(image, dtype=np.float32) / step) * step)


def _cast(image: Image.Image, s: float, rng: np.random.Generator) -> Image.Image:
    shift = rng.permutation(np.array([1.0, -0.6, 0.0], dtype=np.float32)) * (14 + 40 * s)
    return _image(np.asarray(image, dtype=np.float32) + shift)


def _smudge(image: Image.Image, s: float, rng: np.random.Generator) -> Image.Image:
    width, height = image.size
    size = 0.25 + 0.3 * s
    left, top = (float(rng.uniform(0.1, 0.9 - size)) for _ in range(2))
    box = (round(left * width), round(top * height), round((left + size) * width), round((top + size) * height))
    found = image.copy()
    found.paste(image.crop(box).filter(ImageFilter.GaussianBlur(2.0 + 6.0 * s)), box)
    return found


def _ghost(image: Image.Image, s: float, rng: np.random.Generator) -> Image.Image:
    values = np.asarray(image, dtype=np.float32)
    moved = np.roll(values, (int(3 + 12 * s), int(2 + 10 * s)), axis=(0, 1))
    return _image(values * 0.62 + moved * 0.38)


Defect = Callable[[Image.Image, float, np.random.Generator], Image.Image]
DEFECTS: tuple[Defect, ...] = (*(_blur, _motion, _overexposed, _dark, _grain, _blocks, _halos, _banding, _cast, _smudge, _ghost),)


def _image(values: Array) -> Image.Image:
    return Image.fromarray(np.clip(values, 0, 255).astype(np.uint8))


def scene_of(pixels: Pixels, rng: np.random.Generator) -> Image.Image:
    """A part of a photograph, longest side 640 px."""
    image = Image.fromarray(pixels)
    aspect = float(rng.choice([1.5, 2 / 3, 1.0, 4 / 3, 0.75]))
    share = float(rng.uniform(0.45, 1.0))
    width = min(image.width, image.height * aspect) * share
    height = width / aspect
    left, top = rng.uniform(0, image.width - width), rng.uniform(0, image.height - height)
    part = image.crop((round(left), round(top), round(left + width), round(top + height)))
    if rng.random() < 0.5:
        part = part.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    scale = 640 / max(part.size)
    return part.resize((max(64, round(part.width * scale)), max(64, round(part.height * scale))), Image.Resampling.LANCZOS)


def staged(scene: Image.Image, stage: float, spoilt: float, rng: np.random.Generator) -> Image.Image:
    """The scene as a stage shows it; with the probability `spoilt` something went wrong on the way."""
    scale = _SIDES[stage] / max(scene.size)
    image = scene.resize((round(scene.width * scale), round(scene.height * scale)), Image.Resampling.LANCZOS)
    if stage < 2:
        image = image.filter(ImageFilter.GaussianBlur(float(rng.uniform(0.5, 0.9))))
        values = np.asarray(image, dtype=np.float32)
        image = _image(values + rng.normal(0, float(rng.uniform(2, 5)), values.shape).astype(np.float32))
    elif stage < 3:
        image = image.filter(ImageFilter.UnsharpMask(radius=1.2, percent=int(rng.uniform(20, 60)), threshold=1))
    else:
        image = ImageEnhance.Contrast(image).enhance(float(rng.uniform(1.0, 1.12)))
        image = ImageEnhance.Color(image).enhance(float(rng.uniform(1.0, 1.2)))
        image = image.filter(ImageFilter.UnsharpMask(radius=1.2, percent=int(rng.uniform(30, 80)), threshold=1))
    if rng.random() < spoilt:
        defect = DEFECTS[int(rng.integers(len(DEFECTS)))]
        image = defect(image, float(rng.beta(1.4, 1.4)), rng)
    return image


def taste_of(rng: np.random.Generator) -> Taste:
    """A person drawn at random."""
    minds = rng.uniform(0.6, 1.4, 4) * np.array([6.0, 4.0, 3.0, 3.0])
    minds[int(rng.integers(4))] *= 1.8
    return Taste(
        minds=tuple(float(m) for m in minds),  # type: ignore[arg-type]
        warmth=float(rng.normal(0, 0.05)),
        noise=0.22,
        stage=1.0,
        tight=float(rng.uniform(0.45, 0.65)),
        cut_share=float(rng.uniform(0.3, 0.95)),
        aside=float(rng.normal(0, 0.08)),
    )


def make_library(folder: Path, projects: int, sets: int, seed: int) -> list[MadeSet]:
    """Write the pictures of every project below `folder/library` and the judge's choices to `folder/truth.json`."""
    pool: dict[int, list[tuple[str, Pixels]]] = {k: [] for k in range(projects)}
    for number, (name, pixels) in enumerate(originals()):
        pool[number % projects].append((f"{number:03d} {name}", pixels))
    found: list[MadeSet] = []
    for number in range(projects):
        rng = np.random.default_rng([seed, number])
        found += _project(folder / "library" / f"project{number:02d}", pool[number], sets, rng)
    (folder / "truth.json").write_text(json.dumps([asdict(s) for s in found]))
    return found


def _project(folder: Path, pool: Sequence[tuple[str, Pixels]], sets: int, rng: np.random.Generator) -> list[MadeSet]:
    folder.mkdir(parents=True, exist_ok=True)
    taste, spoilt, anomalies = taste_of(rng), float(rng.uniform(0.05, 0.10)), float(rng.uniform(0.02, 0.05))
    made = []
    for number in range(sets):
        name, pixels = pool[number % len(pool)]
        scene = scene_of(pixels, rng)
        count = int(rng.integers(2, 5))
        picked = sorted(rng.choice(len(STAGES), count, replace=False).tolist())
        series = f"202507{1 + number // 40:02d}_{number % 24:02d}{number % 60:02d}{(7 * number) % 60:02d}_{number:04d}"
        shots = []
        for k in picked:
            stage, label = STAGES[k]
            image = staged(scene, stage, spoilt, rng)
            shots.append((stage, f"{series}_stage{stage:g}_{label}.jpg", damage(np.asarray(scene), np.asarray(image))))
            image.save(folder / shots[-1][1], quality=_QUALITY)
        made.append((name, series, scene, shots))
    taste = _with_stage(taste, made, anomalies, int(rng.integers(1 << 31)))
    draw, dice = np.random.default_rng(int(rng.integers(1 << 31))), np.random.default_rng(int(rng.integers(1 << 31)))
    wins = _wins(taste, made, draw)
    cuts = [cut(np.asarray(scene), taste, draw) for _n, _s, scene, _shots in made]
    least = float(np.quantile([gain for gain, _box in cuts], 1.0 - taste.cut_share))
    return [
        MadeSet(
            folder.name,
            series,
            tuple(s[1] for s in shots),
            tuple(s[0] for s in shots),
            scene.size,
            wins[k],
            int(dice.integers(len(shots))),
            cuts[k][1] if cuts[k][0] >= least else None,
            name,
        )
        for k, (name, series, scene, shots) in enumerate(made)
    ]


Made = Sequence[tuple[str, str, Image.Image, Sequence[tuple[float, str, tuple[np.ndarray, float]]]]]


def _wins(taste: Taste, made: Made, rng: np.random.Generator) -> list[int]:
    return [
        choose([utility(taste, found, warmth, rank, rng) for rank, (_stage, _name, (found, warmth)) in enumerate(shots)])
        for _name, _series, _scene, shots in made
    ]


def _with_stage(taste: Taste, made: Made, anomalies: float, seed: int) -> Taste:
    """The liking of later stages at which the wanted share of sets is won by a lower one."""
    low, high = 0.0, 12.0
    for _ in range(20):
        middle = (low + high) / 2
        wins = _wins(replace(taste, stage=middle), made, np.random.default_rng(seed))
        share = np.mean([win != len(shots) - 1 for win, (_n, _s, _i, shots) in zip(wins, made, strict=True)])
        low, high = (middle, high) if share > anomalies else (low, middle)
    return replace(taste, stage=high)
