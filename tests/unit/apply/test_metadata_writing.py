"""Metadata in copies: image data and foreign tags stay, on real camera files and every container."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from proofsheet.apply.metadata_writing import fields_for_merge, with_metadata
from proofsheet.core.errors import UsageError
from proofsheet.imaging.picture_data import picture_data
from proofsheet.publish.embed_values import embed_values
from proofsheet.publish.sidecar_merge import MergeSources
from tests.support.embed_kit import CONTAINERS, FIELDS, KINDS, picture
from tests.support.kit import SHARED

pytestmark = pytest.mark.skipif(
    shutil.which("exiftool") is None, reason="Debian's libimage-exiftool-perl is not installed"
)
LEAST, FOLDERS = 60, {"metadata_extractor", "immich_public_domain"}


def values_for(path: Path, kind: str) -> dict[str, Any]:
    return embed_values(fields_for_merge([path])[0], FIELDS, MergeSources(), kind).values


def tags(path: Path) -> dict[str, Any]:
    """Tags of cameras and others, by exiftool's command line."""
    command = ["exiftool", "-json", "-G1", "-a", "-u", "-MakerNotes:all", "-ExifIFD:all", "-GPS:all"]
    command += ["-IFD0:Make", "-IFD0:Orientation", "-IFD0:Software", "-ICC_Profile:all", "-IFD1:all"]
    command += ["--*Offset*", "--PreviewImageStart", "--JpgFromRawStart", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    found = json.loads(done.stdout)[0]
    return {n: v for n, v in found.items() if n != "SourceFile" and n not in ADDED}


ADDED = {"ExifIFD:ExifVersion", "ExifIFD:ComponentsConfiguration", "ExifIFD:FlashpixVersion"} | {
    "ExifIFD:ColorSpace"
}


def shown(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image)


@pytest.mark.parametrize("kind", CONTAINERS)
def test_texts_go_into_every_container_and_nothing_else_differs(tmp_path: Path, kind: str) -> None:
    path = picture(tmp_path / f"a.{kind}")
    subprocess.run(["exiftool", "-q", "-overwrite_original", "-XMP-dc:Title-de=Möwe", str(path)], check=True)
    before = path.read_bytes()
    made = with_metadata(path, values_for(path, KINDS[kind]), tmp_path)
    assert path.read_bytes() == before
    assert np.array_equal(shown(path), shown(made))
    assert tags(path) == tags(made)
    command = ["exiftool", "-json", "-G1", "-struct", "-charset", "utf8", str(made)]
    done = subprocess.run(command, capture_output=True, check=True)
    found = json.loads(done.stdout)[0]
    assert found["XMP-dc:Title"] == FIELDS.title
    assert found["XMP-dc:Title-de"] == "Möwe"
    assert found["XMP-dc:Description"] == FIELDS.description
    assert found["IFD0:ImageDescription"] == FIELDS.description
    assert found["XMP-dc:Subject"] == list(FIELDS.keywords)
    assert found["XMP-xmp:Rating"] == found["IFD0:Rating"] == 4
    assert found["XMP-crs:Exposure2012"] == "+0.50"
    if kind not in ("webp", "heic"):
        assert found["IPTC:ObjectName"] == FIELDS.title
        assert found["IPTC:Caption-Abstract"] == FIELDS.description
        assert found["IPTC:Keywords"] == list(FIELDS.keywords)


@pytest.mark.long
@pytest.mark.skipif(not SHARED.is_dir(), reason="needs the shared files")
def test_of_real_files_image_data_and_foreign_tags_stay(tmp_path: Path, figure: Callable[..., None]) -> None:
    """Each of 60 files and more; a file that exiftool would change otherwise is refused with its reason."""
    suffixes = {".jpg": "JPEG", ".jpeg": "JPEG", ".tif": "TIFF", ".tiff": "TIFF", ".png": "PNG"}
    suffixes |= {".webp": "WEBP", ".mpo": "JPEG", ".heic": "HEIF", ".avif": "HEIF"}
    written, refused = 0, list[str]()
    for number, path in enumerate(sorted(SHARED.rglob("*"))):
        if path.suffix.lower() not in suffixes or not FOLDERS & {*path.parts}:
            continue
        own = tmp_path / f"{number}{path.suffix}"
        shutil.copyfile(path, own)
        try:
            (tmp_path / str(number)).mkdir()
            made = with_metadata(own, values_for(own, suffixes[path.suffix.lower()]), tmp_path / str(number))
        except UsageError as error:
            assert own.read_bytes() == path.read_bytes()
            refused.append(f"{path.name}: {error}")
            continue
        written += 1
        assert picture_data(own.read_bytes()) == picture_data(made.read_bytes()), path
        assert np.array_equal(shown(own), shown(made)), path
        assert tags(own) == tags(made), path

    figure("texts in camera files", files=written, refused=len(refused))
    assert written >= LEAST, refused


def test_a_file_that_is_no_picture_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(b"no picture")
    with pytest.raises(UsageError, match="is no DNG, JPEG"):
        with_metadata(path, {"XMP-dc:Title": "x"}, tmp_path)


def test_a_damaged_file_is_refused_with_the_reason(tmp_path: Path) -> None:
    path = picture(tmp_path / "a.png")
    path.write_bytes(path.read_bytes()[:-40])
    (tmp_path / "work").mkdir()
    with pytest.raises(UsageError, match=r"a\.png.*not touched"):
        with_metadata(path, {"XMP-dc:Title": "x"}, tmp_path / "work")


def test_what_exiftool_would_change_beside_texts_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from proofsheet.apply import metadata_writing

    path = picture(tmp_path / "a.jpg")
    (tmp_path / "work").mkdir()
    write = metadata_writing.write_values
    for more, what in (({"IFD0:Artist": "other"}, "IFD0:Artist"), ({"IFD0:Orientation#": 3}, "Orientation")):
        monkeypatch.setattr(metadata_writing, "write_values", lambda f, v, m=more: write(f, {**v, **m}))
        with pytest.raises(UsageError, match=f"would change .*{what}"):
            with_metadata(path, {"XMP-dc:Title": "x"}, tmp_path / "work")


def test_values_that_do_not_read_back_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from proofsheet.apply import metadata_writing

    path, write = picture(tmp_path / "a.jpg"), metadata_writing.write_values
    (tmp_path / "work").mkdir()
    other = {"XMP-dc:Title-x-default": "other"}
    monkeypatch.setattr(metadata_writing, "write_values", lambda f, _v: write(f, other))
    with pytest.raises(UsageError, match=r"XMP-dc:Title .*did not read back"):
        with_metadata(path, {"XMP-dc:Title": "x"}, tmp_path / "work")


def test_a_file_over_which_exiftool_dies_is_refused_and_not_touched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = picture(tmp_path / "a.jpg")
    before = path.read_bytes()
    fake = tmp_path / "bin" / "exiftool"
    fake.parent.mkdir()
    fake.write_text(f"#!{sys.executable}\nimport sys\nsys.stdin.readline()\nsys.exit(3)")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", str(fake.parent))
    with pytest.raises(UsageError, match=r"a\.jpg cannot be written: exiftool ended over .*not touched"):
        with_metadata(path, {"XMP-dc:Title": "x"}, tmp_path)
    assert path.read_bytes() == before
