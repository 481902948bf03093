"""Facts follow their pictures: ten kinds of changes outside, none lost, none at another picture."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image, PngImagePlugin

from proofsheet.core.config import Configuration
from proofsheet.review.status import project_status
from proofsheet.storage.workspace import Project
from schemas.edits import WordEdit
from schemas.identity import GonePhoto, IdentityQuestion
from schemas.library import Photo
from tests.reliability.sizes import size
from tests.support.kit import NOW, configuration, only_project, run

EACH = size(100, 12)
SHOTS = {  # kind: what is done to a file before and after a run
    "renamed": None,
    "moved": None,
    "case": None,
    "accents apart": None,
    "tagged": None,
    "edited": None,
    "tagged and renamed": None,
    "copied, original deleted": None,
    "swapped": None,
    "folder renamed": None,
}


def picture(path: Path, number: int, *, edited: bool = False, tag: str = "") -> None:
    """A picture that says its number in its first pixel, whatever else is done to it."""
    chance = np.random.default_rng(number)
    small = chance.integers(0, 255, (6, 8, 3), dtype=np.uint8)
    pixels = np.asarray(Image.fromarray(small).resize((64, 48), Image.Resampling.BICUBIC)).copy()
    if edited:
        pixels = pixels // 2
    pixels[0, 0] = (number >> 16 & 255, number >> 8 & 255, number & 255)
    told = PngImagePlugin.PngInfo()
    if tag:
        told.add_text("Comment", tag)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, pnginfo=told)


def number_of(path: Path) -> int:
    red, green, blue = Image.open(path).convert("RGB").getpixel((0, 0))  # type: ignore[misc]
    return (int(red) << 16) + (int(green) << 8) + int(blue)


def name(kind: str, n: int) -> str:
    return f"{kind}/Zoë_{n:03}.png"


def change(project: Project, kind: str, n: int, number: int) -> Callable[[], None] | None:
    """Change one file as its kind says; gives what is done to it after the next run, if anything."""
    path = project.folder / name(kind, n)
    match kind:
        case "renamed":
            path.rename(path.with_name(f"trip {n}.png"))
        case "moved":
            (project.folder / "elsewhere").mkdir(exist_ok=True)
            path.rename(project.folder / "elsewhere" / path.name)
        case "case":
            path.rename(path.with_name(path.name.upper()))
        case "accents apart":
            path.rename(path.with_name(unicodedata.normalize("NFD", path.name)))
        case "tagged":
            picture(path, number, tag="five stars")
        case "edited":
            picture(path, number, edited=True)
        case "tagged and renamed":
            picture(path, number, tag="five stars")
            path.rename(path.with_name(f"best {n}.png"))
        case "copied, original deleted":
            path.with_name(f"copy {n}.png").write_bytes(path.read_bytes())
            if n % 2:
                path.unlink()
                return None
            return path.unlink
        case "swapped" if n % 2 == 0 and n + 1 < EACH:
            other = project.folder / name(kind, n + 1)
            one, two = path.read_bytes(), other.read_bytes()
            path.write_bytes(two)
            other.write_bytes(one)
        case "folder renamed" if n == 0:
            path.parent.rename(path.parent.with_name("another folder"))
    return None


@pytest.fixture
def settings(tmp_path: Path) -> Configuration:
    """A library of one project with pictures of every kind of change."""
    for number, (kind, n) in enumerate((k, n) for k in SHOTS for n in range(EACH)):
        picture(tmp_path / "library" / "archive" / name(kind, n), number)
    return configuration(tmp_path / "library", tmp_path / "home")


def told(project: Project) -> dict[str, int]:
    """Id to the number that a person wrote of it."""
    edits = project.ledger.rows(WordEdit)
    return {row[WordEdit.photo_id]: int(row[WordEdit.value]) for row in edits.iter_rows(named=True)}


@pytest.mark.long
def test_facts_follow_pictures_through_ten_kinds_of_changes(settings: Configuration) -> None:
    project = only_project(settings)
    run(settings, project, until="photos")
    photos = project.store.read(Photo)
    project.ledger.add(
        WordEdit,
        (
            {
                WordEdit.photo_id: row[Photo.photo_id],
                WordEdit.field: "title",
                WordEdit.revision: 1,
                WordEdit.value: str(number_of(project.folder / row[Photo.path])),
                WordEdit.source: "human",
                WordEdit.locked: True,
                WordEdit.edited_at: NOW,
            }
            for row in photos.iter_rows(named=True)
        ),
    )
    assert len(told(project)) == EACH * len(SHOTS)
    cases = [(kind, n) for kind in SHOTS for n in range(EACH)]
    later = [change(project, kind, n, number) for number, (kind, n) in enumerate(cases)]
    run(settings, project, until="photos")
    for act in later:
        if act:
            act()
    run(settings, project, until="photos")
    written, found = told(project), project.store.read(Photo)
    attached = {
        row[Photo.path]: (written.get(row[Photo.photo_id]), number_of(project.folder / row[Photo.path]))
        for row in found.iter_rows(named=True)
    }
    wrong = {path: pair for path, pair in attached.items() if pair[0] != pair[1]}
    lost = {*written.values()} - {number for number, _there in attached.values()}
    assert (wrong, lost, found.height) == ({}, set(), EACH * len(SHOTS))
    assert project.store.read(GonePhoto).height == project.store.read(IdentityQuestion).height == 0
    assert project_status(project).written_of_gone == 0
    assert found.filter(pl.col(Photo.first_path) != pl.col(Photo.path)).height >= 6 * EACH
