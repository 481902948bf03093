"""Settings of the vectors.

Holds `EncoderSettings`.
Add here: a field about encoders or the machine that they run on.
Keep out: labels (labels.py), and when vectors count as alike (groups.py).
"""

from __future__ import annotations

from pydantic import Field

from schemas.settings.base import KNOB, Settings


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
