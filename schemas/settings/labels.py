"""Settings of what networks recognise in a photo: labels, scenes, objects, text, flags.

Holds `LabelSettings`, `SceneSettings`, `ObjectSettings`, `OcrSettings` and `FlagSettings`.
Add here: the section of another such network.
Keep out: faces (faces.py) and the words of language models (vision_model.py).
"""

from __future__ import annotations

from pydantic import Field

from schemas.settings.base import Settings


class LabelSettings(Settings):
    """Which labels a photo gets."""

    model: str = Field(
        "lite0", pattern="^(lite0|none)$", description="lite0 labels every photo; none labels nothing."
    )
    most: int = Field(5, ge=1, le=5, description="Labels a photo, highest score first.")
    least: float = Field(0.05, ge=0, le=1, description="A label with a lower score is left out.")


class SceneSettings(Settings):
    """How scenes are classified."""

    most: int = Field(3, ge=1, le=10, description="Labels a photo, most probable first.")
    least: float = Field(0.7, ge=0, le=1, description="Least score of a label of the network.")
    template: str = Field(
        "a photo of {}",
        pattern=r"\{\}",
        description=("Template for a label before it is compared, such as a photo of {}."),
    )


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


class OcrSettings(Settings):
    """Which photos are read by OCR; this needs the extra `ocr`."""

    read: str = Field(
        "none",
        pattern="^(none|picks|all)$",
        description="picks reads the chosen photos, all every photo; it takes about a second a photo.",
    )
    least: float = Field(0.8, ge=0.3, le=1, description="A line with a lower score is left out.")


class FlagSettings(Settings):
    """Which photos are flagged for you to look at; this needs the extra `flags`."""

    model: str = Field(
        "none", pattern="^(none|open_nsfw)$", description="open_nsfw scores every photo; none scores nothing."
    )
    least: float = Field(0.2, gt=0, le=1, description="A photo with this score or a higher one is flagged.")
