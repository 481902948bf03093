"""Tables of facts: what cannot be computed again. They live in the ledger.

Holds what was refused, run, answered, failed, judged, edited, waived, suggested and imported.
Add here: what people decided, what models answered, what was done to files.
Keep out: anything that can be derived from other tables.
"""

from __future__ import annotations

import polars as pl

from schemas.library import REFUSALS
from schemas.proof import ISSUE, STATUSES
from schemas.sets import EvaluationColumns
from schemas.table import Table, column
from schemas.tags import EventColumns, PromptColumns


class Refusal(Table, name="refusals", origin="fact"):
    """Every file that was ever refused. `cleared_at` is set once it can be read or is gone."""

    path = column(pl.String, "Path inside the project folder, printable.", key=True)
    kind = column(pl.String, "Class of the refusal.", isin=REFUSALS)
    reason = column(pl.String, "What is wrong with the file.")
    next_step = column(pl.String, "What you can do about it.")
    content_hash = column(pl.String, "SHA-256 of the refused bytes.", nullable=True)
    refused_by = column(pl.String, "Code version of the reader that refused it.")
    first_seen_at = column(pl.Datetime("us"), "When it was first refused (UTC).")
    cleared_at = column(pl.Datetime("us"), "When it was no longer refused (UTC).", nullable=True)


class RunRecord(Table, name="runs", origin="fact"):
    """A run over the full pipeline: when, and what it found."""

    run_id = column(pl.String, "Id of the run in Dagster.", key=True)
    ended_at = column(pl.Datetime("us"), "When the run ended (UTC).")
    photos = column(pl.Int64, "Photos.", ge=0)
    quarantined = column(pl.Int64, "Refused files.", ge=0)
    sets = column(pl.Int64, "Sets.", ge=0)
    accepted = column(pl.Int64, "Accepted texts.", ge=0)
    blocked = column(pl.Int64, "Blocked texts.", ge=0)


class ProjectFolder(Table, name="project_folders", origin="fact"):
    """Every name that the folder of a project had; the last one is its present name."""

    number = column(pl.Int64, "Number of the name, from 1.", key=True, ge=1)
    folder_name = column(pl.String, "Name of the folder.")
    how = column(pl.String, "How that is known.", isin=("run", "found by its contents", "by a person"))
    noted_at = column(pl.Datetime("us"), "When it was noted (UTC).")


class ModelAnswer(Table, name="model_answers", origin="fact"):
    """The answer of a describer to one question about one picture. A question is asked once."""

    image_hash = column(pl.String, "SHA-256 of the picture's bytes.", key=True)
    prompt_hash = column(pl.String, "Hash of the prompt and of every value in it.", key=True)
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


class JobFailure(Table, name="job_failures", origin="fact"):
    """Questions without a usable answer, by picture and model.

    After enough strikes a picture is not sent again.
    """

    image_hash = column(pl.String, "SHA-256 of the picture's bytes.", key=True)
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


class ProofAttempt(Table, name="proof_attempts", origin="fact"):
    """One result of the gate. Rows are only ever added."""

    photo_id = column(pl.String, "The photo.", key=True)
    attempt = column(pl.Int64, "Number of the attempt, from 1.", key=True, ge=1)
    status = column(pl.String, "Final state of the attempt.", isin=STATUSES)
    issues = column(pl.List(ISSUE), "Every objection.")
    title = column(pl.String, "Title judged.")
    caption = column(pl.String, "Caption judged.")
    alt_text = column(pl.String, "Alternative text judged.")
    keywords = column(pl.List(pl.String), "Keywords judged.")
    model = column(pl.String, "Who wrote the texts.")
    prompt_version = column(pl.String, "Prompt or template version.")
    rules_version = column(pl.String, "Version of rules and word lists.")
    proved_at = column(pl.Datetime("us"), "When (UTC).")
    generated_title = column(pl.String, "Title as generated.", nullable=True)
    generated_caption = column(pl.String, "Caption as generated.", nullable=True)
    generated_alt_text = column(pl.String, "Alternative text as generated.", nullable=True)
    generated_keywords = column(pl.List(pl.String), "Keywords as generated.", nullable=True)
    sources = column(pl.String, "Source of each field, as field=source.", nullable=True)
    wanted_model = column(pl.String, "The model that the settings ask for first.", nullable=True)
    fallback_reason = column(
        pl.String, "Why another model wrote it; null if the wanted one did.", nullable=True
    )
    repair_attempts = column(pl.Int64, "How often new texts were requested.", nullable=True, ge=0)
    waived = column(pl.List(ISSUE), "Issues that were waived for this text.", nullable=True)


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


class LifecycleEvent(EventColumns, Table, name="lifecycle_events", origin="fact"):
    """Events in the life of a photo's texts. The same event is noted once."""


class PromptRecord(PromptColumns, Table, name="prompt_records", origin="fact"):
    """Known prompts of a generated picture, with their source."""


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


class ImportedFlag(Table, name="imported_flags", origin="fact"):
    """Flags from other tools, by content."""

    content_hash = column(pl.String, "SHA-256 of the picture's bytes.", key=True)
    flag = column(pl.String, "The flag.", key=True, isin=("nsfw", "scan"))
    value = column(pl.String, "The value.", isin=("yes", "no"))
    source = column(pl.String, "File that it comes from.")
    imported_at = column(pl.Datetime("us"), "When (UTC).")


class EvaluationRow(EvaluationColumns, Table, name="evaluation_rows", origin="fact"):
    """A reviewed text with its outcome, frozen when it was reviewed."""
