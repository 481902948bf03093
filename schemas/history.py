"""Facts of history: the logs of other tools and their vectors, as they were written.

Holds `HistoryRow`, `HistoryRefusal`, `HistoryFile` and `ImportedVector`, and the names of files and columns.
Add here: what another tool logs of choices and crops.
Keep out: what the rows come to in a project (selections.py).
"""

from __future__ import annotations

import polars as pl

from schemas.table import Table, column

KINDS = ("selection", "crop", "cropped, box unknown", "anomaly")
SOURCES = ("history", "review")
RATING = "rating"  # stars and flags of people; they decide no set
OWN_SESSION = "proofsheet-review-"  # marks rows that the review wrote, as opposed to those of other tools
SELECTION_FILE, CROP_FILE, BOXLESS_FILE = (
    "selection_only_log.csv",
    "select_crop_log.csv",
    "historical_crop_log.csv",
)
SELECTION_COLUMNS = ("session_id", "set_id", "chosen_path", "neg_paths", "timestamp")
PLAIN_COLUMNS = (
    "session_id",
    "directory",
    "chosen_path",
    "crop_x1",
    "crop_y1",
    "crop_x2",
    "crop_y2",
    "timestamp",
)
BOXLESS_COLUMNS = ("session_id", "directory", "chosen_path", "timestamp")
_SIDES = dict.fromkeys(("x1", "y1", "x2", "y2"), pl.Float64)


class HistoryRow(Table, name="history_rows", origin="fact"):
    """A row of a history file as it was written. It is never corrected, and stored only once."""

    row_hash = column(pl.String, "Hash of all values of the row.", key=True)
    number = column(
        pl.Int64, "Order in which rows arrived; of two rows on one picture the later counts.", ge=1
    )
    kind = column(pl.String, "Kind of the row.", isin=KINDS)
    file = column(pl.String, "Name of the file that it comes from.")
    line = column(pl.Int64, "Line on which it begins.", ge=1)
    session_id = column(pl.String, "Session of the tool; empty if the row has none.")
    set_id = column(pl.String, "Set as the tool named it; empty if the row has none.")
    directory = column(pl.String, "Folder as the tool wrote it; it is not the project.")
    chosen_path = column(pl.String, "The chosen picture as written.")
    other_paths = column(
        pl.List(pl.String), "The other pictures of the set as written; empty if the row has none."
    )
    box = column(pl.Struct(_SIDES), "Crop as written, pixels or 0..1; null if it has none.", nullable=True)
    width_px = column(pl.Int64, "Width of the chosen picture as written.", unit="px", nullable=True, ge=1)
    height_px = column(pl.Int64, "Height of the chosen picture as written.", unit="px", nullable=True, ge=1)
    timestamp = column(pl.String, "Time as written.")
    happened_at = column(pl.Datetime("us"), "The same as a time; null if it cannot be read.", nullable=True)
    imported_at = column(pl.Datetime("us"), "When it was imported (UTC).")


class HistoryRefusal(Table, name="history_refusals", origin="fact"):
    """A row of a history file that was refused.

    Rows of no known project are in the ledger `_all`.
    """

    file_hash = column(pl.String, "SHA-256 of the file.", key=True)
    line = column(pl.Int64, "Line on which the row begins; 0 for the whole file.", key=True, ge=0)
    file = column(pl.String, "Name of the file.")
    reason = column(pl.String, "Class of the refusal.")
    detail = column(pl.String, "What is wrong, with the value.")
    next_step = column(pl.String, "What you can do about it.")
    imported_at = column(pl.Datetime("us"), "When it was refused (UTC).")


class HistoryFile(Table, name="history_files", origin="fact"):
    """A history file that was read, with the result for its rows. It is in the ledger `_all`."""

    file_hash = column(pl.String, "SHA-256 of the file.", key=True)
    file = column(pl.String, "Name of the file.")
    format = column(pl.String, "Format of the file, one of the known ones.")
    rows = column(pl.Int64, "Rows in it.", ge=0)
    accepted = column(pl.Int64, "Rows that were accepted, including those that were known before.", ge=0)
    refused = column(pl.Int64, "Rows that were refused.", ge=0)
    imported_at = column(pl.Datetime("us"), "When it was last read (UTC).")


class ImportedVector(Table, name="imported_vectors", origin="fact"):
    """An imported vector, also of a picture that is gone.

    The numbers are in a matrix in the home, one row each.
    """

    vector_id = column(pl.String, "Hash of encoder, file name and numbers.", key=True)
    path = column(pl.String, "Path of the picture as written.")
    file_name = column(pl.String, "Last part of the path, in NFC; history finds the vector by it.")
    stage = column(pl.Float64, "Stage number parsed from the name; null if it has none.", nullable=True, ge=0)
    encoder_id = column(pl.String, "Encoder of the vector; vectors of two encoders are never compared.")
    content_hash = column(
        pl.String,
        "SHA-256 of the picture, if the project had it at the import or the index gives it; else null.",
        nullable=True,
    )
    matrix = column(pl.String, "File of the matrix in the home's vectors/<project>/, named by its SHA-256.")
    place = column(pl.Int64, "Row of the matrix, from 0.", ge=0)
    imported_at = column(pl.Datetime("us"), "When it was imported (UTC).")
