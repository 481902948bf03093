"""What is on disk that the tables do not know yet.

Holds `disk_news`.
Add here: nothing that reads files; it only lists.
Keep out: hashing (scan.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import polars as pl

from proofsheet.core.clock import moment
from proofsheet.core.files import printable
from proofsheet.core.folder_walk import walk
from schemas.library import OtherFile, Photo, Quarantine


@dataclass(frozen=True)
class News:
    """Number of files that are new, gone, or of another size or time since the last run."""

    new: int
    changed: int
    gone: int


def disk_news(folder: Path, photos: pl.DataFrame, quarantine: pl.DataFrame, others: pl.DataFrame) -> News:
    """Compare a folder with its tables, by path, size and modification time; nothing is opened.

    Raises:
        StoreError: if the folder cannot be listed.
    """
    now = dict(_listing(folder))
    marks = {
        row[Photo.path]: (row[Photo.size_bytes], row[Photo.modified_at])
        for row in photos.select(Photo.path, Photo.size_bytes, Photo.modified_at).iter_rows(named=True)
    }
    known = {*marks, *quarantine[Quarantine.path], *others[OtherFile.path]}
    changed = sum(1 for path, mark in marks.items() if path in now and now[path] != mark)
    return News(len(now.keys() - known), changed, len(known - now.keys()))


def _listing(folder: Path) -> Iterator[tuple[str, tuple[int, datetime] | None]]:
    for entry in walk(folder):
        yield (
            printable(entry.name),
            None if entry.stat is None else (entry.stat.st_size, moment(entry.stat.st_mtime_ns)),
        )
