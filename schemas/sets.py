"""Tables of intake sets: their context, their subject, and whether their words hold together.

Holds `ImageSet`, `SubjectSuggestion`, `SetValidation`, `Identification`, `EvaluationSet`.
Add here: what is true of a set.
Keep out: sets of variants (vision.py).
"""

from __future__ import annotations

import polars as pl

from schemas.table import Table, column
from schemas.words import Answered

CANDIDATE = pl.Struct(
    {"name": pl.String, "broader": pl.String, "confidence": pl.Float64, "identifier": pl.String}
)


class ImageSet(Table, name="image_sets"):
    """An intake folder with pictures, and the notes on it."""

    folder = column(pl.String, "Folder inside the project; empty for the project folder itself.", key=True)
    photos = column(pl.Int64, "Photos in it.", ge=0)
    described = column(pl.Int64, "Photos of it that get texts.", ge=0)
    subject = column(pl.String, "Confirmed subject.", nullable=True)
    hints = column(pl.String, "Soft hints, as given; never copied into subject or folder.", nullable=True)
    location = column(pl.String, "Place, as given.", nullable=True)


class SubjectSuggestion(Table, name="subject_suggestions"):
    """The latest proposal for the subject of each set. You confirm it."""

    folder = column(pl.String, "The set.", key=True)
    status = column(pl.String, "State.", isin=("proposed", "confirmed", "refused", "not_available", "failed"))
    subject = column(pl.String, "The proposed or confirmed subject.", nullable=True)
    confidence = column(pl.Float64, "Confidence of the model.", nullable=True, ge=0, le=1)
    proposals = column(pl.Int64, "Number of proposals so far.", ge=0)
    problem = column(pl.String, "Reason for a missing proposal.", nullable=True)
    model = column(pl.String, "Who proposed it.", nullable=True)
    prompt_version = column(pl.String, "Name and version of the prompt.", nullable=True)


class SetValidation(Table, name="scratch_metadata"):
    """Whether the texts of a set are consistent.

    A finding holds the texts of the set back until you review them.
    """

    folder = column(pl.String, "The set.", key=True)
    photo_id = column(
        pl.String,
        "The photo that differs from the others; empty if the finding is about the whole set.",
        key=True,
    )
    finding = column(
        pl.String,
        "What is the matter.",
        key=True,
        isin=("outlier", "mixed_subject", "too_broad", "hint_copied", "sound"),
    )
    measured = column(pl.Float64, "The figure behind it.")
    limit = column(pl.Float64, "The figure that it is compared with.")
    message = column(pl.String, "In words.")


class Identification(Answered, Table, name="identifications"):
    """The results of identifiers, and what they agree on."""

    route = column(pl.String, "Kind of the identifier.", isin=("general", "biology", "vehicle", "none"))
    candidates = column(pl.List(CANDIDATE), "All candidates.")
    consensus = column(
        pl.String,
        "The name on which two identifiers agree or one is certain, else the broader term; null "
        "without either.",
        nullable=True,
    )
    how = column(pl.String, "How it came about.", isin=("two agree", "one is sure", "broader term", "none"))


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


class EvaluationSet(EvaluationColumns, Table, name="metadata_eval_set"):
    """Reviewed texts with their outcome, frozen and split: data for judging models and rules."""
