"""The library: files, refusals and everything measured in one pass over each file.

Holds the stages of the groups "ingest" and "measure".
Add here: a stage over files.
Keep out: how files are read.

The first stage opens each new file and lets every measurement look at it; the others take what was measured then. Each has the
version of its own code and settings alone, so that a change makes stale what depends on it and nothing else.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import dagster as dg
import polars as pl

from assets.checks import RowCheck
from assets.stage import Rows, stage
from proofsheet.core.progress import Progress
from proofsheet.imaging.measurement_pass import Measurement
from proofsheet.library.file_locations import placed_files
from proofsheet.library.quarantine import known_bad, record_refusals
from proofsheet.library.scan import other_rows, photo_rows, scan
from proofsheet.storage.workspace import Project
from resources.along import FILE_MEASUREMENTS, EncodingResource, MeasurementsResource, PreviewingResource
from resources.photos import PhotoFilesResource
from schemas.apply import ApplyPlan, FileOperation
from schemas.facts import Refusal
from schemas.library import ExifFact, GenerationFact, OtherFile, Photo, Quarantine
from schemas.table import Table
from schemas.vision import Embedding, ImageQuality, LayoutVector, PictureHash, Preview, SaliencyGrid

NOTHING_REFUSED = RowCheck("nothing_refused", "No file of the project is in quarantine.", lambda rows: rows)
GENERATORS_READ = RowCheck(
    "generators_read",
    "What generators wrote could be read; where it could not, `unread` says why, and the facts are null.",
    lambda rows: rows.drop_nulls(GenerationFact.unread),
)
_VERDICTS: Mapping[type[Table], Sequence[RowCheck]] = {GenerationFact: [GENERATORS_READ]}
_ALONG = ("along",)


@stage(
    Photo,
    Quarantine,
    OtherFile,
    group="ingest",
    reads=(ApplyPlan, FileOperation, Refusal),
    writes=(Refusal,),
    looks_outside=True,
    uncounted=_ALONG,
    row_checks={Quarantine: [NOTHING_REFUSED]},
)
def photos(
    project: Project,
    photo_files: PhotoFilesResource,
    along: MeasurementsResource,
    progress: Progress,
    now: datetime,
) -> Rows:
    """Looks through the folder and opens every new content once; what cannot be opened goes to quarantine."""
    placed, others = placed_files(project.ledger), along.measurements(project)
    scanned = scan(project.folder, project.cache, progress, placed=placed)
    bad = known_bad(project.ledger, {photo_files.reader(), photo_files.reader(others)})
    files = [p.file for p in scanned.pictures if p.file.content_hash not in bad]
    formats, unopened, looked = photo_files.open(project, files, others, progress)
    refused, hashes = scanned.refusals({**bad, **unopened})
    versions = (photo_files.reader(), photo_files.reader(others))
    rows = photo_rows(project.key, scanned, formats, placed)
    quarantine = record_refusals(project.ledger, refused, hashes, versions, now)
    rates = {
        "decoded": looked.decoded,
        "success_share": rows.height / max(rows.height + quarantine.height, 1),
    }
    return Rows([rows, quarantine, other_rows(project.key, scanned)], scanned.counts() | rates)


def measured(table: type[Table]) -> Callable[[Callable[..., Any]], dg.AssetsDefinition]:
    """The stage of a table that a function of `FILE_MEASUREMENTS` fills: its parameter `rows` has what was measured in the pass."""
    measure = FILE_MEASUREMENTS[table]

    def rows(
        photos: pl.DataFrame,
        project: Project,
        photo_files: PhotoFilesResource,
        along: MeasurementsResource,
        progress: Progress,
    ) -> Rows:
        wanted, others = Measurement.of(table, measure), along.measurements(project)
        found, facts = photo_files.measured(table, photos, project, wanted, others, progress)
        return Rows([found], facts)

    return stage(table, group="measure", uncounted=_ALONG, joined={"rows": rows}, row_checks=_VERDICTS)


@measured(ExifFact)
def exif_facts(rows: Rows) -> Rows:
    """Reads what the camera wrote."""
    return rows


@measured(GenerationFact)
def generation_facts(rows: Rows) -> Rows:
    """Reads what generators wrote and what C2PA and IPTC say of the origin; pictures without such facts have no row."""
    (found,) = rows.frames
    return Rows([found.drop_nulls(GenerationFact.found_in)], rows.facts)


@measured(ImageQuality)
def image_quality(rows: Rows) -> Rows:
    """Measures sharpness, noise, exposure, clipping, contrast and colour."""
    return rows


@measured(PictureHash)
def picture_hashes(rows: Rows) -> Rows:
    """Hashes what is seen, so that near-duplicates differ in few bits."""
    return rows


@measured(SaliencyGrid)
def saliency_grids(rows: Rows) -> Rows:
    """Measures what draws the eye, in 12 x 12 cells."""
    return rows


@measured(LayoutVector)
def layout_vectors(rows: Rows) -> Rows:
    """Describes how pictures are laid out: sets and duplicates are found by it."""
    return rows


@stage(Preview, group="measure", looks_outside=True, uncounted=_ALONG)
def previews(
    photos: pl.DataFrame,
    project: Project,
    photo_files: PhotoFilesResource,
    previewing: PreviewingResource,
    along: MeasurementsResource,
    progress: Progress,
) -> Rows:
    """Writes thumbnails and previews; those that were lost are made again."""
    wanted, others = previewing.measurement(project, photo_files.preview_px), along.measurements(project)
    rows, facts = photo_files.measured(Preview, photos, project, wanted, others, progress)
    return Rows([rows], facts)


@stage(Embedding, group="measure", uncounted=_ALONG)
def embeddings(
    photos: pl.DataFrame,
    project: Project,
    photo_files: PhotoFilesResource,
    encoding: EncodingResource,
    along: MeasurementsResource,
    progress: Progress,
) -> Rows:
    """Turns pictures into vectors by the encoder of the settings, else by the embedded one; the facts say why."""
    encoder, others = encoding.choose(project), along.measurements(project)
    rows, facts = photo_files.measured(Embedding, photos, project, encoder.measurement(), others, progress)
    return Rows([rows], {**facts, "encoder": encoder.encoder_id, "why_this_encoder": encoder.why})
