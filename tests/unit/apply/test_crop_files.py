"""Crops as files: depth, profile and facts stay, and what is lost is said."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
from PIL import Image, ImageOps, PngImagePlugin

from proofsheet.apply.crop_files import cut_bytes, with_pixels
from proofsheet.imaging import colour_management
from tests.support.kit import pixels
from tests.support.privacy_kit import chunk

BOX = (0.25, 0.25, 0.75, 0.75)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_deep_png_keeps_its_depth_its_profile_and_its_texts(tmp_path: Path, orientation: int) -> None:
    import cv2

    deep = (pixels(2, 80, 60).astype(np.uint16) << 8) + np.arange(80, dtype=np.uint16)[None, :, None]
    bare = cv2.imencode(".png", deep[..., ::-1])[1].tobytes()
    profile, texts = colour_management.rgb_profile(colour_management._P3, None), PngImagePlugin.PngInfo()
    texts.add_itxt("parameters", "a red boat")
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = orientation, "Acme"
    shallow = io.BytesIO()
    Image.fromarray(pixels(2, 80, 60)).save(shallow, "PNG", icc_profile=profile, pnginfo=texts, exif=exif)
    path = tmp_path / "p.png"
    path.write_bytes(with_pixels(shallow.getvalue(), bare))
    crop = cut_bytes(path, BOX, 90, 10**6)
    assert crop.lost == ""
    found = cv2.imdecode(np.frombuffer(crop.content, np.uint8), cv2.IMREAD_UNCHANGED)
    assert found.dtype == np.uint16
    with Image.open(path) as whole, Image.open(io.BytesIO(crop.content)) as cropped:
        upright = ImageOps.exif_transpose(whole)
        assert cropped.size == (upright.width // 2, upright.height // 2)
        expected = np.asarray(upright.convert("RGB"))[upright.height // 4 :, upright.width // 4 :][
            : cropped.height, : cropped.width
        ]
        assert np.abs((found[..., ::-1] >> 8).astype(int) - expected.astype(int)).max() <= 1
        assert cropped.info["icc_profile"] == profile
        assert cropped.text["parameters"] == "a red boat"
        assert cropped.getexif()[0x010F] == "Acme"
        assert cropped.getexif().get(0x0112, 1) == 1
    assert len(np.unique(found)) > 1000


def test_what_a_crop_cannot_carry_is_said(tmp_path: Path) -> None:
    first, second = (Image.fromarray(pixels(n, 60, 40)) for n in (1, 2))
    first.save(tmp_path / "p.tif", save_all=True, append_images=[second])
    assert cut_bytes(tmp_path / "p.tif", BOX, 90, 10**6).lost == "1 further frames or pages"
    first.save(tmp_path / "p.webp", xmp=b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>")
    assert cut_bytes(tmp_path / "p.webp", BOX, 90, 10**6).lost == "its XMP"
    first.save(tmp_path / "p.jpg")
    assert cut_bytes(tmp_path / "p.jpg", BOX, 90, 10**6).lost == ""


def test_a_deep_grey_picture_keeps_its_depth(tmp_path: Path) -> None:
    Image.fromarray(np.arange(2400, dtype=np.uint16).reshape(40, 60) * 20).save(tmp_path / "p.png")
    crop = cut_bytes(tmp_path / "p.png", BOX, 90, 10**6)
    assert crop.lost == ""
    with Image.open(io.BytesIO(crop.content)) as found:
        assert np.asarray(found).max() > 255


def test_a_crop_shows_the_colours_that_the_picture_shows(tmp_path: Path) -> None:
    pillow_heif.register_heif_opener()
    plain = io.BytesIO()
    Image.fromarray(pixels(2, 80, 60)).save(plain, "PNG")
    chunks = chunk(b"gAMA", struct.pack(">I", 100_000))
    chunks += chunk(b"cHRM", struct.pack(">8I", 31270, 32900, 64000, 33000, 21000, 71000, 15000, 6000))
    (tmp_path / "p.png").write_bytes(plain.getvalue()[:33] + chunks + plain.getvalue()[33:])
    Image.fromarray(pixels(2, 80, 60)).save(
        tmp_path / "p.heic", quality=-1, color_primaries=12, transfer_characteristics=13
    )
    for name in ("p.png", "p.heic"):
        crop = cut_bytes(tmp_path / name, [0, 0, 0.5, 0.5], 90, 10**6)
        with Image.open(tmp_path / name) as one, Image.open(io.BytesIO(crop.content)) as two:
            whole, part = (
                colour_management.rgb_pixels(one, 4096, False),
                colour_management.rgb_pixels(two, 4096, False),
            )
        assert (crop.lost, bool(whole[1])) == ("", True)
        assert np.array_equal(whole[0][:30, :40], part[0])


def test_light_that_a_crop_does_not_hold_is_named(tmp_path: Path) -> None:
    pillow_heif.register_heif_opener()
    Image.fromarray(pixels(2, 80, 60)).save(
        tmp_path / "p.heic", color_primaries=9, transfer_characteristics=16
    )
    assert "coded as PQ (HDR)" in cut_bytes(tmp_path / "p.heic", BOX, 90, 10**6).lost
