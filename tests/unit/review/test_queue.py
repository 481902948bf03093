"""Where a picture is zoomed to in the review: the eyes of its largest face."""

from __future__ import annotations

from pathlib import Path

import pytest

from proofsheet.review.queue import read_queue
from proofsheet.storage.stamps import Stamp
from schemas.faces import Face
from tests.support.review_kit import chosen_project


def test_a_picture_is_zoomed_to_the_eyes_of_its_largest_face(tmp_path: Path) -> None:
    _settings, project = chosen_project(tmp_path, sets=1)
    plain = read_queue(project, 0.0).sets[0].images
    assert [i["zoom_to"] for i in plain] == [None, None]
    width, height = plain[0]["width"], plain[0]["height"]
    eyes = [(0.25, 0.5), (0.75, 0.5), (0.5, 0.6), (0.4, 0.8), (0.6, 0.8)]
    faces = [
        {
            Face.project: project.key,
            Face.photo_id: plain[0]["id"],
            Face.face: number,
            Face.path: plain[0]["path"],
            Face.left_px: 0.0,
            Face.top_px: 0.0,
            Face.right_px: float(width),
            Face.bottom_px: float(height),
            Face.landmarks: [{"x_px": shift + x * width, "y_px": y * height} for x, y in eyes],
            Face.score: 0.9,
            Face.turned: 0.0,
            Face.beyond_frame: False,
            Face.detected_by: "made",
        }
        for number, shift in ((2, 5.0), (1, 0.0))
    ]
    project.store.publish({Face: Face.frame(faces)}, Stamp())
    found = read_queue(project, 0.0).sets[0].images
    assert found[0]["zoom_to"] == pytest.approx([0.5, 0.5])
    assert found[1]["zoom_to"] is None
