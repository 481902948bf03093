"""Tables of trained models: every fit, which one is active, and how it predicts in a project.

Holds `RankerFit`, `CropFit`, `SceneFit`, `ModelExport`, `RankerModel`, `CropModel`, and the facts `Fit` and
`Promotion`.
Add here: the table of another kind of model.
Keep out: the data that they learn from (training.py), and how far they may be trusted (rollout.py).
"""

from __future__ import annotations

import polars as pl

from schemas.table import Table, column

MODELS = ("ranker", "crop", "scene")


class Fit(Table, name="model_fits", origin="fact"):
    """A trained model. Its row is in the ledger `_all`.

    Its files are named by their hash and are in the home.
    """

    fit_id = column(pl.String, "Hash of the model's file.", key=True)
    kind = column(pl.String, "What it decides.", isin=MODELS)
    encoder_id = column(pl.String, "Encoder of the vectors that it reads.")
    data_hash = column(pl.String, "Hash of the rows that it was trained on.")
    test_hash = column(pl.String, "Hash of the frozen sets that it was evaluated on and never trained on.")
    sets = column(pl.Int64, "Sets or pictures that it was trained on.", ge=0)
    projects = column(pl.Int64, "Projects that they come from.", ge=0)
    card = column(pl.String, "The figures of its card, as JSON.")
    code_version = column(pl.String, "Hash of the code that trained it.")
    seconds = column(pl.Float64, "Seconds for training and evaluation.", unit="s", ge=0)
    trained_at = column(pl.Datetime("us"), "When (UTC).")


class Promotion(Table, name="promotions", origin="fact"):
    """The active model, and every model that was refused.

    Rows are in the ledger `_all` and are only ever added.
    """

    number = column(pl.Int64, "Number of the change, from 1.", key=True, ge=1)
    kind = column(pl.String, "What the model decides.", isin=MODELS)
    fit_id = column(pl.String, "The model; empty if none is active any longer.")
    act = column(pl.String, "What happened.", isin=("promoted", "refused", "rolled back"))
    reasons = column(pl.List(pl.String), "What the rule found.")
    decided_at = column(pl.Datetime("us"), "When (UTC).")


class FitColumns:
    """Columns that the tables of fits share."""

    fit_id = column(pl.String, "The model.", key=True)
    state = column(
        pl.String, "Whether it serves.", isin=("champion", "challenger", "refused", "retired", "broken")
    )
    why = column(pl.String, "Why it has that state.")
    encoder_id = column(pl.String, "Encoder of the vectors that it reads.")
    sets = column(pl.Int64, "Sets or pictures that it was trained on.", ge=0)
    projects = column(pl.Int64, "Projects that they come from.", ge=0)
    data_hash = column(pl.String, "Hash of the rows that it was trained on.")
    test_hash = column(pl.String, "Hash of the frozen sets that it was evaluated on.")
    headline = column(pl.String, "The first figure of its card, with its interval.")
    card_path = column(pl.String, "Its card inside the home.")
    model_path = column(pl.String, "Its file inside the home.")
    code_version = column(pl.String, "Hash of the code that trained it.")
    trained_at = column(pl.Datetime("us"), "When (UTC).")


class RankerFit(FitColumns, Table, name="ranker_fits", shared=True):
    """Every ranker that was trained over all projects. One of them is active."""


class CropFit(FitColumns, Table, name="crop_fits", shared=True):
    """Every crop proposer that was trained over all projects. One of them is active."""


class SceneFit(FitColumns, Table, name="scene_fits", shared=True):
    """Every scene classifier that was trained on folders of labels. One of them is active."""


class ModelExport(Table, name="model_exports", shared=True):
    """A champion exported for other programs, and how far its results are from the original."""

    fit_id = column(pl.String, "The model.", key=True)
    part = column(pl.String, "Which of its networks.", key=True)
    format = column(pl.String, "Format of the file.", key=True, isin=("ONNX", "TorchScript"))
    path = column(pl.String, "The file inside the home; empty if it was not written.")
    inputs = column(pl.String, "Names and shapes of its inputs; n is any number.")
    largest_difference = column(
        pl.Float64, "Largest difference of a score over batches of 1, 7 and 64.", nullable=True, ge=0
    )
    same_best = column(pl.Boolean, "Whether the best picture of each batch is the same.", nullable=True)
    status = column(pl.String, "Whether it may be used.", isin=("equal", "differs", "not available"))
    note = column(pl.String, "The missing part, if it is not available.")


class RankerModel(Table, name="ranker_model"):
    """The active ranker in this project: temperature, operating point, and their source. One row."""

    fit_id = column(pl.String, "The active model; empty if none serves.")
    status = column(pl.String, "Whether a model decides.", isin=("active", "not available"))
    note = column(pl.String, "Reason of the status, and what to do.")
    temperature = column(pl.Float64, "Scores are divided by it before the softmax.", ge=0)
    overrule_at = column(
        pl.Float64, "Least calibrated probability at which the highest stage is overruled.", ge=0, le=1
    )
    calibrated_on = column(pl.Int64, "Sets of this project that the temperature was fitted on.", ge=0)
    calibration = column(
        pl.String, "Source of the temperature.", isin=("this project", "all projects", "none")
    )
    ece = column(
        pl.Float64, "Expected calibration error on this project's held-out sets.", nullable=True, ge=0, le=1
    )
    accuracy = column(
        pl.Float64,
        "Share of its held-out sets in which the model agrees with the choice.",
        nullable=True,
        ge=0,
        le=1,
    )
    stage_accuracy = column(pl.Float64, "The same for the highest stage.", nullable=True, ge=0, le=1)


class CropModel(Table, name="crop_model"):
    """The active crop proposer in this project. One row."""

    fit_id = column(pl.String, "The active model; empty if none is.")
    status = column(pl.String, "Whether a model proposes.", isin=("active", "not available"))
    note = column(pl.String, "Reason of the status, and what to do.")
    offset = column(pl.Float64, "Added to the log odds of a crop, from this project's own rate.")
    crop_at = column(pl.Float64, "Least calibrated probability at which a crop is proposed.", ge=0, le=1)
    calibrated_on = column(pl.Int64, "Pictures of this project that the offset was fitted on.", ge=0)
    ece = column(
        pl.Float64,
        "Expected calibration error of the question whether to crop, on held-out pictures.",
        nullable=True,
        ge=0,
        le=1,
    )
