"""Tables of tags, and the key/value view of all answers about a photo.

Holds `MediaTag`, `Tag`, `UnmappedTerm`, `MediaMeta`, `MediaLifecycleEvent`, `PromptHistory`.
Add here: tables about keywords.
Keep out: the texts as generated (words.py).
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


class MediaMeta(Table, name="media_meta"):
    """Every answer of models about a photo, as key and value, under keys that other tools know."""

    photo_id = column(pl.String, "The photo.", key=True)
    meta_key = column(pl.String, "Key, such as ollama.caption.", key=True)
    meta_value = column(pl.String, "Value; lists and structures as JSON.")


class EventColumns:
    """Columns of an event, in ledger and store."""

    event_id = column(pl.String, "Hash of what happened.", key=True)
    photo_id = column(pl.String, "The photo.")
    event = column(pl.String, "Kind of event.")
    detail = column(pl.String, "From what to what.")
    happened_at = column(pl.Datetime("us"), "When (UTC).")


class MediaLifecycleEvent(EventColumns, Table, name="media_lifecycle_events"):
    """Events in the life of a photo's texts, from the ledger."""


class PromptColumns:
    """Columns of a known prompt, in ledger and store."""

    photo_id = column(pl.String, "The photo.", key=True)
    text_hash = column(pl.String, "Hash of prompt, negative prompt and source.", key=True)
    prompt = column(pl.String, "The prompt.")
    negative_prompt = column(pl.String, "What was left out.", nullable=True)
    confidence = column(
        pl.Float64, "Confidence; null if it was read from the file.", nullable=True, ge=0, le=1
    )
    source = column(pl.String, "Where it comes from.", isin=("file", "ollama_prompt_recon"))
    noted_at = column(pl.Datetime("us"), "When (UTC).")


class PromptHistory(PromptColumns, Table, name="prompt_history"):
    """Prompts known of generated pictures, from the files and from the model, from the ledger."""
