"""Tables of learning: pairs, anomalies, statistics, models and how far they may be trusted.

Holds `TrainingPair`, `Anomaly`, `ProjectStatistic`, `Fit`, `Promotion`, `RankerFit`, `CropFit`,
`RankerModel`, `CropModel`, `Override`, `Threshold` and `Readiness`.
Add here: what is learnt, and the judgement on it.
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
    """A picture that won against one that lost, both of one set; every training of the ranker reads these rows and no others."""

    set_key = column(pl.String, "The set.", key=True)
    winner_photo_id = column(
        pl.String, "The winner: a photo, or an imported vector where pictures of the set are gone."
    )
    loser_photo_id = column(pl.String, "A loser, likewise.", key=True)
    winner_stage = column(pl.Float64, "Stage of the winner; null if its name has none.", nullable=True, ge=0)
    loser_stage = column(pl.Float64, "Stage of the loser.", nullable=True, ge=0)
    anomaly = column(pl.Boolean, "True if the loser has the higher stage.")
    source = column(pl.String, "Where the choice comes from.", isin=SOURCES)
    encoder_id = column(
        pl.String, "Who made the two imported vectors; null if both are photos.", nullable=True
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
    """How much history a project has, how often a lower stage won, how often was cut; one row, with Wilson's 95 % intervals."""

    history_rows = column(pl.Int64, "Rows of history.", ge=0)
    quarantined_rows = column(pl.Int64, "Of them in quarantine.", ge=0)
    refused_rows = column(pl.Int64, "Rows that were refused and name this project.", ge=0)
    sets = column(pl.Int64, "Sets with a choice of which all pictures are there.", ge=0)
    vector_sets = column(
        pl.Int64, "Sets with a choice of which pictures are gone and imported vectors are known.", ge=0
    )
    pairs = column(pl.Int64, "Pairs, of photos and of vectors.", ge=0)
    without_stage = column(pl.Int64, "Sets of which a name has no stage that can be read.", ge=0)
    anomalies = column(pl.Int64, "Sets in which a lower stage was chosen.", ge=0)
    anomaly_rate = column(
        pl.Float64, "Their share of the sets with stages; null without such sets.", nullable=True, ge=0, le=1
    )
    anomaly_low = column(pl.Float64, "Lower end of its interval.", nullable=True, ge=0, le=1)
    anomaly_high = column(pl.Float64, "Upper end.", nullable=True, ge=0, le=1)
    crop_decisions = column(pl.Int64, "Pictures of which is known whether they were cut.", ge=0)
    crops = column(pl.Int64, "Pictures that were cut.", ge=0)
    crop_rate = column(pl.Float64, "Their share; null without decisions.", nullable=True, ge=0, le=1)
    boxes = column(pl.Int64, "Cuts of which the box is known.", ge=0)


class Fit(Table, name="model_fits", origin="fact"):
    """A model that was trained. Stands in the ledger `_all`; its files are named by their hash and lie in the home."""

    fit_id = column(pl.String, "Hash of the model's file.", key=True)
    kind = column(pl.String, "What it decides.", isin=MODELS)
    encoder_id = column(pl.String, "Whose vectors it takes.")
    data_hash = column(pl.String, "Hash of the rows that it was trained on.")
    test_hash = column(pl.String, "Hash of the frozen sets that it was judged on and never trained on.")
    sets = column(pl.Int64, "Sets or pictures that it was trained on.", ge=0)
    projects = column(pl.Int64, "Projects that they come from.", ge=0)
    card = column(pl.String, "The figures of its card, as JSON.")
    code_version = column(pl.String, "Hash of the code that trained it.")
    seconds = column(pl.Float64, "How long training and judging took.", unit="s", ge=0)
    trained_at = column(pl.Datetime("us"), "When (UTC).")


