"""Faces as rows: measured while a file is open, by the real networks where they are installed."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from proofsheet.core.progress import Quiet
from proofsheet.imaging.measurement_pass import measure_files
from proofsheet.labeling.face_finder import FaceFinder, choose_faces
from proofsheet.labeling.faces import FOUND, NOTE, face_facts, face_measurement, look_for_faces
from schemas.faces import Face
from schemas.library import Photo
from schemas.settings.faces import FaceSettings
from schemas.settings.photos import PhotoSettings
from tests.support.kit import configuration, only_project, opened, picture_file, run, save_picture
from tests.unit.labeling.test_face_networks import made_network, with_red

INSTALLED = choose_faces(FaceSettings())
REAL = pytest.mark.skipif(
    INSTALLED.faces is None or INSTALLED.eyes is None, reason="the networks for faces are not installed"
)
look = functools.partial(look_for_faces, finder=INSTALLED, settings=FaceSettings())
Pixels = np.ndarray[Any, np.dtype[np.uint8]]


def astronaut() -> Pixels:
    data = pytest.importorskip("skimage.data")
    return np.asarray(data.astronaut())


def saved(folder: Path, name: str, rgb: Pixels) -> Path:
    Image.fromarray(rgb).save(folder / name, quality=95)
    return folder / name


def with_lids(rgb: Pixels) -> Pixels:
    """The eyes painted over with skin, and a dark arc for the lashes."""
    made = rgb.copy()
    for x, y in ((203, 102), (247, 104)):
        cv2.ellipse(made, (x, y), (13, 8), 0, 0, 360, rgb[y + 14, x].tolist(), -1)
        cv2.ellipse(made, (x, y + 2), (10, 3), 0, 15, 165, (90, 60, 50), 1, cv2.LINE_AA)
    return made


@REAL
def test_the_face_of_a_portrait_is_found_with_its_eyes(tmp_path: Path) -> None:
    (face,) = look(opened(saved(tmp_path, "a.jpg", astronaut())))[FOUND]  # type: ignore[misc]
    assert face[Face.left_px] == pytest.approx(182, abs=8)
    assert face[Face.bottom_px] == pytest.approx(178, abs=8)
    left, right = face[Face.landmarks][:2]
    assert (left["x_px"], right["x_px"]) == (pytest.approx(203, abs=4), pytest.approx(247, abs=4))
    assert face[Face.score] > 0.8
    assert 0.15 < face[Face.eye_openness] < 0.5
    assert face[Face.turned] < 0.3
    assert not face[Face.beyond_frame]


@REAL
def test_closed_eyes_are_less_open_and_blurred_eyes_less_sharp(tmp_path: Path) -> None:
    plain, shut, blurred = (
        look(opened(saved(tmp_path, f"{k}.jpg", p)))[FOUND][0]  # type: ignore[index]
        for k, p in enumerate((astronaut(), with_lids(astronaut()), cv2.GaussianBlur(astronaut(), (0, 0), 2)))
    )
    assert shut[Face.eye_openness] < 0.5 * plain[Face.eye_openness]
    assert blurred[Face.eye_sharpness] < plain[Face.eye_sharpness] - 0.5
    assert blurred[Face.eye_openness] > 0.7 * plain[Face.eye_openness]


@REAL
def test_boxes_are_in_pixels_of_the_upright_picture_at_full_size(tmp_path: Path) -> None:
    large = cv2.resize(astronaut(), (2048, 2048), interpolation=cv2.INTER_CUBIC)
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(np.ascontiguousarray(np.rot90(large))).save(tmp_path / "turned.jpg", exif=exif)
    (face,) = look(opened(tmp_path / "turned.jpg"))[FOUND]  # type: ignore[misc]
    assert face[Face.left_px] == pytest.approx(4 * 182, abs=40)
    assert face[Face.top_px] == pytest.approx(4 * 58, abs=40)


@REAL
def test_a_face_at_the_edge_leaves_the_frame(tmp_path: Path) -> None:
    (face,) = look(opened(saved(tmp_path, "edge.jpg", astronaut()[:, 192:])))[FOUND]  # type: ignore[misc]
    assert face[Face.beyond_frame]
    assert face[Face.left_px] == pytest.approx(0, abs=2)


@pytest.mark.parametrize("size", [(1, 1), (20_000, 50), (50, 20_000)])
@REAL
def test_odd_pictures_have_no_faces_and_no_note(tmp_path: Path, size: tuple[int, int]) -> None:
    assert look(opened(save_picture(tmp_path / "p.png", 1, size))) == {FOUND: [], NOTE: ""}


def test_small_eyes_are_not_measured(tmp_path: Path) -> None:
    made = FaceFinder(made_network(tmp_path / "faces.onnx"), "", None, "no network for eyes")
    picture = opened(saved(tmp_path, "p.png", with_red(96, 64, (40, 20))))
    (face,) = look_for_faces(picture, made, FaceSettings())[FOUND]  # type: ignore[misc]
    assert (face[Face.eye_sharpness], face[Face.eye_openness]) == (None, None)


def test_a_network_that_fails_leaves_a_note_and_every_picture(tmp_path: Path) -> None:
    nan = FaceFinder(made_network(tmp_path / "nan.onnx", float("nan")), "", None, "no eyes")
    files = [picture_file(save_picture(tmp_path / f"{k}.png", k)) for k in range(2)]
    measurement = face_measurement(nan, FaceSettings())
    looked = measure_files(files, [measurement], PhotoSettings(workers=1), tmp_path / "cache", Quiet())
    assert looked.refused == {}
    rows = looked.rows[Face.name]
    assert rows.height == 2
    facts = face_facts(rows, nan)
    assert facts["not_looked_at"] == 2
    assert "2 photos were not looked at: The network gives no usable numbers." in facts["note"]
    assert "no eyes" in facts["note"]


@REAL
def test_faces_come_with_the_pass_over_files(tmp_path: Path) -> None:
    place = tmp_path / "library" / "one"
    place.mkdir(parents=True)
    saved(place, "a.jpg", astronaut())
    save_picture(place / "dot.png", 1, (1, 1))
    settings = configuration(
        tmp_path / "library", tmp_path / "home", photos=PhotoSettings(workers=1), faces=FaceSettings()
    )
    result = run(settings, only_project(settings), Face.name)
    assert result.success
    rows = only_project(settings).store.read(Face)
    assert rows.select(Face.face, Face.path).rows() == [(1, "a.jpg")]
    assert rows[Face.detected_by][0].startswith("centerface sha256:09189deaaf86 eyes:")
    (made,) = (
        e for e in result.get_asset_materialization_events() if e.asset_key.to_user_string() == Face.name
    )
    assert made.materialization.metadata["decoded"].value == 0  # the pass of `photos` found them


def test_without_the_networks_the_table_is_empty_and_says_why(tmp_path: Path) -> None:
    save_picture(tmp_path / "library" / "one" / "a.png")
    settings = configuration(tmp_path / "library", tmp_path / "home", photos=PhotoSettings(workers=1))
    result = run(settings, only_project(settings), Face.name)
    assert result.success
    assert only_project(settings).store.read(Face).height == 0
    assert only_project(settings).store.read(Photo).height == 1
    (made,) = (
        e for e in result.get_asset_materialization_events() if e.asset_key.to_user_string() == Face.name
    )
    assert made.materialization.metadata["available"].value is False
    assert "[faces]" in made.materialization.metadata["note"].value
