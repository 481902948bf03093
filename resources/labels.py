"""Models that name what is seen.

Holds a resource for each kind of model.
Add here: another model that labels.
Keep out: how it labels (proofsheet/labeling/).
"""

import dagster as dg

from proofsheet.labeling.detectors import choose_detector
from proofsheet.labeling.face_finder import FaceFinder, choose_faces
from proofsheet.labeling.objects import object_model
from proofsheet.labeling.preview_models import PreviewModel
from resources.resolved_settings import (
    ResolvedDetector,
    ResolvedFaces,
    ResolvedFlags,
    ResolvedLabeller,
    ResolvedOcr,
)
from schemas.settings.labels import ObjectSettings


class LabellingResource(ResolvedLabeller, dg.ConfigurableResource["LabellingResource"]):
    """Which network labels photos, and how many labels they get."""


class FaceFindingResource(ResolvedFaces, dg.ConfigurableResource["FaceFindingResource"]):
    """Which networks find faces, and which faces count."""

    def choose(self) -> FaceFinder:
        """The networks that the settings come to, or why there are none."""
        return choose_faces(self)


class DetectionResource(ResolvedDetector, dg.ConfigurableResource["DetectionResource"]):
    """Which detector finds objects."""

    def preview_model(self) -> PreviewModel:
        """The detector of the settings, or why there is none."""
        settings = ObjectSettings(**{n: getattr(self, n) for n in ObjectSettings.model_fields})
        return object_model(choose_detector(settings, self.device))


class OcrResource(ResolvedOcr, dg.ConfigurableResource["OcrResource"]):
    """Which photos are read by OCR, and the program that reads them."""


class FlagsResource(ResolvedFlags, dg.ConfigurableResource["FlagsResource"]):
    """Which network flags photos, and from which score."""
