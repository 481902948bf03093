"""Models that name what is seen.

Holds `ScenesResource` and `DetectionResource`.
Add here: another model that labels.
Keep out: how it labels (proofsheet/labeling/).
"""

import dagster as dg
from pydantic import Field

from proofsheet.labeling.detectors import Detector, choose_detector
from proofsheet.storage.workspace import Project
from schemas.settings import KNOB, ObjectSettings, SceneSettings


class ScenesResource(SceneSettings, dg.ConfigurableResource["ScenesResource"]):
    """How scenes are told."""


class DetectionResource(ObjectSettings, dg.ConfigurableResource["DetectionResource"]):
    """Which detector finds objects."""

    device: str = Field("auto", description="Where the detector runs.", json_schema_extra=KNOB)

    def choose(self) -> Detector:
        """The detector in force."""
        return choose_detector(ObjectSettings(**{n: getattr(self, n) for n in ObjectSettings.model_fields}), self.device)

    def resolved_version(self, _project: Project, _table: str) -> str:
        """The detector that the settings come to at present; another one makes stale what depends on it."""
        found = self.choose()
        return f"{found.name} {found.note}"
