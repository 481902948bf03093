"""What the ledger knows of a job: answers that are never asked for again.

Holds `AnswerKeys` and `AnswerCache`.
Add here: what else is remembered of a question.
Keep out: asking, and failures (strikes.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from proofsheet.storage.ledger import Ledger
from proofsheet.texts.model_names import name_digest
from proofsheet.texts.strikes import Strikes, of_model
from schemas.answers import CopiedText, ModelAnswer

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
    def images(self) -> tuple[str, ...]:
        """Hashes of picture and files."""
        return self.picture, *self.files

    @property
    def key(self) -> Key:
        """Of a new answer."""
        return self.picture, self.prompt, self.options


class AnswerCache:
    """Answers of one job and model.

    Attributes:
        answers: that count, by their keys.
        banned: texts that were given for unlike pictures.
        strikes: failures of the same job and model.

    Args:
        ledger: of the project.
        job: name of the job.
        digest: of the model.
        most_strikes: from which a picture is not sent again.
        now: time of what is noted (UTC, no zone).
    """

    def __init__(self, ledger: Ledger, job: str, digest: str, most_strikes: int, now: datetime) -> None:
        self._ledger, self._job, self._digest, self._now = ledger, job, digest, now
        self.strikes = Strikes(ledger, job, digest, most_strikes, now)
        every = sorted(ledger.rows(ModelAnswer, job=job).to_dicts(), key=lambda r: r[ModelAnswer.answered_at])
        own = [row for row in every if of_model(row, digest)]
        self._noted = {_key(row) for row in own}
        self.answers: dict[Key, Row] = {_key(r): r for r in own if r[ModelAnswer.retracted] is None}
        self._by_file = {(r[ModelAnswer.content_hash], *k[1:]): r for k, r in self.answers.items()}
        self._retracted = {one for r in every if r[ModelAnswer.retracted] is not None for one in _answered(r)}
        self._latest: dict[tuple[str, str], Row] = {}
        for row in (r for r in every if not self._retracted.intersection(_answered(r))):
            for image in _images(row):
                self._latest[image, row[ModelAnswer.prompt_hash]] = row
        copied = ledger.rows(CopiedText, job=job).to_dicts()
        self.banned = {r[CopiedText.text] for r in copied if of_model(r, digest)}

    def find(self, keys: AnswerKeys) -> Row | None:
        """The answer of this model to a question."""
        if keys.key in self._noted:
            return self.answers.get(keys.key)
        files = ((file, keys.prompt, keys.options) for file in keys.files)
        return next((row for key in files if (row := self.answers.get(key) or self._by_file.get(key))), None)

    def by_any_model(self, keys: AnswerKeys) -> Row | None:
        """The latest answer of any model that sees, to the same question."""
        found = (self._latest.get((image, keys.prompt)) for image in keys.images)
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

    def keep(self, row: Row) -> None:
        """Commit an answer, and forget the strikes of its picture."""
        self._ledger.put(ModelAnswer, [row])
        self._note(row)
        self.strikes.forget(row[ModelAnswer.image_hash])

    def _note(self, row: Row) -> None:
        self._noted.add(_key(row))
        self.answers[_key(row)] = row

    def retract(self, key: Key, why: str) -> None:
        """An answer that turned out to be none."""
        row = self.answers.pop(key, None)
        if row is not None:
            self._retracted.update(_answered(row))
            self._ledger.put(ModelAnswer, [{**row, ModelAnswer.retracted: why}])


def _images(row: Row) -> set[str]:
    """Hashes of picture and file of an answer, as far as it has them."""
    return {image for image in (row[ModelAnswer.image_hash], row[ModelAnswer.content_hash]) if image}


def _answered(row: Row) -> set[tuple[str, ...]]:
    """Model, picture or file, question and options of an answer."""
    model, (_image, *question) = name_digest(row[ModelAnswer.model_digest]), _key(row)
    return {(model, image, *question) for image in _images(row)}


def _key(row: Row) -> Key:
    return row[ModelAnswer.image_hash], row[ModelAnswer.prompt_hash], row[ModelAnswer.options_hash]
