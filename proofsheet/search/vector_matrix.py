"""The vectors of a project as one matrix in memory-mapped form, and the exact nearest of them.

Holds `VectorMatrix`.
Add here: another exact question to all vectors.
Keep out: pairs of a whole project (grouping/nearest_neighbors.py).

    cache/<project>/vectors/<checksum>.npy       (n, d) float32, a row a photo
    cache/<project>/vectors/<checksum>.parquet   photo and encoder of each row

The table `embeddings` is compressed; the two files hold the same rows and are made at the first search
after it changed.
"""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from proofsheet.core.files import write_atomic
from proofsheet.storage.workspace import Project
from schemas.storage import StoredTable
from schemas.vectors import Embedding

Floats = npt.NDArray[np.float32]
_FOLDER = "vectors"


@dataclass(frozen=True)
class VectorMatrix:
    """All vectors of one project; they come from one encoder.

    Attributes:
        photo_ids: (n,) the photo of each row.
        encoder_id: who made the vectors; empty if there are none.
        vectors: (n, d) float32, each row of length 1; read from the disk when it is used.
    """

    photo_ids: pl.Series
    encoder_id: str
    vectors: Floats

    @classmethod
    def of(cls, project: Project) -> VectorMatrix:
        """The present vectors of a project; no rows before its first run.

        Raises:
            Damaged: if the table is.
        """
        checksum = _checksum(project)
        if not checksum:
            return cls(pl.Series([], dtype=pl.String), "", np.empty((0, 0), np.float32))
        place = project.cache / _FOLDER / checksum
        if (known := _opened(place)) is not None:
            return known
        embeddings = project.store.read(Embedding)
        if _checksum(project) != checksum:  # a run replaced the table meanwhile
            return cls.of(project)
        return _written(place, embeddings)

    def vector_of(self, photo_id: str) -> Floats | None:
        """(d,) the vector of a photo; None if it has none."""
        row = self.photo_ids.index_of(photo_id)
        return None if row is None else np.array(self.vectors[row])

    def nearest(self, vector: Floats, most: int) -> Iterator[tuple[str, float]]:
        """The photos of the highest cosine, with it, highest first; equal ones in the order of their ids.

        One product of the whole matrix in float32: the answer is exact.

        Args:
            vector: (d,) of length 1, by the same encoder.
            most: how many photos.
        """
        cosines = self.vectors @ vector
        if most < cosines.size:
            least = np.partition(cosines, cosines.size - most)[cosines.size - most]
            rows = np.flatnonzero(cosines >= least)
        else:
            rows = np.arange(cosines.size)
        for row in rows[np.argsort(-cosines[rows], kind="stable")][:most]:
            yield str(self.photo_ids[int(row)]), float(cosines[row])


def _checksum(project: Project) -> str:
    """Of the rows of `embeddings`; empty before the first run."""
    return str(project.store.tables().get(Embedding.name, {}).get(StoredTable.checksum, ""))


def _opened(place: Path) -> VectorMatrix | None:
    """The matrix of these files; None if they are not there or not whole."""
    try:
        rows = pl.read_parquet(place.with_suffix(".parquet"), memory_map=False)
        vectors = np.load(place.with_suffix(".npy"), mmap_mode="r", allow_pickle=False)
        is_whole = vectors.ndim == 2 and vectors.dtype == np.float32 and len(vectors) == rows.height
        if is_whole and _are_unit(vectors[:1]) and _are_unit(vectors[-1:]):
            return _matrix(rows, vectors)
    except (EOFError, OSError, ValueError, pl.exceptions.PolarsError):
        pass  # made again
    return None


def _are_unit(vectors: Floats) -> bool:
    return bool(np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=0.01))


def _written(place: Path, embeddings: pl.DataFrame) -> VectorMatrix:
    """The matrix of these rows of `embeddings`, written for the next search; former ones are removed."""
    width = len(embeddings[Embedding.vector][0]) if embeddings.height else 0
    vectors = embeddings[Embedding.vector].list.to_array(width).to_numpy() if width else np.empty((0, 0))
    matrix = np.ascontiguousarray(vectors, dtype=np.float32)
    ids, content = embeddings.select(Embedding.photo_id, Embedding.encoder_id), io.BytesIO()
    ids.write_parquet(content)
    for former in place.parent.glob("*.*"):
        if former.stem != place.name:
            with contextlib.suppress(OSError):  # another search reads it, or was faster
                former.unlink()
    write_atomic(place.with_suffix(".parquet"), content.getvalue(), durable=False)
    work = place.with_name(f".{place.name}.{os.getpid()}.tmp")
    try:
        with work.open("wb") as stream:
            np.save(stream, matrix, allow_pickle=False)
        work.replace(place.with_suffix(".npy"))
    finally:
        work.unlink(missing_ok=True)
    return _matrix(ids, matrix)


def _matrix(rows: pl.DataFrame, vectors: Floats) -> VectorMatrix:
    encoder = str(rows[Embedding.encoder_id][0]) if rows.height else ""
    return VectorMatrix(rows[Embedding.photo_id], encoder, vectors)
