"""Models that look at previews: each content once, a bad picture alone, and reasons without a model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image

from proofsheet.core.errors import ModelError
from proofsheet.core.progress import Quiet
from proofsheet.labeling.preview_models import PreviewModel, Read, preview_rows
from schemas.labels import SeenObject
from schemas.library import Photo
from schemas.vision import Preview


class Eye:
    """A model that sees one object in bright pictures, none in others, and fails on black ones."""

    def __init__(self) -> None:
        self.pictures = 0

    def load(self) -> Read:
        return self.read

    def read(self, rgb: np.ndarray) -> dict[str, object]:
        self.pictures += 1
        if not rgb.any():
            raise ValueError("it is black")
        box = dict.fromkeys(("left", "top", "right", "bottom"), 0.5)
        return {SeenObject.objects: [{"label": "lamp", "score": 1.0, **box}] if rgb.mean() > 200 else []}

    @property
    def model(self) -> PreviewModel:
        return PreviewModel(
            SeenObject, SeenObject.detected_by, "eye 1", "", "detected", {SeenObject.objects: []}, self.load
        )


@pytest.fixture
def frames(tmp_path: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Photos and previews of a black, a bright and a grey picture, and of the grey one again."""
    photos, previews = [], []
    for name, grey in (("black", 0), ("bright", 240), ("grey", 90), ("again", 90)):
        Image.new("RGB", (60, 40), (grey, grey, grey)).save(tmp_path / f"{name}.jpg")
        photos.append({Photo.project: "p", Photo.photo_id: name, Photo.content_hash: f"hash {grey}"})
        shown = {Preview.thumb_path: f"{name}.jpg", Preview.preview_path: f"{name}.jpg"}
        previews.append({Photo.project: "p", Photo.photo_id: name, **shown})
    return pl.DataFrame(photos), pl.DataFrame(previews)


def test_every_content_is_read_once_and_a_bad_picture_fails_alone(
    tmp_path: Path, frames: tuple[pl.DataFrame, pl.DataFrame]
) -> None:
    eye = Eye()
    rows = preview_rows("p", *frames, eye.model, tmp_path, Quiet())
    states = dict(rows.select(SeenObject.photo_id, SeenObject.status).iter_rows())
    assert states == {"black": "failed", "bright": "detected", "grey": "detected", "again": "detected"}
    assert "it is black" in rows.filter(pl.col(SeenObject.photo_id) == "black")[SeenObject.note][0]
    assert set(rows[SeenObject.detected_by]) == {"eye 1"}
    assert eye.pictures == 3
    again = preview_rows("p", *frames, eye.model, tmp_path, Quiet())
    assert again.sort(SeenObject.photo_id).equals(rows.sort(SeenObject.photo_id))
    assert eye.pictures == 4  # the failed one is tried again
    preview_rows("p", *frames, replace(eye.model, name="eye 2"), tmp_path, Quiet())
    assert eye.pictures == 7


def test_a_lost_preview_is_a_failed_row(tmp_path: Path, frames: tuple[pl.DataFrame, pl.DataFrame]) -> None:
    (tmp_path / "bright.jpg").unlink()
    rows = preview_rows("p", *frames, Eye().model, tmp_path, Quiet())
    lost = rows.filter(pl.col(SeenObject.photo_id) == "bright")
    assert lost[SeenObject.status].to_list() == ["failed"]
    assert "bright.jpg" in lost[SeenObject.note][0]


def broken() -> Read:
    raise ModelError("The model is broken.", "Install it again.")


def test_a_model_that_is_missing_or_broken_gives_rows_with_the_reason(
    tmp_path: Path, frames: tuple[pl.DataFrame, pl.DataFrame]
) -> None:
    for model, note in (
        (replace(Eye().model, note="not available: run pip"), "not available: run pip"),
        (replace(Eye().model, load=broken), "not available: The model is broken. Install it again."),
    ):
        rows = preview_rows("p", *frames, model, tmp_path, Quiet())
        assert rows[SeenObject.status].to_list() == ["not available"] * 4
        assert set(rows[SeenObject.note]) == {note}
        assert set(rows[SeenObject.detected_by]) == {""}


def test_without_previews_only_a_model_that_does_with_thumbnails_reads(
    tmp_path: Path, frames: tuple[pl.DataFrame, pl.DataFrame]
) -> None:
    photos, previews = frames
    small = previews.with_columns(pl.lit(None, pl.String).alias(Preview.preview_path))
    rows = preview_rows("p", photos, small, Eye().model, tmp_path, Quiet())
    assert "detected" in set(rows[SeenObject.status])
    rows = preview_rows("p", photos, small, replace(Eye().model, thumbnails=False), tmp_path, Quiet())
    assert set(rows[SeenObject.status]) == {"not available"}
    assert "preview_px" in rows[SeenObject.note][0]
