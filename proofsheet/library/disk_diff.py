"""What is on disk that the tables do not know yet.

Holds `disk_news`.
Add here: nothing that reads files; it only lists.
Keep out: hashing (scan.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import polars as pl

from proofsheet.core.clock import moment
from proofsheet.core.files import printable
from proofsheet.core.folder_walk import walk
from schemas.apply import FileOperation
from schemas.library import OtherFile, Photo, Quarantine


@dataclass(frozen=True)
class News:
    """Number of files that are new, gone, or of another size or time since the last run.

    A file that Proofsheet moved or renamed, or its undo, is counted as moved alone.
    """

    new: int
    changed: int
    gone: int
    moved: int = 0
    moved_back: int = 0

    def as_dict(self) -> dict[str, int]:
        """For JSON."""
        return asdict(self)

    def in_words(self) -> str:
        """The counts in words; empty if there are none."""
        words = {
            "new": self.new,
            "changed": self.changed,
            "gone": self.gone,
            "moved or renamed here": self.moved,
            "moved back by undo": self.moved_back,
        }
        return ", ".join(f"{count} {word}" for word, count in words.items() if count)


def disk_news(
    folder: Path,
    photos: pl.DataFrame,
    quarantine: pl.DataFrame,
    others: pl.DataFrame,
    operations: pl.DataFrame | None = None,
) -> News:
    """Compare a folder with its tables, by path, size and modification time; nothing is opened.

    Args:
        folder: of the project.
        photos: rows of the last run.
        quarantine: of the same.
        others: of the same.
        operations: rows of the journal of moved files; None if nothing was moved.

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
    new, gone = now.keys() - known, known - now.keys()
    moved, moved_back = _moved(operations, new, gone)
    both = moved + moved_back
    return News(len(new) - both, changed, len(gone) - both, moved, moved_back)


def _moved(operations: pl.DataFrame | None, new: Set[str], gone: Set[str]) -> tuple[int, int]:
    """Number of files that the journal moved from a path that is gone to one that is new, and back."""
    if operations is None or operations.is_empty():
        return 0, 0
    moves = operations.filter(pl.col(FileOperation.kind) == "move")
    paths = set(moves.select(FileOperation.source, FileOperation.target).iter_rows())
    return (
        len({target for source, target in paths if source in gone and target in new}),
        len({source for source, target in paths if target in gone and source in new}),
    )


def _listing(folder: Path) -> Iterator[tuple[str, tuple[int, datetime] | None]]:
    for entry in walk(folder):
        yield (
            printable(entry.name),
            None if entry.stat is None else (entry.stat.st_size, moment(entry.stat.st_mtime_ns)),
        )
