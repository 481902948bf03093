"""The vectors of a project for export: of its pictures, and of pictures that are missing.

Holds `outgoing`.
Add here: another kind of vector.
Keep out: how they are written (proofsheet/embedding/vector_files.py).
"""

from __future__ import annotations

from collections.abc import Iterator

from proofsheet.embedding.imported_vectors import imported_encoders, read_imported
from proofsheet.embedding.vector_files import Outgoing
from proofsheet.storage.workspace import Project
from schemas.history import ImportedVector
from schemas.library import Photo
from schemas.vectors import Embedding


def outgoing(project: Project) -> Iterator[Outgoing]:
    """Every vector of a project; paths begin with the project's folder."""
    photos, embeddings = project.store.read(Photo), project.store.read(Embedding)
    rows = photos.join(embeddings, on=[Photo.project, Photo.photo_id])
    wanted = rows.select(Photo.path, Photo.content_hash, Embedding.encoder_id, Embedding.vector)
    for path, content, encoder, vector in wanted.iter_rows():
        yield Outgoing(f"{project.name}/{path}", content, content, encoder, vector)
    there = set(photos[Photo.content_hash])
    for encoder in sorted(imported_encoders(project)):
        found = read_imported(project, encoder)
        columns = (ImportedVector.vector_id, ImportedVector.file_name, ImportedVector.content_hash)
        for (own, name, content), vector in zip(
            found.rows.select(columns).iter_rows(), found.matrix, strict=True
        ):
            if content is None or content not in there:
                yield Outgoing(f"{project.name}/{name}", content or own, content, encoder, vector)
