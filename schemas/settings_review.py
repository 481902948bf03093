"""Settings of the review and of what follows from it.

Holds one frozen class a part.
Add here: a field with a description.
Keep out: the settings of other areas (settings.py, settings_words.py, settings_learning.py).
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, SecretStr

from schemas.settings import KNOB, Settings

Kept = Literal["copyright", "creator", "date", "camera", "lens", "gps", "serial", "owner", "prompt"]
KEPT: tuple[Kept, ...] = ("copyright", "creator", "date", "camera", "lens")


class ReviewSettings(Settings):
    """How sets are shown in the review."""

    batch: int = Field(
        50, ge=20, le=100, description="Sets in a batch of the review.", json_schema_extra=KNOB
    )
    auto_advance: bool = Field(
        True, description="After a decision the next set is shown at once.", json_schema_extra=KNOB
    )
    audit_share: float = Field(
        0.08,
        ge=0.05,
        le=0.10,
        description=(
            "Share of the sets that are shown without the proposal, so that agreement is measured "
            "without its influence."
        ),
    )
    baseline_s: float = Field(
        20.0,
        gt=0,
        description=(
            "Seconds for one set by hand, before Proofsheet; saved time is measured against this value only."
        ),
    )


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


class PublishSettings(Settings):
    """Where approved pictures with their texts are published, and which metadata they may have."""

    target: str = Field(
        "",
        description=(
            "folder:PATH, sftp://USER@HOST/FOLDER, ftp://USER@HOST/FOLDER, https://HOST/PATH or a "
            "database (sqlite:////PATH, postgresql+psycopg://USER@HOST/NAME); empty publishes nothing."
        ),
        json_schema_extra=KNOB,
    )
    password: SecretStr = Field(
        SecretStr(""),
        description=(
            "Password for the server of target; better set as PROOFSHEET_PUBLISH_PASSWORD than in a file."
        ),
        json_schema_extra=KNOB,
    )
    keep: list[Kept] = Field(
        default_factory=lambda: list(KEPT),
        description=(
            "Fields of the original that published copies keep: copyright, creator, date, camera, lens, "
            "gps, serial, owner, prompt; nothing else of its metadata is copied."
        ),
        json_schema_extra=KNOB,
    )
