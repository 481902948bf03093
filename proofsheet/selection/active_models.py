"""The models in force, read for one project: temperature, operating point, the rate of cuts.

Holds `ranker_model_rows`, `crop_model_rows` and `scene_classifier`.
Add here: another thing that is found for each project.
Keep out: training; the choices themselves (predict.py).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from proofsheet.core.errors import ProofsheetError
from proofsheet.models import holdout_predictions
from proofsheet.models.artifacts import load_crops, load_ranker
from proofsheet.models.calibration import expected_calibration_error
from proofsheet.models.crop_proposer import CropProposer
from proofsheet.models.probabilities import picks, softmax, temperature_of
from proofsheet.models.scene_classifier import SceneClassifier, load_scenes
from proofsheet.storage.workspace import Project
from schemas.history import CropExample
from schemas.learning import CropModel, FitColumns, RankerModel, SceneFit
from schemas.library import Photo
from schemas.settings_learning import CropSettings, RankerSettings
from schemas.table import Rows
from schemas.vision import Embedding, ImageQuality, SaliencyGrid

_LEAST_SETS, _LEAST_CROPS, _PRIOR = 30, 20, 10.0
_NONE = "no {} serves; import history and run `proofsheet models train`"
_ALONE = "the {} in force learnt from another project alone and serves no other; review some sets here, then train again"

_OTHER = (
    "the model was trained on vectors of {0}, this project has those of {1}; "
    "run the project if {0} is the encoder of the settings; "
    "else `proofsheet models train` makes one for {1} as soon as {2} sets with a choice rest on such vectors"
)


def champion_row(fits: pl.DataFrame) -> dict[str, Any] | None:
    """The fit that serves, of the rows of `ranker_fits` or `crop_fits`."""
    found = fits.filter(pl.col(FitColumns.state) == "champion").to_dicts()
    return found[0] if found else None


def ranker_model_rows(
    project: Project, fits: pl.DataFrame, embeddings: pl.DataFrame, settings: RankerSettings
) -> pl.DataFrame:
    """The row of `ranker_model`; a model that cannot serve says why, and the stage rule decides alone.

    Args:
        project: whose temperature and operating point are wanted.
        fits: rows of `ranker_fits`.
        embeddings: rows of `embeddings`; their encoder must be the model's.
        settings: whether a model may decide, and from which probability on.
    """
    row = {
        RankerModel.project: project.key,
        RankerModel.fit_id: "",
        RankerModel.status: "not available",
        RankerModel.temperature: 1.0,
        RankerModel.overrule_at: 1.0,
        RankerModel.calibrated_on: 0,
        RankerModel.calibration: "none",
    }
    fit = champion_row(fits)
    if settings.use == "stage":
        return RankerModel.frame(
            [_full(row, {RankerModel.note: "the settings ask for the stage rule alone"})]
        )
    if fit is None:
        return RankerModel.frame([_full(row, {RankerModel.note: _broken(fits) or _NONE.format("ranker")})])
    encoders = embeddings[Embedding.encoder_id].unique().to_list()
    if encoders and encoders != [fit[FitColumns.encoder_id]]:
        note = _OTHER.format(fit[FitColumns.encoder_id], ", ".join(encoders), settings.least_sets)
        return RankerModel.frame([_full(row, {RankerModel.note: note})])
    held = holdout_predictions.read_held_out(project.models, str(fit[FitColumns.fit_id]))
    if fit[FitColumns.projects] == 1 and project.name not in set(held[holdout_predictions.NAME]):
        return RankerModel.frame([_full(row, {RankerModel.note: _ALONE.format("ranker")})])
    try:
        model = load_ranker(project.models, str(fit[FitColumns.fit_id]))
        members = model.members
        members.trees and members.trees.scores(members.net.mean[None])  # lightgbm is here, and reads them
    except ProofsheetError as error:
        return RankerModel.frame([_full(row, {RankerModel.note: f"{error.what} {error.next_step}"})])
    point = settings.overrule_at_of.get(project.name) or settings.overrule_at or model.point_of(project.name)
    served = {
        RankerModel.fit_id: fit[FitColumns.fit_id],
        RankerModel.status: "in force",
        RankerModel.overrule_at: point,
    }
    note = (
        "" if members.measured else "it learnt from vectors and stages: too few of its pictures were measured"
    )
    return RankerModel.frame(
        [
            _full(
                row,
                {
                    RankerModel.note: note,
                    **served,
                    **_calibrated(project, str(fit[FitColumns.fit_id]), point),
                },
            )
        ]
    )


def scene_classifier(
    scene_fits: Rows[SceneFit], embeddings: Rows[Embedding], project: Project
) -> SceneClassifier | None:
    """The scene classifier in force, if it was trained on vectors of this project's encoder and its file is whole."""
    fit = champion_row(scene_fits)
    if fit is None or embeddings[Embedding.encoder_id].unique().to_list() != [fit[FitColumns.encoder_id]]:
        return None
    return load_scenes(project.shared, str(fit[FitColumns.fit_id]))


