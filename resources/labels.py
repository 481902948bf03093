"""Models that name what is seen.

Holds `DetectionResource`.
Add here: another model that labels.
Keep out: how it labels (proofsheet/labeling/).
"""

import dagster as dg

from proofsheet.labeling.detectors import Detector, choose_detector
from resources.in_force import DetectorInForce
from schemas.settings import ObjectSettings


class DetectionResource(DetectorInForce, dg.ConfigurableResource["DetectionResource"]):
    """Which detector finds objects."""

    def choose(self) -> Detector:
        """The detector in force."""
        return choose_detector(
            ObjectSettings(**{n: getattr(self, n) for n in ObjectSettings.model_fields}), self.device
        )
