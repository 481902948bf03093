"""Facts of people about single pictures: stars, colour labels and flags that are set in the review app.

Holds the fact `PhotoMark`, and the names of labels.
Add here: another mark that people give a picture.
Keep out: decisions on sets (review.py), and marks of other programs (written.py).
"""

from __future__ import annotations

import polars as pl

from schemas.table import Table, column

LABELS = ("Red", "Yellow", "Green", "Blue", "Purple")  # as Lightroom and Bridge write them
MOST_STARS = 5


class PhotoMark(Table, name="photo_marks", origin="fact"):
    """Stars, a label or a flag that you gave a picture in the review app.

    Rows are only ever added. Of each of the three, the last one that was not undone counts.
    """

    mark_id = column(pl.String, "Id given by the sender; the same id is the same mark.", key=True)
    photo_id = column(pl.String, "The photo.")
    stars = column(
        pl.Int64, "Stars; 0 for none. Null if this row does not change them.", nullable=True, ge=0, le=5
    )
    label = column(
        pl.String, "Colour label; empty for none. Null if this row does not change it.", nullable=True
    )
    flag = column(
        pl.Int64,
        "1 picked, -1 rejected, 0 no flag. Null if this row does not change it.",
        nullable=True,
        ge=-1,
        le=1,
    )
    stars_elsewhere = column(
        pl.Float64,
        "Rating that another program had written when you set this, -1 for a rejection; null if none.",
        nullable=True,
        ge=-1,
        le=5,
    )
    label_elsewhere = column(pl.String, "The label, likewise.", nullable=True)
    flag_elsewhere = column(
        pl.Int64, "The flag, likewise, without a rating of -1.", nullable=True, ge=-1, le=1
    )
    number = column(pl.Int64, "Order of decisions, marks and steps.", ge=1)
    marked_at = column(pl.Datetime("us"), "When (UTC).")
