"""Files with the rows of one table each: written once, never changed, named by what they hold.

Holds `Parts`, `PartRows` and the sums of files.
Add here: how rows become bytes and come back.
Keep out: which parts are the current ones (generations.py) and the gate (table_gate.py).

    <folder>/tables/<table>/<checksum>.parquet   equal rows are the same file
"""

from __future__ import annotations

import errno
import hashlib
import os
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from proofsheet.core.errors import Damaged, of_the_disk
from proofsheet.core.files import Fingerprint, fsync_file, fsync_folder
from proofsheet.storage.manifest import MENDS, Part
from schemas.storage import StoredTable

_PASSING = {
    errno.EMFILE,
    errno.ENFILE,
    errno.ENOMEM,
    errno.EAGAIN,
    errno.EINTR,
    errno.ESTALE,
    errno.ETIMEDOUT,
}
_ROWS = 16_384  # a group of rows is what is compressed at once
_WHOLE: dict[str, tuple[Fingerprint, str]] = {}  # files that this process has read, and their sums
_MOST = 20_000  # of them
_SMALL = 1 << 20  # bytes; a file up to this size is read at once


def file_sum(path: Path | str) -> str:
    """SHA-256 of a file, hexadecimal."""
    with os.fdopen(os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0)), "rb", buffering=0) as stream:
        if os.fstat(stream.fileno()).st_size <= _SMALL:  # file_digest reserves 256 KiB for each file
            return hashlib.sha256(stream.readall()).hexdigest()
        return hashlib.file_digest(stream, "sha256").hexdigest()


def known_sum(path: Path | str) -> str:
    """The same, read again only after the file was touched."""
    name = os.fspath(path)
    mark = Fingerprint.at(name)
    if (known := _WHOLE.get(name)) is None or known[0] != mark:
        if len(_WHOLE) >= _MOST:
            _WHOLE.clear()
        _WHOLE[name] = known = (mark, file_sum(name))
    return known[1]


def wrong_with(path: Path | str, wanted: str, *, again: bool = False) -> str:
    """What is wrong with a file; empty if its bytes are those that were written.

    Args:
        path: the file.
        wanted: its SHA-256.
        again: read it even if it did not change since the last scan.

    Raises:
        StoreError: if the system cannot read any file now: nothing is set aside for that.
    """
    try:
        if again:
            _WHOLE.pop(os.fspath(path), None)
        return "" if known_sum(path) == wanted else "its content has changed"
    except FileNotFoundError:
        return "it is gone"
    except OSError as error:
        refuse_passing(error, Path(path))
        return str(error.strerror)


def refuse_passing(error: OSError, place: Path) -> None:
    """Raise an error that is not damage of the file, such as too many open files.

    Raises:
        StoreError: in its place.
    """
    if error.errno in _PASSING:
        raise of_the_disk(error, place) from error


def remove(path: Path) -> int:
    """Remove a file; gives its size in bytes."""
    size = path.stat().st_size
    path.unlink()
    return size


@dataclass(frozen=True)
class PartRows:
    """The rows of one table on their way into a part.

    Attributes:
        frame: the rows in key order.
        lengths: how many numbers the vectors of a column hold, by column.
        book: what is noted of the table, by the columns of `StoredTable`.
    """

    frame: pl.DataFrame
    lengths: Mapping[str, int]
    book: Mapping[str, object]


class Parts:
    """The parts in the folder of one store.

    Args:
        folder: of the store.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, rows: PartRows, known: Collection[Part]) -> Part:
        """Write rows that are in key order.

        Nothing is written if a part of a generation holds them already.

        Args:
            rows: of one table.
            known: the parts that generations name.

        Raises:
            OSError: if there is no room.
        """
        file = f"tables/{rows.book[StoredTable.table_name]}/{rows.book[StoredTable.checksum]}.parquet"
        path = self.folder / file
        same = next((part for part in known if part.file == file), None)
        if same is not None and path.is_file() and path.stat().st_size == same.size:
            return Part(file, same.sha256, same.size, rows.lengths, rows.book)
        self._make_folder(path.parent)
        work = path.with_name(f".{path.name}.{os.getpid()}.tmp")
        try:
            _write_frame(rows.frame, work)
            fsync_file(work)
            work.replace(path)
        finally:
            work.unlink(missing_ok=True)
        fsync_folder(path.parent)
        return Part(file, known_sum(path), path.stat().st_size, rows.lengths, rows.book)

    def read(self, part: Part) -> pl.DataFrame:
        """The rows of a part.

        Raises:
            Damaged: if they are not those that were written.
            StoreError: if the system cannot read any file now.
        """
        path = self.folder / part.file
        wrong = wrong_with(path, part.sha256)
        if not wrong:
            try:
                return pl.read_parquet(path.read_bytes() if part.size <= _SMALL else path, memory_map=False)
            except (pl.exceptions.PolarsError, OSError) as error:
                wrong = f"it cannot be read ({error})"
        raise Damaged(path, wrong, MENDS)

    def read_together(self, parts: Sequence[Part]) -> list[pl.DataFrame]:
        """The rows of several small parts, in half the time that they take one after the other.

        It is empty if one of them is large, or not as it was written: `read` says what is wrong.
        """
        paths = [self.folder / part.file for part in parts]
        if not all(p.size <= _SMALL for p in parts):
            return []
        try:
            if any(known_sum(path) != part.sha256 for path, part in zip(paths, parts, strict=True)):
                return []
            return pl.collect_all([pl.scan_parquet(path.read_bytes()) for path in paths])
        except (pl.exceptions.PolarsError, OSError):
            return []

    def let_go(self, files: Collection[str]) -> None:
        """Note that no generation names these files any more: from now on they wait to be removed."""
        for file in files:
            path = self.folder / file
            if path.is_file():
                os.utime(path)

    def unnamed(self, named: Collection[str], grace_s: float) -> Iterator[Path]:
        """Files that no generation has named for so long; a reader may have had them open until now."""
        oldest = time.time() - grace_s
        for path in sorted(self.folder.glob("tables/*/*")):
            if path.relative_to(self.folder).as_posix() not in named and path.stat().st_mtime < oldest:
                yield path

    def _make_folder(self, folder: Path) -> None:
        if not folder.is_dir():
            folder.mkdir(parents=True, exist_ok=True)
            fsync_folder(folder.parent)
            fsync_folder(self.folder)


def _write_frame(frame: pl.DataFrame, path: Path) -> None:
    """Write a file of rows.

    Raises:
        OSError: if there is no room.
    """
    try:
        frame.write_parquet(path, compression="zstd", row_group_size=_ROWS)
    except pl.exceptions.PolarsError as error:
        raise OSError(errno.EIO, str(error), str(path)) from error
