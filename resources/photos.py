"""Picture files.

Holds `PhotoFilesResource` and the measurements of the one pass.
Add here: a measurement in `MEASUREMENTS`.
Keep out: how it measures (proofsheet/).
"""

from collections.abc import Collection

import dagster as dg

from proofsheet.library.exif import exif_facts
from proofsheet.onepass import Looked, Measurement, look, reader_version
from proofsheet.pictures import PictureFile
from proofsheet.progress import Progress
from proofsheet.vision.encode import embed
from proofsheet.vision.measure import image_quality
from proofsheet.workspace import Project
from schemas.library import ExifFact
from schemas.settings import PhotoSettings
from schemas.vision import Embedding, ImageQuality

MEASUREMENTS = (
    Measurement(ExifFact, exif_facts),
    Measurement(ImageQuality, image_quality),
    Measurement(Embedding, embed),
)


class PhotoFilesResource(PhotoSettings, dg.ConfigurableResource["PhotoFilesResource"]):
    """Opens picture files and measures them, each content once."""

    def reader(self) -> str:
        """Version of the code and settings that read pictures."""
        return reader_version(MEASUREMENTS, self)

    def look(self, project: Project, files: Collection[PictureFile], progress: Progress) -> Looked:
        """Measure what was not measured before."""
        return look(list(files), MEASUREMENTS, self, project.cache, progress)
