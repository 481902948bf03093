"""Settings from `proofsheet.toml` and the environment.

Holds `Configuration`, `SECTIONS`, `load` and `write_new`.
Add here: where settings come from.
Keep out: the settings themselves (schemas/settings.py).
Order: environment (`PROOFSHEET_LIBRARY`, `PROOFSHEET_PHOTOS_WORKERS`, …), then the file, then the default.
"""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from proofsheet.core.errors import UsageError
from proofsheet.core.files import write_atomic
from schemas.settings import (
    DuplicateSettings,
    EncoderSettings,
    GroupSettings,
    InventorySettings,
    LabelSettings,
    ObjectSettings,
    PhotoSettings,
    PlaceSettings,
    PreviewSettings,
    SceneSettings,
    WatchSettings,
)
from schemas.settings_extras import FaceSettings, FlagSettings, OcrSettings
from schemas.settings_learning import CropSettings, HistorySettings, RankerSettings
from schemas.settings_review import ApplySettings, PublishSettings, ReviewSettings
from schemas.settings_words import (
    CaptionSettings,
    GateSettings,
    RatingSettings,
    VisionModelSettings,
    VocabularySettings,
)

FILE = "proofsheet.toml"
_FORMER = (("groups", "clip_similarity"),)  # settings of earlier versions: a file that still has them is read
_PREFIX = "PROOFSHEET_"


class Configuration(BaseModel):
    """Everything that can be set."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    place: PlaceSettings
    photos: PhotoSettings = Field(default_factory=PhotoSettings)
    previews: PreviewSettings = Field(default_factory=PreviewSettings)
    encoder: EncoderSettings = Field(default_factory=EncoderSettings)
    labels: LabelSettings = Field(default_factory=LabelSettings)
    scenes: SceneSettings = Field(default_factory=SceneSettings)
    objects: ObjectSettings = Field(default_factory=ObjectSettings)
    ocr: OcrSettings = Field(default_factory=OcrSettings)
    flags: FlagSettings = Field(default_factory=FlagSettings)
    faces: FaceSettings = Field(default_factory=FaceSettings)
    groups: GroupSettings = Field(default_factory=GroupSettings)
    duplicates: DuplicateSettings = Field(default_factory=DuplicateSettings)
    inventory: InventorySettings = Field(default_factory=InventorySettings)
    watch: WatchSettings = Field(default_factory=WatchSettings)
    model: VisionModelSettings = Field(default_factory=VisionModelSettings)
    captions: CaptionSettings = Field(default_factory=CaptionSettings)
    gate: GateSettings = Field(default_factory=GateSettings)
    vocabulary: VocabularySettings = Field(default_factory=VocabularySettings)
    rating: RatingSettings = Field(default_factory=RatingSettings)
    history: HistorySettings = Field(default_factory=HistorySettings)
    ranker: RankerSettings = Field(default_factory=RankerSettings)
    crops: CropSettings = Field(default_factory=CropSettings)
    review: ReviewSettings = Field(default_factory=ReviewSettings)
    apply: ApplySettings = Field(default_factory=ApplySettings)
    publish: PublishSettings = Field(default_factory=PublishSettings)

    def changed(self, section: str, **values: object) -> Configuration:
        """The same with other values in a section."""
        return self.model_copy(update={section: getattr(self, section).model_copy(update=values)})


SECTIONS: Mapping[type[Any], str] = {  # class of settings to its section
    kind: name
    for name, field in Configuration.model_fields.items()
    if isinstance(kind := field.annotation, type)
}


def find(start: Path) -> Path | None:
    """The `proofsheet.toml` of this folder or the nearest one above it."""
    for folder in (start, *start.parents):
        if (folder / FILE).is_file():
            return folder / FILE
    return None


def load(
    start: Path | None = None,
    environment: Mapping[str, str] | None = None,
    place: Mapping[str, str] | None = None,
) -> Configuration:
    """The current settings.

    Args:
        start: folder from which the file is looked for, upwards; the current one by default.
        environment: variables; those of the process by default.
        place: `library` and `home` where neither file nor environment names them.

    Raises:
        UsageError: if nothing says where the library is, or a file or value is wrong.
    """
    env = os.environ if environment is None else environment
    path = find(start or Path.cwd())
    values = _read(path) if path else {}
    for section, name in _FORMER:
        values.get(section, {}).pop(name, None)
    _overlay(values, env)
    found = values.setdefault("place", {})
    for name, otherwise in (place or {}).items():
        found.setdefault(name, otherwise)
    if "library" not in found or "home" not in found:
        raise UsageError(
            f"No {FILE} was found here or above.",
            "Run `proofsheet init LIBRARY`, or set PROOFSHEET_LIBRARY and PROOFSHEET_HOME.",
        )
    for name in ("library", "home"):
        if isinstance(found[name], str) and path:
            found[name] = str(path.parent / Path(found[name]).expanduser())
    try:
        return _checked(Configuration.model_validate(values), path)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise UsageError(
            f"{path or 'The environment'}: {where}: {first['msg']} (value: {first['input']!r}).",
            "Correct it there.",
        ) from error


def _checked(settings: Configuration, path: Path | None) -> Configuration:
    """Refuse a target folder of which the copies would become photos, or lie among the results."""
    target = settings.publish.target
    if not target.startswith("folder:"):
        return settings
    folder = Path(target.removeprefix("folder:")).expanduser().resolve()
    for name in ("library", "home"):
        place = Path(getattr(settings.place, name)).expanduser().resolve()
        if folder.is_relative_to(place):
            raise UsageError(
                f"{path or 'The environment'}: publish.target: {target} is inside the {name} {place}.",
                "Name a folder outside the library and the home.",
            )
    return settings


def write_new(folder: Path, library: Path, home: Path) -> Path:
    """Write a new `proofsheet.toml`.

    Raises:
        UsageError: if there is one already.
    """
    path = folder / FILE
    if path.exists():
        raise UsageError(f"{path} is there already.", "Edit it, or delete it and run init again.")
    text = (
        "# Proofsheet: each sub-folder of the library is a project. The library is only read.\n"
        "# All settings with their meaning: `proofsheet doctor --settings`.\n"
        "[place]\n"
        f"library = {json.dumps(str(library), ensure_ascii=False)}\n"
        f"home = {json.dumps(str(home), ensure_ascii=False)}\n"
    )
    write_atomic(path, text.encode("utf-8"))
    return path


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{path} is not valid TOML: {error}.",
            "Correct the line, or delete the file and run `proofsheet init`.",
        ) from error
    except OSError as error:
        raise UsageError(
            f"{path} cannot be read: {error.strerror}.", "Give yourself read permission."
        ) from error


def _overlay(values: dict[str, Any], env: Mapping[str, str]) -> None:
    """Environment variables over the file: PROOFSHEET_<SECTION>_<FIELD>; library and home need no section."""
    for section, field in Configuration.model_fields.items():
        kind = field.annotation
        if not (isinstance(kind, type) and issubclass(kind, BaseModel)):
            continue
        for name in kind.model_fields:
            short = _PREFIX + name.upper() if section == "place" else ""
            value = env.get(f"{_PREFIX}{section.upper()}_{name.upper()}") or env.get(short)
            if value:
                values.setdefault(section, {})[name] = value
