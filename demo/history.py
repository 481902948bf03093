"""Make a finished project: many sets of stages, and a log of what was chosen in each.

Holds `PROJECT`, `make_finished_project` and `write_log`.
Add here: another way in which the last stage goes wrong.
Keep out: training, and the two projects without a history (library.py).

A rule makes the choices: the last stage, unless it was overdone; then the one before.
A ranker that learns from them has to see in the pictures which last stages are overdone.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter

from demo.library import photograph

PROJECT = "finished work"
LOG = "selection_only_log.csv"
_SETS, _SIDE_PX, _OVERDONE = 60, 420, 0.4
_SEED = 20250709
_STAGES = ("stage1_generated", "stage2_upscaled", "stage3_enhanced")
_SOURCES = (
    "china.jpg",
    "flower.jpg",
    "rocket.jpg",
    "motorcycle_left.png",
    "coffee.png",
    "astronaut.png",
    "chelsea.png",
    "hubble_deep_field.jpg",
)


@dataclass(frozen=True)
class FinishedSet:
    """A set with its choice.

    Attributes:
        series: begins the names of its files.
        source: the photograph of which it shows a part.
        overdone: whether the last stage is.
        seed: of the part and the edits.
    """

    series: str
    source: str
    overdone: bool
    seed: int

    def name(self, stage: int) -> str:
        """File name of a stage, from 0."""
        return f"{self.series}_{_STAGES[stage]}.jpg"

    @property
    def chosen(self) -> int:
        """Stage that the rule takes, from 0."""
        return 1 if self.overdone else 2


def finished_sets() -> Iterator[FinishedSet]:
    """The sets of the project, the same in every run."""
    chance = np.random.default_rng(_SEED)
    for number in range(_SETS):
        overdone = bool(chance.random() < _OVERDONE)
        yield FinishedSet(
            f"20250709_{number + 1:06d}", _SOURCES[number % len(_SOURCES)], overdone, _SEED + number
        )


def make_finished_project(library: Path) -> None:
    """Write the pictures of the project; an existing folder is not changed.

    Args:
        library: folder of the projects.
    """
    folder = library / PROJECT
    if folder.exists():
        return
    folder.mkdir(parents=True)
    for one in finished_sets():
        for stage, picture in enumerate(_stages(one)):
            picture.save(folder / one.name(stage), quality=92)


def write_log(folder: Path) -> Path:
    """Write what was chosen in each set, as tools of earlier years logged it.

    Args:
        folder: for the log.
    """
    path = folder / LOG
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["session_id", "set_id", "chosen_path", "neg_paths", "timestamp"])
        for one in finished_sets():
            others = [f"{PROJECT}/{one.name(k)}" for k in range(len(_STAGES)) if k != one.chosen]
            rows.writerow(
                [
                    "made by a rule",
                    one.series,
                    f"{PROJECT}/{one.name(one.chosen)}",
                    json.dumps(others),
                    f"2025-07-{9 + one.seed % 10:02d}T12:00:00",
                ]
            )
    return path


def _stages(one: FinishedSet) -> Iterator[Image.Image]:
    """A part of the photograph, small, upscaled and enhanced."""
    chance = np.random.default_rng(one.seed)
    part = _part(photograph(one.source), chance)
    small = part.resize((part.width // 2, part.height // 2), Image.Resampling.LANCZOS)
    upscaled = small.resize(part.size, Image.Resampling.BICUBIC)
    yield small
    yield upscaled
    yield _overdone(upscaled, chance) if one.overdone else _enhanced(upscaled, chance)


def _part(picture: Image.Image, chance: np.random.Generator) -> Image.Image:
    """A part of half to the whole of the sides, scaled to the size of the project."""
    share = float(chance.uniform(0.5, 1.0))
    width, height = round(picture.width * share), round(picture.height * share)
    left = int(chance.integers(0, picture.width - width + 1))
    top = int(chance.integers(0, picture.height - height + 1))
    scale = _SIDE_PX / max(width, height)
    size = (round(width * scale), round(height * scale))
    return picture.resize(size, Image.Resampling.LANCZOS, (left, top, left + width, top + height))


def _enhanced(picture: Image.Image, chance: np.random.Generator) -> Image.Image:
    sharper = picture.filter(ImageFilter.UnsharpMask(1.5, int(chance.integers(50, 110)), 2))
    return ImageEnhance.Contrast(sharper).enhance(float(chance.uniform(1.0, 1.1)))


def _overdone(picture: Image.Image, chance: np.random.Generator) -> Image.Image:
    """One of three ways: colours, sharpening, or light."""
    ways = (
        lambda p: ImageEnhance.Color(p).enhance(float(chance.uniform(1.5, 1.9))),
        lambda p: p.filter(ImageFilter.UnsharpMask(2.5, int(chance.integers(200, 320)), 0)),
        lambda p: ImageEnhance.Brightness(p).enhance(float(chance.uniform(1.25, 1.5))),
    )
    return ways[int(chance.integers(len(ways)))](_enhanced(picture, chance))
