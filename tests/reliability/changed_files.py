"""Ten kinds of changes that people and other programs make to pictures, for the tests of identity.

Holds `KINDS`, `library_of_kinds`, `written_numbers` and `write_numbers`.
Add here: another kind of change.
Keep out: assertions.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image, PngImagePlugin

from proofsheet.storage.workspace import Project
from schemas.edits import WordEdit
from schemas.library import Photo
from tests.reliability.sizes import size
from tests.support.kit import NOW

EACH = size(100, 12)
Change = Callable[[Path, int, int], Callable[[], None] | None]


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


def renamed(path: Path, n: int, _number: int) -> None:
    path.rename(path.with_name(f"trip {n}.png"))


def moved(path: Path, _n: int, _number: int) -> None:
    place = path.parents[1] / "elsewhere"
    place.mkdir(exist_ok=True)
    path.rename(place / path.name)


def in_capitals(path: Path, _n: int, _number: int) -> None:
    path.rename(path.with_name(path.name.upper()))


def accents_apart(path: Path, _n: int, _number: int) -> None:
    path.rename(path.with_name(unicodedata.normalize("NFD", path.name)))


def tagged(path: Path, _n: int, number: int) -> None:
    picture(path, number, tag="five stars")


def edited(path: Path, _n: int, number: int) -> None:
    picture(path, number, edited=True)


def tagged_and_renamed(path: Path, n: int, number: int) -> None:
    tagged(path, n, number)
    renamed(path, n, number)


def copied_and_deleted(path: Path, n: int, _number: int) -> Callable[[], None] | None:
    path.with_name(f"copy {n}.png").write_bytes(path.read_bytes())
    if n % 2:
        path.unlink()
        return None
    return path.unlink


def swapped(path: Path, n: int, _number: int) -> None:
    other = path.parent.parent / name("swapped", n + 1)
    if n % 2 == 0 and n + 1 < EACH:
        one, two = path.read_bytes(), other.read_bytes()
        path.write_bytes(two)
        other.write_bytes(one)


def folder_renamed(path: Path, n: int, _number: int) -> None:
    if n == 0:
        path.parent.rename(path.parent.with_name("another folder"))


KINDS: dict[str, Change] = {
    "renamed": renamed,
    "moved": moved,
    "in capitals": in_capitals,
    "accents apart": accents_apart,
    "tagged": tagged,
    "edited": edited,
    "tagged and renamed": tagged_and_renamed,
    "copied and deleted, after a run or at once": copied_and_deleted,
    "swapped": swapped,
    "folder renamed": folder_renamed,
}


def library_of_kinds(library: Path) -> None:
    """A library of one project with pictures of every kind of change."""
    for number, (kind, n) in enumerate((k, n) for k in KINDS for n in range(EACH)):
        picture(library / "archive" / name(kind, n), number)


def change_everything(folder: Path) -> list[Callable[[], None]]:
    """Do every change to its pictures; gives what is left to do after the next run."""
    cases = [(kind, n) for kind in KINDS for n in range(EACH)]
    later = [KINDS[kind](folder / name(kind, n), n, number) for number, (kind, n) in enumerate(cases)]
    return [act for act in later if act is not None]


def write_numbers(project: Project) -> None:
    """A person writes as title of each picture the number that it shows."""
    photos = project.store.read(Photo).iter_rows(named=True)
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
            for row in photos
        ),
    )


def written_numbers(project: Project) -> dict[str, int]:
    """Id to the number that a person wrote of it."""
    edits = project.ledger.rows(WordEdit)
    return {row[WordEdit.photo_id]: int(row[WordEdit.value]) for row in edits.iter_rows(named=True)}


def lost_and_wrong(project: Project) -> tuple[set[int], dict[str, tuple[int | None, int]]]:
    """Numbers that no present picture has, and pictures with the number of another one: told, and shown."""
    written, found = written_numbers(project), project.store.read(Photo)
    attached = {
        row[Photo.path]: (written.get(row[Photo.photo_id]), number_of(project.folder / row[Photo.path]))
        for row in found.iter_rows(named=True)
    }
    lost = {*written.values()} - {number for number, _shown in attached.values()}
    return lost, {path: pair for path, pair in attached.items() if pair[0] != pair[1]}
