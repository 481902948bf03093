"""Which pictures belong together, and why.

Holds `group_photos`.
Add here: another cause for a set.
Keep out: which of a set is best (publish/decide.py).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

from proofsheet.files import short_hash
from schemas.library import Photo
from schemas.settings import GroupSettings
from schemas.vision import Embedding, PhotoGroup

VERSION = "names-then-complete-link-1"
Member = dict[str, object]


def group_photos(project: str, photos: pl.DataFrame, embeddings: pl.DataFrame, settings: GroupSettings) -> pl.DataFrame:
    """Put every photo into exactly one set.

    First the stage series: the same folder and the same name before `_stage…`. Then, among what is left and inside one folder,
    complete-link over cosine: each pair of a set is at least `similarity` alike and at most `window` neighbours apart by name,
    so that a chain of small steps never joins strangers. What remains is single.

    Args:
        project: partition key.
        photos: rows of `photos`.
        embeddings: rows of `embeddings`, of one encoder.
        settings: thresholds.
    """
    rows = photos.sort(Photo.folder, Photo.path).to_dicts()
    encoders = sorted(set(embeddings[Embedding.encoder_id]))
    version = f"{VERSION} {' '.join(encoders)}".strip()
    sets: list[tuple[str, Sequence[Member]]] = []
    left: dict[str, list[Member]] = defaultdict(list)
    series: dict[tuple[str, str], list[Member]] = defaultdict(list)
    for row in rows:
        if row[Photo.series] is None:
            left[str(row[Photo.folder])].append(row)
        else:
            series[str(row[Photo.folder]), str(row[Photo.series])].append(row)
    for members in series.values():
        ordered = sorted(members, key=_order)
        for start in range(0, len(ordered), settings.max_series):
            part = ordered[start : start + settings.max_series]
            sets.append(("stage series" if len(part) > 1 else "single", part))
    vectors = dict(embeddings.select(Embedding.photo_id, Embedding.vector).iter_rows())
    for folder in left.values():
        for part in _similar(folder, vectors, settings):
            sets.append(("similar" if len(part) > 1 else "single", part))
    return PhotoGroup.frame(row for cause, members in sets for row in _rows(project, cause, members, version))


def _order(row: Member) -> tuple[float, str]:
    stage = row[Photo.stage]
    return (float(stage) if isinstance(stage, float) else -1.0, str(row[Photo.path]))


def _rows(project: str, cause: str, members: Sequence[Member], version: str) -> Iterable[Member]:
    ordered = sorted(members, key=_order)
    ids = [str(m[Photo.photo_id]) for m in ordered]
    group_id = short_hash(project, *sorted(ids))
    for position, photo_id in enumerate(ids):
        yield {
            PhotoGroup.project: project,
            PhotoGroup.photo_id: photo_id,
            PhotoGroup.group_id: group_id,
            PhotoGroup.position: position,
            PhotoGroup.group_size: len(ids),
            PhotoGroup.cause: cause,
            PhotoGroup.grouped_by: version,
        }


def _similar(folder: Sequence[Member], vectors: dict[str, list[float]], settings: GroupSettings) -> list[list[Member]]:
    """Greedy complete-link: the most similar pair first, a merge only if every pair across it is allowed."""
    matrix = np.array([vectors[str(row[Photo.photo_id])] for row in folder], dtype=np.float32)
    cluster: dict[int, set[int]] = {i: {i} for i in range(len(folder))}
    for _cosine, i, j in _pairs(matrix, settings):
        one, two = cluster[i], cluster[j]
        if one is two or len(one) + len(two) > settings.max_size:
            continue
        if all(abs(a - b) <= settings.window and matrix[a] @ matrix[b] >= settings.similarity for a in one for b in two):
            one |= two
            for member in two:
                cluster[member] = one
    seen: set[int] = set()
    found: list[list[Member]] = []
    for i in range(len(folder)):
        if i not in seen:
            seen |= cluster[i]
            found.append([folder[k] for k in sorted(cluster[i])])
    return found


def _pairs(matrix: npt.NDArray[np.float32], settings: GroupSettings) -> list[tuple[float, int, int]]:
    """Pairs within the window that are alike enough, most similar first; never an N x N matrix."""
    found: list[tuple[float, int, int]] = []
    for step in range(1, min(settings.window, len(matrix) - 1) + 1):
        cosines = np.einsum("ij,ij->i", matrix[:-step], matrix[step:])
        found += [(float(cosines[i]), int(i), int(i) + step) for i in np.flatnonzero(cosines >= settings.similarity)]
    return sorted(found, key=lambda p: (-p[0], p[1], p[2]))
