"""Derived tables: immutable files of rows, and generations that name them.

Holds `Store`, and `RECENT`, the frames that were read last.
Add here: how tables are written and read.
Keep out: the content of tables (schemas/), facts (ledger.py), and DuckDB (database.py).

    store/<project>/         the generations (generations.py) and their parts (parts.py)
    store/<project>.duckdb   one database with all tables, for people and their tools; made when a run ends
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import polars as pl

from proofsheet.core.errors import Damaged, StoreError
from proofsheet.core.files import set_aside
from proofsheet.core.locks import acquire
from proofsheet.storage.fixed_lengths import lengths
from proofsheet.storage.former_format import former_rows
from proofsheet.storage.former_values import present_values
from proofsheet.storage.frame_cache import FrameCache
from proofsheet.storage.generations import FORMER, FormerFormat, Generations
from proofsheet.storage.manifest import MENDS, Manifest, Part
from proofsheet.storage.parts import PartRows, Parts, remove, wrong_with
from proofsheet.storage.stamps import Stamp, bookkeeping, same_rows
from proofsheet.storage.table_gate import check_frame
from schemas.storage import StoredTable
from schemas.table import OfTable, Rows, Table

_TRIES = 20
_AT_ONCE = 8_192  # rows; hashing copies them
RECENT = FrameCache(
    256 << 20
)  # of all stores of this process; a run reads the same few tables again and again
GRACE_S = 600.0  # how long a reader may need from looking up a file to having it open


class _Held(threading.local):
    """The generations that this thread reads for a while, by folder of the store."""

    def __init__(self) -> None:
        self.manifests: dict[Path, Manifest] = {}


_HELD = _Held()


@dataclass(frozen=True)
class Published:
    """The generation that holds the rows, and whether it had to be made."""

    generation: int
    changed: bool


def in_key_order(table: type[Table], frame: pl.DataFrame) -> pl.DataFrame:
    """The rows in key order; the frame itself if they are."""
    keys = frame.select(table.key())
    return frame if keys.equals(keys.sort(table.key())) else frame.sort(table.key())


def checksum(table: type[Table], frame: pl.DataFrame) -> str:
    """Hash of the rows in key order, with names and types."""
    digest = hashlib.sha256(repr(dict(frame.schema)).encode())
    for some in in_key_order(table, frame).iter_slices(_AT_ONCE):
        digest.update(some.hash_rows().to_numpy().tobytes())
    return digest.hexdigest()[:32]


class Store:
    """The tables of one project.

    Args:
        root: folder of all stores.
        project: key of the project.
    """

    def __init__(self, root: Path, project: str) -> None:
        self.project = project
        self.folder = root / project
        self.generations = Generations(self.folder)
        self.parts = Parts(self.folder)
        self.open_copy = root / f"{project}.duckdb"

    @contextmanager
    def held_still(self) -> Iterator[None]:
        """Inside, this thread reads one generation, which is looked up once, until it publishes itself."""
        if self.folder in _HELD.manifests:
            yield
            return
        _HELD.manifests[self.folder] = self.manifest()
        try:
            yield
        finally:
            _HELD.manifests.pop(self.folder, None)

    def generation(self) -> int:
        """Number of the current generation, or of the one that is held; 0 before the first."""
        held = _HELD.manifests.get(self.folder)
        return self.generations.current() if held is None else held.number

    def read(self, table: type[OfTable]) -> Rows[OfTable]:
        """All rows of a table in key order.

        It is empty if the table was never written, or with other columns; a run makes it again.
        """
        return cast("Rows[OfTable]", self._read(table))

    def _read(self, table: type[Table]) -> pl.DataFrame:
        for _attempt in range(_TRIES):
            manifest = self.manifest()
            if table is StoredTable:
                return manifest.books()
            part = manifest.parts.get(table.name) or manifest.parts.get(table.former)
            if part is None or not part.book[StoredTable.row_count]:
                return table.frame()
            key = frame_key(table, part.book)
            if (known := RECENT.get(key)) is not None:
                return known
            try:
                found = self.parts.read(part)
            except Damaged:
                if manifest.number == self.generation():
                    raise
                continue  # a newer generation came between the two looks, and the file was removed
            if found.schema != table.polars_schema():
                return table.frame()
            found = present_values(table, found)
            RECENT.put(key, found)
            return found
        raise StoreError(f"The store of {self.project} changed faster than it could be read.", "Try again.")

    def query(
        self, sql: str, more: Mapping[type[Table], Callable[[], pl.DataFrame]] | None = None
    ) -> pl.DataFrame:
        """The result of a query in SQL, which can change nothing.

        Before its first generation a store has no tables.

        Args:
            sql: the statement.
            more: further tables that it may ask, with what reads their rows; only those that it names are
                read.

        Raises:
            UsageError: if DuckDB refuses the statement.
            Damaged: if a table that it names is.
        """
        from proofsheet.storage.database import ask, words

        manifest, named = self.manifest(), words(sql)
        for part in (part for name, part in manifest.parts.items() if name in named):
            if wrong := wrong_with(self.folder / part.file, part.sha256):
                raise Damaged(self.folder / part.file, wrong, MENDS)
        return ask(sql, self.folder, manifest, more or {})

    def tables(self) -> dict[str, dict[str, object]]:
        """The bookkeeping row of every table, by table name."""
        return {name: dict(part.book) for name, part in self.manifest().parts.items()}

    def publish(self, frames: Mapping[type[Table], pl.DataFrame], stamp: Stamp) -> Published:
        """Replace the rows of these tables in one new generation; equal rows from equal inputs need none.

        Raises:
            GateRefused: if a frame does not fit its table; nothing is written.
            StoreError: if the disk is full or the current generation cannot be read.
        """
        for table, frame in frames.items():
            check_frame(table, frame, self.project)
        ordered = {table: in_key_order(table, frame) for table, frame in frames.items()}
        books = {t: bookkeeping(self.project, t, checksum(t, f), f.height, stamp) for t, f in ordered.items()}
        self.manifest()
        with acquire(self.folder / "write.lock", "publishing"):
            current = self.generations.manifest()
            known = {name: part.book for name, part in current.parts.items()}
            if current.number and all(
                same_rows(known.get(t.name), str(b[StoredTable.checksum]), stamp) for t, b in books.items()
            ):
                return Published(current.number, changed=False)
            kept = {
                name: part for name, part in current.parts.items() if name not in {t.former for t in frames}
            }
            _HELD.manifests.pop(self.folder, None)
            number = self._add(kept, (PartRows(f, lengths(t, f), books[t]) for t, f in ordered.items()))
        for table, frame in ordered.items():
            RECENT.put(frame_key(table, books[table]), frame)
        return Published(number, changed=True)

    def show(self) -> bool:
        """Make the database for users, if it is missing or tables have changed since.

        Returns:
            Whether it was made.

        Raises:
            StoreError: if the disk is full, or the tables cannot be read.
        """
        from proofsheet.storage.shown_tables import show_tables

        if not self.generation() or self._is_shown():
            return False
        with acquire(self.folder / "show.lock", "making the database for users"):
            if self._is_shown():
                return False
            self.generations.check()
            manifest = self.manifest()
            made = self.generations.path(manifest.number).stat().st_mtime_ns
            try:
                if self.open_copy.is_dir():
                    set_aside(self.open_copy)
                show_tables(self.open_copy, self.folder, manifest, made)
            except OSError as error:
                raise StoreError(
                    f"{self.open_copy} could not be written: {error}.",
                    "The tables themselves are untouched; make room on the disk and run again.",
                ) from error
        return True

    def tidy(self, grace_s: float = GRACE_S) -> list[int]:
        """Remove files that no generation names.

        Args:
            grace_s: how long they stay: a reader may be about to open one.

        Returns:
            Their sizes in bytes.

        Raises:
            StoreError: if the current generation cannot be read; then nothing is removed.
        """
        if not self.generation():
            return []
        self.manifest()
        with acquire(self.folder / "write.lock", "cleaning up"):
            self.generations.remove_leftovers()
            return [remove(path) for path in self.parts.unnamed(self.generations.named(), grace_s)]

    def check(self) -> None:
        """Compare the bytes of the current generation with those that were written, and its format with ours.

        Raises:
            StoreError: if it is damaged or of a newer version.
        """
        self.generations.check()

    def manifest(self) -> Manifest:
        """The current generation, or the one that is held; one of the former format is taken over."""
        if (held := _HELD.manifests.get(self.folder)) is not None:
            return held
        try:
            return self.generations.manifest()
        except FormerFormat:
            self._take_over()
            return self.generations.manifest()

    def _take_over(self) -> None:
        """Write the tables of a generation of the former format as parts of a new one."""
        with acquire(self.folder / "write.lock", "migrating the tables of an earlier version"):
            number, found = self.generations.pointers()[0]
            path = self.generations.path(number)
            if path.suffix != FORMER:
                return  # another process did
            if wrong := wrong_with(path, found):
                raise Damaged(path, wrong, MENDS)
            self._add({}, former_rows(path))

    def _add(self, kept: Mapping[str, Part], rows: Iterable[PartRows]) -> int:
        try:
            self.generations.remove_leftovers()
            known = self.generations.known_parts()
            new = [self.parts.write(one, known) for one in rows]
            return self.generations.add({**kept, **{str(p.book[StoredTable.table_name]): p for p in new}})
        except OSError as error:
            raise StoreError(
                f"The store of {self.project} could not be written: {error}.",
                f"Generation {self.generation()} is untouched; make room on the disk and run again.",
            ) from error

    def _is_shown(self) -> bool:
        """False if tables changed since the database for people was made."""
        made = self.generations.path(self.generation()).stat().st_mtime_ns
        return self.open_copy.is_file() and self.open_copy.stat().st_mtime_ns >= made


def frame_key(table: type[Table], book: Mapping[str, object]) -> tuple[Hashable, ...]:
    """The name of the rows of a table among `RECENT` frames."""
    return (table.name, book[StoredTable.checksum], tuple(table.polars_schema().items()))
