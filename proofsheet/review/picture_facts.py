"""What is known of a picture beside itself: camera, exposure, measurements.

Holds `PictureFacts` and `picture_facts`.
Add here: another fact of the info panel.
Keep out: the set of a picture and its decision (session.py); HTTP.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from proofsheet.storage.workspace import Project
from schemas.library import ExifFact, Photo
from schemas.vision import ImageQuality

Row = Mapping[str, Any]
_SLOW_S = 0.3  # longer exposures are written as seconds, shorter ones as a fraction


@dataclass(frozen=True)
class PictureFacts:
    """One picture in words; None is unknown.

    Attributes:
        id: the photo.
        camera: maker and model.
        lens: model of the lens, and the focal length.
        exposure: time and aperture.
        iso: sensitivity.
        taken: capture time as the clock of the camera showed it, or the day.
        sharpness: of `image_quality`.
        exposure_ev: of `image_quality`.
        noise: of `image_quality`.
    """

    id: str
    camera: str | None
    lens: str | None
    exposure: str | None
    iso: str | None
    taken: str | None
    sharpness: float
    exposure_ev: float
    noise: float


def picture_facts(project: Project, photo_ids: Collection[str]) -> list[PictureFacts]:
    """The facts of these pictures, without those that the project does not have."""
    ids = [Photo.project, Photo.photo_id]
    known = project.store.read(ImageQuality).filter(pl.col(Photo.photo_id).is_in(list(photo_ids)))
    rows = known.join(project.store.read(ExifFact), on=ids, how="left").to_dicts()
    return [_facts(row) for row in rows]


def _facts(row: Row) -> PictureFacts:
    return PictureFacts(
        str(row[Photo.photo_id]),
        _camera(row[ExifFact.make], row[ExifFact.model]),
        _joined(row[ExifFact.lens], _with_unit(row[ExifFact.focal_length_mm], "{:g} mm")),
        _joined(_time(row[ExifFact.exposure_s]), _with_unit(row[ExifFact.f_number], "f/{:g}")),
        _with_unit(row[ExifFact.iso], "ISO {}"),
        _taken(row),
        row[ImageQuality.sharpness],
        row[ImageQuality.exposure_ev],
        row[ImageQuality.noise],
    )


def _camera(make: str | None, model: str | None) -> str | None:
    """Maker and model; many models begin with the maker."""
    if make and model and model.casefold().startswith(make.split()[0].casefold()):
        return model
    return _joined(make, model)


def _time(seconds: float | None) -> str | None:
    if not seconds:
        return None
    return f"{seconds:g} s" if seconds >= _SLOW_S else f"1/{1 / seconds:.0f} s"


def _taken(row: Row) -> str | None:
    moment = row[ExifFact.taken_at]
    return f"{moment:%Y-%m-%d %H:%M:%S}" if moment else row[ExifFact.taken_on]


def _with_unit(value: float | None, form: str) -> str | None:
    return form.format(value) if value else None


def _joined(*parts: str | None) -> str | None:
    return " ".join(p for p in parts if p) or None
