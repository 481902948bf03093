"""Tables of choices.

Holds `Decision` and `Export`.
Add here: verdicts and what follows from them.
Keep out: the measurements they rest on.
"""

from __future__ import annotations

import polars as pl

from schemas.table import Table, column


class Decision(Table, name="decisions"):
    """The photo that the rule prefers in each set; a proposal, nothing is moved."""

    group_id = column(pl.String, "The set.", key=True)
    chosen_photo_id = column(pl.String, "The preferred photo.")
    chosen_path = column(pl.String, "Its path inside the project folder.")
    photo_ids = column(pl.List(pl.String), "Every photo of the set, in the order of the set.")
    keep_all = column(pl.Boolean, "True for brackets, stacks, panoramas and RAW with JPEG: the others of the set are no rejects.")
    reasons = column(pl.List(pl.String), "What spoke for the choice, from measured values.")
    flags = column(pl.List(pl.String), "What speaks against it, from measured values.")
    confidence = column(pl.Float64, "Calibrated probability; null as long as it is uncalibrated.", nullable=True, ge=0, le=1)
    confidence_kind = column(pl.String, "How to read the confidence.", isin=("uncalibrated",))
    decided_by = column(pl.String, "Name and version of the rule.")


class Export(Table, name="exports"):
    """What was written to the CSV in the home: accepted rows only."""

    photo_id = column(pl.String, "The photo.", key=True)
    path = column(pl.String, "Path inside the project folder.")
    content_hash = column(pl.String, "SHA-256 of the picture's bytes.")
    title = column(pl.String, "Accepted title.")
    caption = column(pl.String, "Accepted caption.")
    alt_text = column(pl.String, "Accepted alternative text.")
    keywords = column(pl.List(pl.String), "Accepted keywords.")
    written_by = column(pl.String, "Model, prompt version and rules that the texts come from.")
    export_file = column(pl.String, "CSV file inside the home.")
