"""The base of all settings, and their version.

Holds `Settings`, `KNOB`, `Names` and `settings_version`.
Add here: what several sections need.
Keep out: the sections; each is in the file of its subject.
A field marked `KNOB` changes no rows, so a change of it leaves all tables fresh.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict
from pydantic.config import JsonDict

KNOB: JsonDict = {"knob": True}


class Settings(BaseModel):
    """Base of all settings: frozen, unknown fields refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _split(value: Any) -> Any:  # noqa: ANN401 - whatever the file or the environment holds
    """`a, b` of an environment variable as a list."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


Names = Annotated[list[str], BeforeValidator(_split)]


def settings_version(settings: Iterable[BaseModel]) -> str:
    """Hash of these settings; fields marked as knobs change no rows and do not count."""
    digest = hashlib.sha256()
    for one in settings:
        fields = type(one).model_fields
        counted = [n for n, f in sorted(fields.items()) if f.json_schema_extra != KNOB]
        digest.update(repr([(n, getattr(one, n)) for n in counted]).encode())
    return digest.hexdigest()[:12]
