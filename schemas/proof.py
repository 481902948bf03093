"""The proof table and the facts behind it.

Holds `MetadataQuality`.
Add here: evidence that words may be published.
Keep out: the rules themselves (proofsheet/words/gate.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandera.polars as pa
import polars as pl

from schemas.table import Table, column
from schemas.words import Caption

ISSUE_RULE = "rule"
ISSUE = pl.Struct({ISSUE_RULE: pl.String, "field": pl.String, "start": pl.Int64, "end": pl.Int64, "message": pl.String})
FIELDS = (Caption.title, Caption.caption, Caption.alt_text, Caption.keywords)


class MetadataQuality(Table, name="metadata_quality"):
    """One row a photo and attempt: what was generated, what the gate said, what was accepted."""

    photo_id = column(pl.String, "The photo.", key=True)
    attempt = column(pl.Int64, "Number of the attempt, from 1; a new one whenever text, rules or verdict change.", key=True, ge=1)
    is_current = column(pl.Boolean, "True for the latest attempt of a photo that is still captioned.")
    status = column(pl.String, "Verdict of the gate.", isin=("accepted", "blocked"))
    score = column(pl.Float64, "Share of the fields without an issue.", ge=0, le=1)
    issues = column(pl.List(ISSUE), "Every objection: rule, field, span (characters) and message.")
    generated_title = column(pl.String, "Title as generated.")
    generated_caption = column(pl.String, "Caption as generated.")
    generated_alt_text = column(pl.String, "Alternative text as generated.")
    generated_keywords = column(pl.List(pl.String), "Keywords as generated.")
    accepted_title = column(pl.String, "Title that passed; null unless accepted.", nullable=True)
    accepted_caption = column(pl.String, "Caption that passed; null unless accepted.", nullable=True)
    accepted_alt_text = column(pl.String, "Alternative text that passed; null unless accepted.", nullable=True)
    accepted_keywords = column(pl.List(pl.String), "Keywords that passed; null unless accepted.", nullable=True)
    model = column(pl.String, "The describer that wrote the texts.")
    prompt_version = column(pl.String, "Prompt or template version.")
    rules_version = column(pl.String, "Version of the gate's rules and word lists.")
    proved_at = column(pl.Datetime("us"), "When the attempt was judged (UTC).")

    @classmethod
    def rules(cls) -> Sequence[Any]:
        """Accepted fields are filled by a pass, and by nothing else."""
        return [pa.Check(_accepted_only_by_a_pass, name="accepted_only_by_a_pass")]


def _accepted_only_by_a_pass(data: Any) -> pl.LazyFrame:  # noqa: ANN401 - pandera hands over its own container
    table = MetadataQuality
    passed = (pl.col(table.status) == "accepted") & (pl.col(table.issues).list.len() == 0)
    filled = [
        pl.col(name).is_not_null()
        for name in (table.accepted_title, table.accepted_caption, table.accepted_alt_text, table.accepted_keywords)
    ]
    frame: pl.LazyFrame = data.lazyframe
    return frame.select(pl.all_horizontal(*[f == passed for f in filled]))
