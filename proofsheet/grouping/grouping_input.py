"""The input of grouping: photos with their measurements.

Holds `GroupingInput`, `seen_photos` and `is_document`.
Add here: another fact about a photo that rules of sets read.
Keep out: the rules of sets (grouping.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from proofsheet.grouping.complete_linkage import Likeness
from proofsheet.imaging.perceptual_hash import DETAIL_SIDE
from schemas.library import ExifFact, GenerationFact, Photo
from schemas.table import Rows
from schemas.vectors import LayoutVector
from schemas.vision import ImageQuality, PictureHash

Member = Mapping[str, Any]
DOCUMENTS = ((0.5, 0.12), (0.3, 0.3))  # least ground and least writing of a document; either will do

_NEEDED = (
    *(Photo.photo_id, Photo.path, Photo.folder, Photo.file_name, Photo.format, Photo.size_bytes),
    *(Photo.content_hash, Photo.series, Photo.stage, Photo.named_at, Photo.modified_at),
    *(GenerationFact.generated, ExifFact.model, ExifFact.taken_at, ExifFact.focal_length_mm),
    *(ExifFact.f_number, ExifFact.exposure_s, ExifFact.iso, ImageQuality.width_px, ImageQuality.height_px),
    *(ImageQuality.sharpness_tiles, ImageQuality.ground, ImageQuality.written),
)


@dataclass(frozen=True)
class GroupingInput:
    """What grouping looks at: one row a photo, and their likeness by row number."""

    rows: Sequence[Member]
    likeness: Likeness
    encoder: str

    @cached_property
    def times(self) -> list[datetime | None]:
        """The time of each picture; None if it is not known.

        It comes from the camera, else from the name, else, for a generated picture, from the file.

        The time of any other file is the time of its copy, which is no reason to join pictures.
        """
        return [
            r[ExifFact.taken_at]
            or r[Photo.named_at]
            or (r[Photo.modified_at] if r[GenerationFact.generated] else None)
            for r in self.rows
        ]

    @cached_property
    def plain(self) -> npt.NDArray[np.bool_]:
        """(n,) True for writing, and for pictures that no camera took.

        These are compared by their fine layout if they have one.
        """
        return np.array([is_document(r) or not r[ExifFact.model] for r in self.rows], dtype=np.bool_)


def seen_photos(
    photos: Rows[Photo],
    exif_facts: Rows[ExifFact],
    image_quality: Rows[ImageQuality],
    picture_hashes: Rows[PictureHash],
    layout_vectors: Rows[LayoutVector],
    generation_facts: Rows[GenerationFact],
) -> GroupingInput:
    """Everything known of the photos, in the order of folder and name."""
    ids = [Photo.project, Photo.photo_id]
    whole: pl.DataFrame = photos
    for table in (exif_facts, image_quality, picture_hashes, layout_vectors):
        whole = whole.join(table, on=ids, how="inner")
    whole = whole.join(generation_facts.select(*ids, GenerationFact.generated), on=ids, how="left")
    whole = whole.sort(Photo.folder, Photo.file_name)
    encoders = sorted(set(whole[LayoutVector.encoder_id]))
    width = len(whole[LayoutVector.vector][0]) if whole.height else 1
    vectors = whole[LayoutVector.vector].list.to_array(width).to_numpy() if whole.height else np.empty((0, 1))
    cells = (DETAIL_SIDE, DETAIL_SIDE)
    details = {
        k: found.to_numpy().reshape(cells)
        for k, found in enumerate(whole[PictureHash.detail])
        if found is not None
    }
    likeness = Likeness(
        np.ascontiguousarray(vectors, dtype=np.float32), whole[PictureHash.phash].to_numpy(), details
    )
    return GroupingInput(whole.select(_NEEDED).to_dicts(), likeness, " ".join(encoders))


def is_document(row: Member) -> bool:
    """Whether a picture is a page, a screenshot or the like: writing on a plain ground."""
    return any(
        row[ImageQuality.ground] >= ground and row[ImageQuality.written] >= written
        for ground, written in DOCUMENTS
    )
