"""Facts of model servers: what they answered, and questions that they could not answer.

Holds `ModelAnswer`, `JobFailure` and `CopiedText`.
Add here: what is noted of a request to a model.
Keep out: the form of an answer (replies.py), and the tables of texts that follow from answers (words.py).
"""

from __future__ import annotations

import polars as pl

from schemas.table import Table, column


class ModelAnswer(Table, name="model_answers", origin="fact"):
    """The answer of a describer to one question about one picture. A question is asked once."""

    image_hash = column(
        pl.String,
        "Hash of the upright pixels, the same whatever is written into the file; "
        "in rows of earlier versions SHA-256 of the file.",
        key=True,
    )
    prompt_hash = column(pl.String, "Hash of the prompt and of everything put into it.", key=True)
    model_digest = column(pl.String, "Digest of the model's weights or code.", key=True)
    options_hash = column(pl.String, "Hash of temperature, seed and other options.", key=True)
    job = column(pl.String, "What was asked for.")
    model = column(pl.String, "Name of the describer.")
    prompt_version = column(pl.String, "Name and version of the prompt.")
    reply = column(pl.String, "The checked reply as JSON.")
    answered_at = column(pl.Datetime("us"), "When (UTC).")
    backend = column(pl.String, "ollama, openai or embedded.", nullable=True)
    wanted_model = column(pl.String, "The model that the settings ask for first.", nullable=True)
    seconds = column(pl.Float64, "Seconds that the answer took.", nullable=True, unit="s", ge=0)
    prompt_tokens = column(
        pl.Int64, "Tokens of the question, as the server counts them.", nullable=True, ge=0
    )
    reply_tokens = column(pl.Int64, "Tokens of the answer.", nullable=True, ge=0)
    note = column(pl.String, "How the answer was obtained, if not in the usual way.", nullable=True)
    retracted = column(pl.String, "Why the answer is no longer used; null if it is.", nullable=True)
    content_hash = column(
        pl.String, "SHA-256 of the file that was shown; null in rows of earlier versions.", nullable=True
    )


class JobFailure(Table, name="job_failures", origin="fact"):
    """Questions without a usable answer, by picture and model.

    After enough strikes a picture is not sent again.
    """

    image_hash = column(
        pl.String, "Hash as in `model_answers`; `card` in the row of a model that was found blind.", key=True
    )
    model_digest = column(pl.String, "Digest of the model.", key=True)
    job = column(pl.String, "The job, or * for crashes of the model, which count for every job.", key=True)
    strikes = column(pl.Int64, "Number of failures since the last release or usable answer.", ge=0)
    kind = column(pl.String, "Class of the last failure.")
    message = column(pl.String, "What happened last.")
    last_at = column(pl.Datetime("us"), "When it last happened (UTC).")
    released_at = column(pl.Datetime("us"), "When it was last released by hand (UTC).", nullable=True)


class CopiedText(Table, name="copied_texts", origin="fact"):
    """A text that a broken model gave for unlike pictures. It is not used for any of them."""

    job = column(pl.String, "The job.", key=True)
    model_digest = column(pl.String, "Digest of the model.", key=True)
    text = column(pl.String, "The words of the text.", key=True)
    noted_at = column(pl.Datetime("us"), "When it was noticed (UTC).")
