from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from PIL import ExifTags, Image
from PIL.TiffImagePlugin import IFDRational

from proofsheet.library.exif import exif_facts
from tests.kit import opened, save_picture

B, G = ExifTags.Base, ExifTags.GPS


def facts(
    tmp_path: Path, main: dict[int, Any], sub: dict[int, Any] | None = None, gps: dict[int, Any] | None = None
) -> dict[str, Any]:
    exif = Image.Exif()
    exif.update(main)
    if sub:
        exif.get_ifd(ExifTags.IFD.Exif).update(sub)
    if gps:
        exif.get_ifd(ExifTags.IFD.GPSInfo).update(gps)
    return dict(exif_facts(opened(save_picture(tmp_path / "p.jpg", exif=exif))))


def test_camera_facts(tmp_path: Path) -> None:
    found = facts(
        tmp_path,
        {B.Make: "Canon\0", B.Model: "EOS 40D", B.Orientation: 1},
        {
            B.ExposureTime: IFDRational(1, 160),
            B.FNumber: IFDRational(71, 10),
            B.ISOSpeedRatings: 100,
            B.FocalLength: IFDRational(135, 1),
            B.DateTimeOriginal: "2008:05:30 15:56:01",
            B.LensModel: "EF 70-200",
        },
    )
    assert (found["make"], found["model"], found["lens"]) == ("Canon", "EOS 40D", "EF 70-200")
    assert found["exposure_s"] == pytest.approx(1 / 160)
    assert (found["f_number"], found["iso"], found["focal_length_mm"]) == (7.1, 100, 135.0)
    assert found["taken_at"] == datetime(2008, 5, 30, 15, 56, 1)
    assert found["orientation"] == 1


@pytest.mark.parametrize(
    ("latitude", "ref", "longitude", "longitude_ref", "expected"),
    [
        ((54, 59, 22.8), "N", (1, 54, 51), "W", (54.989667, -1.914167)),
        ((0, 0, 0), "N", (0, 0, 0), "E", (0.0, 0.0)),
        ((90, 0, 0), "S", (180, 0, 0), "W", (-90.0, -180.0)),
        ((91, 0, 0), "N", (181, 0, 0), "E", (None, None)),
        ((33, 51.5, 0), "S", (151, 12.5, 0), "E", (-33.858333, 151.208333)),
    ],
)
def test_gps_edge_values(tmp_path: Path, latitude: Any, ref: str, longitude: Any, longitude_ref: str, expected: Any) -> None:
    gps = {G.GPSLatitude: latitude, G.GPSLatitudeRef: ref, G.GPSLongitude: longitude, G.GPSLongitudeRef: longitude_ref}
    found = facts(tmp_path, {}, gps=gps)
    for value, wanted in zip((found["latitude_deg"], found["longitude_deg"]), expected, strict=True):
        assert value == (pytest.approx(wanted, abs=1e-5) if wanted is not None else None)


@pytest.mark.parametrize(
    ("sub", "column"),
    [
        ({B.ExposureTime: IFDRational(1, 0)}, "exposure_s"),
        ({B.ExposureTime: IFDRational(0xFFFFFFFF, 1)}, "exposure_s"),
        ({B.DateTimeOriginal: "0000:00:00 00:00:00"}, "taken_at"),
        ({B.DateTimeOriginal: "    :  :     :  :  "}, "taken_at"),
        ({B.DateTimeOriginal: "yesterday"}, "taken_at"),
    ],
)
def test_senseless_values_are_null(tmp_path: Path, sub: dict[int, Any], column: str) -> None:
    assert facts(tmp_path, {}, sub)[column] is None


def test_no_exif_is_all_null(tmp_path: Path) -> None:
    assert set(exif_facts(opened(save_picture(tmp_path / "p.png"))).values()) == {None}
