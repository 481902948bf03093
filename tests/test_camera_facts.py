"""Facts of real camera files against two other readers: the texts that came with the files, and exiftool."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from proofsheet.files import Refused
from proofsheet.library.exif import exif_facts
from tests.kit import SHARED, opened

pytestmark = pytest.mark.skipif(not SHARED.is_dir(), reason=f"the real files of others are not at hand ({SHARED.name} is missing)")
WANTED = 0.95


def ours(path: Path) -> dict[str, Any] | None:
    try:
        picture = opened(path)
    except Refused:
        return None
    return {**exif_facts(picture), "width_px": picture.width_px, "height_px": picture.height_px}


def same(one: Any, two: Any) -> bool:
    if isinstance(one, float) or isinstance(two, float):
        return one is not None and abs(float(one) - float(two)) <= max(1e-4, 2e-3 * abs(float(two)))
    return bool(one == two)


def time_of(text: str) -> datetime | None:
    try:
        return datetime.strptime(text[:19], "%Y:%m:%d %H:%M:%S")
    except ValueError:
        return None


EXPECTED: dict[str, tuple[str, Callable[[str], Any]]] = {
    "make": ("Make", str),
    "model": ("Model", str),
    "taken_at": ("Date/Time Original", time_of),
    "exposure_s": ("Exposure Time", lambda t: eval_fraction(t.removesuffix(" sec"))),
    "focal_length_mm": ("Focal Length", lambda t: float(t.removesuffix(" mm"))),
    "iso": ("ISO Speed Ratings", int),
    "width_px": ("Image Width", lambda t: int(t.removesuffix(" pixels"))),
    "height_px": ("Image Height", lambda t: int(t.removesuffix(" pixels"))),
}


def eval_fraction(text: str) -> float:
    top, _, bottom = text.partition("/")
    return float(top) / float(bottom or 1)


def test_the_texts_that_came_with_the_files_say_the_same() -> None:
    right, misses, files = 0, list[str](), sorted((SHARED / "metadata_extractor" / "jpg_expected").glob("*.txt"))
    for text in files:
        found = ours(SHARED / "metadata_extractor" / "jpg" / text.stem)
        assert found is not None
        told: dict[str, str] = {}
        for line in text.read_text("utf-8", "replace").splitlines():
            if match := re.match(r"\[(JPEG|Exif IFD0|Exif SubIFD) - \w+\] ([^=]+?) = (.*)", line):
                told.setdefault(match[2], match[3])
        told.setdefault("Date/Time Original", told.get("Date/Time", ""))
        for column, (name, read) in EXPECTED.items():
            if told.get(name):
                equal = same(found[column], read(told[name].strip()))
                right += equal
                misses += [] if equal else [f"{text.stem}: {column} {found[column]!r}, expected {told[name]!r}"]
    assert len(files) >= 2
    assert right / (right + len(misses)) >= WANTED, misses


@pytest.mark.skipif(shutil.which("exiftool") is None, reason="exiftool is not installed (Debian: libimage-exiftool-perl)")
def test_exiftool_says_the_same_of_every_camera_file(figure: Callable[..., None]) -> None:
    places = [SHARED / "metadata_extractor", SHARED / "immich_public_domain"]
    files = [
        p for place in places for p in sorted(place.rglob("*")) if p.suffix.lower() in {".jpg", ".jpeg", ".heic", ".webp", ".avif"}
    ]
    names = ["Make", "Model", "DateTimeOriginal", "CreateDate", "ModifyDate", "ExposureTime", "FocalLength", "ISO", "Orientation"]
    tags = [f"-EXIF:{n}" for n in names] + [
        "-Composite:GPSLatitude",
        "-Composite:GPSLongitude",
        "-File:ImageWidth",
        "-File:ImageHeight",
    ]
    done = subprocess.run(["exiftool", "-j", "-n", "-q", *tags, *map(str, files)], capture_output=True, text=True, check=False)
    right, misses = 0, list[str]()
    for told in json.loads(done.stdout):
        found = ours(Path(told["SourceFile"]))
        if found is None:
            continue
        for column, value in wanted(told).items():
            equal = same(found[column], value)
            right += equal
            misses += [] if equal else [f"{Path(told['SourceFile']).name}: {column} {found[column]!r}, exiftool {value!r}"]
    share = right / (right + len(misses))
    figure("camera facts", fields=right + len(misses), equal_share=round(share, 4), misses="; ".join(misses))
    assert right > 400
    assert share >= WANTED, misses


def wanted(told: dict[str, Any]) -> dict[str, Any]:
    """What exiftool found, in our columns; what it does not know or what makes no sense is left out."""
    turned = told.get("Orientation") in {5, 6, 7, 8}
    times = [time_of(str(told[n])) for n in ("DateTimeOriginal", "CreateDate", "ModifyDate") if n in told]
    columns = {
        "make": str(told["Make"]).strip() or None if "Make" in told else None,
        "model": str(told["Model"]).strip() or None if "Model" in told else None,
        "taken_at": next((t for t in times if t), None),
        "exposure_s": told.get("ExposureTime"),
        "focal_length_mm": told.get("FocalLength"),
        "iso": told.get("ISO"),
        "latitude_deg": told.get("GPSLatitude"),
        "longitude_deg": told.get("GPSLongitude"),
        "orientation": told.get("Orientation") if told.get("Orientation") in range(1, 9) else None,
        "width_px": told.get("ImageHeight" if turned else "ImageWidth"),
        "height_px": told.get("ImageWidth" if turned else "ImageHeight"),
    }
    return {
        k: v
        for k, v in columns.items()
        if (v is not None and v != "undef" and not isinstance(v, str | dict)) or (k in {"make", "model"} and v)
    }
