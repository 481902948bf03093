"""Tables of data for training: pairs, anomalies, and how much history a project has.

Holds `TrainingPair`, `Anomaly` and `ProjectStatistic`.
Add here: another form of data that models learn from.
Keep out: history as it was written (history.py), and what was trained (models.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from schemas.history import RATING, SOURCES
from schemas.table import Table, column


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
    source = column(
        pl.String,
        "Source of the choice; rating: stars and flags of people, of which a set of pictures may have "
        "several rows of winners, each under a key of its own.",
        isin=(*SOURCES, RATING),
    )
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
    rating_pairs = column(pl.Int64, "Those of them from stars and flags.", ge=0)
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
