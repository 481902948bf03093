"""The library: files, refusals and everything measured in one pass over each file.

Holds the assets of the groups "ingest" and "measure", what people wrote into files among them.
Add here: an asset over files.
Keep out: how files are read.

The first asset opens each new file and runs every measurement on it; the others read the results. Each has
the version of its own code and settings: a change affects its table and those that depend on it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import dagster as dg
import polars as pl

from assets.factory.row_checks import RowCheck
from assets.factory.table_asset import TableRows, table_asset
from proofsheet.core.files import Refused
from proofsheet.core.progress import Progress
from proofsheet.imaging.measurement import Measurement
from proofsheet.library.file_hashes import Scan
from proofsheet.library.file_locations import FileLocations, placed_files
from proofsheet.library.identification import IdentifiedFiles, gone_rows, identify, question_rows
from proofsheet.library.quarantine import known_bad, record_refusals
from proofsheet.library.scan import other_rows, photo_rows, scan
from proofsheet.library.sidecars import sidecar_rows
from proofsheet.library.written_metadata import written_rows
from proofsheet.library.written_regions import region_rows
from proofsheet.storage.workspace import Project
from resources.measurements import (
    FILE_MEASUREMENTS,
    EncodingResource,
    MeasurementsResource,
    PreviewingResource,
)
from resources.photos import PhotoFilesResource
from schemas.apply import ApplyPlan, FileOperation
from schemas.identity import GonePhoto, IdentityQuestion, PhotoIdentity, PhotoPlace
from schemas.library import ExifFact, GenerationFact, OtherFile, Photo, Quarantine, Refusal
from schemas.table import Rows, Table
from schemas.vectors import Embedding, LayoutVector
from schemas.vision import ImageQuality, PictureHash, Preview, SaliencyGrid
from schemas.written import EmbeddedMetadata, SidecarMetadata, WrittenMetadata, WrittenRegion

NOTHING_REFUSED = RowCheck("nothing_refused", "No file of the project is in quarantine.", lambda rows: rows)
NOTHING_ASKED = RowCheck(
    "nothing_asked",
    "No file may be one of several photos that are gone; `proofsheet photos` says which, and how to answer.",
    lambda rows: rows,
)
GENERATORS_READ = RowCheck(
    "generators_read",
    "What generators wrote could be read; where it could not, `unread` says why, and the facts are null.",
    lambda rows: rows.drop_nulls(GenerationFact.unread),
)
WORDS_READ = RowCheck(
    "words_read",
    "Everything that people wrote into files and sidecars could be read; where not, `unread` says why.",
    lambda rows: rows.drop_nulls(WrittenMetadata.unread),
)
_ROW_CHECKS: Mapping[type[Table], Sequence[RowCheck]] = {GenerationFact: [GENERATORS_READ]}


@dataclass(frozen=True)
class OpenedFolder:
    """The folder of a project, with every new content opened.

    Attributes:
        scanned: the files in the folder.
        placed: where applied decisions moved files, by content.
        formats: content hash to format of what could be opened.
        pictures: content hash to the hash of the upright pixels.
        refused: content hash to refusal, now and in former runs.
        decoded: number of files that were opened now.
        readers: versions of the code and settings that read the files, without and with the measurements.
    """

    scanned: Scan
    placed: FileLocations
    formats: Mapping[str, str]
    pictures: Mapping[str, str]
    refused: Mapping[str, Refused]
    decoded: int
    readers: tuple[str, str]


def opened_folder(
    project: Project,
    photo_files: PhotoFilesResource,
    measurements: MeasurementsResource,
    progress: Progress,
) -> OpenedFolder:
    """Looks through the folder and opens every new content once, with everything that is measured."""
    placed, others = placed_files(project.ledger), measurements.of(project)
    readers = photo_files.reader(), photo_files.reader(others)
    scanned = scan(project.folder, project.cache, progress, placed=placed)
    bad = known_bad(project.ledger, {*readers})
    files = [p.file for p in scanned.pictures if p.file.content_hash not in bad]
    formats, unopened, looked = photo_files.open(project, files, others, progress)
    hashes = looked.rows[PictureHash.name].select(Photo.content_hash, PictureHash.pixel_hash)
    pictures = dict(hashes.iter_rows())
    return OpenedFolder(scanned, placed, formats, pictures, {**bad, **unopened}, looked.decoded, readers)


def identified_files(opened: OpenedFolder, project: Project, now: datetime) -> IdentifiedFiles:
    """Knows files again after renames and edits, and gives ids to new ones."""
    files = opened.scanned, opened.formats.keys(), opened.pictures, opened.placed
    return identify(project.ledger, project.store, *files, now)


@table_asset(
    Photo,
    Quarantine,
    OtherFile,
    IdentityQuestion,
    GonePhoto,
    group="ingest",
    reads=(ApplyPlan, FileOperation, Refusal, PhotoIdentity, PhotoPlace),
    writes=(Refusal, PhotoIdentity, PhotoPlace),
    always_run=True,
    side_effects=[MeasurementsResource],
    inputs={"opened": opened_folder, "who": identified_files},
    row_checks={Quarantine: [NOTHING_REFUSED], IdentityQuestion: [NOTHING_ASKED]},
)
def photos(opened: OpenedFolder, who: IdentifiedFiles, project: Project, now: datetime) -> TableRows:
    """Scans the folder and opens every new content once; unreadable files go to quarantine."""
    refused, hashes = opened.scanned.refusals(opened.refused)
    rows = photo_rows(project.key, opened.scanned, opened.formats, who.ids, opened.placed, who.former)
    quarantine = record_refusals(project.ledger, refused, hashes, opened.readers, now)
    share = rows.height / max(rows.height + quarantine.height, 1)
    facts = opened.scanned.counts() | who.counts() | {"decoded": opened.decoded, "success_share": share}
    others = other_rows(project.key, opened.scanned)
    asked, gone = question_rows(project.key, who), gone_rows(project.key, who)
    return TableRows([rows, quarantine, others, asked, gone], facts)


def measured_asset(table: type[Table]) -> Callable[[Callable[..., Any]], dg.AssetsDefinition]:
    """The asset of a table that a function of `FILE_MEASUREMENTS` fills, from the results in `rows`."""
    measure = FILE_MEASUREMENTS[table]

    def rows(
        photos: Rows[Photo],
        project: Project,
        photo_files: PhotoFilesResource,
        measurements: MeasurementsResource,
        progress: Progress,
    ) -> TableRows:
        wanted, others = Measurement.of(table, measure), measurements.of(project)
        found, facts = photo_files.measured(table, photos, project, wanted, others, progress)
        return TableRows([found], facts)

    return table_asset(
        table,
        group="measure",
        side_effects=[MeasurementsResource],
        inputs={"rows": rows},
        row_checks={table: _ROW_CHECKS.get(table, ())},
    )


@measured_asset(ExifFact)
def exif_facts(rows: TableRows) -> TableRows:
    """Reads what the camera wrote."""
    return rows


@measured_asset(GenerationFact)
def generation_facts(rows: TableRows) -> TableRows:
    """Reads records of generators, and the origin by C2PA and IPTC; a picture without any has no row."""
    (found,) = rows.frames
    return TableRows([found.drop_nulls(GenerationFact.found_in)], rows.facts)


@measured_asset(EmbeddedMetadata)
def embedded_metadata(rows: TableRows) -> TableRows:
    """Reads titles, keywords, stars, regions and the like that people wrote into files."""
    (found,) = rows.frames
    said = pl.any_horizontal(
        pl.col(n).list.len() > 0 for n in (EmbeddedMetadata.tags, EmbeddedMetadata.regions)
    )
    return TableRows([found.filter(said | pl.col(EmbeddedMetadata.unread).is_not_null())], rows.facts)


@table_asset(SidecarMetadata, group="ingest", always_run=True)
def sidecar_metadata(photos: Rows[Photo], project: Project) -> pl.DataFrame:
    """Reads the XMP sidecars beside photos; one that changed is read again, whether its photo did or not."""
    return sidecar_rows(project.key, photos, project.folder, project.cache)


@table_asset(WrittenMetadata, group="ingest", row_checks={WrittenMetadata: [WORDS_READ]})
def written_metadata(
    embedded_metadata: Rows[EmbeddedMetadata], sidecar_metadata: Rows[SidecarMetadata], project: Project
) -> pl.DataFrame:
    """Puts together what people wrote about photos; what Proofsheet wrote into sidecars is left out."""
    return written_rows(project.key, embedded_metadata, sidecar_metadata)


@table_asset(WrittenRegion, group="ingest")
def regions(
    embedded_metadata: Rows[EmbeddedMetadata],
    sidecar_metadata: Rows[SidecarMetadata],
    exif_facts: Rows[ExifFact],
    image_quality: Rows[ImageQuality],
    project: Project,
) -> pl.DataFrame:
    """Turns the regions that people marked upright: faces with names, animals, the focus."""
    return region_rows(project.key, embedded_metadata, sidecar_metadata, exif_facts, image_quality)


@measured_asset(ImageQuality)
def image_quality(rows: TableRows) -> TableRows:
    """Measures sharpness, noise, exposure, clipping, contrast and colour."""
    return rows


@measured_asset(PictureHash)
def picture_hashes(rows: TableRows) -> TableRows:
    """Hashes what is seen, so that near-duplicates differ in few bits."""
    return rows


@measured_asset(SaliencyGrid)
def saliency_grids(rows: TableRows) -> TableRows:
    """Measures what draws the eye, in 12 x 12 cells."""
    return rows


@measured_asset(LayoutVector)
def layout_vectors(rows: TableRows) -> TableRows:
    """Describes how pictures are laid out: sets and duplicates are found by it."""
    return rows


@table_asset(Preview, group="measure", always_run=True, side_effects=[MeasurementsResource])
def previews(
    photos: Rows[Photo],
    project: Project,
    photo_files: PhotoFilesResource,
    previewing: PreviewingResource,
    measurements: MeasurementsResource,
    progress: Progress,
) -> TableRows:
    """Writes thumbnails and previews; those that were lost are made again."""
    wanted, others = previewing.measurement(project, photo_files.preview_px), measurements.of(project)
    rows, facts = photo_files.measured(Preview, photos, project, wanted, others, progress)
    return TableRows([rows], facts)


@table_asset(Embedding, group="measure", side_effects=[MeasurementsResource])
def embeddings(
    photos: Rows[Photo],
    project: Project,
    photo_files: PhotoFilesResource,
    encoding: EncodingResource,
    measurements: MeasurementsResource,
    progress: Progress,
) -> TableRows:
    """Turns pictures into vectors by the encoder of the settings, else by the embedded one, and says why."""
    encoder, others = encoding.choose(project), measurements.of(project)
    rows, facts = photo_files.measured(Embedding, photos, project, encoder.measurement(), others, progress)
    return TableRows([rows], {**facts, "encoder": encoder.encoder_id, "why_this_encoder": encoder.why})
