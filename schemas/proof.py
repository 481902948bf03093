"""The proof table: what was generated, repaired, objected to and accepted.

Holds `MetadataRepair`, `MetadataQuality`, and the fact `ProofAttempt`.
Add here: evidence that words may be published.
Keep out: the rules themselves (proofsheet/proof/gate.py), and what people say about texts (edits.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from schemas.table import Table, column

ISSUE_RULE = "rule"
ISSUE = pl.Struct(
    {ISSUE_RULE: pl.String, "field": pl.String, "start": pl.Int64, "end": pl.Int64, "message": pl.String}
)
CHANGE = pl.Struct({"field": pl.String, "rule": pl.String, "before": pl.String, "after": pl.String})
PASSED = ("accepted", "uploaded")  # texts that the gate let pass
STATUSES = ("generated", "repaired", "accepted", "draft", "rejected", "blocked", "uploaded")


class Texts:
    """The fields that may be published."""

    title = column(pl.String, "Title.")
    caption = column(pl.String, "Caption.")
    alt_text = column(pl.String, "Alternative text.")
    keywords = column(pl.List(pl.String), "Keywords, the most specific first.")


FIELDS = (Texts.title, Texts.caption, Texts.alt_text, Texts.keywords)


class MetadataRepair(Texts, Table, name="metadata_repaired"):
    """Texts of every described photo after manual edits and deterministic repair, with all changes."""

    photo_id = column(pl.String, "The photo.", key=True)
    generated_title = column(pl.String, "Title as generated.")
    generated_caption = column(pl.String, "Caption as generated.")
    generated_alt_text = column(pl.String, "Alternative text as generated.")
    generated_keywords = column(pl.List(pl.String), "Keywords as generated.")
    changes = column(pl.List(CHANGE), "Changes by repair: field, rule, before and after.")
    sources = column(
        pl.String,
        "Source of each field, as field=source: human (written here), human in file or human in sidecar "
        "(another program), import, identifier, model, known facts or prompt; locked fields are marked.",
    )
    model = column(pl.String, "The describer that wrote the texts.")
    wanted_model = column(pl.String, "The describer that the settings ask for first.")
    model_digest = column(pl.String, "Digest of the describer.")
    backend = column(pl.String, "Where the describer runs.")
    prompt_version = column(pl.String, "Prompt or template versions.")
    repair_version = column(pl.String, "Version of the repair rules.")


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


class MetadataQuality(Table, name="metadata_quality"):
    """One row for each photo and attempt: generated texts, result of the gate, accepted texts."""

    photo_id = column(pl.String, "The photo.", key=True)
    attempt = column(
        pl.Int64,
        "Number of the attempt, from 1; a new one whenever text, rules or decision change.",
        key=True,
        ge=1,
    )
    is_current = column(pl.Boolean, "True for the latest attempt of a photo that is still captioned.")
    status = column(
        pl.String,
        "State. New texts are requested for rejected rows, not for blocked ones. A draft names no subject "
        "and waits for you or a model. Uploaded follows accepted.",
        isin=STATUSES,
    )
    score = column(pl.Float64, "Share of the fields without an issue.", ge=0, le=1)
    issues = column(pl.List(ISSUE), "Every open issue: rule, field, span (characters) and message.")
    waived = column(pl.List(ISSUE), "Issues that were waived for this text.")
    generated_title = column(pl.String, "Title as generated.", nullable=True)
    generated_caption = column(pl.String, "Caption as generated.", nullable=True)
    generated_alt_text = column(pl.String, "Alternative text as generated.", nullable=True)
    generated_keywords = column(pl.List(pl.String), "Keywords as generated.", nullable=True)
    current_title = column(pl.String, "Title as checked: after manual edits and repair.")
    current_caption = column(pl.String, "Caption as judged.")
    current_alt_text = column(pl.String, "Alternative text as judged.")
    current_keywords = column(pl.List(pl.String), "Keywords as judged.")
    accepted_title = column(pl.String, "Title that passed; null unless accepted.", nullable=True)
    accepted_caption = column(pl.String, "Caption that passed; null unless accepted.", nullable=True)
    accepted_alt_text = column(
        pl.String, "Alternative text that passed; null unless accepted.", nullable=True
    )
    accepted_keywords = column(
        pl.List(pl.String), "Keywords that passed; null unless accepted.", nullable=True
    )
    title_passed = column(pl.Boolean, "No issue in the title.")
    caption_passed = column(pl.Boolean, "No issue in the caption.")
    alt_text_passed = column(pl.Boolean, "No issue in the alternative text.")
    keywords_passed = column(pl.Boolean, "No issue in the keywords.")
    sources = column(pl.String, "Source of each field, as field=source.", nullable=True)
    repair_attempts = column(pl.Int64, "How often new texts were requested.", ge=0)
    fallback_used = column(pl.Boolean, "True if another model than the wanted one wrote the texts.")
    fallback_reason = column(pl.String, "Why; null if not.", nullable=True)
    wanted_model = column(pl.String, "The describer that the settings ask for first.", nullable=True)
    model = column(pl.String, "The describer that wrote the texts.")
    prompt_version = column(pl.String, "Prompt or template version.")
    rules_version = column(pl.String, "Version of the gate's rules and word lists.")
    group_id = column(pl.String, "Set of the photo.", nullable=True)
    series = column(pl.String, "Stage series of the photo.", nullable=True)
    reviewer_decision = column(
        pl.String, "The review decision on this attempt.", nullable=True, isin=("approved", "rejected")
    )
    upload_state = column(
        pl.String, "Upload of this attempt; only publishing sets it.", nullable=True, isin=("uploaded",)
    )
    uploaded_at = column(pl.Datetime("us"), "When it was uploaded (UTC).", nullable=True)
    proved_at = column(pl.Datetime("us"), "When the attempt was checked (UTC).")

    @classmethod
    def rules(cls) -> Sequence[Any]:
        """Accepted fields are filled by a pass, and by nothing else."""
        import pandera.polars as pa

        return [pa.Check(_accepted_only_by_a_pass, name="accepted_only_by_a_pass")]


def _accepted_only_by_a_pass(data: Any) -> pl.LazyFrame:  # noqa: ANN401 - pandera hands over its own container
    table = MetadataQuality
    passed = pl.col(table.status).is_in(list(PASSED)) & (pl.col(table.issues).list.len() == 0)
    filled = [
        pl.col(name).is_not_null()
        for name in (
            table.accepted_title,
            table.accepted_caption,
            table.accepted_alt_text,
            table.accepted_keywords,
        )
    ]
    frame: pl.LazyFrame = data.lazyframe
    return frame.select(pl.all_horizontal(*[f == passed for f in filled]))
