"""OCR: text in pictures is read once and found by search; whatever cannot be read is named."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image, ImageDraw, ImageFont

from proofsheet.core.config import Configuration
from proofsheet.core.errors import ModelError
from proofsheet.labeling import ocr
from proofsheet.labeling.ocr import ocr_model, photos_to_read, text_of
from proofsheet.search.search import Search
from proofsheet.storage.workspace import Project
from schemas.choices import Choice
from schemas.labels import OcrText
from schemas.library import Photo
from schemas.settings.labels import OcrSettings
from schemas.settings.photos import PhotoSettings
from tests.support.kit import configuration, only_project, run, save_picture

needs_ocr = pytest.mark.skipif(find_spec("rapidocr") is None, reason="the extra `ocr` is not installed")
PICKS = OcrSettings(read="picks")
SMALL = PhotoSettings(workers=1, preview_px=600)


def save_sign(path: Path, *lines: str) -> Path:
    """A photograph of a sign: dark letters on a light board."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.new("RGB", (900, 500), (222, 216, 205))
    for number, line in enumerate(lines):
        place = (80, 100 + 150 * number)
        ImageDraw.Draw(image).text(place, line, font=ImageFont.load_default(70), fill=(30, 28, 25))
    image.save(path)
    return path


def library(tmp_path: Path, **sections: object) -> tuple[Configuration, Project]:
    settings = configuration(tmp_path / "library", tmp_path / "home", **sections)
    return settings, only_project(settings)


def rows_of(project: Project) -> dict[str, dict[str, object]]:
    paths = dict(project.store.read(Photo).select(Photo.photo_id, Photo.path).iter_rows())
    return {paths[row[OcrText.photo_id]]: row for row in project.store.read(OcrText).to_dicts()}


@needs_ocr
def test_signs_are_read_once_and_found_by_their_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "library" / "one"
    save_sign(folder / "bakery.png", "Bakery Lindau", "open daily")
    save_picture(folder / "dot.png", 1, (1, 1))
    save_picture(folder / "strip.png", 2, (2000, 5))
    save_picture(folder / "blobs.png", 3, (400, 300))
    settings, project = library(tmp_path, ocr=PICKS, photos=SMALL)
    assert run(settings, project, until="ocr_texts").success

    rows = rows_of(project)
    lines = rows["bakery.png"][OcrText.lines]
    assert [line["text"] for line in lines] == ["Bakery Lindau", "open daily"]
    for line in lines:
        assert 0 <= line["left"] < line["right"] <= 1
        assert 0 <= line["top"] < line["bottom"] <= 1
        assert line["score"] >= 0.8
    assert lines[0]["bottom"] < lines[1]["top"]
    for name in ("dot.png", "strip.png", "blobs.png"):
        assert (rows[name][OcrText.status], rows[name][OcrText.lines]) == ("read", [])
    assert str(rows["bakery.png"][OcrText.read_by]).startswith("PP-OCRv6 small by rapidocr 3.10.0 sha256:")

    search = Search(project, settings.encoder, settings.photos)
    (hit,) = search.text("lindau", 5).hits
    assert (hit.path, hit.why) == ("bakery.png", "text in the photo: Bakery Lindau")
    assert hit.by == rows["bakery.png"][OcrText.read_by]
    assert hit.score == pytest.approx(0.7 * lines[0]["score"], abs=1e-3)

    monkeypatch.setattr(ocr, "_load", lambda _paths: pytest.fail("a picture is read for a second time"))
    strict = settings.model_copy(update={"ocr": OcrSettings(read="picks", least=1.0)})
    assert run(strict, project, until="ocr_texts").success
    assert all(row[OcrText.status] == "read" for row in rows_of(project).values())
    assert not [line for row in rows_of(project).values() for line in row[OcrText.lines] if line["score"] < 1]


def test_the_settings_choose_the_photos() -> None:
    photos = pl.DataFrame({Photo.photo_id: ["a", "b", "c"]})
    choices = pl.DataFrame({Choice.chosen_photo_id: ["b", None]})
    for read, wanted in (("none", []), ("picks", ["b"]), ("all", ["a", "b", "c"])):
        chosen = photos_to_read(photos, choices, OcrSettings(read=read))
        assert chosen[Photo.photo_id].to_list() == wanted
    assert "[ocr]" in ocr_model(OcrSettings()).note


def test_a_missing_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "rapidocr.py").write_text("# a module without weights\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "rapidocr", raising=False)  # another test may have loaded the package
    missing = ocr_model(PICKS)
    assert missing.note.startswith("not available")
    assert "pip install 'proofsheet[ocr]'" in missing.note
    assert not missing.thumbnails


def test_weights_with_another_hash_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    models = tmp_path / "rapidocr" / "models"
    models.mkdir(parents=True)
    (models.parent / "__init__.py").touch()
    for file in ocr.WEIGHTS.values():
        (models.parent / file.path).write_bytes(b"other weights")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "rapidocr", raising=False)  # another test may have loaded the package
    note = ocr_model(PICKS).note
    first = ocr.WEIGHTS["Det.model_path"]
    for part in (str(models.parent / first.path), first.sha256, "Uninstall rapidocr"):
        assert part in note


def test_a_strip_is_read_at_a_shape_that_the_program_can_bear() -> None:
    shapes = []
    for shape in ((50, 20_000), (1600, 4), (1, 1), (300, 400)):
        text_of(lambda bgr: shapes.append(bgr.shape[:2]) or Answer(None), np.zeros((*shape, 3), np.uint8))
    assert shapes == [(6667, 20_000), (1600, 534), (1, 1), (300, 400)]


@dataclass(frozen=True)
class Answer:
    """What an OCR program gives for every picture."""

    txts: Sequence[str] | None
    scores: Sequence[float] = ()
    boxes: object = ()


BOX = [[[2, 3], [12, 1], [12, 9], [2, 9]]]


def refuse(_bgr: np.ndarray) -> Answer:
    raise RuntimeError("too thin")


def test_a_picture_that_the_program_does_not_accept_is_named() -> None:
    with pytest.raises(ValueError, match=r"preview of 20 x 10 pixels: RuntimeError too thin"):
        text_of(refuse, np.zeros((10, 20, 3), np.uint8))


@pytest.mark.parametrize(
    "answer",
    [Answer(["a"], [float("nan")], BOX), Answer(["a"], [0.9], [[[float("nan"), 0], [1, 0], [1, 1], [0, 1]]])],
)
def test_numbers_that_are_not_finite_are_refused(answer: Answer) -> None:
    with pytest.raises(ValueError, match="no finite"):
        text_of(lambda _bgr: answer, np.zeros((10, 20, 3), np.uint8))


def test_a_line_is_plain_text_in_an_upright_box_of_the_picture() -> None:
    answer = Answer(["a\x00b\tc\u202e "], [1.2], BOX)
    (line,) = text_of(lambda _bgr: answer, np.zeros((10, 10, 3), np.uint8))[OcrText.lines]  # type: ignore[attr-defined]
    box = {"left": 0.2, "top": 0.1, "right": 1.0, "bottom": 0.9}
    assert line == {"text": "a b c", "score": 1.0, **box}


def test_a_program_that_does_not_load_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "rapidocr", None)
    with pytest.raises(ModelError, match=r"cannot be loaded.*proofsheet\[ocr\]"):
        ocr._load({})
