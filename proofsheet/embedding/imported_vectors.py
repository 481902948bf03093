"""Imported vectors, stored as facts.

Each has a row in the ledger; the numbers are in matrices in the home.

Holds `keep_imported`, `read_imported` and `imported_encoders`.
Add here: another question about imported vectors.
Keep out: the files that they come in (embedding/vector_files.py) and which sets they form
(history/matching.py).
"""

from __future__ import annotations

import hashlib
import io
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from proofsheet.core.files import short_hash, write_atomic
from proofsheet.core.foreign_paths import file_name_of
from proofsheet.library.stage_names import stage_of
from proofsheet.storage.workspace import Project
from schemas.history import ImportedVector

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class NewVector:
    """One vector to store.

    Attributes:
        path: of its picture as written.
        encoder_id: who made it.
        content_hash: SHA-256 of its picture; None if unknown.
        vector: (d,) float32 of length 1.
    """

    path: str
    encoder_id: str
    content_hash: str | None
    vector: Floats


@dataclass(frozen=True)
class Imported:
    """The imported vectors of one project and one encoder.

    Attributes:
        rows: rows of `imported_vectors`.
        matrix: (n, d) float32 of length 1, a row each, in the same order.
        missing: rows of the ledger of which the matrix is gone or damaged; they are not in `rows`.
    """

    rows: pl.DataFrame
    matrix: Floats
    missing: int


def imported_encoders(project: Project) -> Counter[str]:
    """Encoder to the number of its imported vectors."""
    return Counter(project.ledger.rows(ImportedVector)[ImportedVector.encoder_id].to_list())


def keep_imported(project: Project, vectors: Sequence[NewVector], now: datetime) -> int:
    """Write the vectors that are not there yet: one matrix an encoder, then their rows.

    Args:
        project: the project of the pictures.
        vectors: those of one encoder have as many numbers.
        now: when (UTC, no zone).

    Returns:
        Number of vectors added.
    """
    there = set(project.ledger.rows(ImportedVector)[ImportedVector.vector_id])
    added: dict[str, dict[str, NewVector]] = {}
    for one in vectors:
        own = short_hash(one.encoder_id, file_name_of(one.path), one.vector.tobytes().hex(), length=32)
        if own not in there:
            added.setdefault(one.encoder_id, {})[own] = one
    for of_encoder in added.values():
        name = _write(project.vectors, np.stack([v.vector for v in of_encoder.values()]))
        project.ledger.add(
            ImportedVector,
            [_row(own, one, name, place, now) for place, (own, one) in enumerate(of_encoder.items())],
        )
    return sum(map(len, added.values()))


def _write(folder: Path, matrix: Floats) -> str:
    buffer = io.BytesIO()
    np.save(buffer, matrix.astype(np.float32), allow_pickle=False)
    content = buffer.getvalue()
    name = f"{hashlib.sha256(content).hexdigest()}.npy"
    write_atomic(folder / name, content)
    return name


def _row(own: str, one: NewVector, matrix: str, place: int, now: datetime) -> Mapping[str, object]:
    name = file_name_of(one.path)
    return {
        ImportedVector.vector_id: own,
        ImportedVector.path: one.path,
        ImportedVector.file_name: name,
        ImportedVector.stage: stage_of(name),
        ImportedVector.encoder_id: one.encoder_id,
        ImportedVector.content_hash: one.content_hash,
        ImportedVector.matrix: matrix,
        ImportedVector.place: place,
        ImportedVector.imported_at: now,
    }


def read_imported(project: Project, encoder_id: str) -> Imported:
    """The imported vectors of one encoder, in the order of their ids.

    `missing` counts vectors of a missing or damaged matrix.
    """
    rows = project.ledger.rows(ImportedVector, encoder_id=encoder_id)
    matrices = {
        str(name): _read(project.vectors / str(name)) for name in rows[ImportedVector.matrix].unique()
    }
    good = [n for n, m in matrices.items() if m is not None]
    known = rows.filter(pl.col(ImportedVector.matrix).is_in(good))
    places = known.select(ImportedVector.matrix, ImportedVector.place).iter_rows()
    vectors = [matrices[m][p] for m, p in places]  # type: ignore[index]
    matrix = np.stack(vectors) if vectors else np.empty((0, 0), np.float32)
    return Imported(known, matrix, rows.height - known.height)


def _read(path: Path) -> Floats | None:
    """The matrix, or None if the file is gone or is not what its name says."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    if hashlib.sha256(content).hexdigest() != path.stem:
        return None
    found: Floats = np.load(io.BytesIO(content), allow_pickle=False)
    return found
