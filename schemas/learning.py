"""Tables of learning: pairs, anomalies, statistics, models and how far they may be trusted.

Holds `TrainingPair`, `Anomaly`, `ProjectStatistic`, `Fit`, `Promotion`, `RankerFit`, `CropFit`,
`RankerModel`, `CropModel`, `Override`, `Threshold` and `Readiness`.
Add here: training data, and the evaluation of models.
Keep out: history as it was written (history.py) and choices (review.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from schemas.history import SOURCES
from schemas.table import Table, column

MODELS = ("ranker", "crop", "scene")


class TrainingPair(Table, name="training_pairs"):
    """A picture that won against one that lost, both of one set.

    Every training of the ranker reads these rows and no others.
    """

    set_key = column(pl.String, "The set.", key=True)
    winner_photo_id = column(
        pl.String, "The winner: a photo, or an imported vector if pictures of the set are gone."
    )
    loser_photo_id = column(pl.String, "A loser, likewise.", key=True)
    winner_stage = column(pl.Float64, "Stage of the winner; null if its name has none.", nullable=True, ge=0)
    loser_stage = column(pl.Float64, "Stage of the loser.", nullable=True, ge=0)
    anomaly = column(pl.Boolean, "True if the loser has the higher stage.")
    source = column(pl.String, "Source of the choice.", isin=SOURCES)
    encoder_id = column(
        pl.String, "Encoder of the two imported vectors; null if both are photos.", nullable=True
    )

    @classmethod
    def rules(cls) -> Sequence[Any]:
        """No pair crosses a set: a set has one winner, and a photo is not on both sides of it."""
        import pandera.polars as pa

        one = pl.col(cls.winner_photo_id).n_unique().over(cls.set_key) == 1
        apart = ~pl.struct(cls.set_key, pl.col(cls.loser_photo_id).alias(cls.winner_photo_id)).is_in(
            pl.struct(cls.set_key, cls.winner_photo_id).implode()
        )
        return (
            pa.Check(lambda data: data.lazyframe.select(one), error="every set has one winner"),
            pa.Check(lambda data: data.lazyframe.select(apart), error="no photo wins and loses in one set"),
        )


class Anomaly(Table, name="anomalies"):
    """A set in which a lower stage was chosen over a higher one."""

    set_key = column(pl.String, "The set.", key=True)
    session_id = column(pl.String, "Session of the tool.")
    set_id = column(pl.String, "Set as the tool named it.")
    chosen_stage = column(pl.Float64, "Stage of the winner.", ge=0)
    max_rejected_stage = column(pl.Float64, "Highest stage among the losers.", ge=0)
    chosen_path = column(pl.String, "The winner's path inside the project folder.")
    rejected_paths = column(pl.List(pl.String), "The losers' paths.")
    decided_at = column(pl.Datetime("us"), "When it was chosen, or null.", nullable=True)


class ProjectStatistic(Table, name="project_statistics"):
    """Amount of history, rate of anomalies and rate of crops of a project.

    One row, with Wilson's 95 % intervals.
    """

    history_rows = column(pl.Int64, "Rows of history.", ge=0)
    quarantined_rows = column(pl.Int64, "Of them in quarantine.", ge=0)
    refused_rows = column(pl.Int64, "Rows that were refused and name this project.", ge=0)
    sets = column(pl.Int64, "Sets with a choice and all pictures present.", ge=0)
    vector_sets = column(
        pl.Int64, "Sets with a choice and missing pictures, with known imported vectors.", ge=0
    )
    pairs = column(pl.Int64, "Pairs, of photos and of vectors.", ge=0)
    without_stage = column(pl.Int64, "Sets with a name without a readable stage.", ge=0)
    anomalies = column(pl.Int64, "Sets in which a lower stage was chosen.", ge=0)
    anomaly_rate = column(
        pl.Float64,
        "Share of these among the sets with stages; null without such sets.",
        nullable=True,
        ge=0,
        le=1,
    )
    anomaly_low = column(pl.Float64, "Lower end of its interval.", nullable=True, ge=0, le=1)
    anomaly_high = column(pl.Float64, "Upper end.", nullable=True, ge=0, le=1)
    crop_decisions = column(pl.Int64, "Pictures that are known to be cropped or not.", ge=0)
    crops = column(pl.Int64, "Pictures that were cropped.", ge=0)
    crop_rate = column(pl.Float64, "Share of these; null without decisions.", nullable=True, ge=0, le=1)
    boxes = column(pl.Int64, "Crops with a known box.", ge=0)


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


class Integration(Table, name="integration_report", shared=True):
    """Twenty held-out sets drawn by a seed: ranked, cropped, and compared with the history."""

    set_key = column(pl.String, "The set.", key=True)
    project_name = column(pl.String, "Folder name of the project.")
    ranked_paths = column(pl.List(pl.String), "Its pictures, the most probable first.")
    probabilities = column(pl.List(pl.Float64), "Their probabilities, by a model that never saw the project.")
    chosen_path = column(pl.String, "What the person chose.")
    pick_path = column(pl.String, "The photo that the model takes at its operating point.")
    right = column(pl.Boolean, "Whether that is the photo that was chosen.")
    anomaly = column(pl.Boolean, "Whether a lower stage was chosen.")
    crop_proposed = column(
        pl.List(pl.Float64), "The proposed crop of the chosen picture; null if none.", nullable=True
    )
    crop_drawn = column(pl.List(pl.Float64), "The manual crop; null if none or unknown.", nullable=True)
    iou = column(pl.Float64, "Overlap of the two; null without both.", nullable=True, ge=0, le=1)


class RankerModel(Table, name="ranker_model"):
    """The active ranker in this project: temperature, operating point, and their source. One row."""

    fit_id = column(pl.String, "The active model; empty if none serves.")
    status = column(pl.String, "Whether a model decides.", isin=("in force", "not available"))
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
    status = column(pl.String, "Whether a model proposes.", isin=("in force", "not available"))
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


class Override(Table, name="overrides"):
    """A set with another choice than was proposed at the time, or than is proposed now."""

    group_id = column(pl.String, "The proposed set.", key=True)
    set_key = column(pl.String, "The set at the time of the decision.")
    proposed_photo_id = column(pl.String, "What is proposed.")
    chosen_photo_id = column(pl.String, "What was chosen.")
    confidence = column(
        pl.Float64, "Confidence of the proposal; null if uncalibrated.", nullable=True, ge=0, le=1
    )
    proposed_by = column(pl.String, "Rule or model.")
    source = column(pl.String, "Source of the choice.", isin=SOURCES)
    decided_at = column(pl.Datetime("us"), "When, or null.", nullable=True)


class Threshold(Table, name="threshold_report"):
    """How many proposals pass at a threshold of confidence, and how many are right.

    Measured on held-out sets of the project, with Wilson's 95 % intervals.
    """

    threshold = column(pl.Float64, "Least confidence.", key=True, ge=0, le=1)
    sets = column(pl.Int64, "Held-out sets of the project.", ge=0)
    covered = column(pl.Int64, "Number of these at or above the threshold.", ge=0)
    right = column(pl.Int64, "Number of those in which the proposal was chosen.", ge=0)
    coverage = column(pl.Float64, "Share that is covered.", ge=0, le=1)
    precision = column(
        pl.Float64,
        "Share of the covered sets that is right; null if none is covered.",
        nullable=True,
        ge=0,
        le=1,
    )
    low = column(pl.Float64, "Lower end of its interval.", ge=0, le=1)
    high = column(pl.Float64, "Upper end.", ge=0, le=1)
    auto_approval = column(
        pl.String, "Whether approval without review is allowed.", isin=("locked", "unlocked")
    )
    why = column(pl.String, "Number of blind reviews, of errors among them, and the resulting bound.")


class Readiness(Table, name="readiness"):
    """The gates of the rollout, one row each.

    Each has its criterion, its value, the number of cases, the trivial rule, and whether it is met.
    """

    gate_name = column(pl.String, "Name of the gate.", key=True)
    wanted = column(pl.String, "What it asks for.")
    found = column(pl.String, "What there is.")
    n = column(pl.Int64, "Number of cases behind it.", ge=0)
    least_n = column(pl.Int64, "Number of cases from which the gate gives a result.", ge=0)
    baseline = column(pl.String, "Result of the trivial rule on the same cases.")
    met = column(pl.String, "Whether it is met.", isin=("yes", "no", "not enough data"))
