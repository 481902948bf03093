"""Picture files.

Holds `PhotoFilesResource`.
Add here: what every asset needs of picture files.
Keep out: what is measured (measurements.py) and how (proofsheet/).
"""

from collections.abc import Collection, Mapping, Sequence

import dagster as dg
import polars as pl

from proofsheet.core.files import Refused
from proofsheet.core.progress import Progress
from proofsheet.imaging.decode import Picture, PictureFile
from proofsheet.imaging.measurement import Measurement, Work
from proofsheet.imaging.measurement_pass import (
    MeasurementResult,
    cache_name,
    cached,
    measure_files,
    reader_version,
    rows_of,
)
from proofsheet.library.file_hashes import files_of
from proofsheet.storage.workspace import Project
from schemas.library import Photo
from schemas.settings.photos import PhotoSettings
from schemas.table import Table
from schemas.vision import Preview


def _format(picture: Picture) -> Mapping[str, object]:
    return {Photo.format: picture.format}


class PhotoFilesResource(PhotoSettings, dg.ConfigurableResource["PhotoFilesResource"]):
    """Opens picture files and measures them, each content once."""

    def reader(self, others: Sequence[Measurement] = ()) -> str:
        """Version of the code and settings that read pictures, and of what may fail beside it."""
        return reader_version(self, others)

    def open(
        self,
        project: Project,
        files: Collection[PictureFile],
        others: Sequence[Measurement],
        progress: Progress,
    ) -> tuple[dict[str, str], Mapping[str, Refused], MeasurementResult]:
        """Open what was not opened before, and take all other measurements of it.

        Returns:
            Content hash to format, content hash to refusal, and the pass.
        """
        looked = measure_files(list(files), [self._opening(), *others], self, project.cache, progress)
        formats = dict(looked.rows[Photo.format].select(Photo.content_hash, Photo.format).iter_rows())
        return formats, looked.refused, looked

    def folders(self, others: Sequence[Measurement]) -> set[str]:
        """Names of the folders in a cache that these measurements use."""
        names = {cache_name(m, self) for m in (self._opening(), *others)}
        return names | {f"previews-{m.version}" for m in others if m.name == Preview.name}

    def _opening(self) -> Measurement:
        return Measurement(
            Photo.format, {Photo.format: pl.String}, reader_version(self), lambda: Work(_format)
        )

    def measured(
        self,
        table: type[Table],
        photos: pl.DataFrame,
        project: Project,
        wanted: Measurement,
        others: Sequence[Measurement],
        progress: Progress,
    ) -> tuple[pl.DataFrame, dict[str, int]]:
        """The rows of a measured table; see `measured_of`."""
        rows, facts = self.measured_of(photos, project, wanted, others, progress)
        return rows.select(table.polars_schema().names()), facts

    def measured_of(
        self,
        photos: pl.DataFrame,
        project: Project,
        wanted: Measurement,
        others: Sequence[Measurement],
        progress: Progress,
    ) -> tuple[pl.DataFrame, dict[str, int]]:
        """The result of a measurement for each photo; a file is opened only if its content is new to it.

        Returns:
            Ids and measured columns, one row a photo; the numbers of files that were opened, and that changed
            since the scan.
        """
        contents = set(photos[Photo.content_hash])
        rows, decoded = cached(contents, wanted, self, project.cache), 0
        if rows is None:
            files = files_of(photos, project.folder, project.cache, progress)
            others = [m for m in others if m.name != wanted.name]
            looked = measure_files(files, [wanted, *others], self, project.cache, progress)
            rows, decoded = looked.rows[wanted.name], looked.decoded
        found = rows_of(photos, rows)
        return found, {"decoded": decoded, "changed_since_the_scan": photos.height - found.height}
