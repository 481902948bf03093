"""Publishing: files for people, and what should be taken back where it was published.

Holds the assets of the group "publish".
Add here: an asset that writes files for people.
Keep out: file formats (proofsheet/publish/).
"""

import polars as pl

from assets.factory.row_checks import RowCheck
from assets.factory.table_asset import TableRows, table_asset
from proofsheet.core.progress import Progress
from proofsheet.publish.conversion.conversion_table import conversion_rows
from proofsheet.publish.csv_export import export_rows, write_csv
from proofsheet.publish.upload_history import takedown_rows
from proofsheet.review.proposal_export import write_decisions
from proofsheet.storage.workspace import Project
from resources.photos import PhotoFilesResource
from schemas.choices import Choice, Proposal
from schemas.library import Photo
from schemas.proof import MetadataQuality
from schemas.publish import Conversion, Export, Takedown, Upload, Withdrawal
from schemas.settings.convert import ConvertSettings
from schemas.table import Rows

NOTHING_TO_TAKE_BACK = RowCheck(
    "nothing_to_take_back", "Every published picture is still chosen.", lambda rows: rows
)


EVERY_PHOTO_CONVERTED = RowCheck(
    "every_photo_converted",
    "Every photo has its new file, where new files are wanted.",
    lambda rows: rows.filter(pl.col(Conversion.refused_because).is_not_null()),
)


@table_asset(Conversion, group="publish", always_run=True, row_checks={Conversion: [EVERY_PHOTO_CONVERTED]})
def conversions(
    photos: Rows[Photo],
    convert: ConvertSettings,
    photo_files: PhotoFilesResource,
    project: Project,
    progress: Progress,
) -> pl.DataFrame:
    """Writes photos as new files in another format, where [convert] names one; replaces no file."""
    return conversion_rows(photos, project, convert, photo_files, progress)


@table_asset(Export, group="publish", always_run=True)
def exports(
    metadata_quality: Rows[MetadataQuality],
    photos: Rows[Photo],
    proposals: Rows[Proposal],
    choices: Rows[Choice],
    project: Project,
) -> TableRows:
    """Writes accepted rows of chosen pictures to a CSV, proposals to a JSONL; unchanged files stay."""
    place = project.export_file.relative_to(project.home).as_posix()
    rows = export_rows(project.key, metadata_quality, photos, choices, place)
    exported = write_decisions(proposals, photos, project.decisions_file)
    return TableRows([rows], {"proposals": exported, "csv_written": write_csv(rows, project.export_file)})


@table_asset(
    Takedown, group="publish", reads=(Upload, Withdrawal), row_checks={Takedown: [NOTHING_TO_TAKE_BACK]}
)
def takedowns(
    choices: Rows[Choice], metadata_quality: Rows[MetadataQuality], project: Project
) -> pl.DataFrame:
    """Lists published pictures that are no longer chosen or have a newer version; deletes nothing."""
    return takedown_rows(project.key, choices, metadata_quality, project.ledger)