class Promotion(Table, name="promotions", origin="fact"):
    """Which model serves, and every model that was refused. Stands in the ledger `_all`; only ever added."""

    number = column(pl.Int64, "Number of the act, from 1.", key=True, ge=1)
    kind = column(pl.String, "What the model decides.", isin=MODELS)
    fit_id = column(pl.String, "The model; empty if none serves any longer.")
    act = column(pl.String, "What happened.", isin=("promoted", "refused", "rolled back"))
    reasons = column(pl.List(pl.String), "What the rule found.")
    decided_at = column(pl.Datetime("us"), "When (UTC).")


class FitColumns:
    """What the tables of fits have in common."""

    fit_id = column(pl.String, "The model.", key=True)
    state = column(
        pl.String, "Whether it serves.", isin=("champion", "challenger", "refused", "retired", "broken")
    )
    why = column(pl.String, "Why it has that state.")
    encoder_id = column(pl.String, "Whose vectors it takes.")
    sets = column(pl.Int64, "Sets or pictures that it was trained on.", ge=0)
    projects = column(pl.Int64, "Projects that they come from.", ge=0)
    data_hash = column(pl.String, "Hash of the rows that it was trained on.")
    test_hash = column(pl.String, "Hash of the frozen sets that it was judged on.")
    headline = column(pl.String, "The first figure of its card, with its interval.")
    card_path = column(pl.String, "Its card inside the home.")
    model_path = column(pl.String, "Its file inside the home.")
    code_version = column(pl.String, "Hash of the code that trained it.")
    trained_at = column(pl.Datetime("us"), "When (UTC).")


class RankerFit(FitColumns, Table, name="ranker_fits", shared=True):
    """Every ranker that was trained over all projects; one of them serves."""


class CropFit(FitColumns, Table, name="crop_fits", shared=True):
    """Every crop proposer that was trained over all projects; one of them serves."""


class SceneFit(FitColumns, Table, name="scene_fits", shared=True):
    """Every scene classifier that was trained on folders of labels; one of them serves."""


class ModelExport(Table, name="model_exports", shared=True):
    """A champion written for other programs, and how far it is from the model that serves."""

    fit_id = column(pl.String, "The model.", key=True)
    part = column(pl.String, "Which of its networks.", key=True)
    format = column(pl.String, "Format of the file.", key=True, isin=("ONNX", "TorchScript"))
    path = column(pl.String, "The file inside the home; empty if it was not written.")
    inputs = column(pl.String, "Names and shapes of its inputs; n is any number.")
    largest_difference = column(
        pl.Float64, "Largest difference of a score over batches of 1, 7 and 64.", nullable=True, ge=0
    )
    same_best = column(pl.Boolean, "Whether the best of each batch is the same.", nullable=True)
    status = column(pl.String, "Whether it may be used.", isin=("equal", "differs", "not available"))
    note = column(pl.String, "What is missing, if it is not available.")


class Integration(Table, name="integration_report", shared=True):
    """Twenty held-out sets drawn by a seed: ranked, cut, and compared with what the person did."""

    set_key = column(pl.String, "The set.", key=True)
    project_name = column(pl.String, "Folder name of its project.")
    ranked_paths = column(pl.List(pl.String), "Its pictures, the most probable first.")
    probabilities = column(pl.List(pl.Float64), "Their probabilities, by a model that never saw the project.")
    chosen_path = column(pl.String, "What the person chose.")
    pick_path = column(pl.String, "What the model takes at its operating point.")
    right = column(pl.Boolean, "Whether that is the same.")
    anomaly = column(pl.Boolean, "Whether a lower stage was chosen.")
    crop_proposed = column(
        pl.List(pl.Float64), "The proposed cut of the chosen picture; null if none.", nullable=True
    )
    crop_drawn = column(pl.List(pl.Float64), "The person's cut; null if none or unknown.", nullable=True)
    iou = column(pl.Float64, "Overlap of the two; null without both.", nullable=True, ge=0, le=1)


