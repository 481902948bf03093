"""Everything that looks at a picture while it is open.

Holds `MeasurementsResource`, `EncodingResource`, `PreviewingResource` and the plain measurements.
Add here: a measurement in `FILE_MEASUREMENTS`, or a resource that gives one.
Keep out: how anything is measured (proofsheet/).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

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
from schemas.library import ExifFact, GenerationFact
from schemas.settings import EncoderSettings, PreviewSettings
from schemas.table import Table
from schemas.vision import ImageQuality, PictureHash, SaliencyGrid


@dataclass(frozen=True)
class FileMeasurement:
    """A measurement by a function alone.

    Attributes:
        measure: gives the columns of its table.
        does: one sentence for people.
        only: a column without which there is nothing to tell, and so no row.
    """

    measure: Callable[[Picture], Seen]
    does: str
    only: str | None = None


FILE_MEASUREMENTS: Mapping[type[Table], FileMeasurement] = {
    ExifFact: FileMeasurement(exif_facts, "Reads what the camera wrote."),
    GenerationFact: FileMeasurement(
        generation_facts,
        "Reads what generators wrote and what C2PA and IPTC say of the origin; pictures without such facts have no row.",
        only=GenerationFact.found_in,
    ),
    ImageQuality: FileMeasurement(image_quality, "Measures sharpness, noise, exposure, clipping, contrast and colour."),
    PictureHash: FileMeasurement(picture_hash, "Hashes what is seen, so that near-duplicates differ in few bits."),
    SaliencyGrid: FileMeasurement(saliency_grid, "Measures what draws the eye, in 12 x 12 cells."),
}


class EncodingResource(EncoderSettings, dg.ConfigurableResource["EncodingResource"]):
    """Makes vectors of pictures."""

    def choose(self, project: Project) -> Encoder:
        """The encoder in force."""
        return choose_encoder(self, project.models)

    def resolved_version(self, project: Project, _table: str) -> str:
        """The encoder that the settings come to at present; another one makes stale what depends on it."""
        return self.choose(project).encoder_id


class PreviewingResource(PreviewSettings, dg.ConfigurableResource["PreviewingResource"]):
    """Makes thumbnails and previews."""

    def measurement(self, project: Project, preview_px: int) -> Measurement:
        """Writes the files of a picture."""
        return preview_measurement(self, preview_px, project.cache)


class MeasurementsResource(dg.ConfigurableResource["MeasurementsResource"]):
    """What else is measured while a file is open; it fills caches and changes no row of the stage that opens it."""

    encoding: EncodingResource
    previewing: PreviewingResource
    preview_px: int

    def measurements(self, project: Project) -> list[Measurement]:
        """All of them."""
        plain = [Measurement.of(table, plain.measure) for table, plain in FILE_MEASUREMENTS.items()]
        previews = self.previewing.measurement(project, self.preview_px)
        return [*plain, previews, self.encoding.choose(project).measurement()]
