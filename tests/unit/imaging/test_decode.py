from __future__ import annotations

import os
import struct
import time
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from proofsheet.core.files import Fingerprint, Refused
from proofsheet.embedding.open_clip_encoder import Input, prepare
from proofsheet.imaging.decode import DecodeLimits, PictureFile, open_picture
from proofsheet.imaging.formats import format_of
from proofsheet.imaging.previews import preview_measurement
from schemas.settings.photos import PreviewSettings
from tests.support.kit import jpeg_bytes, opened, picture_file, pixels, save_picture

ORIENTED = [(o, f) for o in range(1, 9) for f in ("jpg", "png", "webp")]


@pytest.mark.parametrize(("orientation", "extension"), ORIENTED)
def test_every_orientation_is_upright(tmp_path: Path, orientation: int, extension: str) -> None:
    """The top left of the upright picture is red, whatever the stored orientation."""
    upright = np.zeros((40, 80, 3), dtype=np.uint8)
    upright[:20, :40] = (255, 0, 0)
    picture = Image.fromarray(upright)
    undo = {
        2: [Image.Transpose.FLIP_LEFT_RIGHT],
        3: [Image.Transpose.ROTATE_180],
        4: [Image.Transpose.FLIP_TOP_BOTTOM],
        5: [Image.Transpose.TRANSPOSE],
        6: [Image.Transpose.ROTATE_90],
        7: [Image.Transpose.TRANSVERSE],
        8: [Image.Transpose.ROTATE_270],
    }
    for step in undo.get(orientation, []):
        picture = picture.transpose(step)
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / f"p.{extension}"
    picture.save(path, exif=exif)
    found = opened(path)
    assert (found.width_px, found.height_px) == (80, 40)
    assert found.rgb.shape == (40, 80, 3)
    red, green, _blue = found.rgb[10, 10]
    assert red > 180
    assert green < 80
    assert found.rgb[30, 60].max() < 80
    row = preview_measurement(PreviewSettings(), 1600, tmp_path / "cache").begin().measure(found)
    shown = [np.asarray(Image.open(tmp_path / "cache" / str(row[n]))) for n in ("thumb_path", "preview_path")]
    seen = np.frombuffer(
        prepare(found, Input(40, "squash", "bicubic", (0.5,) * 3, (0.5,) * 3))["pixels"], np.uint8
    )  # type: ignore[call-overload]
    for upright_one in (*shown, seen.reshape(40, 40, 3)):
        height, width = upright_one.shape[:2]
        assert upright_one[height // 4, width // 4, 0] > 150
        assert upright_one[3 * height // 4, 3 * width // 4].max() < 100


@pytest.mark.parametrize("extension", ["jpg", "png", "webp", "tiff", "gif", "bmp", "avif", "heic", "mpo"])
def test_every_promised_format_opens(tmp_path: Path, extension: str) -> None:
    import pillow_heif

    pillow_heif.register_heif_opener()
    path = save_picture(tmp_path / f"p.{extension}", 3)
    found = opened(path)
    assert (found.width_px, found.height_px) == (96, 64)
    difference = np.abs(found.rgb.astype(int) - pixels(3).astype(int)).mean()
    assert difference < 20


@pytest.mark.parametrize("mode", ["L", "1", "P", "LA", "RGBA", "CMYK", "I;16", "F"])
def test_every_mode_becomes_rgb(tmp_path: Path, mode: str) -> None:
    ramp = np.tile(np.linspace(0, 255, 64, dtype=np.uint8), (48, 1))
    path = tmp_path / "p.tiff"
    if mode == "I;16":
        Image.fromarray(ramp.astype(np.uint16) * 257).save(path)
    elif mode == "F":
        Image.fromarray(ramp.astype(np.float32) / 255).save(path)
    else:
        Image.fromarray(ramp).convert("RGB" if mode == "CMYK" else "L").convert(mode).save(path)
    found = opened(path).rgb
    assert found.shape == (48, 64, 3)
    assert found[:, -8:].mean() - found[:, :8].mean() > 150


def test_a_large_picture_is_made_small_and_keeps_its_size(tmp_path: Path) -> None:
    found = opened(save_picture(tmp_path / "p.jpg", 1, (3000, 2000)), side=512)
    assert (found.width_px, found.height_px) == (3000, 2000)
    assert max(found.rgb.shape) == 512


def _png_header(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")


def test_a_bomb_is_refused_on_its_header(tmp_path: Path) -> None:
    path = tmp_path / "bomb.png"
    path.write_bytes(_png_header(60_000, 60_000))
    opened(save_picture(tmp_path / "warm.png"))
    began = time.perf_counter()
    with pytest.raises(Refused) as refused:
        opened(path)
    assert time.perf_counter() - began < 0.5
    assert refused.value.kind == "too_large"
    assert "60000 x 60000" in refused.value.reason


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("text.jpg", b"this is no picture", "unreadable"),
        ("half.jpg", jpeg_bytes(1, (800, 600))[:4000], "unreadable"),
        ("half.png", _png_header(200, 200), "unreadable"),
        ("postscript.png", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\nshowpage\n", "unreadable"),
        ("svg.png", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "unreadable"),
    ],
)
def test_damaged_and_disguised_files_are_refused(
    tmp_path: Path, name: str, content: bytes, kind: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(Refused) as refused:
        opened(path)
    assert refused.value.kind == kind
    assert refused.value.next_step


def test_links_and_pipes_are_not_opened(tmp_path: Path) -> None:
    target = save_picture(tmp_path / "outside" / "p.jpg")
    link, pipe = tmp_path / "link.jpg", tmp_path / "pipe.jpg"
    link.symlink_to(target)
    os.mkfifo(pipe)
    for path, kind in ((link, "link"), (pipe, "special_file")):
        with pytest.raises(Refused) as refused:
            open_picture(_pretend(path), DecodeLimits(10**6, 10**6, 512))
        assert refused.value.kind == kind


def _pretend(path: Path) -> PictureFile:
    return PictureFile(path, "0", Fingerprint.of(path.lstat()))


def test_a_file_that_changed_since_the_scan_is_refused(tmp_path: Path) -> None:
    path = save_picture(tmp_path / "p.jpg", 1)
    file = picture_file(path)
    path.write_bytes(jpeg_bytes(2))
    with pytest.raises(Refused, match="changed after"):
        open_picture(file, DecodeLimits(10**9, 10**9, 512))


def test_formats_are_told_by_their_first_bytes(tmp_path: Path) -> None:
    for extension, name in (
        ("jpg", "JPEG"),
        ("png", "PNG"),
        ("gif", "GIF"),
        ("tiff", "TIFF"),
        ("webp", "WEBP"),
    ):
        assert format_of(save_picture(tmp_path / f"p.{extension}").read_bytes()[:16]) == name
    assert format_of(b"plain text here") is None
