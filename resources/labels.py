"""Models that name what is seen.

Holds `LabellingResource`, `FaceFindingResource` and `DetectionResource`.
Add here: another model that labels.
Keep out: how it labels (proofsheet/labeling/).
"""

import dagster as dg

from proofsheet.labeling.detectors import Detector, choose_detector
from proofsheet.labeling.face_finder import FaceFinder, choose_faces
from resources.resolved_settings import ResolvedDetector, ResolvedFaces, ResolvedLabeller
from schemas.settings import ObjectSettings


class LabellingResource(ResolvedLabeller, dg.ConfigurableResource["LabellingResource"]):
    """Which network labels photos, and how many labels they get."""


class FaceFindingResource(ResolvedFaces, dg.ConfigurableResource["FaceFindingResource"]):
    """Which networks find faces, and which faces count."""

    def choose(self) -> FaceFinder:
        """The networks that the settings come to, or why there are none."""
        return choose_faces(self)


class DetectionResource(ResolvedDetector, dg.ConfigurableResource["DetectionResource"]):
    """Which detector finds objects."""

    def choose(self) -> Detector:
        """The detector of the settings."""
        return choose_detector(
            ObjectSettings(**{n: getattr(self, n) for n in ObjectSettings.model_fields}), self.device
        )
