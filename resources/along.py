"""Everything that looks at a picture while it is open.

Holds `MeasurementsResource`, `EncodingResource`, `PreviewingResource` and the plain measurements.
Add here: a measurement in `FILE_MEASUREMENTS`, or a resource that gives one.
Keep out: how anything is measured (proofsheet/).
"""

from collections.abc import Callable, Mapping

import dagster as dg

from proofsheet.embedding.encoders import Encoder, choose_encoder
from proofsheet.imaging.decode import Picture
from proofsheet.imaging.image_quality import image_quality
from proofsheet.imaging.measurement_pass import Measurement, Seen
from proofsheet.imaging.perceptual_hash import picture_hash
from proofsheet.imaging.previews import preview_measurement
from proofsheet.imaging.saliency import saliency_grid
from proofsheet.metadata.exif import exif_facts
from proofsheet.metadata.generation_metadata import generation_facts
from proofsheet.storage.workspace import Project
from resources.in_force import EncoderInForce
from schemas.library import ExifFact, GenerationFact
from schemas.settings import PreviewSettings
from schemas.table import Table
from schemas.vision import ImageQuality, PictureHash, SaliencyGrid

FILE_MEASUREMENTS: Mapping[
    type[Table], Callable[[Picture], Seen]
] = {  # table to the function alone that gives its columns
    ExifFact: exif_facts,
    GenerationFact: generation_facts,
    ImageQuality: image_quality,
    PictureHash: picture_hash,
    SaliencyGrid: saliency_grid,
}


class EncodingResource(EncoderInForce, dg.ConfigurableResource["EncodingResource"]):
    """Makes vectors of pictures."""

    def choose(self, project: Project) -> Encoder:
        """The encoder in force."""
        return choose_encoder(self, project.models)


class PreviewingResource(PreviewSettings, dg.ConfigurableResource["PreviewingResource"]):
    """Makes thumbnails and previews."""

    def measurement(self, project: Project, preview_px: int) -> Measurement:
        """Writes the files of a picture."""
        return preview_measurement(self, preview_px, project.cache)


class MeasurementsResource(dg.ConfigurableResource["MeasurementsResource"]):
    """What else is measured while a file is open; it fills caches and changes no row of the asset that opens it."""

    encoding: EncodingResource
    previewing: PreviewingResource
    preview_px: int

    def of(self, project: Project) -> list[Measurement]:
        """All measurements of the files of a project."""
        plain = [Measurement.of(table, measure) for table, measure in FILE_MEASUREMENTS.items()]
        previews = self.previewing.measurement(project, self.preview_px)
        return [*plain, previews, self.encoding.choose(project).measurement()]
