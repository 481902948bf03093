"""Facts of people about texts: what they wrote, waived, reviewed and asked for.

Holds `WordEdit`, `Waiver`, `WordReview` and `TextRequest`.
Add here: what else people do with the texts of a photo.
Keep out: decisions on sets (review.py), and what the gate notes (proof.py).
"""

from __future__ import annotations

import polars as pl

from schemas.table import Table, column


class WordEdit(Table, name="word_edits", origin="fact"):
    """A text that did not come from the describer: by hand, an import or an identifier.

    Rows are only ever added.
    """

    photo_id = column(pl.String, "The photo.", key=True)
    field = column(pl.String, "The field.", key=True)
    revision = column(pl.Int64, "Number of the change, from 1.", key=True, ge=1)
    value = column(
        pl.String,
        "New text, or keywords as JSON; null restores the text of the describer.",
        nullable=True,
    )
    base = column(pl.String, "The previous text, in the same form.", nullable=True)
    source = column(pl.String, "Who wrote it.", isin=("human", "import", "identifier"))
    locked = column(pl.Boolean, "True if only manual edits may change it.")
    edited_at = column(pl.Datetime("us"), "When (UTC).")


class Waiver(Table, name="waivers", origin="fact"):
    """A permission for one issue of one text. Another text is checked again."""

    rule = column(pl.String, "The rule.", key=True)
    field = column(pl.String, "The field.", key=True)
    text_hash = column(pl.String, "Hash of the text.", key=True)
    photo_id = column(pl.String, "The photo.")
    text = column(pl.String, "The text.")
    reason = column(pl.String, "Why the rule is wrong here.")
    waived_at = column(pl.Datetime("us"), "When (UTC).")


class WordReview(Table, name="word_reviews", origin="fact"):
    """A review decision on checked texts. Rows are only ever added."""

    photo_id = column(pl.String, "The photo.", key=True)
    attempt = column(pl.Int64, "The attempt that was reviewed.", key=True, ge=1)
    decision = column(pl.String, "The decision.", isin=("approved", "rejected"))
    reason = column(pl.String, "Why.")
    decided_at = column(pl.Datetime("us"), "When (UTC).")


class TextRequest(Table, name="text_requests", origin="fact"):
    """A request for other texts for a photo: each row allows one more round.

    Rows are only ever added.
    """

    photo_id = column(pl.String, "The photo.", key=True)
    number = column(pl.Int64, "Number of the request, from 1.", key=True, ge=1)
    requested_at = column(pl.Datetime("us"), "When (UTC).")
