"""The proof: what was judged, when, by which rules; attempts are only ever added.

Holds `prove`.
Add here: what a verdict leads to.
Keep out: the rules (gate.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any

import polars as pl

from proofsheet.ledger import Ledger
from proofsheet.provenance import module_version
from proofsheet.words import gate
from proofsheet.words.describe import evidence
from proofsheet.words.gate import Issue, Judged
from proofsheet.workspace import Project
from schemas.facts import ProofAttempt
from schemas.library import Photo
from schemas.proof import FIELDS, ISSUE_RULE, MetadataQuality
from schemas.settings import GateSettings
from schemas.words import Caption

_COMPARED = (
    ProofAttempt.status,
    ProofAttempt.issues,
    *FIELDS,
    ProofAttempt.model,
    ProofAttempt.prompt_version,
    ProofAttempt.rules_version,
)
Row = dict[str, Any]


def prove(
    project: Project,
    captions: pl.DataFrame,
    facts: pl.DataFrame,
    settings: GateSettings,
    template_words: frozenset[str],
    now: datetime,
) -> pl.DataFrame:
    """Judge every caption, add an attempt where anything changed, and give the rows of `metadata_quality`.

    Args:
        project: its name counts for the folder rule, its ledger keeps the attempts.
        captions: rows of `captions`.
        facts: photos joined with what was measured.
        settings: thresholds of the rules.
        template_words: words of the describer's templates.
        now: time of this judgement (UTC, no zone).
    """
    ids = [Photo.project, Photo.photo_id]
    rows = captions.join(facts, on=ids, how="inner").sort(Photo.path).to_dicts()
    issues = gate.judge([_judged(row, project.name) for row in rows], settings, template_words)
    latest = _latest(project.ledger)
    attempts = [_attempt(row, issues[row[Photo.photo_id]], latest.get(row[Photo.photo_id]), now) for row in rows]
    project.ledger.add(ProofAttempt, [a for a in attempts if a is not None])
    return _proof_rows(project.key, project.ledger, {row[Photo.photo_id] for row in rows})


def blocked_by(rule: str) -> Callable[[pl.DataFrame], pl.DataFrame]:
    """A selection of the current rows to which this rule objected."""

    def select(rows: pl.DataFrame) -> pl.DataFrame:
        objections = (
            rows.filter(pl.col(MetadataQuality.is_current)).explode(MetadataQuality.issues).drop_nulls(MetadataQuality.issues)
        )
        named = objections.filter(pl.col(MetadataQuality.issues).struct.field(ISSUE_RULE) == rule)
        return named.select(Photo.photo_id, pl.col(MetadataQuality.issues).struct.unnest())

    return select


def _judged(row: Row, display_name: str) -> Judged:
    folders = (display_name, *PurePosixPath(row[Photo.folder]).parts)
    return Judged(row[Photo.photo_id], {f: row[f] for f in FIELDS}, row[Photo.file_name], folders, evidence(row))


def _latest(ledger: Ledger) -> dict[str, Row]:
    """The last attempt of every photo."""
    return {row[ProofAttempt.photo_id]: row for row in ledger.rows(ProofAttempt).to_dicts()}


def _attempt(row: Row, issues: list[Issue], before: Mapping[str, Any] | None, now: datetime) -> Row | None:
    """The new attempt, or None if it would repeat the last one."""
    found: Row = {
        ProofAttempt.status: "blocked" if issues else "accepted",
        ProofAttempt.issues: [asdict(issue) for issue in issues],
        **{field: row[field] for field in FIELDS},
        ProofAttempt.model: row[Caption.model],
        ProofAttempt.prompt_version: row[Caption.prompt_version],
        ProofAttempt.rules_version: module_version(gate.__name__),
    }
    if before is not None and all(before[name] == found[name] for name in _COMPARED):
        return None
    number = before[ProofAttempt.attempt] + 1 if before else 1
    return found | {
        ProofAttempt.photo_id: row[Photo.photo_id],
        ProofAttempt.attempt: number,
        ProofAttempt.proved_at: now,
    }


def _proof_rows(project: str, ledger: Ledger, captioned: set[str]) -> pl.DataFrame:
    last = {photo_id: row[ProofAttempt.attempt] for photo_id, row in _latest(ledger).items()}
    return MetadataQuality.frame(
        _proof_row(project, row, last[row[ProofAttempt.photo_id]], captioned) for row in ledger.rows(ProofAttempt).to_dicts()
    )


def _proof_row(project: str, row: Row, last: int, captioned: set[str]) -> Row:
    proof = MetadataQuality
    passed = row[ProofAttempt.status] == "accepted"
    faulty = {issue["field"] for issue in row[ProofAttempt.issues]}
    return {
        proof.project: project,
        proof.photo_id: row[ProofAttempt.photo_id],
        proof.attempt: row[ProofAttempt.attempt],
        proof.is_current: row[ProofAttempt.attempt] == last and row[ProofAttempt.photo_id] in captioned,
        proof.status: row[ProofAttempt.status],
        proof.score: 1.0 - len(faulty) / len(FIELDS),
        proof.issues: row[ProofAttempt.issues],
        **{f"generated_{field}": row[field] for field in FIELDS},
        **{f"accepted_{field}": row[field] if passed else None for field in FIELDS},
        proof.model: row[ProofAttempt.model],
        proof.prompt_version: row[ProofAttempt.prompt_version],
        proof.rules_version: row[ProofAttempt.rules_version],
        proof.proved_at: row[ProofAttempt.proved_at],
    }
