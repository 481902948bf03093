"""Settings of the optional models that read photos, each an extra of the package.

Holds one frozen class a section.
Add here: the section of another optional model.
Keep out: encoder, labels and objects (settings.py).
"""

from __future__ import annotations

from pydantic import Field

from schemas.settings import Settings


class FaceSettings(Settings):
    """Whether faces are found; this needs the extra `faces`."""

    model: str = Field(
        "centerface",
        pattern="^(centerface|none)$",
        description="centerface finds faces, if its package is installed; none looks for none.",
    )
    least: float = Field(0.65, ge=0.3, le=1, description="A face with a lower score is left out.")
    most: int = Field(40, ge=1, le=500, description="Faces of a photo, the largest first.")
