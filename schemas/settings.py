"""Settings: one frozen class a section, every field with its meaning.

Holds the classes that `proofsheet.toml`, the environment and the Launchpad fill.
Add here: a field with a description, or a class for a new section.
Keep out: reading of files (proofsheet/core/config.py). A field marked `KNOB` changes no rows, so a
change of it leaves all tables fresh.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.config import JsonDict

KNOB: JsonDict = {"knob": True}
_ROUNDING = 1e-6


class Settings(BaseModel):
    """Base of all settings: frozen, unknown fields refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class PlaceSettings(Settings):
    """Where pictures are read and results are saved."""

    library: str = Field(description="Folder that holds the project folders. It is only read.")
    home: str = Field(description="Folder for store, ledger, cache, exports and the Dagster instance.")


class PhotoSettings(Settings):
    """How picture files are opened and measured."""

    max_pixels: int = Field(250_000_000, ge=1, description="Pictures with more pixels than this are refused.")
    max_full_pixels: int = Field(
        100_000_000,
        ge=1,
        description="The same limit for formats that cannot be decoded at a smaller size (all but JPEG).",
    )
    analysis_side_px: int = Field(
        768, ge=64, le=4096, description="Longest side of the picture that is measured, in pixels."
    )
    preview_px: int = Field(
        1600,
        ge=0,
        le=8192,
        description="Longest side of the preview, in pixels; 0 makes no previews, and runs are faster.",
    )
    converter: str = Field(
        "auto",
        pattern="^(auto|darktable|pillow)$",
        description=(
            "darktable opens every file with darktable-cli, pillow none; auto uses darktable-cli for "
            "RAW files only."
        ),
    )
    workers: int = Field(
        2, ge=1, le=64, description="Processes that decode pictures.", json_schema_extra=KNOB
    )
    batch: int = Field(
        64,
        ge=1,
        description=(
            "Pictures in a chunk of the cache; a killed run repeats at most one chunk, or three if a "
            "model makes vectors."
        ),
        json_schema_extra=KNOB,
    )
    timeout_s: float = Field(
        60.0,
        gt=0,
        description="Time limit for decoding one file, in seconds.",
        json_schema_extra=KNOB,
    )


class PreviewSettings(Settings):
    """Small pictures for pages and models. The size of the larger one is in `[photos]`."""

    thumb_px: int = Field(256, ge=16, le=1024, description="Longest side of the thumbnail, in pixels.")
    quality: int = Field(82, ge=1, le=95, description="JPEG quality of both.")


class EncoderSettings(Settings):
    """Which encoder makes the vectors."""

    encoder: str = Field(
        "auto",
        pattern="^(auto|embedded|lite0|open_clip)$",
        description="auto, embedded, lite0 or open_clip; auto is open_clip if it has weights, else lite0.",
    )
    model: str = Field(
        "ViT-B-32", description="Name of an open_clip model, or path of its configuration (.json)."
    )
    weights: str = Field(
        "laion2b_s34b_b79k",
        description=(
            "Tag of pretrained weights (`proofsheet models pull`), or path of a .safetensors or .pt file."
        ),
    )
    device: str = Field(
        "auto",
        pattern="^(auto|cpu|cuda|mps)$",
        description="Where models run: auto, cpu, cuda or mps.",
        json_schema_extra=KNOB,
    )
    precision: str = Field(
        "auto",
        pattern="^(auto|float32|bfloat16)$",
        description="auto, float32 or bfloat16; auto is bfloat16 on processors that support it.",
    )
    batch: int = Field(
        32,
        ge=1,
        description=("Pictures in one forward pass; halved when memory runs out."),
        json_schema_extra=KNOB,
    )


class SceneSettings(Settings):
    """How scenes are classified."""

    most: int = Field(3, ge=1, le=10, description="Labels a photo, most probable first.")
    least: float = Field(0.7, ge=0, le=1, description="Least score of a label of the network.")
    template: str = Field(
        "a photo of {}",
        pattern=r"\{\}",
        description=("Template for a label before it is compared, such as a photo of {}."),
    )


class LabelSettings(Settings):
    """Which labels a photo gets."""

    model: str = Field(
        "lite0", pattern="^(lite0|none)$", description="lite0 labels every photo; none labels nothing."
    )
    most: int = Field(5, ge=1, le=5, description="Labels a photo, highest score first.")
    least: float = Field(0.05, ge=0, le=1, description="A label with a lower score is left out.")


class ObjectSettings(Settings):
    """Which detector finds objects."""

    weights: str = Field(
        "",
        description=(
            "Path of a detector: .onnx, .pb (a .pbtxt beside it is read too), or weights (.pt, .safetensors) "
            "of a torchvision model; none if empty."
        ),
    )
    architecture: str = Field(
        "fasterrcnn_mobilenet_v3_large_320_fpn",
        description="Name of the torchvision detection model that the weights belong to.",
    )
    labels: str = Field(
        "",
        description=(
            "Path of a text file with one label in each line, from class 0; those of COCO if empty."
        ),
    )
    min_score: float = Field(0.5, ge=0, le=1, description="Objects below this score are left out.")
    most: int = Field(20, ge=1, description="Objects for each photo, highest score first.")


