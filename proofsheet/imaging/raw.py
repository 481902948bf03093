"""RAW files of cameras, by way of darktable-cli where it is installed.

Holds `open_any`, which opens RAW files and all others, `developed_jpeg` and `converter`.
Add here: another converter.
Keep out: everything about formats that Pillow reads (decode.py).

darktable-cli runs in a folder of its own with a database in memory, so that it neither waits for a running
darktable nor leaves a sidecar beside the original; the original is handed over as a copy-free link of its
path and is only read.
"""

from __future__ import annotations

import dataclasses
import functools
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from proofsheet.core.files import Fingerprint, Refused
from proofsheet.imaging.decode import DecodeLimits, Picture, PictureFile, open_picture, read_picture
from proofsheet.imaging.formats import RAW, RAW_EXTENSIONS
from proofsheet.imaging.metadata_blocks import read_raw_blocks

NEEDED = "install darktable (its darktable-cli reads RAW), or add a JPEG beside the file"
_TIMEOUT_S = 45.0
_QUALITY = 95


@functools.cache
def converter() -> str | None:
    """Path of darktable-cli, or None where it is not installed."""
    return shutil.which("darktable-cli")


def open_any(file: PictureFile, limits: DecodeLimits) -> Picture:
    """Open a picture; RAW files are developed first.

    Raises:
        Refused: see `open_picture`; RAW where no converter is installed, or where it fails.
    """
    raw = file.path.suffix.lower() in RAW_EXTENSIONS
    if not raw and limits.converter != "darktable":
        return open_picture(file, limits)
    program = _program(file, limits)
    with tempfile.TemporaryDirectory(prefix="proofsheet-raw-") as folder:
        developed = _develop(program, file.path, Path(folder), max(limits.side_px, limits.large_px))
        with developed.open("rb") as stream:
            picture = read_picture(stream, limits)
    width, height = _full_size(picture, file.path)
    kind = RAW if raw else picture.format
    return dataclasses.replace(
        picture,
        format=kind,
        width_px=width,
        height_px=height,
        content_hash=file.content_hash,
        blocks=read_raw_blocks(file.path) if raw else picture.blocks,  # darktable adds those of a sidecar
    )


def developed_jpeg(file: PictureFile, limits: DecodeLimits) -> bytes:
    """A JPEG of a RAW file in sRGB, upright, with its EXIF.

    Raises:
        Refused: where no converter is installed, or where it fails.
    """
    program = _program(file, limits)
    with tempfile.TemporaryDirectory(prefix="proofsheet-raw-") as folder:
        return _develop(program, file.path, Path(folder), limits.side_px).read_bytes()


def _program(file: PictureFile, limits: DecodeLimits) -> str:
    """Path of the converter, for a file that is as it was when it was hashed."""
    program = None if limits.converter == "pillow" else converter()
    if program is None:
        why = (
            "it is switched off by [photos] converter"
            if limits.converter == "pillow"
            else "darktable-cli was not found"
        )
        raise Refused("unsupported_format", f"RAW is not available: {why}", NEEDED)
    if file.path.is_symlink() or Fingerprint.of(file.path.lstat()) != file.fingerprint:
        raise Refused("vanished", "it changed after it was hashed", "run again when nothing writes to it")
    return program


def _develop(program: str, path: Path, folder: Path, side_px: int) -> Path:
    """A JPEG of the RAW file at most `side_px` on a side, upright, with its EXIF."""
    target = folder / "developed.jpg"
    size = ["--width", str(side_px), "--height", str(side_px), "--hq", "0"]
    own = [
        "--core",
        "--configdir",
        str(folder / "config"),
        "--cachedir",
        str(folder / "cache"),
        "--library",
        ":memory:",
    ]
    quality = f"plugins/imageio/format/jpeg/quality={_QUALITY}"
    values = (quality, "write_sidecar_files=never", "opencl=FALSE")
    command = [
        program,
        str(path.absolute()),
        str(target),
        *size,
        *own,
        *(w for v in values for w in ("--conf", v)),
    ]
    environment = {**os.environ, "HOME": str(folder), "OMP_NUM_THREADS": "1"}
    try:
        done = subprocess.run(  # noqa: S603
            command,
            capture_output=True,
            timeout=_TIMEOUT_S,
            check=False,
            env=environment,
            cwd=folder,
            text=True,
            errors="replace",
        )
    except subprocess.TimeoutExpired:
        raise Refused(
            "decoder_timeout", f"darktable-cli took more than {_TIMEOUT_S:g} s", "look at it in darktable"
        ) from None
    if done.returncode or not target.is_file():
        last = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()][-1:] or [
            "it gave no reason"
        ]
        raise Refused(
            "unreadable", f"darktable-cli could not develop it: {last[0][:200]}", "look at it in darktable"
        )
    return target


def _full_size(picture: Picture, path: Path) -> tuple[int, int]:
    """Upright size as the camera wrote it; that of the developed picture where the file does not say."""
    from PIL import ExifTags

    sub = picture.exif.get_ifd(ExifTags.IFD.Exif)
    width, height = sub.get(ExifTags.Base.ExifImageWidth), sub.get(ExifTags.Base.ExifImageHeight)
    if not (isinstance(width, int) and isinstance(height, int) and min(width, height) > 0):
        return picture.width_px, picture.height_px
    tall = picture.height_px > picture.width_px
    return (min(width, height), max(width, height)) if tall else (max(width, height), min(width, height))
