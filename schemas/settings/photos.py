"""Settings of opening, measuring and showing pictures.

Holds `PhotoSettings` and `PreviewSettings`.
Add here: a field about decoding or previews.
Keep out: networks that look at pictures (encoder.py, labels.py, faces.py).
"""

from __future__ import annotations

from pydantic import Field

from schemas.settings.base import KNOB, Settings


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
