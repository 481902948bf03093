"""Settings of converted files.

Holds `ConvertSettings`, `TargetName` and `ProfileRule`.
Add here: a field about converted files.
Keep out: what formats can hold (proofsheet/publish/conversion/formats.py).
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from schemas.settings.base import Settings

TargetName = Literal["jpeg", "png", "webp", "avif", "heic"]
ProfileRule = Literal["srgb", "keep"]


class ConvertSettings(Settings):
    """Whether runs convert the photos of a project into new files, and how."""

    to: Literal["", "jpeg", "png", "webp", "avif", "heic"] = Field(
        "", description="Format of the new files: jpeg, png, webp, avif or heic; empty converts nothing."
    )
    out: str = Field(
        "",
        description=(
            "Folder for the new files, outside the library, with one folder a project; empty is the folder "
            "conversions of the home."
        ),
    )
    quality: int = Field(0, ge=0, le=100, description="1 to 100; 0 is the default of the format.")
    side: int = Field(0, ge=0, le=65_535, description="Longest side in pixels; 0 leaves the size.")
    profile: ProfileRule = Field(
        "srgb", description="srgb converts colours to sRGB; keep leaves them and embeds their profile."
    )
    lossy: bool = Field(
        False,
        description=(
            "Whether depth above 8 bits, transparency, further frames and gain maps may be lost; "
            "otherwise such photos are refused."
        ),
    )