class RankerModel(Table, name="ranker_model"):
    """How the ranker in force is read in this project: temperature, operating point, and what they were found on. One row."""

    fit_id = column(pl.String, "The model in force; empty if the stage rule decides alone.")
    status = column(pl.String, "Whether a model decides.", isin=("in force", "not available"))
    note = column(pl.String, "Why, and what to do.")
    temperature = column(pl.Float64, "Scores are divided by it before the softmax.", ge=0)
    overrule_at = column(
        pl.Float64, "Least calibrated probability at which the stage rule is overruled.", ge=0, le=1
    )
    calibrated_on = column(pl.Int64, "Sets of this project that the temperature was found on.", ge=0)
    calibration = column(
        pl.String, "Where the temperature comes from.", isin=("this project", "all projects", "none")
    )
    ece = column(
        pl.Float64, "Expected calibration error on this project's held-out sets.", nullable=True, ge=0, le=1
    )
    accuracy = column(
        pl.Float64,
        "Share of its held-out sets in which the model's choice is the person's.",
        nullable=True,
        ge=0,
        le=1,
    )
    stage_accuracy = column(pl.Float64, "The same of the stage rule.", nullable=True, ge=0, le=1)


class CropModel(Table, name="crop_model"):
    """How the crop proposer in force is read in this project. One row."""

    fit_id = column(pl.String, "The model in force; empty if none is.")
    status = column(pl.String, "Whether a model proposes.", isin=("in force", "not available"))
    note = column(pl.String, "Why, and what to do.")
    offset = column(pl.Float64, "Added to the log odds of a cut, from this project's own rate.")
    crop_at = column(pl.Float64, "Least calibrated probability at which a cut is proposed.", ge=0, le=1)
    calibrated_on = column(pl.Int64, "Pictures of this project that the offset was found on.", ge=0)
    ece = column(
        pl.Float64,
        "Expected calibration error of the question whether to cut, on held-out pictures.",
        nullable=True,
        ge=0,
        le=1,
    )


class Override(Table, name="overrides"):
    """A set in which a person chose another picture than was proposed to her, or than is proposed now."""

    group_id = column(pl.String, "The proposed set.", key=True)
    set_key = column(pl.String, "The set as the person decided it.")
    proposed_photo_id = column(pl.String, "What is proposed.")
    chosen_photo_id = column(pl.String, "What was chosen.")
    confidence = column(
        pl.Float64, "How sure the proposal was; null if uncalibrated.", nullable=True, ge=0, le=1
    )
    proposed_by = column(pl.String, "Rule or model.")
    source = column(pl.String, "Where the choice comes from.", isin=SOURCES)
    decided_at = column(pl.Datetime("us"), "When, or null.", nullable=True)


class Threshold(Table, name="threshold_report"):
    """What a threshold of confidence would let through, on held-out sets of the project, with Wilson's 95 % intervals."""

    threshold = column(pl.Float64, "Least confidence.", key=True, ge=0, le=1)
    sets = column(pl.Int64, "Held-out sets of the project.", ge=0)
    covered = column(pl.Int64, "Of them at or above the threshold.", ge=0)
    right = column(pl.Int64, "Of those in which the person chose the same.", ge=0)
    coverage = column(pl.Float64, "Share that is covered.", ge=0, le=1)
    precision = column(
        pl.Float64, "Share of the covered that is right; null if none is covered.", nullable=True, ge=0, le=1
    )
    low = column(pl.Float64, "Lower end of its interval.", ge=0, le=1)
    high = column(pl.Float64, "Upper end.", ge=0, le=1)
    auto_approval = column(
        pl.String, "Whether anything may be approved without a person.", isin=("locked", "unlocked")
    )
    why = column(pl.String, "Blind reviews, errors among them, and the bound that follows.")


class Readiness(Table, name="readiness"):
    """The gates of the rollout, one row a gate: what is wanted, what is, on how many cases, beside which rule, and if it is met."""

    gate_name = column(pl.String, "Name of the gate.", key=True)
    wanted = column(pl.String, "What it asks for.")
    found = column(pl.String, "What there is.")
    n = column(pl.Int64, "Number of cases behind it.", ge=0)
    least_n = column(pl.Int64, "Number of cases without which the gate says nothing.", ge=0)
    baseline = column(pl.String, "What the trivial rule gets on the same cases.")
    met = column(pl.String, "Whether it is met.", isin=("yes", "no", "not enough data"))
