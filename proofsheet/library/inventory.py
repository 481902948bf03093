"""What kinds of photos there are, and what is missing for a wanted mix.

Holds `inventory_rows`, `gap_rows` and the rules that sort into kinds.
Add here: another dimension.
Keep out: measuring pictures.

Kinds follow from what was measured or written by a camera; where neither says, the kind is "unknown" and does
not count for gaps.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from typing import Any

import polars as pl

from proofsheet.storage.code_version import module_version
from schemas.groups import PhotoGroup
from schemas.library import ExifFact, GenerationFact, Photo
from schemas.metrics import DiversityGap, Inventory
from schemas.settings.inventory import InventorySettings
from schemas.table import Rows
from schemas.vision import ImageQuality

Row = Mapping[str, Any]
UNKNOWN = "unknown"
# fmt: off
_PHONES = (
    "apple", "asus", "blackberry", "fairphone", "google", "honor", "htc", "huawei", "lg electronics", "lge",
    "motorola", "nokia", "nothing", "oneplus", "oppo", "realme", "redmi", "samsung", "sony ericsson", "vivo",
    "xiaomi", "zte",
)
# fmt: on
_RESOLUTIONS = (
    (0.31e6, "up to VGA"),
    (0.93e6, "HD"),
    (2.1e6, "Full HD"),
    (8.4e6, "4K"),
    (math.inf, "above 4K"),
)
_DAYLIGHT_EV = 9.0  # EV 100 of a heavily overcast sky is 12, of a bright interior 7 to 8
_DIM_EV = 3.0


def facts_of(
    photos: Rows[Photo],
    image_quality: Rows[ImageQuality],
    exif_facts: Rows[ExifFact],
    generation_facts: Rows[GenerationFact],
    photo_groups: Rows[PhotoGroup],
) -> list[Row]:
    """Everything that the kinds follow from, one row a photo."""
    ids = [Photo.project, Photo.photo_id]
    whole = photos.join(image_quality, on=ids).join(exif_facts, on=ids)
    whole = whole.join(generation_facts, on=ids, how="left").join(photo_groups, on=ids, how="left")
    needed = [
        *(
            Photo.photo_id,
            Photo.format,
            ImageQuality.width_px,
            ImageQuality.height_px,
            ImageQuality.tile_sharpness,
        ),
        *(
            ImageQuality.noise,
            ImageQuality.clipped_highlights,
            ImageQuality.clipped_shadows,
            ImageQuality.brightness,
        ),
        *(
            ExifFact.make,
            ExifFact.model,
            ExifFact.taken_on,
            ExifFact.exposure_s,
            ExifFact.f_number,
            ExifFact.iso,
        ),
        *(GenerationFact.generated, PhotoGroup.cause),
    ]
    rows: list[Row] = list(whole.select(needed).to_dicts())
    return rows


def kinds(row: Row) -> dict[str, str]:
    """The kind of a photo in every dimension."""
    day = row[ExifFact.taken_on]
    return {
        "format": format_kind(row[Photo.format]),
        "resolution": next(
            name
            for most, name in _RESOLUTIONS
            if row[ImageQuality.width_px] * row[ImageQuality.height_px] <= most
        ),
        "quality": quality_verdict(quality_score(row)),
        "lighting": lighting_kind(row),
        "source": source_kind(row),
        "shape": _shape(row[ImageQuality.width_px] / row[ImageQuality.height_px]),
        "year": day[:4] if day else UNKNOWN,
        "camera": " ".join(str(v) for v in (row[ExifFact.make], row[ExifFact.model]) if v) or UNKNOWN,
        "cause of set": row[PhotoGroup.cause] or UNKNOWN,
    }


def format_kind(name: str) -> str:
    """JPEG, HEIC, PNG, RAW or other."""
    return {"JPEG": "JPEG", "MPO": "JPEG", "HEIF": "HEIC", "PNG": "PNG", "RAW": "RAW"}.get(name, "other")


def quality_score(row: Row) -> float:
    """0 to 1, higher is better: sharpness of the sharpest part, less noise and clipping.

    A score of the file, not of the picture: what is soft or dark on purpose scores low. The curves are rules
    of thumb.
    """
    sharp = _ramp(row[ImageQuality.tile_sharpness], 0.8, 3.0)
    noisy = _ramp(row[ImageQuality.noise], 0.01, 0.06)
    spoilt = _ramp(row[ImageQuality.clipped_highlights] + 0.5 * row[ImageQuality.clipped_shadows], 0.01, 0.25)
    return sharp * (1.0 - 0.6 * noisy) * (1.0 - 0.6 * spoilt)


def quality_verdict(score: float) -> str:
    """Excellent, good, average or poor."""
    if score >= 0.75:
        return "excellent"
    if score >= 0.5:
        return "good"
    if score >= 0.25:
        return "average"
    return "poor"


def lighting_kind(row: Row) -> str:
    """The class by light.

    Measurements give challenging, the camera's settings natural or artificial; otherwise it is unknown.
    """
    number, seconds, iso = row[ExifFact.f_number], row[ExifFact.exposure_s], row[ExifFact.iso]
    light = math.log2(number**2 / seconds) - math.log2(iso / 100) if number and seconds and iso else None
    clipped = row[ImageQuality.clipped_highlights] > 0.05 and row[ImageQuality.clipped_shadows] > 0.05
    if clipped or row[ImageQuality.brightness] < 0.12 or (light is not None and light < _DIM_EV):
        return "challenging"
    if light is None:
        return UNKNOWN
    if light >= _DAYLIGHT_EV:
        return "natural"
    return "artificial"


def source_kind(row: Row) -> str:
    """Smartphone or camera by the maker in the file; other for generated pictures; else unknown."""
    if row[GenerationFact.generated]:
        return "other"
    make = str(row[ExifFact.make] or "").lower()
    if not make:
        return UNKNOWN
    return "smartphone" if make.startswith(_PHONES) else "camera"


def inventory_rows(project: str, facts: list[Row]) -> pl.DataFrame:
    """The rows of `inventory`."""
    counts: Counter[tuple[str, str]] = Counter(pair for row in facts for pair in kinds(row).items())
    return Inventory.frame(
        {
            Inventory.project: project,
            Inventory.dimension: dimension,
            Inventory.bucket: bucket,
            Inventory.photos: count,
            Inventory.share: count / len(facts),
            Inventory.counted_by: module_version(__name__),
        }
        for (dimension, bucket), count in sorted(counts.items())
    )


def gap_rows(project: str, inventory: pl.DataFrame, settings: InventorySettings) -> pl.DataFrame:
    """The rows of `diversity_gaps`: each wanted kind beside what there is."""
    present = {
        (row[Inventory.dimension], row[Inventory.bucket]): row[Inventory.photos]
        for row in inventory.to_dicts()
    }
    rows = []
    for dimension, targets in settings.targets().items():
        known = sum(n for (d, bucket), n in present.items() if d == dimension and bucket != UNKNOWN)
        for bucket, target in targets.items():
            count = present.get((dimension, bucket), 0)
            share = count / known if known else 0.0
            rows.append(
                {
                    DiversityGap.project: project,
                    DiversityGap.dimension: dimension,
                    DiversityGap.bucket: bucket,
                    DiversityGap.photos: count,
                    DiversityGap.share: share,
                    DiversityGap.target: target,
                    DiversityGap.gap: target - share,
                    DiversityGap.missing: missing(count, known, target),
                }
            )
    return DiversityGap.frame(rows)


def missing(count: int, known: int, target: float) -> int:
    """Least n with (count + n) / (known + n) >= target."""
    if target >= 1.0:
        return 0 if count == known else known - count
    return max(0, math.ceil((target * known - count) / (1.0 - target) - 1e-9))


def _ramp(value: float, low: float, high: float) -> float:
    return min(max((value - low) / (high - low), 0.0), 1.0)


def _shape(ratio: float) -> str:
    if ratio >= 2:
        return "panoramic"
    if ratio > 1.05:
        return "landscape"
    if ratio >= 1 / 1.05:
        return "square"
    return "portrait"
