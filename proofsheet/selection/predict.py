"""The predictions of the models for the sets of a project: picture, crop, and reasons.

Holds `judge_sets` and `face_boxes`.
Add here: another reason from measured values.
Keep out: the stage rule and the rows of `proposals` (selection/stage_rule.py).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from proofsheet.models.anchor_boxes import channels_of
from proofsheet.models.artifacts import load_crops, load_ranker
from proofsheet.models.boxes import Box
from proofsheet.models.crop_proposer import CropProposer
from proofsheet.models.features import MEASURES, PHRASES, Ints, SetFeatures, bank_of, set_features
from proofsheet.models.predictions import CropPrediction, Predictions, RankedChoice
from proofsheet.models.probabilities import picks
from proofsheet.models.ranker import MEASURE_COLUMNS, Ranker
from proofsheet.models.starter_ranker import starter_ranker
from proofsheet.selection.active_models import sigmoid
from proofsheet.selection.face_features import faces_by_photo
from proofsheet.selection.technical_comparison import compared
from proofsheet.storage.workspace import Project
from schemas.faces import Face
from schemas.groups import PhotoGroup
from schemas.labels import SeenObject
from schemas.library import Photo
from schemas.models import CropModel, RankerModel
from schemas.settings.crops import CropSettings
from schemas.table import Rows
from schemas.vectors import Embedding
from schemas.vision import GRID, ImageQuality, SaliencyGrid

_REASONS, _LEAST_SIGMA, _LEAST_FOR_SIGMA, _SMALL = 3, 0.5, 5, 1e-6
_FACE = "face"
_INTEREST = 5  # of channels_of: edges times colour


def judge_sets(
    project: Project,
    photo_groups: Rows[PhotoGroup],
    photos: Rows[Photo],
    image_quality: Rows[ImageQuality],
    embeddings: Rows[Embedding],
    saliency_grids: Rows[SaliencyGrid],
    objects: Rows[SeenObject],
    faces: Rows[Face],
    ranker_model: Rows[RankerModel],
    crop_model: Rows[CropModel],
    cropping: CropSettings,
) -> Predictions:
    """All predictions of the active models; parameters are the tables of these names."""
    ranking, cutting = (
        next(iter(t.to_dicts()), {}) for t in (ranker_model, crop_model)
    )  # none if it was never run
    found: dict[str, RankedChoice] = {}
    if ranking.get(RankerModel.status) == "active":
        model = load_ranker(project.models, str(ranking[RankerModel.fit_id]))
        tables = (photo_groups, photos, image_quality, embeddings, faces)
        found = dict(_picks(model, project.name, ranking, *tables))
    cuts: dict[str, CropPrediction] = {}
    if cutting.get(CropModel.status) == "active":
        proposer = load_crops(project.models, str(cutting[CropModel.fit_id]))
        boxes = face_boxes(objects, faces, image_quality)
        cuts = dict(_cuts(proposer, cutting, saliency_grids, image_quality, boxes, cropping.aspect))
    return Predictions(found, cuts)


def _picks(
    model: Ranker,
    project: str,
    row: Mapping[str, Any],
    groups: pl.DataFrame,
    photos: pl.DataFrame,
    quality: pl.DataFrame,
    embeddings: pl.DataFrame,
    faces: pl.DataFrame,
) -> Iterator[tuple[str, RankedChoice]]:
    bank = bank_of(photos, quality, embeddings)
    places, names = bank.places(), list[str]()
    sets: list[list[int]] = []
    several = groups.filter((pl.col(PhotoGroup.group_size) > 1) & ~pl.col(PhotoGroup.keep_all)).sort(
        PhotoGroup.group_id, PhotoGroup.position
    )
    for part in several.partition_by(PhotoGroup.group_id, maintain_order=True):
        ids = part[PhotoGroup.photo_id].to_list()
        if all(i in places for i in ids):
            sets.append([places[i] for i in ids])
            names.append(str(part[PhotoGroup.group_id][0]))
    if not sets:
        return
    features = set_features(bank, sets, [bank.top_of(s) for s in sets])
    p = model.probabilities(features, float(row[RankerModel.temperature]), [project] * len(sets))
    tops = _tops([[bank.ids[place] for place in s] for s in sets], photos, quality, faces)
    pick = picks(p, tops, float(row[RankerModel.overrule_at]))
    weights = _weights(model, features)
    kind = f"calibrated on {row[RankerModel.calibration]}"
    by = f"ranker {str(row[RankerModel.fit_id])[:12]}"
    for k, name in enumerate(names):
        chosen, top = int(pick[k]), int(tops[k])
        other = "the highest stage" if features.stages[k, top] >= 0 else "the technically best"
        told = [f"probability {p[k, chosen]:.2f}" + (f", {other} {p[k, top]:.2f}" if chosen != top else "")]
        told += reasons(features, weights, k, chosen)
        yield (
            name,
            RankedChoice(bank.ids[sets[k][chosen]], float(p[k, chosen]), kind, chosen != top, told, by),
        )


def _tops(
    sets: Sequence[Sequence[str]], photos: pl.DataFrame, quality: pl.DataFrame, faces: pl.DataFrame
) -> Ints:
    """Place of the technically best picture of the highest stage in each set: (sets,)."""
    rows, found = photos.join(quality, on=[Photo.project, Photo.photo_id]).to_dicts(), faces_by_photo(faces)
    known = {str(r[Photo.photo_id]): {**r, Face.name: found.get(r[Photo.photo_id], ())} for r in rows}
    places = [compared([known[i] for i in ids], starter_ranker(), stage_first=True).place for ids in sets]
    return np.array(places, dtype=np.int64)


def _weights(model: Ranker, features: SetFeatures) -> np.ndarray[Any, Any]:
    """The effect of each measurement on the network's score of each picture: (sets, most, 18).

    It is found by leaving the measurement out.
    """
    x, net = model.members.inputs(features), model.members.net
    whole = net.scores(x)
    found = []
    for columns in MEASURE_COLUMNS:
        without = x.copy()
        without[..., columns] = net.mean[columns]
        found.append(whole - net.scores(without))
    return np.stack(found, axis=2)


def reasons(features: SetFeatures, weights: np.ndarray[Any, Any], row: int, chosen: int) -> list[str]:
    """Measured values that moved the score of a choice, in words, the strongest first.

    Args:
        features: of all sets.
        weights: (sets, most, 18) how much each measurement moves the score.
        row: the set.
        chosen: place of the choice in it.
    """
    mask = features.mask[row]
    place = int(mask[:chosen].sum())
    values = features.x[row][mask][:, : len(MEASURES)]
    spread = values.std(axis=0)
    sigma = np.where(
        spread > _SMALL,
        (features.x[row, chosen, : len(MEASURES)] - values.mean(axis=0)) / np.maximum(spread, _SMALL),
        0.0,
    )
    told = list[str]()
    for m in np.argsort(-weights[row, chosen]):
        if weights[row, chosen, m] <= 0 or len(told) == _REASONS:
            break
        if abs(sigma[m]) >= _LEAST_SIGMA:
            more, less = PHRASES[MEASURES[m]]
            told.append(f"{more if sigma[m] > 0 else less}{_distance(values[:, m], place, float(sigma[m]))}")
    return told


def _distance(values: np.ndarray[Any, Any], place: int, sigma: float) -> str:
    """How far a picture is from its set, in standard deviations from five pictures on."""
    if len(values) >= _LEAST_FOR_SIGMA:
        return f" by {abs(sigma):.1f} σ"
    return f": {values[place]:.3g} against {np.delete(values, place).mean():.3g}"


def _cuts(
    model: CropProposer,
    row: Mapping[str, Any],
    grids: pl.DataFrame,
    quality: pl.DataFrame,
    boxes: Mapping[str, Sequence[Box]],
    aspect: str,
) -> Iterator[tuple[str, CropPrediction]]:
    ids = [Photo.project, Photo.photo_id]
    rows = grids.join(quality.select(*ids, ImageQuality.width_px, ImageQuality.height_px), on=ids).sort(
        Photo.photo_id
    )
    if rows.is_empty():
        return
    values = rows[SaliencyGrid.grid].to_numpy()
    aspects = (rows[ImageQuality.width_px] / rows[ImageQuality.height_px]).cast(pl.Float32).to_numpy()
    names = rows[Photo.photo_id].to_list()
    faces = [boxes.get(i, []) for i in names]
    said = model.propose(values, aspects, faces, aspect)
    p = sigmoid(np.array([s.log_odds for s in said]) + float(row[CropModel.offset]))
    by, limit = f"crop {str(row[CropModel.fit_id])[:12]}", float(row[CropModel.crop_at])
    interest = channels_of(values)[:, _INTEREST]
    for k, name in enumerate(names):
        box = said[k].box
        needed = bool(p[k] >= limit) and box is not None
        told = [f"probability of a crop {p[k]:.2f}, proposed from {limit:.2f} on"]
        if box is None:
            told.append("every box would crop a face")
        elif needed:
            told.append(_interest(interest[k], box))
            told += [f"{len(faces[k])} faces left whole"] if faces[k] else []
        yield (
            name,
            CropPrediction(needed, box if needed else None, float(p[k] if needed else 1.0 - p[k]), told, by),
        )


def face_boxes(
    objects: pl.DataFrame, faces: pl.DataFrame, quality: pl.DataFrame
) -> Mapping[str, Sequence[Box]]:
    """Boxes of faces by photo, in 0..1 of the picture: of a detector, and of `faces`."""
    found = defaultdict[str, list[Box]](list)
    for photo, seen in objects.select(SeenObject.photo_id, SeenObject.objects).iter_rows():
        found[photo] += [_box(o) for o in seen if o["label"] == _FACE]
    for row in faces.join(quality, on=[Photo.project, Photo.photo_id]).to_dicts():
        left, right = (row[side] / row[ImageQuality.width_px] for side in (Face.left_px, Face.right_px))
        top, bottom = (row[side] / row[ImageQuality.height_px] for side in (Face.top_px, Face.bottom_px))
        found[row[Face.photo_id]].append((left, top, right, bottom))
    return found


def _box(found: Mapping[str, float]) -> Box:
    return found["left"], found["top"], found["right"], found["bottom"]


def _interest(cells: np.ndarray[Any, Any], box: Box) -> str:
    """Share of the measured interest (edges times strangeness of colour), and its share of the picture."""
    middle = (np.arange(GRID) + 0.5) / GRID
    inside = np.outer(
        (middle >= box[1]) & (middle <= box[3]), (middle >= box[0]) & (middle <= box[2])
    ).ravel()
    share = float(cells[inside].sum() / max(float(cells.sum()), _SMALL))
    area = (box[2] - box[0]) * (box[3] - box[1])
    return f"{share:.0%} of edges in unusual colours are in {area:.0%} of the picture"
