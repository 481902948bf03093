"""Everything that looks at a picture while it is open.

Holds `MeasurementsResource`, `EncodingResource`, `PreviewingResource` and the plain measurements.
Add here: a measurement in `FILE_MEASUREMENTS`, or a resource that gives one.
Keep out: how anything is measured (proofsheet/).
"""

from collections.abc import Callable, Mapping

import dagster as dg

from proofsheet.embedding.classic_encoder import embed
from proofsheet.embedding.encoders import Encoder, choose_encoder
from proofsheet.imaging.decode import Picture
from proofsheet.imaging.image_quality import image_quality
from proofsheet.imaging.measurement import Measurement, Seen
from proofsheet.imaging.perceptual_hash import picture_hash
from proofsheet.imaging.previews import preview_measurement
from proofsheet.imaging.saliency import saliency_grid
from proofsheet.labeling.faces import face_measurement
from proofsheet.metadata.exif import exif_facts
from proofsheet.metadata.generation_metadata import generation_facts
from proofsheet.metadata.written_fields import embedded_metadata
from proofsheet.storage.workspace import Project
from resources.labels import FaceFindingResource, LabellingResource
from resources.resolved_settings import ResolvedEncoder
from schemas.library import ExifFact, GenerationFact
from schemas.settings.photos import PreviewSettings
from schemas.table import Table
from schemas.vectors import LayoutVector
from schemas.vision import ImageQuality, PictureHash, SaliencyGrid
from schemas.written import EmbeddedMetadata

FILE_MEASUREMENTS: Mapping[
    type[Table], Callable[[Picture], Seen]
] = {  # table to the function alone that gives its columns
    ExifFact: exif_facts,
    GenerationFact: generation_facts,
    EmbeddedMetadata: embedded_metadata,
    ImageQuality: image_quality,
    PictureHash: picture_hash,
    SaliencyGrid: saliency_grid,
    LayoutVector: embed,
}


class EncodingResource(ResolvedEncoder, dg.ConfigurableResource["EncodingResource"]):
    """Makes vectors of pictures."""

    def choose(self, project: Project) -> Encoder:
        """The encoder of the settings."""
        return choose_encoder(self, project.models)


class PreviewingResource(PreviewSettings, dg.ConfigurableResource["PreviewingResource"]):
    """Makes thumbnails and previews."""

    def measurement(self, project: Project, preview_px: int) -> Measurement:
        """Writes the files of a picture."""
        return preview_measurement(self, preview_px, project.cache)


class MeasurementsResource(dg.ConfigurableResource["MeasurementsResource"]):
    """Measurements beside an open file; they fill caches and change no row of the asset that opens it."""

    encoding: EncodingResource
    labelling: LabellingResource
    face_finding: FaceFindingResource
    previewing: PreviewingResource
    preview_px: int

    def of(self, project: Project) -> list[Measurement]:
        """All measurements of the files of a project."""
        plain = [Measurement.of(table, measure) for table, measure in FILE_MEASUREMENTS.items()]
        previews = self.previewing.measurement(project, self.preview_px)
        network = self.labelling.choose(project).network
        made = [*plain, previews, self.encoding.choose(project).measurement()]
        made += [network.measurement()] if network else []
        finder = self.face_finding.choose()
        made += [face_measurement(finder, self.face_finding)] if finder.faces else []
        return list({m.name: m for m in made}.values())  # labels and vectors may come from one network
