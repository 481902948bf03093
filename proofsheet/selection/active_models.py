"""The active models, read for one project: temperature, operating point, the rate of crops.

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
from schemas.library import Photo
from schemas.models import CropModel, FitColumns, RankerModel, SceneFit
from schemas.selections import CropExample
from schemas.settings.crops import CropSettings
from schemas.settings.ranker import RankerSettings
from schemas.table import Rows
from schemas.vectors import Embedding
from schemas.vision import ImageQuality, SaliencyGrid

_LEAST_SETS, _LEAST_CROPS, _PRIOR = 30, 20, 10.0
_NONE = "no {} serves; import history and run `proofsheet models train`"
_ALONE = (
    "the active {} was trained on another project alone and cannot be used for others; review some "
    "sets here, then train again"
)
_UNMEASURED = "it learnt from vectors and stages: too few of its pictures were measured"
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
    """The row of `ranker_model`; a model that cannot serve says why; the starter ranker then decides.

    Args:
        project: the project for temperature and operating point.
        fits: rows of `ranker_fits`.
        embeddings: rows of `embeddings`; their encoder must be the model's.
        settings: whether a model may decide, and from which probability on.
    """
    row = dict.fromkeys(RankerModel.polars_schema()) | {
        RankerModel.project: project.key,
        RankerModel.fit_id: "",
        RankerModel.status: "not available",
        RankerModel.temperature: 1.0,
        RankerModel.overrule_at: 1.0,
        RankerModel.calibrated_on: 0,
        RankerModel.calibration: "none",
    }
    fit, note = champion_row(fits), _why_no_ranker(project, fits, embeddings, settings)
    if fit is None or note:
        return RankerModel.frame([{**row, RankerModel.note: note}])
    try:
        served = _serving_ranker(project, str(fit[FitColumns.fit_id]), settings)
    except ProofsheetError as error:
        return RankerModel.frame([{**row, RankerModel.note: f"{error.what} {error.next_step}"}])
    return RankerModel.frame([{**row, **served}])


def _why_no_ranker(
    project: Project, fits: pl.DataFrame, embeddings: pl.DataFrame, settings: RankerSettings
) -> str:
    """Why no ranker of the fits may serve this project; empty if one may."""
    fit = champion_row(fits)
    if settings.use == "stage":
        return "the settings ask for the highest stage, not for a model"
    if fit is None:
        return _broken(fits) or _NONE.format("ranker")
    encoders = embeddings[Embedding.encoder_id].unique().to_list()
    if encoders and encoders != [fit[FitColumns.encoder_id]]:
        return _OTHER.format(fit[FitColumns.encoder_id], ", ".join(encoders), settings.least_sets)
    held = holdout_predictions.read_held_out(project.models, str(fit[FitColumns.fit_id]))
    if fit[FitColumns.projects] == 1 and project.name not in set(held[holdout_predictions.NAME]):
        return _ALONE.format("ranker")
    return ""


def _serving_ranker(project: Project, fit_id: str, settings: RankerSettings) -> dict[str, Any]:
    """The columns of `ranker_model` for a fit that serves.

    Raises:
        ProofsheetError: if its files are damaged, or a package that reads them is missing.
    """
    model = load_ranker(project.models, fit_id)
    members = model.members
    if members.trees:
        members.trees.scores(members.net.mean[None])  # lightgbm is here, and reads them
    point = settings.overrule_at_of.get(project.name) or settings.overrule_at or model.point_of(project.name)
    return {
        RankerModel.note: "" if members.measured else _UNMEASURED,
        RankerModel.fit_id: fit_id,
        RankerModel.status: "active",
        RankerModel.overrule_at: point,
        **_calibrated(project, fit_id, point),
    }


def scene_classifier(
    scene_fits: Rows[SceneFit], embeddings: Rows[Embedding], project: Project
) -> SceneClassifier | None:
    """The active scene classifier, if it fits this project.

    It fits if it was trained on vectors of this project's encoder and its file is intact.
    """
    fit = champion_row(scene_fits)
    if fit is None or embeddings[Embedding.encoder_id].unique().to_list() != [fit[FitColumns.encoder_id]]:
        return None
    return load_scenes(project.shared, str(fit[FitColumns.fit_id]))


def _broken(fits: pl.DataFrame) -> str:
    rows = fits.filter(pl.col(FitColumns.state) == "broken").to_dicts()
    return f"{rows[-1][FitColumns.why]}; train again" if rows else ""


def _calibrated(project: Project, fit_id: str, point: float) -> dict[str, Any]:
    """Temperature and error on this project's sets, by a model that never saw the project.

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
        project: the project for the rate of crops.
        fits: rows of `crop_fits`.
        crops: rows of `crop_examples`.
        grids: rows of `saliency_grids`.
        quality: rows of `image_quality`.
        settings: whether and from which probability on crops are proposed.
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
        return CropModel.frame([{**row, CropModel.note: "the settings turn crops off"}])
    if fit is None:
        return CropModel.frame([{**row, CropModel.note: _broken(fits) or _NONE.format("crop proposer")}])
    if fit[FitColumns.projects] == 1 and crops.is_empty():
        return CropModel.frame([{**row, CropModel.note: _ALONE.format("crop proposer")}])
    try:
        model = load_crops(project.models, str(fit[FitColumns.fit_id]))
    except ProofsheetError as error:
        return CropModel.frame([{**row, CropModel.note: f"{error.what} {error.next_step}"}])
    served = {CropModel.fit_id: fit[FitColumns.fit_id], CropModel.status: "active"}
    served[CropModel.crop_at] = settings.crop_at or model.crop_at
    return CropModel.frame([{**row, **served, **_rate(model, crops, grids, quality)}])


def _rate(
    model: CropProposer, crops: pl.DataFrame, grids: pl.DataFrame, quality: pl.DataFrame
) -> dict[str, Any]:
    """The offset from the model's mean probability to this project's own rate of crops.

    Ten imagined pictures hold it near 0.

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
