"""Settings from `proofsheet.toml` and the environment.

Holds `Configuration`, `SECTIONS`, `load` and `write_new`.
Add here: a section.
Keep out: the settings themselves (schemas/settings/), and how a source is read (setting_sources.py).
Order: environment (`PROOFSHEET_LIBRARY`, `PROOFSHEET_PHOTOS_WORKERS`, …), then the file, then the default.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from proofsheet.core.errors import UsageError
from proofsheet.core.files import write_atomic
from proofsheet.core.setting_sources import Sources
from schemas.settings.apply import ApplySettings
from schemas.settings.captions import CaptionSettings
from schemas.settings.convert import ConvertSettings
from schemas.settings.crops import CropSettings
from schemas.settings.encoder import EncoderSettings
from schemas.settings.faces import FaceSettings
from schemas.settings.gate import GateSettings
from schemas.settings.groups import DuplicateSettings, GroupSettings
from schemas.settings.history import HistorySettings
from schemas.settings.inventory import InventorySettings
from schemas.settings.labels import FlagSettings, LabelSettings, ObjectSettings, OcrSettings, SceneSettings
from schemas.settings.library import PlaceSettings, WatchSettings
from schemas.settings.photos import PhotoSettings, PreviewSettings
from schemas.settings.publish import PublishSettings
from schemas.settings.ranker import RankerSettings
from schemas.settings.rating import RatingSettings
from schemas.settings.review import ReviewSettings
from schemas.settings.vision_model import VisionModelSettings
from schemas.settings.vocabulary import VocabularySettings

FILE = "proofsheet.toml"


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
    convert: ConvertSettings = Field(default_factory=ConvertSettings)
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
    path = find(start or Path.cwd())
    kinds = {name: kind for kind, name in SECTIONS.items()}
    sources = Sources(kinds, os.environ if environment is None else environment, path)
    values = sources.values()
    found = values["place"] = {**(place or {}), **values.get("place", {})}
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
        value = "not shown" if "password" in first["loc"] else repr(first["input"])
        raise UsageError(
            f"{sources.place_of(first['loc'])}: {where}: {first['msg']} (value: {value}).",
            "Correct it there.",
        ) from error


def _checked(settings: Configuration, path: Path | None) -> Configuration:
    """Refuse a folder for files of which the copies would become photos, or would be among the results."""
    target, out = settings.publish.target, settings.convert.out
    named = {"publish.target": target.removeprefix("folder:") if target.startswith("folder:") else ""}
    named["convert.out"] = out
    for setting, value in named.items():
        folder = Path(value).expanduser().resolve()
        for name in ("library", "home") if value else ():
            place = Path(getattr(settings.place, name)).expanduser().resolve()
            if folder.is_relative_to(place):
                raise UsageError(
                    f"{path or 'The environment'}: {setting}: {value} is inside the {name} {place}.",
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
