from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from PIL import ExifTags, Image, PngImagePlugin
from PIL.TiffImagePlugin import IFDRational

from proofsheet.metadata.exif import exif_facts
from tests.support.kit import opened, save_picture

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
        ((0, 0, 0), "N", (0, 0, 0), "E", (None, None)),
        ((0, 0, 0.1), "S", (0, 0, 0.2), "W", (None, None)),
        ((0, 0, 0), "N", (6, 36, 0), "E", (0.0, 6.6)),
        ((51, 28, 40), "N", (0, 0, 0), "E", (51.477778, 0.0)),
        ((48.5,), "n", (2, 21.5), "East", (48.5, 2.358333)),
        ((48, 0, 0), "X", (2, 0, 0), "E", (None, None)),
        ((48, 0, 0), "E", (2, 0, 0), "N", (None, None)),
        ((48, 0, 0), "N", (999, 0, 0), "E", (None, None)),
        ((48, 75, 0), "N", (2, 0, 0), "E", (None, None)),
        ((IFDRational(0, 0), 0, 0), "N", (2, 0, 0), "E", (None, None)),
        ((48, 0, IFDRational(0, 0)), "N", (2, 0, 0), "E", (None, None)),
        ((IFDRational(48, 0), 0, 0), "N", (2, 0, 0), "E", (None, None)),
        ((90, 0, 0), "S", (180, 0, 0), "W", (-90.0, -180.0)),
        ((91, 0, 0), "N", (181, 0, 0), "E", (None, None)),
        ((91, 0, 0), "N", (18, 0, 0), "E", (None, None)),
        ((33, 51.5, 0), "S", (151, 12.5, 0), "E", (-33.858333, 151.208333)),
    ],
)
def test_gps_edge_values(
    tmp_path: Path, latitude: Any, ref: str, longitude: Any, longitude_ref: str, expected: Any
) -> None:
    gps = {
        G.GPSLatitude: latitude,
        G.GPSLatitudeRef: ref,
        G.GPSLongitude: longitude,
        G.GPSLongitudeRef: longitude_ref,
    }
    found = facts(tmp_path, {}, gps=gps)
    for value, wanted in zip((found["latitude_deg"], found["longitude_deg"]), expected, strict=True):
        assert value == (pytest.approx(wanted, abs=1e-5) if wanted is not None else None)


def test_a_place_that_the_receiver_calls_void_is_none(tmp_path: Path) -> None:
    void, sure = (
        facts(tmp_path, {}, gps={**HERE, G.GPSStatus: "V"}),
        facts(tmp_path, {}, gps={**HERE, G.GPSStatus: "A"}),
    )
    assert (void["latitude_deg"], void["longitude_deg"], sure["latitude_deg"]) == (None, None, 48.0)


HERE = {G.GPSLatitude: (48, 0, 0), G.GPSLatitudeRef: "N", G.GPSLongitude: (2, 0, 0), G.GPSLongitudeRef: "E"}


@pytest.mark.parametrize("missing", HERE)
def test_half_a_place_is_none(tmp_path: Path, missing: int) -> None:
    found = facts(
        tmp_path,
        {},
        gps={k: v for k, v in HERE.items() if k != missing} | {G.GPSAltitude: IFDRational(35, 1)},
    )
    assert (found["latitude_deg"], found["longitude_deg"], found["altitude_m"]) == (None, None, None)


@pytest.mark.parametrize(
    ("altitude", "ref", "expected"),
    [
        (IFDRational(355, 10), b"\0", 35.5),
        (IFDRational(355, 10), b"\1", -35.5),
        (IFDRational(0, 1), b"\0", 0.0),
        (IFDRational(0, 0), b"\0", None),
        (IFDRational(0xFFFFFFFF, 1), b"\0", None),
    ],
)
def test_altitude(tmp_path: Path, altitude: IFDRational, ref: bytes, expected: float | None) -> None:
    found = facts(tmp_path, {}, gps={**HERE, G.GPSAltitude: altitude, G.GPSAltitudeRef: ref})
    assert found["altitude_m"] == expected


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({B.ISOSpeedRatings: (0, 200)}, 200),
        ({B.ISOSpeedRatings: 65535, B.RecommendedExposureIndex: 102_400}, 102_400),
        ({B.ISOSpeedRatings: 65535, B.StandardOutputSensitivity: 204_800}, 204_800),
        ({B.ISOSpeed: 640}, 640),
        ({B.ISOSpeedRatings: 65535}, None),
        ({B.ISOSpeedRatings: 0}, None),
    ],
)
def test_iso(tmp_path: Path, tags: dict[int, Any], expected: int | None) -> None:
    assert facts(tmp_path, {}, tags)["iso"] == expected


@pytest.mark.parametrize(
    ("make", "model"),
    [
        ("Black Forest Labs", "flux-dev"),
        ("Midjourney", "v6"),
        ('workflow:{"nodes": []}', 'prompt:{"3": {}}'),
        ("OpenAI", "DALL·E 3"),
        ("Stable Diffusion", "sdxl"),
        ("AI generated", "x"),
    ],
)
def test_a_generator_is_no_camera(tmp_path: Path, make: str, model: str) -> None:
    found = facts(tmp_path, {B.Make: make, B.Model: model}, {B.LensModel: "x"})
    assert (found["make"], found["model"], found["lens"]) == (None, None, None)


@pytest.mark.parametrize(
    ("make", "model"), [("Meta AI", "Ray-Ban Meta Smart Glasses"), ("Planet", "Gemini PDA"), ("Leica", "M11")]
)
def test_a_camera_stays_one(tmp_path: Path, make: str, model: str) -> None:
    found = facts(tmp_path, {B.Make: make, B.Model: model})
    assert (found["make"], found["model"]) == (make, model)


XMP = """<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description
 xmlns:exif="http://ns.adobe.com/exif/1.0/" xmlns:t="http://ns.adobe.com/tiff/1.0/"
 t:Make="Acme" exif:FNumber="28/10"
 exif:GPSLatitude="48,30.0N" exif:GPSLongitude="2,15,36W" exif:GPSAltitude="1200/10" exif:GPSAltitudeRef="1">
 <exif:ISOSpeedRatings><rdf:Seq><rdf:li>320</rdf:li></rdf:Seq></exif:ISOSpeedRatings>
 </rdf:Description></rdf:RDF></x:xmpmeta>"""


@pytest.mark.parametrize("extension", ["jpg", "png", "webp", "tif", "avif"])
def test_what_only_xmp_says_is_read(tmp_path: Path, extension: str) -> None:
    path = tmp_path / f"p.{extension}"
    if extension == "png":
        info = PngImagePlugin.PngInfo()
        info.add_itxt("XML:com.adobe.xmp", XMP)
        save_picture(path, pnginfo=info)
    elif extension == "tif":
        save_picture(path, tiffinfo={700: XMP.encode()})
    else:
        save_picture(path, xmp=XMP.encode())
    found = exif_facts(opened(path))
    assert (found["make"], found["f_number"], found["iso"]) == ("Acme", 2.8, 320)
    assert (found["latitude_deg"], found["longitude_deg"], found["altitude_m"]) == (
        48.5,
        pytest.approx(-2.26),
        -120.0,
    )


def test_entities_in_xmp_are_not_read(tmp_path: Path) -> None:
    hostile = '<!DOCTYPE x [<!ENTITY a "Acme">]>' + XMP.replace('"Acme"', '"&a;"')
    assert exif_facts(opened(save_picture(tmp_path / "p.jpg", xmp=hostile.encode())))["make"] is None


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
