"""Reviewed texts as evaluation data: approved, refused, rewritten or waived, frozen and split by picture.

Holds `evaluation_rows`.
Add here: another outcome.
Keep out: judging models by it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import polars as pl

from proofsheet.storage.ledger import Ledger
from proofsheet.texts.edits import as_text, text_hash
from schemas.edits import Waiver, WordEdit, WordReview
from schemas.evaluation import EvaluationRow, EvaluationSet
from schemas.proof import FIELDS, ProofAttempt
from schemas.vision import PictureHash

VERSION = "by picture, 1 in 5 tests; 2"
_TEST_IN = 5
Row = dict[str, Any]


def evaluation_rows(picture_hashes: pl.DataFrame, ledger: Ledger, now: datetime) -> pl.DataFrame:
    """The rows of `metadata_eval_set`.

    A row that is in it never changes, whatever is reviewed later.

    Args:
        picture_hashes: rows of `picture_hashes`. The set is split by the pixels: a copy of a picture with
            other metadata is in the same part.
        ledger: holds reviews, edits and waivers.
        now: time of freezing (UTC, no zone).
    """
    hashes = dict(picture_hashes.select(PictureHash.photo_id, PictureHash.pixel_hash).iter_rows())
    kept = dict(ledger.rows(EvaluationRow).select(EvaluationRow.photo_id, EvaluationRow.split).iter_rows())
    attempts = {
        (r[ProofAttempt.photo_id], r[ProofAttempt.attempt]): r for r in ledger.rows(ProofAttempt).to_dicts()
    }
    found = [*_reviewed(ledger, attempts), *_edited(ledger, attempts), *_waived(ledger, attempts)]
    rows = []
    for row in (r for r in found if r[EvaluationRow.photo_id] in hashes):
        image = hashes[row[EvaluationRow.photo_id]]
        split = kept.get(row[EvaluationRow.photo_id]) or _split(image)
        frozen = {EvaluationRow.split: split, EvaluationRow.version: VERSION, EvaluationRow.frozen_at: now}
        rows.append(row | frozen | {EvaluationRow.image_hash: image})
    ledger.add(EvaluationRow, rows)
    return ledger.rows(EvaluationRow).select(EvaluationSet.polars_schema().names())


def _split(image: str) -> str:
    return "test" if int(image[:8], 16) % _TEST_IN == 0 else "train"


def _reviewed(ledger: Ledger, attempts: Mapping[tuple[str, int], Row]) -> Iterator[Row]:
    for row in ledger.rows(WordReview).to_dicts():
        if attempt := attempts.get((row[WordReview.photo_id], row[WordReview.attempt])):
            for field in FIELDS:
                text, approved = _generated(attempt, field), row[WordReview.decision] == "approved"
                yield _row(
                    attempt,
                    field,
                    text,
                    row[WordReview.decision],
                    text if approved else None,
                    row[WordReview.reason],
                )


def _edited(ledger: Ledger, attempts: Mapping[tuple[str, int], Row]) -> Iterator[Row]:
    latest = {photo: row for (photo, _n), row in sorted(attempts.items())}
    for row in ledger.rows(WordEdit, source="human").to_dicts():
        attempt = latest.get(row[WordEdit.photo_id])
        if attempt and row[WordEdit.value] is not None and row[WordEdit.base] is not None:
            yield _row(attempt, row[WordEdit.field], row[WordEdit.base], "edited", row[WordEdit.value], None)


def _waived(ledger: Ledger, attempts: Mapping[tuple[str, int], Row]) -> Iterator[Row]:
    latest = {photo: row for (photo, _n), row in sorted(attempts.items())}
    for row in ledger.rows(Waiver).to_dicts():
        attempt = latest.get(row[Waiver.photo_id])
        if attempt:
            yield _row(
                attempt,
                row[Waiver.field],
                row[Waiver.text],
                "waived",
                row[Waiver.text],
                f"{row[Waiver.rule]}: {row[Waiver.reason]}",
            )


def _generated(attempt: Row, field: str) -> str:
    value = attempt[f"generated_{field}"]
    return as_text(attempt[field] if value is None else value)


def _row(attempt: Row, field: str, text: str, outcome: str, wanted: str | None, reason: str | None) -> Row:
    return {
        EvaluationRow.photo_id: attempt[ProofAttempt.photo_id],
        EvaluationRow.field: field,
        EvaluationRow.text_hash: text_hash(text),
        EvaluationRow.generated: text,
        EvaluationRow.outcome: outcome,
        EvaluationRow.wanted: wanted,
        EvaluationRow.reason: reason,
        EvaluationRow.model: attempt[ProofAttempt.model],
        EvaluationRow.prompt_version: attempt[ProofAttempt.prompt_version],
    }
