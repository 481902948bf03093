"""Facts follow their pictures: ten kinds of changes outside, none lost, none at another picture."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from proofsheet.core.config import Configuration
from proofsheet.library.identity_records import paths_of_photos
from proofsheet.review.status import project_status
from proofsheet.storage.workspace import Project
from schemas.edits import WordEdit
from schemas.identity import GonePhoto, IdentityQuestion
from schemas.library import Photo
from schemas.words import Caption
from tests.reliability.sizes import size
from tests.support.kit import NOW, configuration, only_project, run
from tests.support.model_server import ModelServer
from tests.support.words_kit import PATIENT, described_project

EACH = size(100, 12)
LOOKED = "photos,gone_photos,identity_questions"


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


KINDS: dict[str, Callable[[Path, int, int], Callable[[], None] | None]] = {
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


@pytest.fixture
def settings(tmp_path: Path) -> Configuration:
    """A library of one project with pictures of every kind of change."""
    for number, (kind, n) in enumerate((k, n) for k in KINDS for n in range(EACH)):
        picture(tmp_path / "library" / "archive" / name(kind, n), number)
    return configuration(tmp_path / "library", tmp_path / "home")


def told(project: Project) -> dict[str, int]:
    """Id to the number that a person wrote of it."""
    edits = project.ledger.rows(WordEdit)
    return {row[WordEdit.photo_id]: int(row[WordEdit.value]) for row in edits.iter_rows(named=True)}


@pytest.mark.long
def test_facts_follow_pictures_through_ten_kinds_of_changes(settings: Configuration, figure: Any) -> None:
    project = only_project(settings)
    run(settings, project, until=LOOKED)
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
    assert len(told(project)) == EACH * len(KINDS)
    cases = [(kind, n) for kind in KINDS for n in range(EACH)]
    later = [KINDS[kind](project.folder / name(kind, n), n, number) for number, (kind, n) in enumerate(cases)]
    run(settings, project, until=LOOKED)
    for act in filter(None, later):
        act()
    run(settings, project, until=LOOKED)
    written, found = told(project), project.store.read(Photo)
    attached = {
        row[Photo.path]: (written.get(row[Photo.photo_id]), number_of(project.folder / row[Photo.path]))
        for row in found.iter_rows(named=True)
    }
    wrong = {path: pair for path, pair in attached.items() if pair[0] != pair[1]}
    lost = {*written.values()} - {number for number, _there in attached.values()}
    assert (wrong, lost, found.height) == ({}, set(), EACH * len(KINDS))
    assert project.store.read(GonePhoto).height == project.store.read(IdentityQuestion).height == 0
    assert project_status(project).written_of_gone == 0
    paths = paths_of_photos(project.ledger)
    assert sum(len({path for _since, path in paths[p]}) > 1 for p in found[Photo.photo_id]) >= 6 * EACH
    figure(
        "facts follow their pictures through renames, moves, edits, copies and swaps by other programs",
        pictures=found.height,
        kinds=len(KINDS),
        lost=len(lost),
        at_another_picture=len(wrong),
    )


@pytest.mark.long
def test_a_model_is_asked_nothing_about_pictures_that_were_renamed_moved_or_tagged(tmp_path: Path) -> None:
    with ModelServer() as server:
        settings, project = described_project(tmp_path, server, 6, **PATIENT)
        assert run(settings, project).success
        texts = dict(project.store.read(Caption).select(Caption.photo_id, Caption.caption).iter_rows())
        asked = len(server.received)
        for n, path in enumerate(sorted(project.folder.rglob("*.jpg"))):
            if n % 3 == 0:
                path.write_bytes(jpeg_with_comment(path.read_bytes()))
            path.rename(path.with_name(f"renamed {n}.jpg") if n % 2 else project.folder / f"moved {n}.jpg")
        assert run(settings, project).success
        assert len(server.received) == asked
    after = project.store.read(Caption).select(Caption.photo_id, Caption.caption).iter_rows()
    assert dict(after) == texts
    assert {PurePosixPath(p).name[:5] for p in project.store.read(Photo)[Photo.path]} == {"renam", "moved"}


def jpeg_with_comment(data: bytes) -> bytes:
    """The same picture with another segment, as programs write it."""
    comment = b"five stars"
    return data[:2] + b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment + data[2:]
