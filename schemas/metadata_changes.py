"""Table of metadata that `embed` wrote into originals.

Holds the fact `MetadataChange`.
Add here: another fact about metadata of originals.
Keep out: the journal of files (apply.py), and what people wrote (written.py).
"""

from __future__ import annotations

import polars as pl

from schemas.table import Table, column


class MetadataChange(Table, name="metadata_changes", origin="fact"):
    """What an operation of the kind `embed` writes into a file, and what brings the former file back."""

    plan_id = column(pl.String, "The plan.", key=True)
    number = column(pl.Int64, "Number of the operation in the plan.", key=True, ge=1)
    photo_id = column(pl.String, "The photo.")
    values = column(pl.String, "Values by tag of exiftool, as JSON.")
    new_hash = column(
        pl.String, "SHA-256 of the file with the values; null before it was made.", nullable=True
    )
    block = column(
        pl.Binary,
        "Compressed difference that makes the former file, byte by byte, out of the new one.",
        nullable=True,
    )
