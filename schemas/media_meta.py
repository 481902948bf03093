"""Tables of all that is noted about a photo's texts: answers, events and prompts.

Holds `MediaMeta`, the facts `LifecycleEvent` and `PromptRecord`, and the derived `MediaLifecycleEvent` and
`PromptHistory`.
Add here: another view of what is noted about a photo.
Keep out: keywords (tags.py), and answers as they were given (answers.py).
"""

from __future__ import annotations

import polars as pl

from schemas.table import Table, column


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


class LifecycleEvent(EventColumns, Table, name="lifecycle_events", origin="fact"):
    """Events in the life of a photo's texts. The same event is noted once."""


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


class PromptRecord(PromptColumns, Table, name="prompt_records", origin="fact"):
    """Known prompts of a generated picture, with their source."""


class PromptHistory(PromptColumns, Table, name="prompt_history"):
    """Prompts known of generated pictures, from the files and from the model, from the ledger."""
