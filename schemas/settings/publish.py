"""Settings of publishing.

Holds `PublishSettings`, `PROFILES` of the metadata that copies keep, and `KEPT`, the default one.
Add here: a field about targets, or about what leaves with a picture.
Keep out: how targets are reached (proofsheet/publish/targets/).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field, SecretStr, field_validator

from schemas.settings.base import KNOB, Settings

Kept = Literal["copyright", "creator", "date", "camera", "lens", "gps", "serial", "owner", "prompt"]


PrivacyProfile = Literal["people", "strict"]
PROFILES: Mapping[PrivacyProfile, tuple[Kept, ...]] = {
    "people": ("copyright", "creator", "date", "camera", "lens"),
    "strict": (),
}
KEPT = PROFILES["people"]


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
    copyright: str = Field(
        "",
        description=(
            "Copyright of copies if the original has none, such as © {year} NAME, with the year of the "
            "photo; empty adds none. Copies that keep no copyright get none."
        ),
        json_schema_extra=KNOB,
    )

    @field_validator("copyright")
    @classmethod
    def _only_the_year(cls, value: str) -> str:
        if "{" in value.replace("{year}", "") or "}" in value.replace("{year}", ""):
            raise ValueError("only {year} is filled in")
        return value
