"""Thumbnails and previews: upright JPEGs without metadata, by content hash.

Holds `preview_measurement`.
Add here: another size.
Keep out: serving them.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from proofsheet.core.files import holds_something, short_hash, write_atomic
from proofsheet.imaging.decode import Picture
from proofsheet.imaging.measurement import Measurement, Work, measured_columns
from proofsheet.imaging.scaling import Pixels, fit
from proofsheet.storage.code_version import module_version
from schemas.settings.photos import PreviewSettings
from schemas.vision import Preview

_PLACE = "previews"


@dataclass(frozen=True)
class Sizes:
    """Longest sides in pixels, and the JPEG quality."""

    thumb_px: int
    preview_px: int
    quality: int


def preview_measurement(settings: PreviewSettings, preview_px: int, cache_folder: Path) -> Measurement:
    """Makes the files while the picture is open; lost files are made again.

    Args:
        settings: size of the thumbnail, quality.
        preview_px: longest side of the preview; 0 makes none.
        cache_folder: the project's cache; the files are in a sub-folder named by the version.
    """
    sizes = Sizes(settings.thumb_px, preview_px, settings.quality)
    version = short_hash(module_version(__name__), repr(sizes), length=12)
    measure = functools.partial(_make, sizes=sizes, cache_folder=cache_folder, version=version)
    kept = functools.partial(_still_there, cache_folder=cache_folder)
    return Measurement(Preview.name, measured_columns(Preview), version, lambda: Work(measure), kept)


def _make(picture: Picture, sizes: Sizes, cache_folder: Path, version: str) -> Mapping[str, object]:
    folder = f"{_PLACE}-{version}/{picture.content_hash[:2]}"
    large = picture.large
    thumb, preview = f"{folder}/{picture.content_hash}-thumb.jpg", None
    if sizes.preview_px:
        preview = f"{folder}/{picture.content_hash}-preview.jpg"
        large = fit(large, sizes.preview_px)
        write_atomic(cache_folder / preview, _jpeg(large, sizes.quality), durable=False)
    small = fit(picture.rgb, sizes.thumb_px)
    write_atomic(cache_folder / thumb, _jpeg(small, sizes.quality), durable=False)
    shown = large if preview else small
    return {
        Preview.thumb_path: thumb,
        Preview.preview_path: preview,
        Preview.preview_width_px: shown.shape[1],
        Preview.preview_height_px: shown.shape[0],
        Preview.made_by: version,
    }


def _jpeg(pixels: Pixels, quality: int) -> bytes:
    import cv2

    _done, encoded = cv2.imencode(
        ".jpg", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality]
    )
    return encoded.tobytes()


def _still_there(row: Mapping[str, object], cache_folder: Path) -> bool:
    files = [row[Preview.thumb_path], row[Preview.preview_path]]
    return all(holds_something(cache_folder / str(f)) for f in files if f is not None)
