"""What came of a question: the columns that all jobs share, and the reply.

Holds `JobResult`, `JobRows`, `without_answer`, `by_model` and `by_embedded`.
Add here: another way in which a question ends.
Keep out: asking (inference.py), and the columns of a single job (jobs.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from proofsheet.texts import embedded_describer
from proofsheet.texts.describer import Describer
from proofsheet.texts.jobs import Job, JobRequest
from proofsheet.texts.model_names import model_name, name_digest
from proofsheet.texts.picture_facts import KnownFacts
from schemas.answers import ModelAnswer
from schemas.replies import Reply
from schemas.words import Answered

_NOBODY = dict.fromkeys(
    (
        Answered.backend,
        Answered.model,
        Answered.wanted_model,
        Answered.model_digest,
        Answered.prompt_version,
        Answered.made_from,
    )
)


@dataclass(frozen=True)
class JobResult:
    """The result of one question.

    Attributes:
        request: the question.
        columns: of all jobs.
        reply: the checked reply; None without one.
        answer: its row in the ledger; None if no model gave it.
    """

    request: JobRequest
    columns: dict[str, object]
    reply: Reply | None
    answer: Mapping[str, Any] | None = None

    @property
    def status(self) -> str:
        """How the job ended for this photo."""
        return str(self.columns[Answered.status])


@dataclass
class JobRows:
    """What came of a job: rows of its table, and numbers worth plotting."""

    rows: pl.DataFrame
    facts: dict[str, Any] = field(default_factory=dict)


def without_answer(one: JobRequest, status: str, problem: str) -> JobResult:
    """Nobody answered, and why."""
    return JobResult(one, _columns(one, status, problem) | _NOBODY, None)


def by_model(job: Job, one: JobRequest, answer: Mapping[str, Any]) -> JobResult:
    """The result from the answer of a model, a row of the ledger."""
    who = {
        Answered.backend: answer[ModelAnswer.backend],
        Answered.model: model_name(answer[ModelAnswer.model]),
        Answered.wanted_model: model_name(answer[ModelAnswer.wanted_model] or answer[ModelAnswer.model]),
        Answered.model_digest: name_digest(answer[ModelAnswer.model_digest]),
        Answered.prompt_version: answer[ModelAnswer.prompt_version],
    }
    reply = job.form_of(one).model_validate_json(answer[ModelAnswer.reply])
    return JobResult(one, _columns(one, "answered", None) | _NOBODY | who, reply, answer)


def by_embedded(
    job: Job, one: JobRequest, known: KnownFacts, reply: Reply, describing: Describer
) -> JobResult:
    """What the embedded describer wrote from what is known."""
    wanted = describing.settings.models if describing.settings.backend != "embedded" else []
    who = {
        Answered.backend: embedded_describer.BACKEND,
        Answered.model: embedded_describer.NAME,
        Answered.wanted_model: model_name(wanted[0]) if wanted else embedded_describer.NAME,
        Answered.model_digest: embedded_describer.digest(),
        Answered.prompt_version: embedded_describer.template(known),
        Answered.made_from: embedded_describer.made_from(job.name, known),
    }
    return JobResult(one, _columns(one, "answered", None) | who, reply)


def _columns(one: JobRequest, status: str, problem: str | None) -> dict[str, object]:
    return {Answered.photo_id: one.photo_id, Answered.status: status, Answered.problem: problem}
