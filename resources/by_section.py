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
from schemas.settings.captions import CaptionSettings
from schemas.settings.convert import ConvertSettings
from schemas.settings.crops import CropSettings
from schemas.settings.gate import GateSettings
from schemas.settings.groups import DuplicateSettings, GroupSettings
from schemas.settings.inventory import InventorySettings
from schemas.settings.labels import SceneSettings
from schemas.settings.ranker import RankerSettings
from schemas.settings.rating import RatingSettings
from schemas.settings.review import ReviewSettings

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
    "convert": ConvertSettings,
}
