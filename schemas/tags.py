"""Tables of keywords: those of photos, of the project, and terms outside of its vocabulary.

Holds `MediaTag`, `Tag` and `UnmappedTerm`.
Add here: tables about keywords.
Keep out: the keywords as generated (words.py).
"""

from __future__ import annotations

import polars as pl

from schemas.table import Table, column


class MediaTag(Table, name="media_tags"):
    """Every keyword of a described photo, in the project's vocabulary."""

    photo_id = column(pl.String, "The photo.", key=True)
    tag = column(pl.String, "The keyword.", key=True)
    position = column(pl.Int64, "Place in the list, from 1.", ge=1)
    confidence = column(
        pl.Float64, "Confidence of its source; null if the source gives none.", nullable=True, ge=0, le=1
    )
    weight = column(pl.Float64, "1 for the first of the list, falling to 0.", ge=0, le=1)
    locked = column(pl.Boolean, "True if it was set by hand; no run changes it.")
    source = column(
        pl.String, "Source of the answer.", isin=("model", "human", "import", "identifier", "vocabulary")
    )


class Tag(Table, name="tags"):
    """Every keyword of a project with its place in the vocabulary."""

    tag = column(pl.String, "The keyword.", key=True)
    photos = column(pl.Int64, "Photos that carry it.", ge=0)
    path = column(
        pl.String, "Broader terms and the term, joined by |; null outside of the vocabulary.", nullable=True
    )


class UnmappedTerm(Table, name="unmapped_terms"):
    """Free keywords outside the project's vocabulary, and terms that a rule left out or misses."""

    photo_id = column(pl.String, "The photo.", key=True)
    term = column(pl.String, "The term.", key=True)
    reason = column(
        pl.String,
        "What is the matter.",
        isin=("not in the vocabulary", "excluded", "too many", "too few", "required is missing"),
    )
