"""Tables of what leaves: rows of the CSV, published copies, and takedowns.

Holds the facts `Upload` and `Withdrawal`, and the derived `Export`, `Conversion` and `Takedown`.
Add here: another fact about what was written for others.
Keep out: whether a text may be published (proof.py).
"""

from __future__ import annotations

import polars as pl

from schemas.table import Table, column


class Export(Table, name="exports"):
    """Rows that were written to the CSV in the home: accepted texts of pictures that were not rejected."""

    photo_id = column(pl.String, "The photo.", key=True)
    path = column(pl.String, "Path inside the project folder.")
    content_hash = column(pl.String, "SHA-256 of the picture's bytes.")
    title = column(pl.String, "Accepted title.")
    caption = column(pl.String, "Accepted caption.")
    alt_text = column(pl.String, "Accepted alternative text.")
    keywords = column(pl.List(pl.String), "Accepted keywords.")
    written_by = column(pl.String, "Model, prompt version and rules behind the texts.")
    export_file = column(pl.String, "CSV file inside the home.")


class Conversion(Table, name="conversions"):
    """Photos as new files in another format, where [convert] asks for it; and photos that are refused."""

    photo_id = column(pl.String, "The photo.", key=True)
    path = column(pl.String, "Path inside the project folder.")
    content_hash = column(pl.String, "SHA-256 of the original.")
    target_path = column(pl.String, "Path of the new file in the folder for the project's new files.")
    target_hash = column(pl.String, "SHA-256 of the new file; null if it is refused.", nullable=True)
    target_bytes = column(pl.Int64, "Size of the new file.", nullable=True, ge=1)
    target_width_px = column(pl.Int64, "Width of the new picture.", nullable=True, ge=1)
    target_height_px = column(pl.Int64, "Height of the new picture.", nullable=True, ge=1)
    colours = column(pl.String, "What became of the colours.", nullable=True)
    losses = column(pl.List(pl.String), "What is lost, beside what format and size imply.")
    not_carried = column(pl.List(pl.String), "Metadata that the new file does not have.")
    refused_because = column(pl.String, "Why there is no new file; null if there is one.", nullable=True)
    made_by = column(pl.String, "Rules and settings of the conversion.")


class Upload(Table, name="uploads", origin="fact"):
    """A picture with accepted texts that reached a target.

    Nothing else sets the state `uploaded`. Rows are only ever added.
    """

    photo_id = column(pl.String, "The photo.", key=True)
    attempt = column(pl.Int64, "The attempt that the texts come from.", key=True, ge=1)
    target = column(pl.String, "The target, without any secret.", key=True)
    number = column(
        pl.Int64,
        "Number of this upload of the attempt, from 1: higher after a takedown.",
        key=True,
        ge=1,
    )
    path = column(pl.String, "The file that was published, inside the project folder.")
    name_there = column(pl.String, "Its name at the target.")
    content_hash = column(pl.String, "SHA-256 of the published copy.")
    proof = column(pl.String, "What the copy holds, as read back: each part, tag and text.")
    uploaded_at = column(pl.Datetime("us"), "When (UTC).")
    version = column(pl.Int64, "Version of the photo at this target; null is the first.", nullable=True, ge=1)


class Withdrawal(Table, name="withdrawals", origin="fact"):
    """A note that an uploaded picture is no longer at its target. Proofsheet deletes nothing there."""

    photo_id = column(pl.String, "The photo.", key=True)
    attempt = column(pl.Int64, "The attempt that the texts come from.", key=True, ge=1)
    target = column(pl.String, "The target.", key=True)
    number = column(pl.Int64, "Number of the upload of this attempt, from 1.", key=True, ge=1)
    taken_back_at = column(
        pl.Datetime("us"),
        "When it was removed (UTC); null in rows of earlier versions: published again.",
        nullable=True,
    )


class Takedown(Table, name="takedowns"):
    """A published picture that should be removed from its target: no longer chosen, or replaced."""

    photo_id = column(pl.String, "The photo.", key=True)
    target = column(pl.String, "Where it was sent.", key=True)
    name_there = column(pl.String, "Its name at the target.", key=True)
    path = column(pl.String, "The file that was published, inside the project folder.")
    uploaded_at = column(pl.Datetime("us"), "When it was published (UTC).")
    reason = column(pl.String, "Why it should be removed.")
