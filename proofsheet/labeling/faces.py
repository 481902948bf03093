"""Faces of photos: found while a file is open, and measured at the eyes in its largest decoded size.

Holds `face_measurement` and `face_rows`.
Add here: another measurement of a face, and its column in `Face`.
Keep out: the networks (face_networks.py), comparing faces of a set (selection/face_comparison.py), and who
somebody is.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl

from proofsheet.core.errors import ModelError
from proofsheet.core.files import short_hash
from proofsheet.imaging.decode import Picture
from proofsheet.imaging.measurement import Measurement, Seen, Work
from proofsheet.imaging.scaling import Pixels
from proofsheet.imaging.technical_measures import detail_of
from proofsheet.labeling.face_finder import FaceFinder
from proofsheet.labeling.face_networks import FaceNetworks, FoundFace, load
from proofsheet.storage.code_version import module_version
from schemas.faces import POINT, Face
from schemas.library import Photo
from schemas.settings.faces import FaceSettings

FOUND, NOTE = "found", "note"  # columns of the measurement
_MEASURED = {
    n: t for n, t in Face.polars_schema().items() if n not in {*Face.key(), Face.path, Face.detected_by}
}
_LEAST_EYE_DISTANCE_PX = 12.0  # in the largest decoded size; smaller eyes say nothing
_AROUND_EYE = np.array([0.33, 0.22])  # what is measured to each side of an eye, in distances of the eyes
_LEAST_WINDOW_PX = 5
_BEYOND = 0.02  # of the face's width, by which its box reaches the edge of the picture


def face_measurement(finder: FaceFinder, settings: FaceSettings) -> Measurement:
    """Finds and measures the faces of a picture beside its decoder.

    Args:
        finder: networks; without one that finds faces there is nothing to measure with.
        settings: which faces count.

    Raises:
        ValueError: if no network finds faces.
    """
    if finder.faces is None:
        raise ValueError(finder.why)
    plain = FaceSettings(**{n: getattr(settings, n) for n in FaceSettings.model_fields})
    measure = functools.partial(look_for_faces, finder=finder, settings=plain)
    version = short_hash(detected_by(finder), repr(plain), length=12)
    columns = {FOUND: pl.List(pl.Struct(_MEASURED)), NOTE: pl.String}
    return Measurement(Face.name, columns, version, lambda: Work(measure))


def detected_by(finder: FaceFinder) -> str:
    """Networks, weights and code, as every row names them."""
    return f"{finder.version} {module_version(__name__)}"


def look_for_faces(picture: Picture, finder: FaceFinder, settings: FaceSettings) -> Seen:
    """The faces of an opened picture; a network that fails on it leaves a note, and the picture stays."""
    if finder.faces is None:
        return {FOUND: [], NOTE: finder.why}
    try:
        networks = load(finder.faces, finder.eyes)
        faces = networks.find(picture.large, settings.least)[: settings.most]
        return {FOUND: [_measured(picture, f, networks) for f in faces], NOTE: ""}
    except ModelError as error:
        return {FOUND: [], NOTE: str(error)}


def _measured(picture: Picture, face: FoundFace, networks: FaceNetworks) -> dict[str, object]:
    height, width = picture.large.shape[:2]
    scale = np.array([picture.width_px / width, picture.height_px / height])
    inside = np.clip(face.box, 0.0, np.tile([width, height], 2)) * np.tile(scale, 2)
    points = face.points * scale
    large_enough = face.eye_distance >= _LEAST_EYE_DISTANCE_PX
    names = [f.name for f in POINT.fields]
    return {
        **dict(zip((Face.left_px, Face.top_px, Face.right_px, Face.bottom_px), inside.tolist(), strict=True)),
        Face.landmarks: [dict(zip(names, p, strict=True)) for p in points.tolist()],
        Face.score: face.score,
        Face.eye_sharpness: eye_sharpness(picture.large, face) if large_enough else None,
        Face.eye_openness: networks.openness(picture.large, face) if large_enough else None,
        Face.turned: turned(face),
        Face.beyond_frame: _beyond(face, width, height),
    }


def eye_sharpness(rgb: Pixels, face: FoundFace) -> float | None:
    """Fine detail around the sharper eye; None if hardly any of the eyes is in the picture.

    Args:
        rgb: (height, width, 3) in which the face was found.
        face: one of its faces.
    """
    import cv2

    reach, found = _AROUND_EYE * face.eye_distance, []
    for eye in face.points[:2]:
        left, top = np.maximum(eye - reach, 0.0).astype(int)
        right, bottom = np.minimum(eye + reach, rgb.shape[1::-1]).astype(int)
        if min(right - left, bottom - top) >= _LEAST_WINDOW_PX:
            part = np.ascontiguousarray(rgb[top:bottom, left:right])
            found.append(detail_of(np.asarray(cv2.cvtColor(part, cv2.COLOR_RGB2GRAY), dtype=np.uint8)))
    return max(found, default=None)


def turned(face: FoundFace) -> float:
    """Distance of the nose from the middle of the eyes along their line, over their distance."""
    across = face.points[1] - face.points[0]
    nose = face.points[2] - face.points[:2].mean(axis=0)
    height = float(face.box[3] - face.box[1])
    return float(abs(nose @ across) / max(float(across @ across), (0.1 * height) ** 2, 1e-9))


def _beyond(face: FoundFace, width: int, height: int) -> bool:
    margin = _BEYOND * float(face.box[2] - face.box[0])
    return bool(
        (face.box[:2] < margin).any() or face.box[2] > width - margin or face.box[3] > height - margin
    )


def face_rows(photos: pl.DataFrame, measured: pl.DataFrame, finder: FaceFinder) -> pl.DataFrame:
    """The rows of `faces`.

    Args:
        photos: rows of `photos`.
        measured: one row a photo: ids, faces and note.
        finder: the networks that measured them.
    """
    by, paths = detected_by(finder), dict(photos.select(Photo.photo_id, Photo.path).iter_rows())
    return Face.frame(
        {
            **face,
            Face.project: row[Face.project],
            Face.photo_id: row[Face.photo_id],
            Face.face: number,
            Face.path: paths[row[Face.photo_id]],
            Face.detected_by: by,
        }
        for row in measured.to_dicts()
        for number, face in enumerate(row[FOUND], start=1)
    )


def face_facts(measured: pl.DataFrame, finder: FaceFinder) -> Mapping[str, Any]:
    """What the asset says of a run: photos with faces, photos that could not be looked at, and why."""
    failed = Counter(note for note in measured[NOTE] if note)
    note = "; ".join(f"{n} photos were not looked at: {why}" for why, n in failed.items())
    with_faces = measured.filter(pl.col(FOUND).list.len() > 0).height
    return {
        "available": True,
        "with_faces": with_faces,
        "not_looked_at": failed.total(),
        "note": "; ".join(part for part in (note, finder.why_no_eyes) if part) or "-",
    }
