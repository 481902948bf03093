"""Settings of the wanted mix of photos.

Holds `InventorySettings`.
Add here: the wanted shares of another dimension.
Keep out: what the dimensions are (proofsheet/library/inventory.py).
"""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from schemas.settings.base import Settings

_ROUNDING = 1e-6


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
