"""The cache: what is only expensive, by content hash and version, in chunks.

Holds `ChunkCache`.
Add here: nothing that would be missed; deleting the cache costs time, never rows.
Keep out: facts (ledger.py) and results (store.py).
"""

from __future__ import annotations

import contextlib
import io
import uuid
from collections.abc import Collection
from pathlib import Path

import polars as pl

from proofsheet.core.files import write_atomic

_COMPACT_ABOVE = 64


class ChunkCache:
    """Frames with one schema in a folder of Parquet chunks, each written whole or not at all.

    Args:
        folder: belongs to this cache alone; its name carries the version.
        schema: names and types of the frames.
        key: column that identifies a row.
    """

    def __init__(self, folder: Path, schema: pl.Schema, key: str) -> None:
        self.folder, self.schema, self.key = folder, schema, key

    def append(self, frame: pl.DataFrame) -> None:
        """Add a chunk."""
        if frame.is_empty():
            return
        buffer = io.BytesIO()
        frame.select(self.schema.names()).write_parquet(buffer, compression="zstd")
        write_atomic(self.folder / f"{uuid.uuid4().hex}.parquet", buffer.getvalue())

    def read(self, wanted: Collection[str]) -> pl.DataFrame:
        """The cached rows with these keys; a damaged chunk is set aside and its rows are simply not there."""
        parts = [self._chunk(path) for path in sorted(self.folder.glob("*.parquet"))]
        keys = pl.DataFrame({self.key: list(wanted)}, schema={self.key: pl.String})
        whole = pl.concat([self.schema.to_frame(), *parts]) if parts else self.schema.to_frame()
        return whole.unique(self.key, keep="first", maintain_order=True).join(keys, on=self.key, how="semi")

    def compact(self) -> None:
        """Join many chunks into one; call it under the project's run lock."""
        paths = sorted(self.folder.glob("*.parquet"))
        if len(paths) <= _COMPACT_ABOVE:
            return
        self.append(pl.concat([self.schema.to_frame(), *(self._chunk(p) for p in paths)]).unique(self.key))
        for path in paths:
            path.unlink(missing_ok=True)

    def _chunk(self, path: Path) -> pl.DataFrame:
        try:
            frame = pl.read_parquet(path, memory_map=False)
            if frame.schema == self.schema:
                return frame
        except (pl.exceptions.PolarsError, OSError):
            pass
        with contextlib.suppress(OSError):
            path.rename(path.with_suffix(".damaged"))
        return self.schema.to_frame()
