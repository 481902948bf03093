"""Settings of publishing.

Holds `PublishSettings`, and `KEPT`, the metadata that copies keep by default.
Add here: a field about targets, or about what leaves with a picture.
Keep out: how targets are reached (proofsheet/publish/targets/).
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field, SecretStr

from schemas.settings.base import KNOB, Settings

Kept = Literal["copyright", "creator", "date", "camera", "lens", "gps", "serial", "owner", "prompt"]


KEPT: tuple[Kept, ...] = ("copyright", "creator", "date", "camera", "lens")


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
