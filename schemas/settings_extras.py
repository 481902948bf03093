"""Settings of the optional models that read photos, each an extra of the package.

Holds one frozen class a section.
Add here: the section of another optional model.
Keep out: encoder, labels and objects (settings.py).
"""

from __future__ import annotations

from pydantic import Field

from schemas.settings import Settings


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


class FaceSettings(Settings):
    """Whether faces are found; this needs two packages (`proofsheet doctor` names them)."""

    model: str = Field(
        "centerface",
        pattern="^(centerface|none)$",
        description="centerface finds faces, if its package is installed; none looks for none.",
    )
    least: float = Field(0.65, ge=0.3, le=1, description="A face with a lower score is left out.")
    most: int = Field(40, ge=1, le=500, description="Faces of a photo, the largest first.")
