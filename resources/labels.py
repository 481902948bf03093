"""Models that name what is seen.

Holds `LabellingResource`, `DetectionResource` and `OcrResource`.
Add here: another model that labels.
Keep out: how it labels (proofsheet/labeling/).
"""

import dagster as dg

from proofsheet.labeling.detectors import choose_detector
from proofsheet.labeling.objects import object_model
from proofsheet.labeling.preview_models import PreviewModel
from resources.resolved_settings import ResolvedDetector, ResolvedLabeller, ResolvedOcr
from schemas.settings import ObjectSettings


class LabellingResource(ResolvedLabeller, dg.ConfigurableResource["LabellingResource"]):
    """Which network labels photos, and how many labels they get."""


class DetectionResource(ResolvedDetector, dg.ConfigurableResource["DetectionResource"]):
    """Which detector finds objects."""

    def model(self) -> PreviewModel:
        """The detector of the settings, or why there is none."""
        settings = ObjectSettings(**{n: getattr(self, n) for n in ObjectSettings.model_fields})
        return object_model(choose_detector(settings, self.device))


class OcrResource(ResolvedOcr, dg.ConfigurableResource["OcrResource"]):
    """Which photos are read by OCR, and the program that reads them."""
