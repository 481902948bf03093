"""Settings of proposed crops.

Holds `CropSettings`.
Add here: a field about the crop proposer or its training.
Keep out: the quality of the files that apply writes (apply.py).
"""

from __future__ import annotations

from pydantic import Field

from schemas.settings.base import Settings


class CropSettings(Settings):
    """Whether and where a crop is proposed."""

    use: str = Field(
        "auto", pattern="^(auto|none)$", description="auto takes the active model; none proposes no crops."
    )
    aspect: str = Field(
        "keep",
        pattern="^(keep|free)$",
        description="keep proposes boxes of the picture's own aspect; free also 1:1, 4:5, 3:2 and 16:9.",
    )
    crop_at: float = Field(
        0.0,
        ge=0,
        le=1,
        description="Least probability at which a crop is proposed; 0 takes the value found in training.",
    )
    least_examples: int = Field(50, ge=10, description="Least number of cropped pictures for training.")
    epochs: int = Field(
        20,
        ge=1,
        le=1000,
        description="Epochs over the cropped pictures and their mirror images; source 001 takes 50 to 100.",
    )
    loss: str = Field(
        "giou",
        pattern="^(giou|iou|mse|smooth_l1)$",
        description=(
            "Loss between proposed and drawn boxes: overlap (giou, iou) or distance of sides (mse, "
            "smooth_l1)."
        ),
    )
    split: float = Field(
        0.85,
        ge=0.5,
        le=0.95,
        description=(
            "Share of the pictures for training; models are compared on the rest, which is never trained on."
        ),
    )
