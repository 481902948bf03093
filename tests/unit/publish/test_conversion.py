"""Converted files: upright, in their colours, with nothing lost in silence."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
from PIL import Image

from proofsheet.core.files import Refused
from proofsheet.imaging.decode import prepare_decoders
from tests.support.conversion_kit import (
    EVERY_FORMAT,
    P3,
    QUARTERS,
    ciede2000,
    convert_one,
    corners,
    deep_png,
    delta_e,
    exif_of,
    grey_profile,
    patches,
    quarters,
    read_back,
    stored_as,
    ultra_hdr,
)
from tests.unit.imaging.test_raw import write_dng


def reason(made: object) -> str:
    assert isinstance(made, Refused), made
    return made.reason


@pytest.mark.parametrize("to", EVERY_FORMAT)
@pytest.mark.parametrize("orientation", range(1, 9))
def test_pixels_are_turned_once_and_no_tag_turns_them_again(
    tmp_path: Path, orientation: int, to: str
) -> None:
    path = tmp_path / "a.jpg"
    stored_as(quarters(), orientation).save(path, quality=95, exif=exif_of(t0112=orientation, t010F="Acme"))
    image = read_back(convert_one(path, to))
    assert image.size == (96, 64)
    assert np.abs(np.subtract(corners(image), QUARTERS)).max() < 12
    assert image.getexif().get(0x0112, 1) == 1
    assert image.getexif()[0x010F] == "Acme"


@pytest.mark.parametrize("suffix", [".tif", ".png", ".webp", ".avif", ".heic"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_pixels_of_every_format_are_turned_once(tmp_path: Path, orientation: int, suffix: str) -> None:
    prepare_decoders()
    path = tmp_path / f"a{suffix}"
    exif = exif_of(t0112=orientation, t010F="Acme")
    stored = stored_as(quarters(), orientation)
    stored.save(path, exif=exif if suffix == ".tif" else exif.tobytes())
    image = read_back(convert_one(path, "jpeg"))
    assert image.size == (96, 64)
    assert np.abs(np.subtract(corners(image), QUARTERS)).max() < 12
    assert image.getexif().get(0x0112, 1) == 1


@pytest.mark.parametrize("to", EVERY_FORMAT)
def test_colours_of_display_p3_are_the_same_in_srgb_and_with_their_profile(tmp_path: Path, to: str) -> None:
    path, source = tmp_path / "a.png", patches()
    source.save(path, icc_profile=P3)
    converted, kept = convert_one(path, to), convert_one(path, to, profile="keep")
    image, original = read_back(converted), read_back(kept)
    assert delta_e(source, P3, image, image.info["icc_profile"]) < 2
    assert delta_e(source, P3, original, original.info["icc_profile"]) < 2
    assert original.info["icc_profile"] == P3
    assert image.info["icc_profile"] != P3
    assert not isinstance(converted, Refused)
    assert "Display P3" in converted.profile


def test_the_distance_of_colours_is_that_of_the_standard() -> None:
    """Pairs of the test data that the formula was published with (Sharma, Wu and Dalal)."""
    pairs = {
        ((50, 2.6772, -79.7751), (50, 0, -82.7485)): 2.0425,
        ((50, 2.5, 0), (73, 25, -18)): 27.1492,
        ((90.8027, -2.0831, 1.4410), (91.1528, -1.6435, 0.0447)): 1.4441,
        ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514)): 0.9082,
    }
    for (one, two), wanted in pairs.items():
        assert abs(ciede2000(np.array(one), np.array(two)) - wanted) < 1e-4


def test_marked_adobe_rgb_is_converted_and_the_mark_is_changed(tmp_path: Path) -> None:
    exif = exif_of(t010F="Acme")
    exif.get_ifd(0x8769)[0xA001] = 2
    path = tmp_path / "a.jpg"
    patches().save(path, quality=95, exif=exif)
    image = read_back(convert_one(path, "png"))
    assert image.getexif().get_ifd(0x8769)[0xA001] == 1
    assert np.abs(np.asarray(image, float) - np.asarray(Image.open(path), float)).max() > 3


LOSSES = {
    "deep.png": ("webp", "16 bits a channel become 8"),
    "deep.tif": ("png", "16 bits a channel become 8"),
    "alpha.png": ("jpeg", "transparency becomes white"),
    "moving.gif": ("webp", "3 frames"),
    "moving.webp": ("png", "3 frames"),
    "moving.png": ("jpeg", "3 frames"),
    "pages.tif": ("jpeg", "2 frames, pages"),
    "hdr.jpg": ("heic", "gain map"),
    "cmyk.jpg": ("webp", "CMYK without a profile"),
    "motion.jpg": ("png", "video"),
    "float.tif": ("jpeg", "floating-point"),
}


def lossy_picture(folder: Path, name: str) -> Path:
    path, rest = folder / name, [quarters().rotate(a) for a in (90, 180)]
    match name:
        case "deep.png":
            return deep_png(path)
        case "deep.tif":
            Image.fromarray(np.arange(96, dtype=np.uint16).reshape(8, 12) * 600).save(path)
        case "alpha.png":
            image = quarters().convert("RGBA")
            image.putalpha(Image.linear_gradient("L").resize(image.size))
            image.save(path)
        case "pages.tif":
            quarters().save(path, save_all=True, append_images=rest[:1])
        case "hdr.jpg":
            return ultra_hdr(path)
        case "cmyk.jpg":
            quarters().convert("CMYK").save(path)
        case "motion.jpg":
            quarters((640, 480)).save(path, quality=95)
            path.write_bytes(path.read_bytes() + b"\0\0\0\x18ftypmp42" + bytes(5000))
        case "float.tif":
            Image.fromarray(np.linspace(0, 1, 96, dtype=np.float32).reshape(8, 12)).save(path)
        case _:
            quarters().save(path, save_all=True, append_images=rest, duration=50)
    return path


@pytest.mark.parametrize("name", LOSSES)
def test_what_would_be_lost_is_refused_and_named_unless_it_is_allowed(tmp_path: Path, name: str) -> None:
    to, what = LOSSES[name]
    path = lossy_picture(tmp_path, name)
    before = path.read_bytes()
    assert what in reason(convert_one(path, to))
    allowed = convert_one(path, to, lossy=True)
    assert not isinstance(allowed, Refused)
    assert any(what in loss for loss in allowed.losses)
    read_back(allowed)
    assert path.read_bytes() == before


def test_deep_and_hdr_pictures_of_heif_are_seen(tmp_path: Path) -> None:
    prepare_decoders()
    deep = np.random.default_rng(0).integers(0, 65535, (64, 96, 3)).astype(np.uint16)
    pillow_heif.encode("RGB;16", (96, 64), deep.tobytes(), tmp_path / "deep.heic", quality=90)
    assert reason(convert_one(tmp_path / "deep.heic", "jpeg")) == "10 bits a channel become 8"
    quarters().save(tmp_path / "pq.heic", color_primaries=9, transfer_characteristics=16)
    assert "PQ (HDR)" in reason(convert_one(tmp_path / "pq.heic", "jpeg", lossy=True))
    quarters().save(tmp_path / "p3.heic", color_primaries=12, transfer_characteristics=13)
    for profile, words in (("srgb", "converted to sRGB from Display P3"), ("keep", "kept: Display P3")):
        made = convert_one(tmp_path / "p3.heic", "webp", profile=profile)
        assert not isinstance(made, Refused)
        assert words in made.profile
        assert read_back(made).info["icc_profile"]


@pytest.mark.parametrize("profile", ["srgb", "keep"])
def test_a_profile_that_does_not_fit_is_a_loss_and_is_not_carried(tmp_path: Path, profile: str) -> None:
    for number, icc in enumerate((b"x" * 500, grey_profile())):
        path = tmp_path / f"{number}.jpg"
        quarters().save(path, icc_profile=icc)
        assert "does not fit its pixels" in reason(convert_one(path, "webp", profile=profile))
        made = convert_one(path, "webp", profile=profile, lossy=True)
        assert read_back(made).info.get("icc_profile") != icc


def test_a_gain_map_that_is_left_out_is_no_longer_announced(tmp_path: Path) -> None:
    made = convert_one(ultra_hdr(tmp_path / "a.jpg"), "jpeg", lossy=True)
    assert not isinstance(made, Refused)
    assert b"hdrgm:Version" not in made.data
    assert b"dc:format" in made.data


def test_alpha_that_hides_nothing_is_no_loss_and_alpha_stays_where_it_can(tmp_path: Path) -> None:
    opaque = quarters().convert("RGBA")
    opaque.save(tmp_path / "a.png")
    assert read_back(convert_one(tmp_path / "a.png", "jpeg")).mode == "RGB"
    faded = lossy_picture(tmp_path, "alpha.png")
    for to in ("png", "webp", "avif", "heic"):
        alpha = np.asarray(read_back(convert_one(faded, to)).getchannel("A"), dtype=int)
        assert np.abs(alpha - np.asarray(Image.open(faded).getchannel("A"), dtype=int)).max() < 8


def test_grey_with_a_profile_is_converted_or_refused_where_it_cannot_be_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    quarters().convert("L").save(path)
    assert read_back(convert_one(path, "jpeg")).mode == "L"
    grey = grey_profile()
    quarters().convert("L").save(path, icc_profile=grey)
    assert read_back(convert_one(path, "png", profile="keep")).info["icc_profile"] == grey
    assert "does not hold grey" in reason(convert_one(path, "webp", profile="keep"))
    assert read_back(convert_one(path, "webp")).mode == "RGB"


@pytest.mark.parametrize("to", EVERY_FORMAT)
@pytest.mark.parametrize("size", [(1, 1), (20_000, 50)], ids=["1x1", "20000x50"])
def test_odd_sizes_are_converted_or_refused_with_the_limit(
    tmp_path: Path, size: tuple[int, int], to: str
) -> None:
    path = tmp_path / "a.png"
    quarters(size).save(path)
    made = convert_one(path, to)
    if to == "webp" and size != (1, 1):
        assert "at most 16,383 pixels" in reason(made)
        made = convert_one(path, to, side_px=16_383)
        size = (16_383, 41)
    assert read_back(made).size == size


@pytest.mark.parametrize("name", ["truncated.jpg", "text.jpg", "half.png", "empty-idat.png"])
def test_a_damaged_file_is_refused_with_the_reason(tmp_path: Path, name: str) -> None:
    path, whole = tmp_path / name, io.BytesIO()
    quarters((400, 300)).save(whole, "JPEG" if name.endswith("jpg") else "PNG")
    data = whole.getvalue()
    path.write_bytes({"text.jpg": b"no picture"}.get(name, data[: len(data) // 2]))
    assert reason(convert_one(path, "webp"))


def test_a_file_that_changed_after_the_plan_is_not_converted(tmp_path: Path) -> None:
    from dataclasses import replace as changed

    from proofsheet.imaging.measurement_pass import limits_of
    from proofsheet.publish.conversion.file_conversion import ConversionTask, converted_file
    from proofsheet.publish.conversion.formats import ConversionOptions
    from schemas.settings.photos import PhotoSettings
    from tests.support.kit import picture_file

    path = tmp_path / "a.png"
    quarters().save(path)
    planned = picture_file(path)
    quarters((50, 50)).save(path)
    limits = changed(limits_of(PhotoSettings()), side_px=100)
    assert "changed after it was planned" in reason(
        converted_file(ConversionTask(planned, ConversionOptions("jpeg"), limits))
    )


def test_smaller_sides_and_no_enlarging(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    quarters((200, 100)).save(path)
    assert read_back(convert_one(path, "png", side_px=50)).size == (50, 25)
    assert read_back(convert_one(path, "png", side_px=500)).size == (200, 100)
    assert np.abs(np.subtract(corners(read_back(convert_one(path, "png", side_px=50))), QUARTERS)).max() < 4


@pytest.mark.parametrize("to", EVERY_FORMAT)
def test_the_same_picture_gives_the_same_bytes(tmp_path: Path, to: str) -> None:
    path = tmp_path / "a.jpg"
    patches().save(path, icc_profile=P3, exif=exif_of(t010F="Acme", t0112=6))
    one, two = convert_one(path, to), convert_one(path, to)
    assert one == two
    assert not isinstance(one, Refused)


@pytest.mark.skipif(shutil.which("darktable-cli") is None, reason="RAW files need darktable-cli")
def test_a_raw_file_is_developed_at_its_size(tmp_path: Path) -> None:
    made = convert_one(write_dng(tmp_path / "a.dng"), "webp")
    assert not isinstance(made, Refused), made
    assert "developed by darktable" in made.profile
    assert max(read_back(made).size) > 300
    assert max(read_back(convert_one(tmp_path / "a.dng", "webp", side_px=100)).size) == 100
    assert [p.name for p in tmp_path.iterdir()] == ["a.dng"]
    assert not {"xmp", "xmp:Rating"} & set(read_back(made).info)
    assert not {0x0132, 0x4746} & set(read_back(made).getexif())
    assert convert_one(tmp_path / "a.dng", "webp") == made


@pytest.mark.skipif(shutil.which("darktable-cli") is None, reason="RAW files need darktable-cli")
def test_a_raw_file_with_a_relative_path_is_developed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_dng(tmp_path / "in" / "a.dng")
    monkeypatch.chdir(tmp_path)
    assert not isinstance(convert_one(Path("in") / "a.dng", "webp"), Refused)


@pytest.mark.skipif(shutil.which("darktable-cli") is None, reason="RAW files need darktable-cli")
def test_a_raw_file_that_cannot_be_developed_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.cr2"
    path.write_bytes(b"II*\0" + bytes(200))
    assert "darktable" in reason(convert_one(path, "jpeg"))
