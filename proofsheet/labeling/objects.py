"""Objects: let the detector look at each preview once.

Holds `object_rows`.
Add here: another value of a detection.
Keep out: detectors.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from PIL import Image

from proofsheet.core.files import short_hash
from proofsheet.core.progress import Progress
from proofsheet.labeling.detectors import Detections, Detector, Model
from proofsheet.storage.chunk_cache import ChunkCache
from schemas.labels import OBJECT, SeenObject
from schemas.library import Photo
from schemas.vision import Preview

_BATCH = 16
_COLUMNS: dict[str, Any] = {
    Photo.content_hash: pl.String,
    SeenObject.status: pl.String,
    SeenObject.objects: pl.List(OBJECT),
    SeenObject.note: pl.String,
}
_CACHED = pl.Schema(_COLUMNS)


def object_rows(
    project: str,
    photos: pl.DataFrame,
    previews: pl.DataFrame,
    detector: Detector,
    cache_folder: Path,
    progress: Progress,
) -> pl.DataFrame:
    """The rows of `objects`; a content that this detector saw before comes from the cache.

    Args:
        project: partition key.
        photos: rows of `photos`.
        previews: rows of `previews`; the detector looks at those files.
        detector: the current detector.
        cache_folder: the project's cache.
        progress: called after every picture.
    """
    wanted = photos.join(previews, on=[Photo.project, Photo.photo_id])
    if not detector.ready:
        return SeenObject.frame(
            _row(project, p, "not available", [], "", detector.note) for p in wanted[Photo.photo_id]
        )
    settings = short_hash(detector.name, repr(detector.settings), length=12)
    cache = ChunkCache(cache_folder / f"look-{SeenObject.name}-{settings}", _CACHED, Photo.content_hash)
    known = cache.read(wanted[Photo.content_hash])
    todo = (
        wanted.unique(Photo.content_hash, maintain_order=True)
        .join(known, on=Photo.content_hash, how="anti")
        .to_dicts()
    )
    model = detector.load() if todo else None
    parts = [known]
    for start in range(0, len(todo), _BATCH):
        rows = (
            [_look(row, model, detector, cache_folder) for row in todo[start : start + _BATCH]]
            if model
            else []
        )
        parts.append(pl.DataFrame(rows, schema=_CACHED, orient="row"))
        cache.append(parts[-1])
        progress.step("pictures searched for objects", min(start + _BATCH, len(todo)), len(todo))
    found = wanted.join(pl.concat(parts), on=Photo.content_hash)
    columns = (Photo.photo_id, SeenObject.status, SeenObject.objects, SeenObject.note)
    return SeenObject.frame(
        _row(project, p, s, o, detector.name, n) for p, s, o, n in found.select(columns).iter_rows()
    )


def _row(
    project: str, photo_id: str, status: str, objects: object, name: str, note: str
) -> dict[str, object]:
    return {
        SeenObject.project: project,
        SeenObject.photo_id: photo_id,
        SeenObject.status: status,
        SeenObject.objects: objects,
        SeenObject.detected_by: name,
        SeenObject.note: note,
    }


def _look(
    row: Mapping[str, object], model: Model, detector: Detector, cache_folder: Path
) -> dict[str, object]:
    status, objects, note = "detected", list[dict[str, object]](), ""
    try:
        with Image.open(cache_folder / str(row[Preview.preview_path] or row[Preview.thumb_path])) as image:
            objects = list(_objects(model.detect(np.asarray(image.convert("RGB"))), detector))
    except (OSError, RuntimeError, ValueError, IndexError) as error:
        status, note = (
            "failed",
            f"{type(error).__name__}: {' '.join(str(error).split())[:200]}; run again, or check the detector",
        )
    return {
        Photo.content_hash: row[Photo.content_hash],
        SeenObject.status: status,
        SeenObject.objects: objects,
        SeenObject.note: note,
    }


def _objects(found: Detections, detector: Detector) -> Iterable[dict[str, object]]:
    order = [
        k for k in np.argsort(-found.scores, kind="stable") if found.scores[k] >= detector.settings.min_score
    ]
    for k in order[: detector.settings.most]:
        number = int(found.classes[k])
        label = detector.labels[number] if 0 <= number < len(detector.labels) else f"class {number}"
        sides = np.clip(found.boxes[k], 0.0, 1.0).tolist()
        yield {
            "label": label,
            "score": float(found.scores[k]),
            **dict(zip(("left", "top", "right", "bottom"), sides, strict=True)),
        }
