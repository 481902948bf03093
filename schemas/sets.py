"""Tables of intake sets: their context, their subject, and whether their words hold together.

Holds `ImageSet`, `SubjectSuggestion`, `SetValidation`, and the facts `SetContext` and `SubjectProposal`.
Add here: what is true of a set.
Keep out: sets of variants (groups.py).
"""

from __future__ import annotations

import polars as pl

from schemas.table import Table, column


class ImageSet(Table, name="image_sets"):
    """An intake folder with pictures, and the notes on it."""

    folder = column(pl.String, "Folder inside the project; empty for the project folder itself.", key=True)
    photos = column(pl.Int64, "Photos in it.", ge=0)
    described = column(pl.Int64, "Photos of it that get texts.", ge=0)
    subject = column(pl.String, "Confirmed subject.", nullable=True)
    hints = column(pl.String, "Soft hints, as given; never copied into subject or folder.", nullable=True)
    location = column(pl.String, "Place, as given.", nullable=True)


class SetContext(Table, name="set_contexts", origin="fact"):
    """Notes on an intake set.

    Hints have a column of their own and are never copied into subject or folder.
    """

    folder = column(pl.String, "Folder inside the project; empty for the project folder itself.", key=True)
    subject = column(pl.String, "Confirmed subject, or null.", nullable=True)
    hints = column(pl.String, "Soft hints for the model, or null.", nullable=True)
    location = column(pl.String, "Place, or null.", nullable=True)
    noted_at = column(pl.Datetime("us"), "When it was last changed (UTC).")


class SubjectProposal(Table, name="subject_proposals", origin="fact"):
    """Every subject that a model proposed for a set, so that none is proposed twice."""

    folder = column(pl.String, "The set.", key=True)
    number = column(pl.Int64, "Number of the proposal, from 1.", key=True, ge=1)
    subject = column(pl.String, "The proposal; empty if it was refused.")
    refused = column(pl.String, "Why it was refused, or null.", nullable=True)
    confidence = column(pl.Float64, "Confidence of the model.", ge=0, le=1)
    model = column(pl.String, "Who proposed it.")
    prompt_version = column(pl.String, "Name and version of the prompt.")
    context = column(pl.String, "The input of the model, as JSON, so that a restart asks the same.")
    proposed_at = column(pl.Datetime("us"), "When (UTC).")


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