class GroupSettings(Settings):
    """When pictures form a set."""

    similarity: float = Field(
        0.60,
        gt=0,
        le=1,
        description="Least likeness of any pair in a set by layout (cosine, a bit less per bit of hash).",
    )
    order: str = Field(
        "name",
        pattern="^(name|none)$",
        description=(
            "name compares neighbours in one folder; none compares all pictures of the project, for "
            "folders without order."
        ),
    )
    stage_similarity: float = Field(
        0.65,
        gt=0,
        le=1,
        description=(
            "Least similarity of every pair in a series of rising stages with time stamps; their "
            "order counts too."
        ),
    )
    window: int = Field(12, ge=1, description="With order, only this many neighbours by name are compared.")
    window_s: float = Field(
        300.0,
        gt=0,
        description=(
            "With order, pictures that are further apart in time are never one set; pictures without "
            "a time are compared with each other by `untimed_similarity`."
        ),
    )
    untimed_similarity: float = Field(
        0.90,
        gt=0,
        le=1,
        description=(
            "With order, least likeness of any pair in a set of pictures without a time, in one folder; "
            "nothing but likeness joins them."
        ),
    )
    max_size: int = Field(
        4,
        ge=2,
        le=64,
        description="Largest set of similar pictures; further ones form another set; the evidence says so.",
    )
    burst_gap_s: float = Field(
        3.0,
        ge=0,
        description="Photographs of one camera that follow each other within this time are a burst.",
    )
    max_burst: int = Field(
        60,
        ge=2,
        le=64,
        description=(
            "Largest set of a burst, or of pictures without a time. Not above `max_size`: that holds for "
            "them too."
        ),
    )
    max_series: int = Field(
        8, ge=2, le=64, description="Largest set of one stage series; longer ones are split in order."
    )


class DuplicateSettings(Settings):
    """When two pictures are the same picture."""

    most_bits: int = Field(
        8, ge=0, le=16, description="Most bits, of 64, in which a pair of near-duplicates may differ."
    )
    similarity: float = Field(0.90, gt=0, le=1, description="Least cosine of every pair of near-duplicates.")


class InventorySettings(Settings):
    """The wanted mix of photos: shares of each dimension, as `{ JPEG = 0.7, PNG = 0.3 }`."""

    formats: dict[str, float] = Field(
        default={"JPEG": 0.70, "HEIC": 0.15, "PNG": 0.10, "RAW": 0.03, "other": 0.02},
        description="Wanted shares of formats.",
    )
    resolutions: dict[str, float] = Field(
        default={"up to VGA": 0.2, "HD": 0.2, "Full HD": 0.2, "4K": 0.2, "above 4K": 0.2},
        description="Wanted shares of sizes.",
    )
    quality: dict[str, float] = Field(
        default={"excellent": 0.20, "good": 0.35, "average": 0.30, "poor": 0.15},
        description="Wanted shares of quality.",
    )
    lighting: dict[str, float] = Field(
        default={"natural": 0.50, "artificial": 0.30, "challenging": 0.20},
        description="Wanted shares of light.",
    )
    sources: dict[str, float] = Field(
        default={"smartphone": 0.60, "camera": 0.20, "other": 0.20}, description="Wanted shares of sources."
    )

    @model_validator(mode="after")
    def _shares_add_up(self) -> Self:
        for dimension, shares in self.targets().items():
            if any(not 0 <= s <= 1 for s in shares.values()) or abs(sum(shares.values()) - 1.0) > _ROUNDING:
                raise ValueError(
                    f"the wanted shares of {dimension} must be in 0..1 and add up to 1, not "
                    f"{sum(shares.values()):g}"
                )
        return self

    def targets(self) -> dict[str, dict[str, float]]:
        """Wanted shares by dimension of the inventory and kind."""
        return {
            "format": self.formats,
            "resolution": self.resolutions,
            "quality": self.quality,
            "lighting": self.lighting,
            "source": self.sources,
        }


class WatchSettings(Settings):
    """When a folder counts as complete, and scheduled runs."""

    quiet_s: float = Field(
        30.0,
        gt=0,
        description=("A folder is run after this many seconds without a change."),
        json_schema_extra=KNOB,
    )
    interval_s: int = Field(
        30, ge=1, description="Seconds between two scans of the library.", json_schema_extra=KNOB
    )
    rescan: str = Field(
        "0 3 * * *", description="When every project is run again (cron, UTC).", json_schema_extra=KNOB
    )
    clean_up: str = Field(
        "30 4 * * *", description="When old caches and logs are removed (cron, UTC).", json_schema_extra=KNOB
    )
    keep_days: int = Field(
        14,
        ge=1,
        description=("Days after which caches of former code and logs are removed."),
        json_schema_extra=KNOB,
    )


def settings_version(settings: Iterable[BaseModel]) -> str:
    """Hash of these settings; fields marked as knobs change no rows and do not count."""
    digest = hashlib.sha256()
    for one in settings:
        fields = type(one).model_fields
        counted = [n for n, f in sorted(fields.items()) if f.json_schema_extra != KNOB]
        digest.update(repr([(n, getattr(one, n)) for n in counted]).encode())
    return digest.hexdigest()[:12]
