"""Tables of facts: what cannot be computed again. They live in the ledger.

Holds `Refusal`, `RunRecord`, `ModelAnswer`, `ProofAttempt`.
Add here: what people decided, what models answered, what was done to files.
Keep out: anything that can be derived from other tables.
"""

from __future__ import annotations

import polars as pl

from schemas.library import REFUSALS
from schemas.proof import ISSUE
from schemas.table import Table, column


class Refusal(Table, name="refusals", origin="fact"):
    """Every file that was ever refused; `cleared_at` is set once it reads well or is gone."""

    path = column(pl.String, "Path inside the project folder, printable.", key=True)
    kind = column(pl.String, "Class of the refusal.", isin=REFUSALS)
    reason = column(pl.String, "What is wrong with the file.")
    next_step = column(pl.String, "What a person can do about it.")
    content_hash = column(pl.String, "SHA-256 of the refused bytes.", nullable=True)
    refused_by = column(pl.String, "Code version of the reader that refused it.")
    first_seen_at = column(pl.Datetime("us"), "When it was refused first (UTC).")
    cleared_at = column(pl.Datetime("us"), "When it was no longer refused (UTC).", nullable=True)


class RunRecord(Table, name="runs", origin="fact"):
    """A run that went the whole way: when, and what it found."""

    run_id = column(pl.String, "Id of the run in Dagster.", key=True)
    ended_at = column(pl.Datetime("us"), "When it was whole (UTC).")
    photos = column(pl.Int64, "Photos.", ge=0)
    quarantined = column(pl.Int64, "Refused files.", ge=0)
    sets = column(pl.Int64, "Sets.", ge=0)
    accepted = column(pl.Int64, "Accepted texts.", ge=0)
    blocked = column(pl.Int64, "Blocked texts.", ge=0)


class ModelAnswer(Table, name="model_answers", origin="fact"):
    """What a describer answered to one question about one picture; asked once, kept for ever."""

    image_hash = column(pl.String, "SHA-256 of the picture's bytes.", key=True)
    prompt_hash = column(pl.String, "Hash of the prompt and of everything put into it.", key=True)
    model_digest = column(pl.String, "Digest of the model's weights or code.", key=True)
    options_hash = column(pl.String, "Hash of temperature, seed and other options.", key=True)
    job = column(pl.String, "What was asked for.")
    model = column(pl.String, "Name of the describer.")
    prompt_version = column(pl.String, "Name and version of the prompt.")
    reply = column(pl.String, "The checked reply as JSON.")
    answered_at = column(pl.Datetime("us"), "When (UTC).")


class ProofAttempt(Table, name="proof_attempts", origin="fact"):
    """One judgement of the gate; rows are only ever added."""

    photo_id = column(pl.String, "The photo.", key=True)
    attempt = column(pl.Int64, "Number of the attempt, from 1.", key=True, ge=1)
    status = column(pl.String, "Verdict.", isin=("accepted", "blocked"))
    issues = column(pl.List(ISSUE), "Every objection.")
    title = column(pl.String, "Title judged.")
    caption = column(pl.String, "Caption judged.")
    alt_text = column(pl.String, "Alternative text judged.")
    keywords = column(pl.List(pl.String), "Keywords judged.")
    model = column(pl.String, "Who wrote the texts.")
    prompt_version = column(pl.String, "Prompt or template version.")
    rules_version = column(pl.String, "Version of rules and word lists.")
    proved_at = column(pl.Datetime("us"), "When (UTC).")
