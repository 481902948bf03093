"""Tables of history matched with a project: its choices and crops.

Holds `HistoryMatch`, `Selection`, `VectorSelection` and `CropExample`.
Add here: what else history says about pictures of a project.
Keep out: history as it was written (history.py), and data for training (training.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from schemas.history import KINDS, SOURCES
from schemas.table import Table, column


class HistoryMatch(Table, name="history_matches"):
    """The result for every row of a project's history.

    A row is used, superseded by a later row, or in quarantine with its reason.
    """

    row_hash = column(pl.String, "The row.", key=True)
    kind = column(pl.String, "Kind of the row.", isin=KINDS)
    file = column(pl.String, "File that it comes from.")
    line = column(pl.Int64, "Line in it.", ge=1)
    chosen_path = column(pl.String, "The chosen picture as written.")
    chosen_photo_id = column(pl.String, "The matching photo; null if it was not found.", nullable=True)
    photo_ids = column(
        pl.List(pl.String),
        "Winner and losers of the set, by stage; empty unless all were found.",
    )
    happened_at = column(
        pl.Datetime("us"), "When it was chosen or cropped; null if the row has no time.", nullable=True
    )
    status = column(
        pl.String, "What became of it.", isin=("used", "vectors alone", "superseded", "quarantined")
    )
    reason = column(pl.String, "Why it is not used; empty if it is.")
    next_step = column(pl.String, "What you can do about it; empty if nothing.")


class Selection(Table, name="selections"):
    """The last choice in each set. Winner and losers are photos of one project and one set."""

    set_key = column(pl.String, "Id of the set: a hash of project and members.", key=True)
    chosen_photo_id = column(pl.String, "The winner.")
    photo_ids = column(pl.List(pl.String), "Winner and losers by stage, then path.")
    top_photo_id = column(
        pl.String, "The photo that the stage rule takes: the highest stage, the sharpest among equals."
    )
    anomaly = column(pl.Boolean, "True if a lower stage was chosen over a higher one.")
    source = column(pl.String, "Source of the choice.", isin=SOURCES)
    session_id = column(pl.String, "Session of the tool.")
    set_id = column(pl.String, "Set as the tool named it.")
    decided_at = column(pl.Datetime("us"), "When it was chosen, or null.", nullable=True)

    @classmethod
    def rules(cls) -> Sequence[Any]:
        """Every winner is a member, and no set has one member alone."""
        return _whole_sets(cls.photo_ids, cls.chosen_photo_id)


def _whole_sets(members: str, winner: str) -> Sequence[Any]:
    import pandera.polars as pa

    member, several = pl.col(members).list.contains(pl.col(winner)), pl.col(members).list.len() >= 2
    return (
        pa.Check(lambda data: data.lazyframe.select(member), error="the winner is a member of its set"),
        pa.Check(lambda data: data.lazyframe.select(several), error="a set has two members or more"),
    )


class VectorSelection(Table, name="vector_selections"):
    """A choice in a set with missing pictures and known vectors.

    Such a set is never in `selections` as well.
    """

    set_key = column(pl.String, "Id of the set: a hash of project, encoder and members.", key=True)
    encoder_id = column(pl.String, "Encoder of the vectors, the same for all members.")
    chosen_vector_id = column(pl.String, "The winner's row of `imported_vectors`.")
    vector_ids = column(
        pl.List(pl.String), "Winner and losers by stage, then name; rows of `imported_vectors`."
    )
    photo_ids = column(
        pl.List(pl.String), "The photo of each of them in the same order; null if the picture is gone."
    )
    top_vector_id = column(
        pl.String, "The vector that the stage rule takes: the highest stage, the first by name among equals."
    )
    anomaly = column(pl.Boolean, "True if a lower stage was chosen over a higher one.")
    session_id = column(pl.String, "Session of the tool.")
    set_id = column(pl.String, "Set as the tool named it.")
    decided_at = column(pl.Datetime("us"), "When it was chosen, or null.", nullable=True)

    @classmethod
    def rules(cls) -> Sequence[Any]:
        """Every winner is a member, and no set has one member alone."""
        return _whole_sets(cls.vector_ids, cls.chosen_vector_id)


class CropExample(Table, name="crop_examples"):
    """The last manual crop of each chosen picture, in 0..1 of the upright picture."""

    photo_id = column(pl.String, "The photo.", key=True)
    cropped = column(pl.Boolean, "Whether it was cropped.")
    x1 = column(
        pl.Float64, "Left side; null if it was not cropped, or the box is unknown.", nullable=True, ge=0, le=1
    )
    y1 = column(pl.Float64, "Upper side.", nullable=True, ge=0, le=1)
    x2 = column(pl.Float64, "Right side.", nullable=True, ge=0, le=1)
    y2 = column(pl.Float64, "Lower side.", nullable=True, ge=0, le=1)
    aspect_kept = column(
        pl.Boolean, "Whether the box has the aspect of the picture, within two per cent.", nullable=True
    )
    evidence = column(
        pl.String,
        "Source of the row.",
        isin=("box in pixels", "box in shares", "cropped, box unknown", "chosen and never cropped"),
    )
    source = column(pl.String, "Where it comes from.", isin=SOURCES)
    decided_at = column(pl.Datetime("us"), "When, or null.", nullable=True)
