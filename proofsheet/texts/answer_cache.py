"""What the ledger knows of a job: answers that are never asked for again, and strikes against pictures.

Holds `AnswerKeys`, `AnswerCache`, and the report and release of pictures with strikes.
Add here: what else is remembered of a question.
Keep out: asking.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl

from proofsheet.storage.ledger import Ledger
from proofsheet.texts.client.protocol import ModelRequestError
from proofsheet.texts.model_names import name_digest
from schemas.facts import CopiedText, JobFailure, ModelAnswer

CRASHES = "*"
BLIND = "blind"
_CARD = "card"  # instead of a picture and a job, in the row that says that a model was found blind
Key = tuple[str, str, str]  # picture, prompt, options
Row = Mapping[str, Any]


@dataclass(frozen=True)
class AnswerKeys:
    """Under which keys the answer to a question may be.

    Attributes:
        picture: hash of the upright pixels, the key of new answers.
        files: hash of the bytes of every file with this picture, the keys of answers of earlier versions.
        prompt: hash of the question.
        options: digest of the options.
    """

    picture: str
    files: tuple[str, ...]
    prompt: str
    options: str

    @property
    def key(self) -> Key:
        """Of a new answer."""
        return self.picture, self.prompt, self.options


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
        every = sorted(ledger.rows(ModelAnswer, job=job).to_dicts(), key=lambda r: r[ModelAnswer.answered_at])
        own = [row for row in every if _of_model(row, digest)]
        self._noted = {_key(row) for row in own}
        self.answers: dict[Key, Row] = {_key(r): r for r in own if r[ModelAnswer.retracted] is None}
        self._by_file = {(r[ModelAnswer.content_hash], *k[1:]): r for k, r in self.answers.items()}
        self._retracted = {one for r in every if r[ModelAnswer.retracted] is not None for one in _answered(r)}
        self._latest: dict[tuple[str, str], Row] = {}
        for row in (r for r in every if not self._retracted.intersection(_answered(r))):
            for image in _images(row):
                self._latest[image, row[ModelAnswer.prompt_hash]] = row
        copied = ledger.rows(CopiedText, job=job).to_dicts()
        self.banned = {r[CopiedText.text] for r in copied if _of_model(r, digest)}
        failures = ledger.rows(JobFailure).sort(JobFailure.last_at).to_dicts()
        self._failures: dict[tuple[str, str], Row] = {
            (r[JobFailure.image_hash], r[JobFailure.job]): r for r in failures if _of_model(r, digest)
        }

    def find(self, keys: AnswerKeys) -> Row | None:
        """The answer of this model to a question."""
        if keys.key in self._noted:
            return self.answers.get(keys.key)
        files = ((file, keys.prompt, keys.options) for file in keys.files)
        return next((row for key in files if (row := self.answers.get(key) or self._by_file.get(key))), None)

    def by_any_model(self, keys: AnswerKeys) -> Row | None:
        """The latest answer of any model that sees, to the same question."""
        found = (self._latest.get((image, keys.prompt)) for image in (keys.picture, *keys.files))
        return next((row for row in found if row and not self._retracted.intersection(_answered(row))), None)

    def adopt(self, questions: Iterable[AnswerKeys]) -> None:
        """Save answers of files under their picture too: a copy with other metadata then finds them."""
        rows = [row for keys in questions for row in self._adopted(keys)]
        self._ledger.put(ModelAnswer, rows)
        for row in rows:
            self._note(row)

    def _adopted(self, keys: AnswerKeys) -> Iterator[Row]:
        row = self.find(keys)
        if row is not None and row[ModelAnswer.image_hash] != keys.picture:
            file = next(file for file in keys.files if file in _images(row))
            names = {ModelAnswer.image_hash: keys.picture, ModelAnswer.content_hash: file}
            yield {**row, **names, ModelAnswer.model_digest: self._digest}

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

    def quarantined(self, keys: AnswerKeys) -> str | None:
        """Why a picture is not sent any more, or None."""
        for job in (CRASHES, self._job):
            for image in (keys.picture, *keys.files):
                row = self._failures.get((image, job))
                if row and row[JobFailure.strikes] >= self._most:
                    last = f"{row[JobFailure.kind]}, {row[JobFailure.message]}"
                    return f"{row[JobFailure.strikes]} strikes, last: {last}"
        return None

    def keep(self, row: Row) -> None:
        """Commit an answer, and forget the strikes of its picture."""
        self._ledger.put(ModelAnswer, [row])
        self._note(row)
        for job in (CRASHES, self._job):
            known = self._failures.get((row[ModelAnswer.image_hash], job))
            if known and known[JobFailure.strikes]:
                self._put({**known, JobFailure.strikes: 0})

    def _note(self, row: Row) -> None:
        self._noted.add(_key(row))
        self.answers[_key(row)] = row

    def retract(self, key: Key, why: str) -> None:
        """An answer that turned out to be none."""
        row = self.answers.pop(key, None)
        if row is not None:
            self._retracted.update(_answered(row))
            self._ledger.put(ModelAnswer, [{**row, ModelAnswer.retracted: why}])

    def strike(self, image_hash: str, trouble: ModelRequestError, *, of_the_model: bool) -> None:
        """Count a trouble against a picture: for every job if the model crashed on it, else for this one."""
        job = CRASHES if of_the_model else self._job
        known = self._failures.get((image_hash, job))
        self._put(self._failure(image_hash, job, (known[JobFailure.strikes] if known else 0) + 1, trouble))

    def note_sight(self, why_blind: str) -> None:
        """Save what the test card showed of the model: estimates leave out a model that sees nothing."""
        if bool(why_blind) != self.blind:
            trouble = ModelRequestError(
                BLIND, why_blind or "it reads the card", retryable=False, strike=False
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


def _of_model(row: Row, digest: str) -> bool:
    return name_digest(row[ModelAnswer.model_digest]) == digest


def _images(row: Row) -> set[str]:
    """Hashes of picture and file of an answer, as far as it has them."""
    return {image for image in (row[ModelAnswer.image_hash], row[ModelAnswer.content_hash]) if image}


def _answered(row: Row) -> set[tuple[str, ...]]:
    """Model, picture or file, question and options of an answer."""
    model, (_image, *question) = name_digest(row[ModelAnswer.model_digest]), _key(row)
    return {(model, image, *question) for image in _images(row)}


def _key(row: Row) -> Key:
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
