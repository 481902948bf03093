"""The sections of the settings that assets take, each as a resource.

Holds `BY_SECTION`.
Add here: a section that an asset needs.
Keep out: sections for commands and jobs alone, such as those of the watch and of publishing.
"""

from collections.abc import Mapping

from pydantic import BaseModel

from resources.labels import (
    DetectionResource,
    FaceFindingResource,
    FlagsResource,
    LabellingResource,
    OcrResource,
)
from resources.measurements import EncodingResource, PreviewingResource
from resources.photos import PhotoFilesResource
from resources.words import VisionModelResource, VocabularyResource
from schemas.settings import DuplicateSettings, GroupSettings, InventorySettings, SceneSettings
from schemas.settings_learning import CropSettings, RankerSettings
from schemas.settings_review import ReviewSettings
from schemas.settings_words import CaptionSettings, GateSettings, RatingSettings

BY_SECTION: Mapping[str, type[BaseModel]] = {  # many are their settings alone
    "photos": PhotoFilesResource,
    "previews": PreviewingResource,
    "encoder": EncodingResource,
    "labels": LabellingResource,
    "scenes": SceneSettings,
    "objects": DetectionResource,
    "ocr": OcrResource,
    "flags": FlagsResource,
    "faces": FaceFindingResource,
    "groups": GroupSettings,
    "duplicates": DuplicateSettings,
    "inventory": InventorySettings,
    "model": VisionModelResource,
    "captions": CaptionSettings,
    "gate": GateSettings,
    "vocabulary": VocabularyResource,
    "rating": RatingSettings,
    "ranker": RankerSettings,
    "crops": CropSettings,
    "review": ReviewSettings,
}
