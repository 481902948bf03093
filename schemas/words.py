"""Tables of texts.

Holds `Caption`.
Add here: what models and people say about a picture.
Keep out: the verdict on it (proof.py).
"""

from __future__ import annotations

import polars as pl

from schemas.table import Table, column


class Caption(Table, name="captions"):
    """Texts for the picks and the single pictures, as generated."""

    photo_id = column(pl.String, "The photo.", key=True)
    title = column(pl.String, "Title, at most 80 characters.")
    caption = column(pl.String, "One to three sentences.")
    alt_text = column(pl.String, "Alternative text for people who cannot see the picture.")
    keywords = column(pl.List(pl.String), "Keywords, most telling first.")
    source = column(pl.String, "Who wrote it.", isin=("model",))
    model = column(pl.String, "The describer that answered.")
    model_digest = column(pl.String, "Digest of the describer's weights or code.")
    prompt_version = column(pl.String, "Name and version of the prompt or template.")
