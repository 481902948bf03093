"""Training data of the crop proposer over all projects.

Holds `crop_data`.
Add here: another input of the crop proposer.
Keep out: training data of the ranker (datasets.py), the fit (fit_crop_proposer.py).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl

from proofsheet.training.datasets import Source, ties_of_source
from proofsheet.training.fit_crop_proposer import CropData
from schemas.library import Photo
from schemas.selections import CropExample
from schemas.vectors import Embedding
from schemas.vision import ImageQuality, SaliencyGrid


def crop_data(sources: Mapping[str, Source]) -> CropData:
    """The pictures of these projects that are known to be cropped or not, with their crops."""
    parts, groups, clusters = list[pl.DataFrame](), list[str](), list[str]()
    for name, source in sources.items():
        frames, on = source.frames, [Photo.project, Photo.photo_id]
        rows = frames[CropExample]
        for other in (SaliencyGrid, ImageQuality, Embedding):
            rows = rows.join(frames[other], on=on)
        parts.append(rows.sort(Photo.photo_id))
        here, ties = parts[-1][Photo.photo_id].to_list(), ties_of_source(source)
        groups += [name] * len(here)
        clusters += map(ties.label, here)
    rows = pl.concat(parts) if parts else pl.DataFrame()
    if rows.is_empty():
        none = np.empty((0, 1), np.float32)
        boxes, sizes = np.empty((0, 4)), np.empty((0, 2), np.float32)
        return CropData(
            np.empty((0, 720), np.float32), none[:, 0], np.empty(0, bool), boxes, [], [], none, sizes, []
        )
    width, height = (
        rows[c].cast(pl.Float32).to_numpy() for c in (ImageQuality.width_px, ImageQuality.height_px)
    )
    largest = max(float(width.max()), float(height.max()))
    sides = [
        rows[c].fill_null(float("nan")).to_numpy()
        for c in (CropExample.x1, CropExample.y1, CropExample.x2, CropExample.y2)
    ]
    return CropData(
        rows[SaliencyGrid.grid].to_numpy(),
        width / height,
        rows[CropExample.cropped].to_numpy(),
        np.stack(sides, axis=1),
        groups,
        clusters,
        rows[Embedding.vector].list.to_array(len(rows[Embedding.vector][0])).to_numpy(),
        (np.stack([width, height], axis=1) / largest).astype(np.float32),
        rows[Photo.photo_id].to_list(),
    )
