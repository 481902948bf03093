"""RAW files, through darktable-cli where it is installed; the test makes its own DNG."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from proofsheet.core.files import Refused
from proofsheet.core.progress import Quiet
from proofsheet.imaging.decode import DecodeLimits
from proofsheet.imaging.raw import converter, open_any
from proofsheet.library.scan import scan
from schemas.groups import PhotoGroup
from schemas.library import Photo
from schemas.vision import ImageQuality, Preview
from tests.support.kit import configuration, only_project, picture_file, run, save_picture, tree

installed = pytest.mark.skipif(
    converter() is None, reason="darktable-cli is not installed (Debian: darktable)"
)


def write_dng(path: Path, width: int = 320, height: int = 240) -> Path:
    """A small uncompressed DNG with an RGGB sensor: red on the left, blue on the right, darker downwards."""
    fall = np.linspace(1.0, 0.3, height)[:, None]
    left = np.broadcast_to(np.arange(width) < width // 2, (height, width))
    sensor = np.full((height, width), 0.2)
    sensor[0::2, 0::2] = np.where(left, 1.0, 0.1)[0::2, 0::2]
    sensor[1::2, 1::2] = np.where(left, 0.1, 1.0)[1::2, 1::2]
    pixels = (sensor * fall * 12000 + 200).astype("<u2").tobytes()
    matrix = [
        10000,
        10000,
        0,
        10000,
        0,
        10000,
        0,
        10000,
        10000,
        10000,
        0,
        10000,
        0,
        10000,
        0,
        10000,
        10000,
        10000,
    ]
    entries: list[tuple[int, int, int, bytes]] = [
        (254, 4, 1, struct.pack("<I", 0)),
        (256, 4, 1, struct.pack("<I", width)),
        (257, 4, 1, struct.pack("<I", height)),
        (258, 3, 1, struct.pack("<H", 16)),
        (259, 3, 1, struct.pack("<H", 1)),
        (262, 3, 1, struct.pack("<H", 32803)),
        (271, 2, 5, b"Test\0"),
        (272, 2, 8, b"Sensor1\0"),
        (273, 4, 1, b"DATA"),
        (274, 3, 1, struct.pack("<H", 1)),
        (277, 3, 1, struct.pack("<H", 1)),
        (278, 4, 1, struct.pack("<I", height)),
        (279, 4, 1, struct.pack("<I", len(pixels))),
        (284, 3, 1, struct.pack("<H", 1)),
        (306, 2, 20, b"2024:05:06 07:08:09\0"),
        (33421, 3, 2, struct.pack("<HH", 2, 2)),
        (33422, 1, 4, bytes([0, 1, 1, 2])),
        (50706, 1, 4, bytes([1, 4, 0, 0])),
        (50707, 1, 4, bytes([1, 1, 0, 0])),
        (50708, 2, 13, b"Test Sensor1\0"),
        (50714, 3, 1, struct.pack("<H", 200)),
        (50717, 4, 1, struct.pack("<I", 16383)),
        (50721, 10, 9, struct.pack("<18i", *matrix)),
        (50728, 5, 3, struct.pack("<6I", 1, 1, 1, 1, 1, 1)),
        (50778, 3, 1, struct.pack("<H", 21)),
    ]
    head, extra = 8 + 2 + 12 * len(entries) + 4, b""
    table = struct.pack("<H", len(entries))
    data_at = head + sum(len(v) + len(v) % 2 for _t, _k, _n, v in entries if len(v) > 4)
    for tag, kind, count, value in entries:
        value = struct.pack("<I", data_at) if value == b"DATA" else value
        if len(value) <= 4:
            table += struct.pack("<HHI", tag, kind, count) + value.ljust(4, b"\0")
        else:
            table += struct.pack("<HHII", tag, kind, count, head + len(extra))
            extra += value + b"\0" * (len(value) % 2)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"II*\0" + struct.pack("<I", 8) + table + struct.pack("<I", 0) + extra + pixels)
    return path


@installed
def test_a_raw_file_is_developed_and_left_as_it_was(tmp_path: Path) -> None:
    path = write_dng(tmp_path / "p.dng")
    before = tree(tmp_path)
    found = open_any(picture_file(path), DecodeLimits(10**8, 10**8, 768))
    assert found.format == "RAW"
    assert abs(found.width_px - 320) <= 16
    assert abs(found.height_px - 240) <= 16
    left, right = found.rgb[:, :100].mean(axis=(0, 1)), found.rgb[:, -100:].mean(axis=(0, 1))
    assert left[0] > left[2] + 20
    assert right[2] > right[0] + 20
    assert tree(tmp_path) == before


@installed
@pytest.mark.long
def test_a_raw_file_goes_the_whole_way_with_its_jpeg(tmp_path: Path) -> None:
    folder = tmp_path / "library" / "one"
    write_dng(folder / "IMG_1.DNG")
    save_picture(folder / "IMG_1.JPG", 3)
    (folder / "IMG_2.DNG").write_bytes(b"II*\0 this is no raw file")
    settings = configuration(tmp_path / "library", tmp_path / "home")
    project = only_project(settings)
    before = tree(folder)
    assert run(settings, project).success
    rows = project.store.read(Photo)
    assert dict(zip(rows[Photo.file_name], rows[Photo.format], strict=True)) == {
        "IMG_1.DNG": "RAW",
        "IMG_1.JPG": "JPEG",
    }
    assert project.store.read(ImageQuality).height == project.store.read(Preview).height == 2
    assert set(project.store.read(PhotoGroup)[PhotoGroup.cause]) == {"RAW+JPEG"}
    (refused,) = project.store.query("SELECT path, kind, reason FROM quarantine").to_dicts()
    assert (refused["path"], refused["kind"]) == ("IMG_2.DNG", "unreadable")
    assert "darktable-cli" in refused["reason"]
    assert tree(folder) == before


def test_without_the_converter_raw_is_not_available_and_says_what_to_install(tmp_path: Path) -> None:
    write_dng(tmp_path / "one" / "p.dng")
    refused = scan(tmp_path / "one", tmp_path / "cache", Quiet(), raw=False).refused["p.dng"]
    assert isinstance(refused, Refused)
    assert "not available" in refused.reason
    assert "install darktable" in refused.next_step
