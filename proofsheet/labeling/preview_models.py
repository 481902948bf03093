"""Models that look at previews: each picture once, from the cache afterwards.

Holds `PreviewModel` and `preview_rows`.
Add here: what every such model needs.
Keep out: the models (detectors.py, ocr.py, content_score.py).

A picture that a model cannot read gets a row with the reason, and the others go on. Such a row is not cached.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from PIL import Image

from proofsheet.core.errors import ProofsheetError
from proofsheet.core.files import short_hash
from proofsheet.core.progress import Progress
from proofsheet.imaging.scaling import Pixels
from proofsheet.storage.chunk_cache import ChunkCache
from schemas.labels import ModelReading
from schemas.library import Photo
from schemas.table import Table
from schemas.vision import Preview

_BATCH = 16
_NO_PREVIEWS = "not available: there are no previews; set `preview_px` under [photos] to 1600"
_IDS = {Table.project, Photo.photo_id}
Read = Callable[[Pixels], Mapping[str, object]]


@dataclass(frozen=True)
class PreviewModel:
    """The model of a table that is filled from previews, as the settings come to it.

    Attributes:
        table: has the columns of `ModelReading`.
        by: its column with the name of the model.
        name: model and weights.
        settings: other settings that its answers depend on.
        done: status of a picture that it read.
        empty: values of the columns of a picture that it did not read.
        load: loads the model. That gives the values of an upright picture (height, width, 3), or raises
            ValueError or RuntimeError for one that it cannot read.
        note: why it is not available; empty if it is.
        side_px: side that is enough for it; previews are decoded no larger than needed. The whole one if 0.
        thumbnails: False if they are too small for it where there are no previews.
    """

    table: type[Table]
    by: str
    name: str
    settings: str
    done: str
    empty: Mapping[str, object]
    load: Callable[[], Read]
    note: str = ""
    side_px: int = 0
    thumbnails: bool = True

    @property
    def version(self) -> str:
        """Model and weights, or why there is none."""
        return f"{self.name} {self.note}"

    @property
    def folder(self) -> str:
        """Name of its folder in the cache of a project."""
        return f"look-{self.table.name}-{short_hash(self.name, self.settings, length=12)}"


def preview_rows(
    project: str,
    photos: pl.DataFrame,
    previews: pl.DataFrame,
    model: PreviewModel,
    cache_folder: Path,
    progress: Progress,
) -> pl.DataFrame:
    """The rows of the table of a model; a content that the model read before comes from the cache.

    Args:
        project: partition key.
        photos: rows of `photos` that get a row.
        previews: rows of `previews`; the model looks at those files.
        model: the model of the settings.
        cache_folder: the project's cache.
        progress: called after every batch.
    """
    wanted = photos.join(previews, on=[Photo.project, Photo.photo_id])
    no_previews = not model.thumbnails and wanted[Preview.preview_path].has_nulls()
    if model.note or no_previews:
        return _without(project, wanted, model, model.note or _NO_PREVIEWS)
    schema = _cached_schema(model)
    cache = ChunkCache(cache_folder / model.folder, schema, Photo.content_hash)
    known = cache.read(wanted[Photo.content_hash])
    todo = (
        wanted.unique(Photo.content_hash, maintain_order=True)
        .join(known, on=Photo.content_hash, how="anti")
        .to_dicts()
    )
    try:
        read = model.load() if todo else _nothing
    except ProofsheetError as error:
        return _without(project, wanted, model, f"not available: {error}")
    parts = [known]
    for start in range(0, len(todo), _BATCH):
        batch = todo[start : start + _BATCH]
        rows = pl.DataFrame(
            [_reading(row, read, model, cache_folder) for row in batch], schema=schema, orient="row"
        )
        cache.append(rows.filter(pl.col(ModelReading.status) == model.done))
        parts.append(rows)
        progress.step(f"pictures read for {model.table.name}", min(start + _BATCH, len(todo)), len(todo))
    cache.compact()
    ids = wanted.select(Photo.project, Photo.photo_id, Photo.content_hash)
    joined = ids.join(pl.concat(parts), on=Photo.content_hash).with_columns(
        pl.lit(model.name).alias(model.by)
    )
    return joined.select(model.table.polars_schema().names())


def _nothing(_rgb: Pixels) -> Mapping[str, object]:
    return {}


def _cached_schema(model: PreviewModel) -> pl.Schema:
    columns = {n: t for n, t in model.table.polars_schema().items() if n not in {*_IDS, model.by}}
    return pl.Schema([(Photo.content_hash, pl.String()), *columns.items()])


def _without(project: str, photos: pl.DataFrame, model: PreviewModel, note: str) -> pl.DataFrame:
    return model.table.frame(
        {
            Table.project: project,
            Photo.photo_id: photo,
            ModelReading.status: "not available",
            ModelReading.note: note,
            model.by: "",
            **model.empty,
        }
        for photo in photos[Photo.photo_id]
    )


def _reading(
    row: Mapping[str, Any], read: Read, model: PreviewModel, cache_folder: Path
) -> dict[str, object]:
    status, note, values = model.done, "", model.empty
    try:
        with Image.open(cache_folder / str(row[Preview.preview_path] or row[Preview.thumb_path])) as image:
            if model.side_px:
                image.draft("RGB", (model.side_px, model.side_px))
            values = read(np.asarray(image.convert("RGB")))
    except (OSError, RuntimeError, ValueError, IndexError) as error:
        status = "failed"
        note = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}; check the model and run again"
    return {
        Photo.content_hash: row[Photo.content_hash],
        ModelReading.status: status,
        ModelReading.note: note,
        **values,
    }
