"""The digest of everything but metadata: it stays with other tags, and moves with anything else."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from PIL import Image

from proofsheet.imaging.decode import prepare_decoders
from proofsheet.imaging.picture_data import picture_data
from tests.support.embed_kit import CONTAINERS, picture
from tests.support.kit import pixels

pytestmark = pytest.mark.skipif(
    shutil.which("exiftool") is None, reason="Debian's libimage-exiftool-perl is not installed"
)


@pytest.mark.parametrize("kind", CONTAINERS)
def test_other_tags_keep_the_digest_and_other_bytes_do_not(tmp_path: Path, kind: str) -> None:
    path = picture(tmp_path / f"a.{kind}")
    before, other = picture_data(path.read_bytes()), picture(tmp_path / f"b.{kind}", 2, (64, 96))
    tags = ("-XMP-dc:Title=Other", "-IFD0:ImageDescription=Other", "-IPTC:Keywords=Other")
    subprocess.run(["exiftool", "-q", "-overwrite_original", *tags, str(path)], check=True)
    assert picture_data(path.read_bytes()) == before
    if kind != "dng":  # the kit has one of them
        assert picture_data(other.read_bytes()) != before


@pytest.mark.parametrize("kind", ["jpg", "png", "webp"])
def test_bytes_behind_the_picture_count(tmp_path: Path, kind: str) -> None:
    data = picture(tmp_path / f"a.{kind}").read_bytes()
    assert picture_data(data + b"a gain map") != picture_data(data)


def test_a_changed_byte_of_image_data_counts(tmp_path: Path) -> None:
    prepare_decoders()
    for kind in ("tif", "heic"):
        Image.fromarray(pixels(1, 300, 200)).save(tmp_path / f"a.{kind}")  # without metadata
        data = bytearray((tmp_path / f"a.{kind}").read_bytes())
        before = picture_data(bytes(data))
        changed = []
        for place in range(200, len(data), 97):
            data[place] ^= 1
            try:
                changed.append(picture_data(bytes(data)) != before)
            except ValueError:
                changed.append(True)
            data[place] ^= 1
        assert sum(changed) > len(changed) // 2, kind


@pytest.mark.parametrize("kind", CONTAINERS)
def test_damage_is_told_in_words_and_nothing_else_is_raised(tmp_path: Path, kind: str) -> None:
    data = picture(tmp_path / f"a.{kind}").read_bytes()
    reasons = list[str]()
    for length in range(0, len(data), max(1, len(data) // 60)):
        try:
            picture_data(data[:length])
        except ValueError as error:
            reasons.append(str(error))
    assert reasons
    assert all(reason.startswith("it ") for reason in reasons)
