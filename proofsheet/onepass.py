"""One decode feeds everything: open each new picture once and let every measurement look at it.

Holds `look` and `Measurement`.
Add here: nothing for a new measurement; a measurement is a function and the table that it fills.
Keep out: what is measured.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from proofsheet.cache import ChunkCache
from proofsheet.files import Refused, short_hash
from proofsheet.pictures import Limits, Picture, PictureFile, open_picture, prepare_decoders
from proofsheet.progress import Progress
from proofsheet.provenance import code_version
from proofsheet.workers import Lost, run_apart
from schemas.library import Photo
from schemas.settings import PhotoSettings
from schemas.table import Table

_OWN = {Table.project, Photo.photo_id}


@dataclass(frozen=True)
class Measurement:
    """A function over an opened picture, and the table whose columns it gives."""

    table: type[Table]
    measure: Callable[[Picture], Mapping[str, object]]

    def columns(self) -> dict[str, Any]:
        """Names and types of what it gives, without the ids."""
        return {n: t for n, t in self.table.polars_schema().items() if n not in _OWN}


@dataclass(frozen=True)
class Looked:
    """What a pass found.

    Attributes:
        rows: one row a content hash, with the columns of every measurement and the format.
        refused: content hash to refusal.
        decoded: number of files opened in this pass; the rest came from the cache.
    """

    rows: pl.DataFrame
    refused: dict[str, Refused]
    decoded: int

    def formats(self) -> dict[str, str]:
        """Content hash to the format found."""
        return dict(self.rows.select(Photo.content_hash, Photo.format).iter_rows())


@dataclass(frozen=True)
class _Job:
    measurements: tuple[Measurement, ...]
    limits: Limits
    file: PictureFile


def reader_version(measurements: Sequence[Measurement], settings: PhotoSettings) -> str:
    """Hash of the code and settings that what is seen depends on."""
    codes = [code_version(m.measure) for m in measurements]
    return short_hash(code_version(open_picture), *codes, str(settings.max_pixels), str(settings.analysis_side_px), length=12)


def look(
    files: Sequence[PictureFile],
    measurements: Sequence[Measurement],
    settings: PhotoSettings,
    cache_folder: Path,
    progress: Progress,
) -> Looked:
    """Measure every content once; what was measured before by the same code comes from the cache.

    Args:
        files: pictures; equal contents are opened once.
        measurements: what to measure.
        settings: limits, worker processes, batch.
        cache_folder: the project's cache.
        progress: told after every opened picture.
    """
    schema = pl.Schema({Photo.content_hash: pl.String, Photo.format: pl.String})
    for measurement in measurements:
        schema.update(measurement.columns())
    cache = ChunkCache(cache_folder / f"look-{reader_version(measurements, settings)}", schema, Photo.content_hash)
    by_hash = {f.content_hash: f for f in files}
    known = cache.read(by_hash)
    seen = set(known[Photo.content_hash])
    jobs = [
        _Job(tuple(measurements), Limits(settings.max_pixels, settings.analysis_side_px), f)
        for h, f in by_hash.items()
        if h not in seen
    ]
    fresh, refused = _decode(jobs, settings, schema, cache, progress)
    cache.compact()
    return Looked(pl.concat([known, *fresh]), refused, len(jobs))


def _decode(
    jobs: Sequence[_Job], settings: PhotoSettings, schema: pl.Schema, cache: ChunkCache, progress: Progress
) -> tuple[list[pl.DataFrame], dict[str, Refused]]:
    prepare_decoders()  # here too: a missing decoder is a broken installation, and no fault of the files
    refused: dict[str, Refused] = {}
    chunks: list[pl.DataFrame] = []
    batch: list[Mapping[str, object]] = []
    answers = run_apart(_measure, jobs, workers=min(settings.workers, len(jobs)), timeout_s=settings.timeout_s)
    for done, (index, answer) in enumerate(answers, start=1):
        if isinstance(answer, Lost):
            refused[jobs[index].file.content_hash] = _lost(answer)
        elif isinstance(answer, Refused):
            refused[jobs[index].file.content_hash] = answer
        else:
            batch.append(answer)
        progress.step("pictures opened", done, len(jobs))
        if batch and (len(batch) >= settings.batch or done == len(jobs)):
            chunks.append(pl.DataFrame(batch, schema=schema, orient="row"))
            cache.append(chunks[-1])
            batch = []
    return chunks, refused


def _measure(job: _Job) -> Mapping[str, object] | Refused:
    try:
        picture = open_picture(job.file, job.limits)
    except Refused as refused:
        return refused
    row: dict[str, object] = {Photo.content_hash: job.file.content_hash, Photo.format: picture.format}
    for measurement in job.measurements:
        row.update(measurement.measure(picture))
    return row


def _lost(lost: Lost) -> Refused:
    if lost.why == "raised":
        advice = "please report it with the file; a newer version will look at it again"
        return Refused("reader_error", f"a fault of Proofsheet while measuring it: {lost.detail}", advice)
    advice = "keep it out of the project, or convert it with another program"
    if lost.why == "timeout":
        return Refused("decoder_timeout", f"decoding took too long ({lost.detail})", advice)
    return Refused("decoder_died", f"it killed the decoder twice ({lost.detail})", advice)


def rows_of(table: type[Table], photos: pl.DataFrame, looked: Looked) -> pl.DataFrame:
    """The rows of one measured table: one a photo, joined by content."""
    names = table.polars_schema().names()
    ids = photos.select(Table.project, Photo.photo_id, Photo.content_hash)
    measured = looked.rows.select(Photo.content_hash, *[n for n in names if n not in _OWN])
    return ids.join(measured, on=Photo.content_hash, how="inner").select(names)
