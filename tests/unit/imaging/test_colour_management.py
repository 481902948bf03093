"""Colours, depths, pages and large texts.

Pictures are shown as they are meant, or refused with the name of what they are.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms

from proofsheet.core.files import Refused
from proofsheet.imaging import colour_management
from proofsheet.imaging.colour_management import rgb_profile, to_srgb
from tests.support.kit import opened, pixels

SHOWN = np.asarray(Image.fromarray(pixels(5, 120, 80)).point(lambda v: 40 + v * 170 // 255))
ADOBE = rgb_profile(colour_management._ADOBE, colour_management._ADOBE_GAMMA)
P3 = rgb_profile(colour_management._P3, None)


def in_profile(profile: bytes, mode: str = "RGB") -> Image.Image:
    """SHOWN as numbers of another profile."""
    source, target = ImageCms.createProfile("sRGB"), ImageCms.ImageCmsProfile(io.BytesIO(profile))
    change = ImageCms.buildTransform(source, target, "RGB", mode, ImageCms.Intent.RELATIVE_COLORIMETRIC)
    found = ImageCms.applyTransform(Image.fromarray(SHOWN), change)
    assert found is not None
    found.info.clear()
    return found


def off(path: Path) -> float:
    """Mean difference to SHOWN in levels of 255."""
    return float(np.abs(opened(path).rgb.astype(int) - SHOWN.astype(int)).mean())


@pytest.mark.parametrize("profile", [ADOBE, P3], ids=["Adobe RGB", "Display P3"])
@pytest.mark.parametrize(
    ("extension", "options"),
    [("png", {}), ("tif", {}), ("webp", {"lossless": True}), ("jpg", {"quality": 98})],
)
def test_an_embedded_profile_is_converted(
    tmp_path: Path, profile: bytes, extension: str, options: dict[str, Any]
) -> None:
    path = tmp_path / f"p.{extension}"
    in_profile(profile).save(path, icc_profile=profile, **options)
    assert off(path) < (1.0 if extension != "jpg" else 2.5)
    assert opened(path).notes == ("colours converted to sRGB from made of chromaticities",)
    in_profile(profile).save(path, **options)
    assert off(path) > 3  # the same numbers without it are off


def with_code_points(path: Path, primaries: int, transfer: int) -> Path:
    """The file with what PNG's cICP, or the box `colr` of an AVIF, says of its colours."""
    content = path.read_bytes()
    if path.suffix == ".png":
        chunk = b"cICP" + bytes([primaries, transfer, 0, 1])
        content = (
            content[:33] + struct.pack(">I", 4) + chunk + struct.pack(">I", zlib.crc32(chunk)) + content[33:]
        )
    else:
        at = content.index(b"colrnclx") + 8
        content = content[:at] + struct.pack(">HH", primaries, transfer) + content[at + 4 :]
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("extension", ["png", "avif"])
def test_code_points_of_png_and_avif_are_converted(tmp_path: Path, extension: str) -> None:
    path = tmp_path / f"p.{extension}"
    in_profile(P3).save(path, **({"quality": 98} if extension == "avif" else {}))
    assert off(path) > 3
    assert off(with_code_points(path, 12, 13)) < 2.5
    assert opened(path).notes == ("colours converted to sRGB from Display P3",)
    with pytest.raises(Refused, match="PQ"):
        opened(with_code_points(path, 9, 16) if extension == "avif" else hdr_png(tmp_path))


def hdr_png(place: Path) -> Path:
    Image.fromarray(SHOWN).save(place / "hdr.png")
    return with_code_points(place / "hdr.png", 9, 16)


def test_a_heif_of_a_phone_is_converted(tmp_path: Path) -> None:
    import pillow_heif

    pillow_heif.register_heif_opener()
    in_profile(P3).save(tmp_path / "p.heic", quality=95, icc_profile=P3)
    assert off(tmp_path / "p.heic") < 3


def test_exif_marks_adobe_rgb_where_no_profile_is(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0xA001] = 0xFFFF
    exif.get_ifd(0x8769)[0xA005] = {1: "R03"}
    in_profile(ADOBE).save(tmp_path / "p.jpg", quality=98, exif=exif)
    assert opened(tmp_path / "p.jpg").notes == ("colours converted to sRGB from Adobe RGB (marked in EXIF)",)
    assert off(tmp_path / "p.jpg") < 2.5


def test_the_gamma_of_a_png_counts(tmp_path: Path) -> None:
    linear = (np.asarray(SHOWN) / 255.0) ** (1 / 1.0)
    coded = np.rint(
        np.where(linear <= 0.04045, linear / 12.92, ((linear + 0.055) / 1.055) ** 2.4) ** (1 / 1.8) * 255
    )
    Image.fromarray(coded.astype(np.uint8)).save(tmp_path / "plain.png")
    raw = (tmp_path / "plain.png").read_bytes()
    at = raw.index(b"IHDR") + 21
    (tmp_path / "p.png").write_bytes(raw[:at] + chunk(b"gAMA", struct.pack(">I", 55556)) + raw[at:])
    assert off(tmp_path / "p.png") < 1.5
    assert off(tmp_path / "plain.png") > 3


def test_transparency_and_lab_are_shown_right(tmp_path: Path) -> None:
    rgba = in_profile(ADOBE).convert("RGBA")
    rgba.putalpha(255)
    rgba.save(tmp_path / "p.png", icc_profile=ADOBE)
    assert off(tmp_path / "p.png") < 1
    in_profile(ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes(), "LAB").save(
        tmp_path / "lab.tif"
    )
    assert off(tmp_path / "lab.tif") < 2.5


