"""One decode feeds everything: open each new picture once and let every measurement look at it.

Holds `measure_files`, `MeasurementResult` and `rows_of`.
Add here: nothing for a new measurement; a measurement is a function and the table that it fills.
Keep out: what a measurement is (measurement.py), and what is measured.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from proofsheet.core.files import Refused, short_hash
from proofsheet.core.progress import Progress
from proofsheet.core.worker_pool import Lost, run_apart
from proofsheet.imaging.decode import DecodeLimits, Picture, PictureFile, prepare_decoders
from proofsheet.imaging.measurement import Measurement, Seen, Work
from proofsheet.imaging.raw import open_any
from proofsheet.storage.chunk_cache import ChunkCache
from proofsheet.storage.code_version import code_version
from schemas.library import Photo
from schemas.settings.photos import PhotoSettings
from schemas.table import Table

_AHEAD = 1  # batches that wait for `finish`; bounds the memory


@dataclass(frozen=True)
class MeasurementResult:
    """What a pass found.

    Attributes:
        rows: by measurement, one row a content hash with the measured columns.
        refused: content hash to refusal.
        decoded: number of files opened in this pass; the rest came from the cache.
    """

    rows: Mapping[str, pl.DataFrame]
    refused: Mapping[str, Refused]
    decoded: int


@dataclass(frozen=True)
class _Job:
    file: PictureFile
    limits: DecodeLimits
    measures: Mapping[str, Callable[[Picture], Seen]]


def limits_of(settings: PhotoSettings) -> DecodeLimits:
    """What a picture may cost by these settings."""
    return DecodeLimits(
        settings.max_pixels,
        settings.max_full_pixels,
        settings.analysis_side_px,
        settings.preview_px,
        settings.converter,
    )


def reader_version(settings: PhotoSettings, measurements: Sequence[Measurement] = ()) -> str:
    """Hash of the code and settings for opening a picture, and of measurements that may fail on it."""
    return short_hash(
        code_version(open_any), repr(limits_of(settings)), *[m.folder for m in measurements], length=12
    )


def cache_name(measurement: Measurement, settings: PhotoSettings) -> str:
    """Name of the folder in the cache: what is measured also depends on how large the picture was decoded."""
    sizes = short_hash(str(settings.analysis_side_px), str(settings.preview_px), length=6)
    return f"look-{measurement.folder}-{sizes}"


def measure_files(
    files: Sequence[PictureFile],
    measurements: Sequence[Measurement],
    settings: PhotoSettings,
    cache_folder: Path,
    progress: Progress,
) -> MeasurementResult:
    """Measure every content once; what was measured before in the same version comes from the cache.

    Args:
        files: pictures; equal contents are opened once.
        measurements: what to measure; a file is opened if any of them lacks it, and then only those look at
            it.
        settings: limits, worker processes, batch, time limit.
        cache_folder: the project's cache.
        progress: called after every opened picture.
    """
    by_hash = {f.content_hash: f for f in files}
    books = [_Book(m, settings, cache_folder, by_hash) for m in measurements]
    missing = [h for h in by_hash if any(h not in b.seen for b in books)]
    refused: dict[str, Refused] = {}
    if missing:
        prepare_decoders()  # here too: a missing decoder is a broken installation, and no fault of the files
        work = {b.name: b.measurement.begin() for b in books if any(h not in b.seen for h in missing)}
        jobs = [
            _Job(
                by_hash[h],
                limits_of(settings),
                {b.name: work[b.name].measure for b in books if h not in b.seen},
            )
            for h in missing
        ]
        with ExitStack() as stack:
            writers = {
                b.name: stack.enter_context(_Writer(b, work[b.name], settings.batch))
                for b in books
                if b.name in work
            }
            for content, answer in _answers(jobs, settings, progress):
                if isinstance(answer, Refused):
                    refused[content] = answer
                    continue
                for name, seen in answer.items():
                    writers[name].add(content, seen)
            for writer in writers.values():
                refused |= writer.finished()
    for book in books:
        book.cache.compact()
    return MeasurementResult({b.name: b.rows() for b in books}, refused, len(missing))


def cached(
    contents: Collection[str], measurement: Measurement, settings: PhotoSettings, cache_folder: Path
) -> pl.DataFrame | None:
    """The rows of all these contents, or None if one of them has to be opened."""
    book = _Book(measurement, settings, cache_folder, contents)
    return book.rows() if all(h in book.seen for h in contents) else None


class _Book:
    """What is known of one measurement."""

    def __init__(
        self, measurement: Measurement, settings: PhotoSettings, cache_folder: Path, contents: Collection[str]
    ) -> None:
        self.measurement, self.name = measurement, measurement.name
        folder = cache_folder / cache_name(measurement, settings)
        self.cache = ChunkCache(folder, measurement.schema(), Photo.content_hash)
        known = self.cache.read(contents)
        if (kept := measurement.kept) is not None:
            known = known.filter([kept(row) for row in known.to_dicts()]) if known.height else known
        self.known, self.seen, self.fresh = known, set(known[Photo.content_hash]), list[pl.DataFrame]()

    def rows(self) -> pl.DataFrame:
        return pl.concat([self.known, *self.fresh])


@dataclass
class _Writer:
    """Collects a batch, finishes it beside the workers, and writes it to the cache."""

    book: _Book
    work: Work
    batch: int
    waiting: list[tuple[str, Seen]] = field(default_factory=list)
    refused: dict[str, Refused] = field(default_factory=dict)
    pending: deque[Future[None]] = field(default_factory=deque)

    def __enter__(self) -> _Writer:
        self.pool = ThreadPoolExecutor(1, self.book.name)
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self.pool.shutdown(cancel_futures=True)

    def finished(self) -> Mapping[str, Refused]:
        """Finish what waits, and say which contents have no row."""
        self._send()
        while self.pending:
            self.pending.popleft().result()
        return self.refused

    def add(self, content: str, seen: Seen) -> None:
        self.waiting.append((content, seen))
        if len(self.waiting) >= self.batch:
            self._send()

    def _send(self) -> None:
        if not self.waiting:
            return
        batch, self.waiting = self.waiting, []
        if self.work.finish is None:
            self._finish(batch)
            return
        self.pending.append(self.pool.submit(self._finish, batch))
        while len(self.pending) > _AHEAD:
            self.pending.popleft().result()

    def _finish(self, batch: Sequence[tuple[str, Seen]]) -> None:
        seen = [s for _h, s in batch]
        rows = self.work.finish(seen) if self.work.finish else seen
        named = []
        for (content, _seen), row in zip(batch, rows, strict=True):
            if isinstance(row, Refused):
                self.refused[content] = row
            else:
                named.append({Photo.content_hash: content, **row})
        frame = pl.DataFrame(named, schema=self.book.measurement.schema(), orient="row")
        self.book.cache.append(frame)
        self.book.fresh.append(frame)


def _answers(
    jobs: Sequence[_Job], settings: PhotoSettings, progress: Progress
) -> Iterator[tuple[str, Refused | Mapping[str, Seen]]]:
    answers = run_apart(
        _measure, jobs, workers=min(settings.workers, len(jobs)), timeout_s=settings.timeout_s
    )
    for done, (index, answer) in enumerate(answers, start=1):
        yield jobs[index].file.content_hash, _lost(answer) if isinstance(answer, Lost) else answer
        progress.step("pictures opened", done, len(jobs))


def _measure(job: _Job) -> Mapping[str, Seen] | Refused:
    try:
        picture = open_any(job.file, job.limits)
    except Refused as refused:
        return refused
    return {name: measure(picture) for name, measure in job.measures.items()}


def _lost(lost: Lost) -> Refused:
    if lost.why == "raised":
        advice = "please report it with the file; a newer version will look at it again"
        return Refused("reader_error", f"a fault of Proofsheet while measuring it: {lost.detail}", advice)
    advice = "keep it out of the project, or convert it with another program"
    if lost.why == "timeout":
        return Refused("decoder_timeout", f"decoding took too long ({lost.detail})", advice)
    return Refused("decoder_died", f"it killed the decoder twice ({lost.detail})", advice)


def rows_of(photos: pl.DataFrame, measured: pl.DataFrame) -> pl.DataFrame:
    """Ids and measured columns: one row a photo, joined by content."""
    ids = photos.select(Table.project, Photo.photo_id, Photo.content_hash)
    return ids.join(measured, on=Photo.content_hash, how="inner").drop(Photo.content_hash)
