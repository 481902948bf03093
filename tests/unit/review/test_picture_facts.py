"""What the info panel is told of a picture: words for what is known, None for what is not."""

from __future__ import annotations

from pathlib import Path

from proofsheet.review.picture_facts import picture_facts
from proofsheet.storage.stamps import Stamp
from schemas.library import ExifFact, Photo
from schemas.vision import ImageQuality
from tests.support.loupe_kit import loupe_project


def test_camera_data_and_measurements_are_told_and_what_is_missing_is_none(tmp_path: Path) -> None:
    _settings, project = loupe_project(tmp_path, sets=1, singles=1)
    ids = {n: i for i, n in project.store.read(Photo).select(Photo.photo_id, Photo.file_name).iter_rows()}
    with_camera, without = ids["2025_0000_stage1_x.jpg"], ids["2025_0000_stage3_x.jpg"]
    found = {f.id: f for f in picture_facts(project, [with_camera, without, "nobody"])}
    assert set(found) == {with_camera, without}
    told = found[with_camera]
    assert (told.camera, told.lens, told.exposure, told.iso, told.taken) == (
        "Canon EOS R5",
        "RF50mm F1.8",
        "1/200 s f/2.8",
        "ISO 400",
        None,
    )
    bare = found[without]
    assert (bare.camera, bare.lens, bare.exposure, bare.iso, bare.taken) == (None,) * 5
    quality = {r[Photo.photo_id]: r for r in project.store.read(ImageQuality).to_dicts()}
    assert (bare.sharpness, bare.noise) == (quality[without]["sharpness"], quality[without]["noise"])
    rows = project.store.read(ExifFact).to_dicts()
    for row in rows:
        if row[Photo.photo_id] == without:
            row |= {
                "make": "NIKON CORPORATION",
                "model": "NIKON Z 8",
                "exposure_s": 2.5,
                "taken_on": "2024-05-03",
            }
        if row[Photo.photo_id] == with_camera:
            row |= {"make": "SONY", "model": "ILCE-7M4", "lens": None, "focal_length_mm": 35.0}
    project.store.publish({ExifFact: ExifFact.frame(rows)}, Stamp())
    found = {f.id: f for f in picture_facts(project, [with_camera, without])}
    assert (found[without].camera, found[without].exposure, found[without].taken) == (
        "NIKON Z 8",
        "2.5 s",
        "2024-05-03",
    )
    assert (found[with_camera].camera, found[with_camera].lens) == ("SONY ILCE-7M4", "35 mm")
    assert picture_facts(project, []) == []