@pytest.mark.parametrize(
    "profile", [b"no profile", ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()]
)
def test_a_profile_that_does_not_fit_is_left_out_and_noted(tmp_path: Path, profile: bytes) -> None:
    Image.fromarray(SHOWN).save(tmp_path / "p.png", icc_profile=profile)
    found = opened(tmp_path / "p.png")
    assert "does not fit its pixels and was left out" in found.notes[0]
    assert off(tmp_path / "p.png") == 0


def test_a_profile_that_is_srgb_changes_nothing() -> None:
    image = Image.fromarray(SHOWN)
    for profile in (
        ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(),
        rgb_profile(colour_management.SRGB, None),
    ):
        same, note = to_srgb(image, {"icc_profile": profile})
        assert same is image
        assert note == ""


@pytest.mark.parametrize(("transfer", "name"), [(16, "PQ"), (18, "HLG")])
def test_hdr_is_refused_by_its_name(transfer: int, name: str) -> None:
    with pytest.raises(colour_management.Unshowable, match=name):
        to_srgb(
            Image.fromarray(SHOWN),
            {"nclx_profile": {"transfer_characteristics": transfer, "color_primaries": 9}},
        )


def tiff(*pages: tuple[np.ndarray, dict[int, int]]) -> bytes:
    """An uncompressed little-endian TIFF; each page with tags of its own."""
    out, at = b"", 8
    for number, (values, more) in enumerate(pages):
        height, width = values.shape[:2]
        samples = values.shape[2] if values.ndim > 2 else 1
        bits, data = values.dtype.itemsize * 8, values.tobytes()
        tags = {
            256: width,
            257: height,
            258: bits,
            259: 1,
            262: 1 if samples == 1 else 2,
            273: at,
            277: samples,
            278: height,
        }
        tags |= {279: len(data), **more}
        ifd = at + len(data)
        following = 0 if number == len(pages) - 1 else ifd + 2 + 12 * len(tags) + 4
        entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in sorted(tags.items()))
        out += data + struct.pack("<H", len(tags)) + entries + struct.pack("<I", following)
        at = following
    first = 8 + len(pages[0][0].tobytes())
    return b"II*\0" + struct.pack("<I", first) + out


def mean(path: Path) -> float:
    return float(opened(path).rgb.mean())


@pytest.mark.parametrize(
    ("values", "tags", "expected"),
    [
        (np.full((20, 30), 30000, np.uint16), {}, 30000 / 65535 * 255),
        (np.full((20, 30), 30000, np.uint16), {262: 0}, 255 - 30000 / 65535 * 255),
        (np.full((20, 30), 0.25, np.float32), {339: 3}, 0.25 * 255),
        (np.full((20, 30), 200, np.uint8), {262: 0}, 55),
    ],
    ids=["16 bits", "16 bits from white", "float in 0..1", "8 bits from white"],
)
def test_unusual_depths_are_as_bright_as_they_are(
    tmp_path: Path, values: np.ndarray, tags: dict[int, int], expected: float
) -> None:
    (tmp_path / "p.tif").write_bytes(tiff((values, tags)))
    assert mean(tmp_path / "p.tif") == pytest.approx(expected, abs=1)


def test_what_is_not_read_is_refused_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "p.tif").write_bytes(tiff((np.zeros((8, 8, 3), np.float32), {339: 3})))
    assert "a TIFF of 3 x 32 bits floating point, RGB, compression none" in refusal(tmp_path / "p.tif")
    (tmp_path / "p.png").write_bytes(b"8BPS" + bytes(60))
    assert "a Photoshop document" in refusal(tmp_path / "p.png")
    (tmp_path / "q.jpg").write_bytes(b"\xff\xd8\xff\xe0" + bytes(60))
    assert "JPEG" in refusal(tmp_path / "q.jpg")


def refusal(path: Path) -> str:
    with pytest.raises(Refused) as caught:
        opened(path)
    assert caught.value.next_step
    return caught.value.reason


@pytest.mark.parametrize(
    ("kind", "shown"),
    [(1, 200), (0, 200), (2, 40)],
    ids=["reduced", "smaller and unmarked", "page of a document"],
)
def test_of_several_pages_the_picture_is_shown(tmp_path: Path, kind: int, shown: int) -> None:
    small = np.full((60, 90) if kind == 2 else (20, 30), 40, np.uint8)
    (tmp_path / "p.tif").write_bytes(tiff((small, {254: kind}), (np.full((60, 90), 200, np.uint8), {254: 0})))
    found = opened(tmp_path / "p.tif")
    assert (found.width_px, found.height_px) == (90, 60)
    assert found.rgb.mean() == pytest.approx(shown, abs=1)
    assert bool(found.notes) == (kind != 2)


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def with_chunks(path: Path, chunks: Sequence[bytes]) -> Path:
    Image.fromarray(SHOWN).save(path)
    raw = path.read_bytes()
    at = raw.index(b"IHDR") + 21
    path.write_bytes(raw[:at] + b"".join(chunks) + raw[at:])
    return path


LARGE = b"word " * 600_000


@pytest.mark.parametrize(
    "large",
    [
        chunk(b"zTXt", b"workflow\0\0" + zlib.compress(LARGE)),
        chunk(b"iTXt", b"workflow\0\x01\0\0\0" + zlib.compress(LARGE)),
        chunk(b"iCCP", b"workflow\0\0" + zlib.compress(LARGE)),
    ],
    ids=["zTXt", "iTXt", "iCCP"],
)
def test_large_compressed_texts_are_left_out_of_a_whole_picture(tmp_path: Path, large: bytes) -> None:
    path = with_chunks(tmp_path / "p.png", [large, chunk(b"tEXt", b"parameters\0a red boat")])
    found = opened(path)
    assert np.array_equal(found.rgb, SHOWN)
    assert found.notes == ("left out, since they are larger than 1024 KiB: workflow",)
    assert found.text["parameters"] == "a red boat"
