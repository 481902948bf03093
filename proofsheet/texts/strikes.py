"""Failures of a model at pictures: after some strikes a picture is not sent any more.

Holds `Strikes`, and the report and release of pictures with strikes.
Add here: what else counts against a picture.
Keep out: answers (answer_cache.py), and which trouble counts (client/protocol.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import polars as pl

from proofsheet.storage.ledger import Ledger
from proofsheet.texts.client.protocol import ModelRequestError
from proofsheet.texts.model_names import name_digest
from schemas.answers import JobFailure, ModelAnswer

CRASHES = "*"  # instead of a job: the model crashes on the picture, whatever is asked
_BLIND = "blind"
_CARD = "card"  # instead of a picture and a job, in the row that says that a model was found blind
Row = Mapping[str, Any]


class Strikes:
    """Failures of one job and model.

    Args:
        ledger: of the project.
        job: name of the job.
        digest: of the model.
        most: from which a picture is not sent again.
        now: time of what is noted (UTC, no zone).
    """

    def __init__(self, ledger: Ledger, job: str, digest: str, most: int, now: datetime) -> None:
        self._ledger, self._job, self._digest, self._most, self._now = ledger, job, digest, most, now
        failures = ledger.rows(JobFailure).sort(JobFailure.last_at).to_dicts()
        self._failures: dict[tuple[str, str], Row] = {
            (r[JobFailure.image_hash], r[JobFailure.job]): r for r in failures if of_model(r, digest)
        }

    def quarantined(self, images: Iterable[str]) -> str | None:
        """Why a picture is not sent any more, by the hashes of its pixels and files; None if it is sent."""
        for image in images:
            for job in (CRASHES, self._job):
                row = self._failures.get((image, job))
                if row and row[JobFailure.strikes] >= self._most:
                    last = f"{row[JobFailure.kind]}, {row[JobFailure.message]}"
                    return f"{row[JobFailure.strikes]} strikes, last: {last}"
        return None

    def forget(self, image_hash: str) -> None:
        """The picture was answered: its strikes count no longer."""
        for job in (CRASHES, self._job):
            known = self._failures.get((image_hash, job))
            if known and known[JobFailure.strikes]:
                self._put({**known, JobFailure.strikes: 0})

    def add(self, image_hash: str, trouble: ModelRequestError, *, of_the_model: bool) -> None:
        """Count a trouble against a picture: for every job if the model crashed on it, else for this one."""
        job = CRASHES if of_the_model else self._job
        known = self._failures.get((image_hash, job))
        self._put(self._failure(image_hash, job, (known[JobFailure.strikes] if known else 0) + 1, trouble))

    def note_sight(self, why_blind: str) -> None:
        """Save what the test card showed of the model: estimates leave out a model that sees nothing."""
        if bool(why_blind) != self.blind:
            trouble = ModelRequestError(
                _BLIND, why_blind or "it reads the card", retryable=False, strike=False
            )
            self._put(self._failure(_CARD, _CARD, int(bool(why_blind)), trouble))

    @property
    def blind(self) -> bool:
        """Whether the model did not see the card when it was shown last."""
        known = self._failures.get((_CARD, _CARD))
        return bool(known and known[JobFailure.strikes])

    def _failure(self, image: str, job: str, strikes: int, trouble: ModelRequestError) -> Row:
        known = self._failures.get((image, job))
        return {
            JobFailure.image_hash: image,
            JobFailure.model_digest: known[JobFailure.model_digest] if known else self._digest,
            JobFailure.job: job,
            JobFailure.strikes: strikes,
            JobFailure.kind: trouble.kind,
            JobFailure.message: trouble.message,
            JobFailure.last_at: self._now,
            JobFailure.released_at: known[JobFailure.released_at] if known else None,
        }

    def _put(self, row: Row) -> None:
        self._ledger.put(JobFailure, [row])
        self._failures[row[JobFailure.image_hash], row[JobFailure.job]] = row


def of_model(row: Row, digest: str) -> bool:
    """Whether a row of answers or failures is of a model, also under the name of an earlier version."""
    return name_digest(row[ModelAnswer.model_digest]) == digest


def release_pictures(ledger: Ledger, image_hashes: set[str] | None, now: datetime) -> int:
    """Let quarantined pictures be sent again.

    Args:
        ledger: of the project.
        image_hashes: which; all if None.
        now: present time (UTC, no zone).

    Returns:
        How many were released.
    """
    rows = _struck(ledger, 1)
    chosen = [r for r in rows if image_hashes is None or r[JobFailure.image_hash] in image_hashes]
    ledger.put(JobFailure, [{**r, JobFailure.strikes: 0, JobFailure.released_at: now} for r in chosen])
    return len({r[JobFailure.image_hash] for r in chosen})


def struck_pictures(ledger: Ledger, most: int) -> dict[str, tuple[str, datetime]]:
    """Image hash of every picture in quarantine, with the reason and when it came there.

    Args:
        ledger: of the project.
        most: strikes from which a picture is not sent again.
    """
    return {
        r[JobFailure.image_hash]: (
            f"{r[JobFailure.strikes]} strikes, last: {r[JobFailure.kind]}, {r[JobFailure.message]}",
            r[JobFailure.last_at],
        )
        for r in _struck(ledger, most)
    }


def _struck(ledger: Ledger, least: int) -> list[dict[str, Any]]:
    rows = ledger.rows(JobFailure).filter(pl.col(JobFailure.strikes) >= least)
    return rows.filter(pl.col(JobFailure.image_hash) != _CARD).to_dicts()
