"""Tables of texts: what models say about a picture, job by job.

Holds `Answered` (the columns that all of them share) and one table a job.
Add here: the table of a new job.
Keep out: the verdict on texts (proof.py), keywords in the vocabulary (tags.py), intake sets (sets.py).
"""

from __future__ import annotations

import polars as pl

from schemas.replies import FLAGS
from schemas.table import Table, column

STATES = ("answered", "failed", "quarantined", "not_asked", "not_needed", "not_available")
TAG_MAP = pl.Struct({"raw": pl.String, "normalized": pl.String, "confidence": pl.Float64, "type": pl.String})
CANDIDATE = pl.Struct(
    {"name": pl.String, "broader": pl.String, "confidence": pl.Float64, "identifier": pl.String}
)


class Answered:
    """Columns of every job: the photo, its result, and the describer."""

    photo_id = column(pl.String, "The photo.", key=True)
    status = column(pl.String, "Result of the job for this photo.", isin=STATES)
    problem = column(
        pl.String, "Why there is no answer, and what to do; null if there is one.", nullable=True
    )
    backend = column(pl.String, "Source of the answer: ollama, openai or embedded.", nullable=True)
    model = column(pl.String, "The describer that answered.", nullable=True)
    wanted_model = column(pl.String, "The describer that the settings ask for first.", nullable=True)
    model_digest = column(pl.String, "Digest of the describer's weights or code.", nullable=True)
    prompt_version = column(pl.String, "Name, version and hash of the prompt or template.", nullable=True)
    made_from = column(
        pl.String,
        "Where no model answered: the columns that the text was put together from, as table.column.",
        nullable=True,
    )


class Caption(Answered, Table, name="captions"):
    """Captions of the picks and the single pictures, as generated."""

    caption = column(pl.String, "One to three sentences.", nullable=True)
    alt_text = column(pl.String, "Alternative text for people who cannot see the picture.", nullable=True)
    description = column(pl.String, "More detail, for search.", nullable=True)
    contradictions = column(pl.List(pl.String), "What the given text says and the picture contradicts.")
    missing = column(pl.List(pl.String), "What the given text says and the picture does not show.")


class Title(Answered, Table, name="titles"):
    """Titles, as generated."""

    title = column(pl.String, "Title, at most 80 characters.", nullable=True)


class TagSet(Answered, Table, name="tag_sets"):
    """Keywords as generated, and how the given ones were normalised."""

    tags_raw = column(pl.List(pl.String), "Tags that were there before.")
    tags_normalized = column(pl.List(pl.String), "Keywords, the most specific first.")
    tags_map = column(pl.List(TAG_MAP), "How each given tag was mapped.")


class QualityVerdict(Answered, Table, name="quality_verdicts"):
    """The opinion of a vision model on quality and defects: advice, not a measurement."""

    quality_status = column(
        pl.String, "Verdict; unclear results are review.", isin=("ok", "review", "defect", "unknown")
    )
    quality_class = column(
        pl.String, "A from 75, B from 50, C below, by quality_score.", nullable=True, isin=("A", "B", "C")
    )
    quality_score = column(pl.Float64, "Score of the model.", nullable=True, ge=0, le=100)
    quality_flags = column(pl.List(pl.String), f"Defects, of: {', '.join(FLAGS)}.")
    domain_type = column(pl.String, "Kind of picture.", nullable=True)
    domain_confidence = column(pl.Float64, "Confidence of the model.", nullable=True, ge=0, le=1)


class DuplicateHint(Answered, Table, name="duplicate_hints"):
    """The opinion of a vision model on near-duplicates. One row for each cluster, under its first photo."""

    candidates = column(pl.List(pl.String), "Photos that were compared, in the order of their numbers.")
    clusters = column(pl.List(pl.List(pl.String)), "Photos that show the same.")
    hints = column(pl.List(pl.String), "The differences between them.")


class PromptReconstruction(Answered, Table, name="prompt_reconstructions"):
    """A prompt that would give a generated picture, if its own is missing or its quality is poor."""

    prompt = column(pl.String, "Reconstructed prompt.", nullable=True)
    negative_prompt = column(pl.String, "What to leave out.", nullable=True)
    confidence = column(pl.Float64, "Confidence of the model.", nullable=True, ge=0, le=1)
    style_tokens = column(pl.List(pl.String), "Words of style.")
    subject_tokens = column(pl.List(pl.String), "Words of subject.")
    in_history = column(pl.Boolean, "True if the confidence is enough for the prompt history.")


class ModelScore(Answered, Table, name="model_scores"):
    """Five scores of a vision model. They are advice; the choice does not depend on them."""

    fidelity = column(pl.Float64, "Agreement with prompt or caption.", nullable=True, ge=0, le=1)
    aesthetic = column(pl.Float64, "Composition, light, colour.", nullable=True, ge=0, le=1)
    novelty = column(pl.Float64, "How unusual it is.", nullable=True, ge=0, le=1)
    compliance = column(pl.Float64, "Fitness for publication.", nullable=True, ge=0, le=1)
    completeness = column(pl.Float64, "Whether the subject is whole.", nullable=True, ge=0, le=1)


class PolicyFlag(Answered, Table, name="policy_flags"):
    """Whether a picture may be published, by quality, scores, flags and the model.

    A missing value is unknown, never safe.
    """

    publishable = column(pl.Boolean, "True, false, or null for unknown.", nullable=True)
    needs_review = column(
        pl.Boolean, "True if you must look at it: whenever anything is unknown or in conflict."
    )
    blocked_reason = column(pl.String, "Why it may not be published.", nullable=True)
    nsfw = column(
        pl.String,
        "Imported flag; without one, no if the score in `content_flags` is too low for a flag.",
        isin=("yes", "no", "unknown"),
    )
    scan = column(pl.String, "Imported flag: a scan of paper or film.", isin=("yes", "no", "unknown"))


class Rating(Answered, Table, name="ratings"):
    """Ratings by criterion, as in `proofsheet rate`, for a whole project. Off by default."""

    criteria = column(
        pl.List(pl.Struct({"name": pl.String, "score": pl.Float64})), "Rating of each criterion, 0 to 10."
    )
    keywords = column(pl.List(pl.String), "Keywords of the rating.")
    overall = column(pl.Float64, "Overall rating.", nullable=True, ge=0, le=10)


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
