"""Facts of real camera files against two other readers: the texts that came with the files, and exiftool."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from proofsheet.core.files import Refused
from proofsheet.imaging.formats import EXTENSIONS
from proofsheet.metadata.exif import exif_facts
from tests.support.kit import SHARED, opened

pytestmark = pytest.mark.skipif(
    not SHARED.is_dir(), reason=f"the real files of others are not at hand ({SHARED.name} is missing)"
)
WANTED = 0.99


def ours(path: Path) -> dict[str, Any] | None:
    try:
        picture = opened(path, side=96)
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
    right, misses, files = (
        0,
        list[str](),
        sorted((SHARED / "metadata_extractor" / "jpg_expected").glob("*.txt")),
    )
    for text in files:
        found = ours(SHARED / "metadata_extractor" / "jpg" / text.stem)
        assert found is not None
        told: dict[str, str] = {}
        for line in text.read_text("utf-8", "replace").splitlines():
            if match := re.match(r"\[(JPEG|Exif IFD0|Exif SubIFD) - \w+\] ([^=]+?) = (.*)", line):
                told.setdefault(match[2], match[3])
        for column, (name, read) in EXPECTED.items():
            if told.get(name):
                equal = same(found[column], read(told[name].strip()))
                right += equal
                misses += (
                    [] if equal else [f"{text.stem}: {column} {found[column]!r}, expected {told[name]!r}"]
                )
    assert len(files) >= 2
    assert right / (right + len(misses)) >= WANTED, misses


# For each column the tags of exiftool that say the same, the one that counts first.
TAGS = {
    "make": ("IFD0:Make", "XMP-tiff:Make"),
    "model": ("IFD0:Model", "XMP-tiff:Model"),
    "lens": ("ExifIFD:LensModel", "XMP-exifEX:LensModel", "XMP-aux:Lens"),
    "taken_at": (
        *(
            "ExifIFD:DateTimeOriginal",
            "XMP-exif:DateTimeOriginal",
            "XMP-photoshop:DateCreated",
            "ExifIFD:CreateDate",
        ),
        *("XMP-exif:DateTimeDigitized", "XMP-xmp:CreateDate", "PNG:CreationTime", "IFD0:ModifyDate"),
    ),
    "taken_subsec_us": ("ExifIFD:SubSecTimeOriginal",),
    "taken_offset_min": ("ExifIFD:OffsetTimeOriginal",),
    "exposure_s": ("ExifIFD:ExposureTime", "XMP-exif:ExposureTime"),
    "f_number": ("ExifIFD:FNumber", "XMP-exif:FNumber"),
    "iso": ("ExifIFD:ISO", "ExifIFD:RecommendedExposureIndex", "XMP-exif:ISO"),
    "focal_length_mm": ("ExifIFD:FocalLength", "XMP-exif:FocalLength"),
    "latitude_deg": ("Composite:GPSLatitude", "XMP-exif:GPSLatitude"),
    "longitude_deg": ("Composite:GPSLongitude", "XMP-exif:GPSLongitude"),
    "altitude_m": ("Composite:GPSAltitude",),
    "orientation": ("IFD0:Orientation",),
    "width_px": ("File:ImageWidth",),
    "height_px": ("File:ImageHeight",),
}
ELSEWHERE = (
    "Composite:ISO",
    "Kodak:ISO",
    "Nikon:ISO",
    "Canon:ISO",
    "Olympus:ISO",
    "Casio:ISO",
    "Panasonic:ISO",
)


@pytest.mark.skipif(
    shutil.which("exiftool") is None, reason="exiftool is not installed (Debian: libimage-exiftool-perl)"
)
def test_exiftool_says_the_same_of_every_file(figure: Callable[..., None]) -> None:
    files = [p for p in sorted(SHARED.rglob("*")) if p.suffix.lower() in EXTENSIONS]
    wanted = [f"-{tag}" for tags in (*TAGS.values(), ELSEWHERE) for tag in tags]
    command = ["exiftool", "-j", "-n", "-q", "-a", "-G1", *wanted, *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    counts, misses = Counter[str](), list[str]()
    for told in json.loads(done.stdout):
        found = ours(Path(told["SourceFile"]))
        for column in TAGS if found else ():
            verdict = compared(column, told, found or {})
            counts[verdict] += 1
            misses += (
                [f"{Path(told['SourceFile']).name}: {column} {(found or {})[column]!r}"]
                if verdict == "differs"
                else []
            )
    share = counts["equal"] / (counts["equal"] + counts["differs"])
    del counts["not written"]
    figure(
        "camera facts",
        **{k.replace(" ", "_"): n for k, n in sorted(counts.items())},
        share=round(share, 4),
        misses="; ".join(misses),
    )
    assert counts["equal"] > 1_100
    assert share >= WANTED, misses


def compared(column: str, told: dict[str, Any], found: dict[str, Any]) -> str:
    """equal, differs, or the reason why there is nothing to compare."""
    if column in {"width_px", "height_px"} and told.get("IFD0:Orientation") in {5, 6, 7, 8}:
        return "sides swapped upright"
    values = [v for tag in TAGS[column] if (v := told.get(tag)) is not None]
    meant = [v for raw in values if (v := meaning(column, raw)) is not None]
    if column == "orientation" and found[column] is None and meant and told["SourceFile"].endswith(".tif"):
        return "turned by the decoder of TIFF"
    if meant:
        return "equal" if same(found[column], meant[0]) else "differs"
    if found[column] is not None and values:
        return "differs"
    if column == "iso" and any(tag in told for tag in ELSEWHERE):
        return "only in the notes of the maker"
    return "means nothing" if values else "not written"


def meaning(column: str, raw: Any) -> Any:
    """What a value of exiftool stands for in our column; None if it stands for nothing."""
    text = str(raw).strip()
    if column in {"make", "model", "lens"}:
        return text or None
    if column == "taken_at":
        return time_of(text) or time_of(f"{text[:16]}:00")
    if column == "taken_subsec_us":
        return int(text[:6].ljust(6, "0")) if text.isdigit() else None
    if column == "taken_offset_min":
        match = re.fullmatch(r"([+-])(\d\d):(\d\d)", text)
        return (int(match[2]) * 60 + int(match[3])) * (-1 if match[1] == "-" else 1) if match else None
    if not isinstance(raw, int | float) or abs(raw) >= 0xFFFFFFFF:
        return None
    if column in {"iso", "orientation", "latitude_deg", "longitude_deg", "altitude_m"} and raw == 0:
        return None
    return raw
