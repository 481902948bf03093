"""Tables of reviewed texts with their outcome, for judging models and rules.

Holds the fact `EvaluationRow` and the derived `EvaluationSet`, with the columns that both share.
Add here: a column of a reviewed text.
Keep out: the reviews themselves (edits.py).
"""

from __future__ import annotations

import polars as pl

from schemas.table import Table, column


class EvaluationColumns:
    """Columns of a reviewed text, in ledger and store."""

    photo_id = column(pl.String, "The photo.", key=True)
    field = column(pl.String, "The field.", key=True)
    text_hash = column(pl.String, "Hash of the generated text.", key=True)
    image_hash = column(pl.String, "SHA-256 of the picture's bytes.")
    generated = column(pl.String, "Text as generated.")
    outcome = column(
        pl.String, "The result of the review.", isin=("approved", "rejected", "edited", "waived")
    )
    wanted = column(pl.String, "Your replacement text, or the same text.", nullable=True)
    reason = column(pl.String, "Rule or reason.", nullable=True)
    model = column(pl.String, "Who wrote it.")
    prompt_version = column(pl.String, "Name and version of the prompt.")
    split = column(pl.String, "Part of the set, by the picture's hash.", isin=("train", "test"))
    version = column(pl.String, "Version of the split.")
    frozen_at = column(pl.Datetime("us"), "When (UTC).")


class EvaluationRow(EvaluationColumns, Table, name="evaluation_rows", origin="fact"):
    """A reviewed text with its outcome, frozen when it was reviewed."""


class EvaluationSet(EvaluationColumns, Table, name="metadata_eval_set"):
    """Reviewed texts with their outcome, frozen and split: data for judging models and rules."""
