"""Settings of apply and undo.

Holds `ApplySettings`.
Add here: a field about file operations.
Keep out: copies for others (publish.py).
"""

from __future__ import annotations

from pydantic import Field

from schemas.settings.base import KNOB, Settings


class ApplySettings(Settings):
    """Which file operations are allowed."""

    mode: str = Field(
        "sandbox",
        pattern="^(sandbox|pilot|production)$",
        description=(
            "sandbox moves only files of sandboxes; pilot and production need `proofsheet apply "
            "--sign-off NAME`."
        ),
        json_schema_extra=KNOB,
    )
    pilot_sets: int = Field(
        100, ge=1, description="Most sets of a project that pilot mode applies.", json_schema_extra=KNOB
    )
    wait_s: float = Field(
        600.0,
        ge=0,
        description="Seconds that apply and undo wait for a run of the project to end; 0 does not wait.",
        json_schema_extra=KNOB,
    )
    crop_quality: int = Field(
        95, ge=50, le=100, description="JPEG and WebP quality of crops.", json_schema_extra=KNOB
    )
