"""Comparison of the raw and final folders of a finished project, for `proofsheet history extract`.

Holds `extract`.
Add here: only the opening of files; conclusions are drawn in proofsheet/history/folder_extraction.py.
Keep out: output for people (commands/history.py).
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from proofsheet.core.errors import UsageError
from proofsheet.core.progress import Progress
from proofsheet.history.crop_search import Comparison, compare
from proofsheet.history.folder_extraction import Extraction, Pair, extracted, pair_up
from proofsheet.history.raw_sets import RawPicture, raw_sets
from proofsheet.imaging.decode import Picture, PictureFile
from proofsheet.imaging.measurement import Measurement, Work
from proofsheet.imaging.measurement_pass import measure_files
from proofsheet.library.file_hashes import Scan
from proofsheet.library.scan import scan
from proofsheet.storage.code_version import module_version
from schemas.library import Photo
from schemas.settings.photos import PhotoSettings

_SMALL_PX = 32
_PAIRS = 64  # compared at a time; bounds the memory
_GREY, _ROWS, _COLUMNS, _WIDTH, _HEIGHT = "grey", "rows", "columns", "width_px", "height_px"
_SEEN = {_GREY: pl.Binary, _ROWS: pl.Int64, _COLUMNS: pl.Int64, _WIDTH: pl.Int64, _HEIGHT: pl.Int64}


def _grey(picture: Picture) -> npt.NDArray[np.uint8]:
    import cv2

    return np.asarray(cv2.cvtColor(picture.rgb, cv2.COLOR_RGB2GRAY), dtype=np.uint8)


def _seen(picture: Picture, grey: npt.NDArray[np.uint8]) -> Mapping[str, object]:
    rows, columns = grey.shape
    sizes = {_ROWS: rows, _COLUMNS: columns, _WIDTH: picture.width_px, _HEIGHT: picture.height_px}
    return {_GREY: grey.tobytes(), **sizes}


def small(picture: Picture) -> Mapping[str, object]:
    """The picture as a small grey square."""
    import cv2

    square = cv2.resize(_grey(picture), (_SMALL_PX, _SMALL_PX), interpolation=cv2.INTER_AREA)
    return _seen(picture, np.asarray(square, dtype=np.uint8))


def detail(picture: Picture) -> Mapping[str, object]:
    """The picture in grey, as large as pictures are measured."""
    return _seen(picture, _grey(picture))


def _measurement(measure: Callable[[Picture], Mapping[str, object]]) -> Measurement:
    return Measurement(measure.__name__, _SEEN, module_version(__name__), lambda: Work(measure))


def extract(raw: Path, final: Path, photos: PhotoSettings, progress: Progress) -> Extraction:
    """Choices and crops, found by comparing two finished folders.

    They are only read, and nothing of them is saved.

    Args:
        raw: folder with the pictures of every stage.
        final: folder with the chosen pictures; it may be inside the raw folder.
        photos: how pictures are opened.
        progress: is called for each file that is scanned or opened.

    Raises:
        UsageError: if both are one folder, or one of them holds no picture.
    """
    if raw.resolve() == final.resolve() or raw.resolve().is_relative_to(final.resolve()):
        raise UsageError(
            f"{raw} is not outside of {final}.",
            "Name two folders, one with all pictures, one with the winners.",
        )
    outcome = Extraction()
    with tempfile.TemporaryDirectory(prefix="proofsheet-extract-") as cache:
        finished, files = _opened(final, Path(cache), photos, progress, outcome, ())
        pictures, raw_files = _opened(
            raw, Path(cache), photos, progress, outcome, [f.path for f in files.values()]
        )
        pairs = pair_up(pictures, finished, outcome)
        compared = _compared(
            [p for p in pairs if not p.same], {**files, **raw_files}, photos, Path(cache), progress
        )
    sets, alone = raw_sets(pictures)
    return extracted(sets, alone, pairs, compared, raw.resolve().name, outcome)


def _opened(
    folder: Path,
    cache: Path,
    photos: PhotoSettings,
    progress: Progress,
    outcome: Extraction,
    without: Iterable[Path],
) -> tuple[list[RawPicture], dict[str, PictureFile]]:
    """The pictures of a folder, and their files by content."""
    left_out = {p.resolve() for p in without}
    found: Scan = scan(folder, cache / "scan", progress)
    listed = {p.path: p.file for p in found.pictures if p.file.path.resolve() not in left_out}
    looked = measure_files(list(listed.values()), [_measurement(small)], photos, cache, progress)
    seen = {str(r[Photo.content_hash]): r for r in looked.rows[small.__name__].to_dicts()}
    for path in [*found.refused, *(p for p, f in listed.items() if f.content_hash in looked.refused)]:
        outcome.skip("file that cannot be opened", path)
    if not seen:
        raise UsageError(f"{folder} holds no picture that can be opened.", "Name the folder that holds them.")
    pictures = [
        _picture(path, f.content_hash, seen[f.content_hash])
        for path, f in listed.items()
        if f.content_hash in seen
    ]
    return pictures, {f.content_hash: f for f in listed.values()}


def _picture(path: str, content: str, row: Mapping[str, Any]) -> RawPicture:
    square = np.frombuffer(row[_GREY], dtype=np.uint8).astype(np.float32)
    centred = square - square.mean()
    length = max(float(np.linalg.norm(centred)), 1e-6)
    return RawPicture(
        path, content, int(row[_WIDTH]), int(row[_HEIGHT]), (centred / length).astype(np.float32)
    )


def _compared(
    pairs: list[Pair],
    files: Mapping[str, PictureFile],
    photos: PhotoSettings,
    cache: Path,
    progress: Progress,
) -> dict[str, Comparison]:
    """How each finished picture compares with its raw one."""
    found: dict[str, Comparison] = {}
    for begin in range(0, len(pairs), _PAIRS):
        some = pairs[begin : begin + _PAIRS]
        wanted = {p.content_hash: files[p.content_hash] for pair in some for p in (pair.raw, pair.final)}
        rows = measure_files(
            list(wanted.values()), [_measurement(detail)], photos, cache / f"detail-{begin}", progress
        ).rows[detail.__name__]
        grey = {str(r[Photo.content_hash]): _array(r) for r in rows.to_dicts()}
        for pair in some:
            one, other = grey.get(pair.raw.content_hash), grey.get(pair.final.content_hash)
            if one is None or other is None:
                found[pair.raw.path] = Comparison("changed", None, 0.0)
                continue
            sizes = [(p.width_px, p.height_px) for p in (pair.raw, pair.final)]
            found[pair.raw.path] = compare(one, sizes[0], other, sizes[1])
        progress.step("pictures compared", min(begin + _PAIRS, len(pairs)), len(pairs))
    return found


def _array(row: Mapping[str, Any]) -> npt.NDArray[np.uint8]:
    return np.frombuffer(row[_GREY], dtype=np.uint8).reshape(int(row[_ROWS]), int(row[_COLUMNS]))
