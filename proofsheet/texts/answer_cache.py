"""What the ledger knows of a job: answers that are never asked for again, and strikes against pictures.

Holds `AnswerCache`.
Add here: what else is remembered of a question.
Keep out: asking.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import polars as pl

from proofsheet.storage.ledger import Ledger
from proofsheet.texts.client.protocol import ModelRequestError
from schemas.facts import CopiedText, JobFailure, ModelAnswer

CRASHES = "*"
Key = tuple[str, str, str]  # image, prompt, options


class AnswerCache:
    """Answers and failures of one job and model.

    Args:
        ledger: of the project.
        job: name of the job.
        digest: of the model.
        most_strikes: from which a picture is not sent again.
        now: time of what is noted (UTC, no zone).
    """

    def __init__(self, ledger: Ledger, job: str, digest: str, most_strikes: int, now: datetime) -> None:
        self._ledger, self._job, self._digest, self._most, self._now = ledger, job, digest, most_strikes, now
        every = ledger.rows(ModelAnswer, job=job).filter(pl.col(ModelAnswer.retracted).is_null()).to_dicts()
        self._latest: dict[tuple[str, str], Mapping[str, Any]] = {}
        for row in sorted(every, key=lambda r: r[ModelAnswer.answered_at]):
            self._latest[row[ModelAnswer.image_hash], row[ModelAnswer.prompt_hash]] = row
        self.answers: dict[Key, Mapping[str, Any]] = {
            _key(row): row for row in every if row[ModelAnswer.model_digest] == digest
        }
        self.banned = set(ledger.rows(CopiedText, job=job, model_digest=digest)[CopiedText.text])
        found = ledger.rows(JobFailure, model_digest=digest).to_dicts()
        self._failures: dict[tuple[str, str], Mapping[str, Any]] = {
            (r[JobFailure.image_hash], r[JobFailure.job]): r
            for r in found
            if r[JobFailure.job] in (job, CRASHES)
        }

    def ban(self, text: str) -> None:
        """Remember a text that was given for unlike pictures."""
        self.banned.add(text)
        row = {
            CopiedText.job: self._job,
            CopiedText.model_digest: self._digest,
            CopiedText.text: text,
            CopiedText.noted_at: self._now,
        }
        self._ledger.add(CopiedText, [row])

    def by_any_model(self, image_hash: str, prompt_hash: str) -> Mapping[str, Any] | None:
        """The latest answer of another model that sees, to the same question."""
        return self._latest.get((image_hash, prompt_hash))

    def quarantined(self, image_hash: str) -> str | None:
        """Why a picture is not sent any more, or None."""
        for job in (CRASHES, self._job):
            row = self._failures.get((image_hash, job))
            if row and row[JobFailure.strikes] >= self._most:
                return (
                    f"{row[JobFailure.strikes]} strikes, last: {row[JobFailure.kind]}, "
                    f"{row[JobFailure.message]}"
                )
        return None

    def keep(self, row: Mapping[str, Any]) -> None:
        """Commit an answer, and forget the strikes of its picture."""
        self._ledger.put(ModelAnswer, [row])
        self.answers[_key(row)] = row
        for job in (CRASHES, self._job):
            known = self._failures.get((row[ModelAnswer.image_hash], job))
            if known and known[JobFailure.strikes]:
                self._put({**known, JobFailure.strikes: 0})

    def retract(self, key: Key, why: str) -> None:
        """An answer that turned out to be none."""
        row = self.answers.pop(key, None)
        if row is not None:
            self._ledger.put(ModelAnswer, [{**row, ModelAnswer.retracted: why}])

    def strike(self, image_hash: str, trouble: ModelRequestError, *, of_the_model: bool) -> None:
        """Count a trouble against a picture: for every job if the model crashed on it, else for this one."""
        job = CRASHES if of_the_model else self._job
        known = self._failures.get((image_hash, job))
        self._put(
            {
                JobFailure.image_hash: image_hash,
                JobFailure.model_digest: self._digest,
                JobFailure.job: job,
                JobFailure.strikes: (known[JobFailure.strikes] if known else 0) + 1,
                JobFailure.kind: trouble.kind,
                JobFailure.message: trouble.message,
                JobFailure.last_at: self._now,
                JobFailure.released_at: known[JobFailure.released_at] if known else None,
            }
        )

    def _put(self, row: Mapping[str, Any]) -> None:
        self._ledger.put(JobFailure, [row])
        self._failures[row[JobFailure.image_hash], row[JobFailure.job]] = row


def _key(row: Mapping[str, Any]) -> Key:
    return row[ModelAnswer.image_hash], row[ModelAnswer.prompt_hash], row[ModelAnswer.options_hash]


def release_pictures(ledger: Ledger, image_hashes: set[str] | None, now: datetime) -> int:
    """Let quarantined pictures be sent again.

    Args:
        ledger: of the project.
        image_hashes: which; all if None.
        now: present time (UTC, no zone).

    Returns:
        How many were released.
    """
    rows = [r for r in ledger.rows(JobFailure).to_dicts() if r[JobFailure.strikes]]
    chosen = [r for r in rows if image_hashes is None or r[JobFailure.image_hash] in image_hashes]
    ledger.put(JobFailure, [{**r, JobFailure.strikes: 0, JobFailure.released_at: now} for r in chosen])
    return len({r[JobFailure.image_hash] for r in chosen})


def struck_pictures(ledger: Ledger, most: int) -> dict[str, tuple[str, datetime]]:
    """Image hash of every picture in quarantine, with the reason and when it came there.

    Args:
        ledger: of the project.
        most: strikes from which a picture is not sent again.
    """
    rows = ledger.rows(JobFailure).filter(pl.col(JobFailure.strikes) >= most).to_dicts()
    return {
        r[JobFailure.image_hash]: (
            f"{r[JobFailure.strikes]} strikes, last: {r[JobFailure.kind]}, {r[JobFailure.message]}",
            r[JobFailure.last_at],
        )
        for r in rows
    }
