"""The rows of the proof table, from the attempts in the ledger.

Holds `proof_rows`.
Add here: a column that follows from facts.
Keep out: judging (attempts.py).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import polars as pl

from proofsheet.storage.ledger import Ledger
from schemas.edits import WordReview
from schemas.groups import PhotoGroup
from schemas.library import Photo
from schemas.proof import FIELDS, PASSED, MetadataQuality, ProofAttempt
from schemas.publish import Upload

Row = dict[str, Any]


def proof_rows(
    project: str, ledger: Ledger, captioned: set[str], photos: pl.DataFrame, groups: pl.DataFrame
) -> pl.DataFrame:
    """One row an attempt.

    Args:
        project: partition key.
        ledger: holds attempts and reviews.
        captioned: photos that have texts at present.
        photos: rows of `photos`.
        groups: rows of `photo_groups`.
    """
    attempts = ledger.rows(ProofAttempt).to_dicts()
    last = {row[ProofAttempt.photo_id]: row[ProofAttempt.attempt] for row in attempts}
    reviews = {
        (r[WordReview.photo_id], r[WordReview.attempt]): r[WordReview.decision]
        for r in ledger.rows(WordReview).to_dicts()
    }
    series = dict(photos.select(Photo.photo_id, Photo.series).iter_rows())
    sets = dict(groups.select(PhotoGroup.photo_id, PhotoGroup.group_id).iter_rows())
    uploads = {
        (r[Upload.photo_id], r[Upload.attempt]): r[Upload.uploaded_at] for r in ledger.rows(Upload).to_dicts()
    }
    rows = []
    for row in attempts:
        photo = row[ProofAttempt.photo_id]
        current = row[ProofAttempt.attempt] == last[photo] and photo in captioned
        known = {MetadataQuality.group_id: sets.get(photo), MetadataQuality.series: series.get(photo)}
        review = {MetadataQuality.reviewer_decision: reviews.get((photo, row[ProofAttempt.attempt]))}
        rows.append(
            _row(project, row, current)
            | known
            | review
            | _upload(row, uploads.get((photo, row[ProofAttempt.attempt])))
        )
    return MetadataQuality.frame(rows)


def _upload(row: Row, when: datetime | None) -> Row:
    """State and time of an upload; publishing takes accepted attempts alone."""
    if when is None or row[ProofAttempt.status] not in PASSED:
        return {}
    proof = MetadataQuality
    return {proof.status: "uploaded", proof.upload_state: "uploaded", proof.uploaded_at: when}


def _row(project: str, row: Row, current: bool) -> Row:
    proof = MetadataQuality
    passed = row[ProofAttempt.status] in PASSED
    faulty = {issue["field"] for issue in row[ProofAttempt.issues]}
    return {
        proof.project: project,
        proof.photo_id: row[ProofAttempt.photo_id],
        proof.attempt: row[ProofAttempt.attempt],
        proof.is_current: current,
        proof.status: row[ProofAttempt.status],
        proof.score: 1.0 - len(faulty) / len(FIELDS),
        proof.issues: row[ProofAttempt.issues],
        proof.waived: row[ProofAttempt.waived] or [],
        **{f"generated_{field}": row[f"generated_{field}"] for field in FIELDS},
        **{f"current_{field}": row[field] for field in FIELDS},
        **{f"accepted_{field}": row[field] if passed else None for field in FIELDS},
        **{f"{field}_passed": field not in faulty for field in FIELDS},
        proof.sources: row[ProofAttempt.sources],
        proof.repair_attempts: row[ProofAttempt.repair_attempts] or 0,
        proof.fallback_used: row[ProofAttempt.fallback_reason] is not None,
        proof.fallback_reason: row[ProofAttempt.fallback_reason],
        proof.wanted_model: row[ProofAttempt.wanted_model],
        proof.model: row[ProofAttempt.model],
        proof.prompt_version: row[ProofAttempt.prompt_version],
        proof.rules_version: row[ProofAttempt.rules_version],
        proof.upload_state: None,
        proof.uploaded_at: None,
        proof.proved_at: row[ProofAttempt.proved_at],
    }