def _full(row: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    whole = {**row, **more}
    return {n: whole.get(n) for n in RankerModel.polars_schema()}


def _broken(fits: pl.DataFrame) -> str:
    rows = fits.filter(pl.col(FitColumns.state) == "broken").to_dicts()
    return f"{rows[-1][FitColumns.why]}; train again" if rows else ""


def _calibrated(project: Project, fit_id: str, point: float) -> dict[str, Any]:
    """Temperature and error of this project's sets, as said by a model that never saw the project.

    The error is found crosswise: the temperature of one half of the sets is judged on the other.
    """
    rows = holdout_predictions.read_held_out(project.models, fit_id).filter(
        pl.col(holdout_predictions.NAME) == project.name
    )
    facts: dict[str, Any] = {RankerModel.calibration: "all projects", RankerModel.calibrated_on: rows.height}
    if rows.height < _LEAST_SETS:
        return facts
    p = holdout_predictions.probabilities(rows)
    scores, mask = np.log(np.maximum(p, 1e-12)), p > 0
    winner, top = rows[holdout_predictions.CHOSEN].to_numpy(), rows[holdout_predictions.TOP].to_numpy()
    halves = np.arange(rows.height) % 2 == 0
    confidence, right = np.zeros(rows.height), np.zeros(rows.height, bool)
    for half in (halves, ~halves):
        q = softmax(scores[~half] / temperature_of(scores[half], mask[half], winner[half]), mask[~half])
        pick = picks(q, top[~half], point)
        confidence[~half], right[~half] = q[np.arange(len(q)), pick], pick == winner[~half]
    return {
        **facts,
        RankerModel.calibration: "this project",
        RankerModel.temperature: temperature_of(scores, mask, winner),
        RankerModel.ece: expected_calibration_error(confidence, right),
        RankerModel.accuracy: float(right.mean()),
        RankerModel.stage_accuracy: float((top == winner).mean()),
    }


def crop_model_rows(
    project: Project,
    fits: pl.DataFrame,
    crops: pl.DataFrame,
    grids: pl.DataFrame,
    quality: pl.DataFrame,
    settings: CropSettings,
) -> pl.DataFrame:
    """The row of `crop_model`.

    Args:
        project: whose rate of cuts is wanted.
        fits: rows of `crop_fits`.
        crops: rows of `crop_examples`.
        grids: rows of `saliency_grids`.
        quality: rows of `image_quality`.
        settings: whether and from which probability on cuts are proposed.
    """
    row: dict[str, Any] = {
        CropModel.project: project.key,
        CropModel.fit_id: "",
        CropModel.status: "not available",
        CropModel.note: "",
        CropModel.offset: 0.0,
        CropModel.crop_at: 1.0,
        CropModel.calibrated_on: 0,
        CropModel.ece: None,
    }
    fit = champion_row(fits)
    if settings.use == "none":
        return CropModel.frame([{**row, CropModel.note: "the settings ask for no cuts"}])
    if fit is None:
        return CropModel.frame([{**row, CropModel.note: _broken(fits) or _NONE.format("crop proposer")}])
    if fit[FitColumns.projects] == 1 and crops.is_empty():
        return CropModel.frame([{**row, CropModel.note: _ALONE.format("crop proposer")}])
    try:
        model = load_crops(project.models, str(fit[FitColumns.fit_id]))
    except ProofsheetError as error:
        return CropModel.frame([{**row, CropModel.note: f"{error.what} {error.next_step}"}])
    served = {CropModel.fit_id: fit[FitColumns.fit_id], CropModel.status: "in force"}
    served[CropModel.crop_at] = settings.crop_at or model.crop_at
    return CropModel.frame([{**row, **served, **_rate(model, crops, grids, quality)}])


def _rate(
    model: CropProposer, crops: pl.DataFrame, grids: pl.DataFrame, quality: pl.DataFrame
) -> dict[str, Any]:
    """What brings the model's mean probability to this project's own rate of cuts, held near 0 by ten imagined pictures.

    The error is found crosswise, as for the ranker.
    """
    ids = [Photo.project, Photo.photo_id]
    rows = crops.join(grids, on=ids).join(quality, on=ids).sort(Photo.photo_id)
    if rows.height < _LEAST_CROPS:
        return {CropModel.calibrated_on: rows.height}
    aspects = (rows[ImageQuality.width_px] / rows[ImageQuality.height_px]).cast(pl.Float32).to_numpy()
    said = model.propose(rows[SaliencyGrid.grid].to_numpy(), aspects)
    odds, cut = np.array([s.log_odds for s in said]), rows[CropExample.cropped].to_numpy()
    halves = np.arange(len(odds)) % 2 == 0
    p = np.zeros(len(odds))
    for half in (halves, ~halves):
        p[~half] = sigmoid(odds[~half] + _offset(odds[half], cut[half]))
    error = expected_calibration_error(np.maximum(p, 1 - p), (p >= 0.5) == cut)
    return {CropModel.offset: _offset(odds, cut), CropModel.calibrated_on: rows.height, CropModel.ece: error}


def _offset(odds: npt.NDArray[np.float64], cut: npt.NDArray[np.bool_]) -> float:
    grid = np.linspace(-4.0, 4.0, 81)
    losses = [
        -np.log(np.maximum(np.where(cut, sigmoid(odds + b), sigmoid(-odds - b)), 1e-9)).sum()
        + _PRIOR * b**2 / 2
        for b in grid
    ]
    return float(grid[int(np.argmin(losses))])


def sigmoid(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The logistic function."""
    return np.asarray(1.0 / (1.0 + np.exp(-values)))
