"""Faces of a set against each other, with rows as `faces` has them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from proofsheet.imaging.image_quality import image_quality
from proofsheet.models.starter_ranker import starter_ranker
from proofsheet.selection.face_comparison import evidence, face_weights, faults_of_faces
from proofsheet.selection.face_features import face_features, matched
from proofsheet.selection.predict import face_boxes
from proofsheet.selection.technical_comparison import compared
from schemas.faces import Face
from schemas.labels import SeenObject
from schemas.vision import ImageQuality
from tests.support.kit import opened, save_picture

Row = dict[str, Any]


def face(left: float = 100, width: float = 80, **values: object) -> Row:
    return {
        Face.left_px: left,
        Face.right_px: left + width,
        Face.top_px: 100.0,
        Face.bottom_px: 100.0 + 1.3 * width,
        Face.eye_sharpness: -0.5,
        Face.eye_openness: 0.25,
        Face.turned: 0.1,
        Face.beyond_frame: False,
        **values,
    }


def picture(*faces: Row, **values: object) -> Row:
    return {ImageQuality.width_px: 600, ImageQuality.grain: 1.0, Face.name: list(faces), **values}


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Row:
    folder: Path = tmp_path_factory.mktemp("pictures")
    found: Mapping[str, object] = image_quality(opened(save_picture(folder / "a.png", 3, (600, 400))))
    return {**found, "stage": None, "content_hash": "a"}


def test_faces_match_by_place_and_size_and_each_once() -> None:
    one, other = picture(face(100), face(400)), picture(face(410), face(110), face(115))
    assert [(a[Face.left_px], b[Face.left_px]) for a, b in matched(one, other)] == [(100, 110), (400, 410)]
    assert matched(picture(face(100)), picture(face(300))) == []
    assert matched(picture(face(100, 80)), picture(face(60, 160))) == []
    assert matched(picture(), picture(face())) == []


def test_the_same_faces_in_a_larger_copy_match() -> None:
    double = picture(face(200, 160), **{ImageQuality.width_px: 1200})
    assert len(matched(picture(face(100, 80)), double)) == 1


def test_swapping_two_pictures_changes_every_sign() -> None:
    one = picture(face(eye_sharpness=0.0), face(400, eye_openness=0.05))
    other = picture(face(eye_sharpness=-0.9), face(400))
    forth = face_features(one, other, matched(one, other), 1.5)
    back = face_features(other, one, matched(other, one), -1.5)
    assert np.allclose(forth, -back)
    assert forth[1] > 0 > forth[2]


def test_without_a_pair_of_faces_nothing_changes() -> None:
    assert evidence(picture(face()), picture(), 1.25, face_weights())[0] == 1.25


def test_an_eye_that_never_opens_is_no_blink() -> None:
    narrow, shut = picture(face(eye_openness=0.12)), picture(face(eye_openness=0.03))
    assert face_features(narrow, shut, matched(narrow, shut), 0.0)[2] == 0
    unknown = picture(face(eye_openness=None))
    assert face_features(unknown, shut, matched(unknown, shut), 0.0)[2] == 0


def test_noise_is_no_sharpness_and_lids_hide_it() -> None:
    clean = picture(face(eye_sharpness=-0.9))
    noisy = picture(face(eye_sharpness=0.2), **{ImageQuality.grain: 6.0})
    assert face_features(clean, noisy, matched(clean, noisy), 0.0)[1] == 0
    shut = picture(face(eye_openness=0.04, eye_sharpness=0.2))
    assert face_features(clean, shut, matched(clean, shut), 0.0)[1] == 0


def test_one_blink_in_a_group_decides_and_is_said(measured: Row) -> None:
    good = {**measured, Face.name: [face(100), face(250), face(400)]}
    blink = {**measured, "content_hash": "0", Face.name: [face(100), face(250, eye_openness=0.05), face(400)]}
    for members, place in (([good, blink], 0), ([blink, good], 1)):
        found = compared(members, starter_ranker())
        assert found.place == place
        assert found.reasons == [f"eyes closed in {2 - place} (1 of 3 faces)"]
        assert found.flags == []
        assert found.confidence > 0.6
    assert faults_of_faces(blink, [good, blink]) == ["eyes closed"]


def test_sharper_eyes_win_against_a_sharper_background_and_are_said(measured: Row) -> None:
    sharp = np.asarray(measured[ImageQuality.detail_scales])
    softer = {ImageQuality.detail_scales: (sharp - 0.4).tolist()}
    portrait = {**measured, **softer, Face.name: [face(eye_sharpness=-0.4)]}
    background = {**measured, "content_hash": "0", Face.name: [face(eye_sharpness=-1.6)]}
    bare = [{**m, Face.name: []} for m in (portrait, background)]
    assert compared(bare, starter_ranker()).place == 1
    found = compared([portrait, background], starter_ranker())
    assert found.place == 0
    assert found.reasons[0] == "eyes 4.0× sharper than 2"


def test_a_look_aside_and_a_face_that_leaves_the_frame_give_way(measured: Row) -> None:
    plain = {**measured, Face.name: [face()]}
    for fault, words in (
        ({Face.turned: 0.7}, "looks away"),
        ({Face.beyond_frame: True}, "a face leaves the frame"),
    ):
        poor = {**measured, "content_hash": "0", Face.name: [face(**fault)]}
        assert faults_of_faces(poor, [plain, poor]) == [words]
        found = compared([poor, plain], starter_ranker())
        assert found.place == 1
        assert found.reasons[0] == f"1 gives way: {words}"
        assert compared([poor, {**poor, "content_hash": "1"}], starter_ranker()).flags == []


def test_boxes_of_faces_limit_crops_in_shares_of_the_picture() -> None:
    ids = {Face.project: "p", Face.photo_id: "a"}
    rows = Face.frame(
        [
            {
                **ids,
                **face(150, 60),
                Face.face: 1,
                Face.path: "a.jpg",
                Face.landmarks: [],
                Face.score: 0.9,
                Face.detected_by: "made",
            }
        ]
    )
    quality = pl.DataFrame([{**ids, ImageQuality.width_px: 600, ImageQuality.height_px: 400}])
    boxes = face_boxes(SeenObject.frame(), rows, quality)
    assert boxes["a"] == [pytest.approx((0.25, 0.25, 0.35, 0.445))]
