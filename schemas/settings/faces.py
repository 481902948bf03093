"""Settings of finding faces.

Holds `FaceSettings`.
Add here: a field about faces and eyes.
Keep out: objects (labels.py).
"""

from __future__ import annotations

from pydantic import Field

from schemas.settings.base import Settings


class FaceSettings(Settings):
    """Whether faces are found; this needs two packages (`proofsheet doctor` names them)."""

    model: str = Field(
        "centerface",
        pattern="^(centerface|none)$",
        description="centerface finds faces, if its package is installed; none looks for none.",
    )
    least: float = Field(0.65, ge=0.3, le=1, description="A face with a lower score is left out.")
    most: int = Field(40, ge=1, le=500, description="Faces of a photo, the largest first.")
