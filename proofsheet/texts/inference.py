"""Ask a describer all questions of a job: each once, some at a time, every answer committed as it comes.

Holds `Describer`, `answers`, `ask_all` and `ask_one`.
Add here: what holds for every job.
Keep out: what is asked (job_requests.py), one batch (batch.py), servers (client/), bookkeeping
(answer_cache.py).
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from proofsheet.core.files import short_hash
from proofsheet.core.progress import Progress
from proofsheet.prompts.prompt import Prompt, load_prompt
from proofsheet.storage.workspace import Project
from proofsheet.texts import embedded_describer
from proofsheet.texts.answer_cache import AnswerCache, Key
from proofsheet.texts.batch import Batch, PendingRequest
from proofsheet.texts.client.discovery import ServerChoice, choose_server
from proofsheet.texts.client.protocol import Answer, ModelRequestError, Options, Question, Server
from proofsheet.texts.client.retry import Outage, retry
from proofsheet.texts.coverage import described
from proofsheet.texts.jobs import CAPTION, Job, JobRequest
from proofsheet.texts.prompt_images import model_jpeg
from proofsheet.texts.replies import Exchange, Kind
from proofsheet.texts.vision_probe import Sight
from schemas.facts import ModelAnswer
from schemas.replies import Reply
from schemas.settings_words import VisionModelSettings
from schemas.table import Table
from schemas.words import Answered

_RELEASE = "`proofsheet quarantine release` sends it again"
_NOBODY = (
    Answered.backend,
    Answered.model,
    Answered.wanted_model,
    Answered.model_digest,
    Answered.prompt_version,
)


@dataclass(frozen=True)
class Describer:
    """Who describes the pictures of a project, and how."""

    settings: VisionModelSettings
    choice: ServerChoice
    prompts: Path
    sight: Sight = field(default_factory=Sight)

    @classmethod
    def of(cls, settings: VisionModelSettings, project: Project, sight: Sight | None = None) -> Describer:
        """The describer in force; `sight` carries over what a run has learnt of its models."""
        return cls(settings, choose_server(settings), project.prompts, sight or Sight())

    def prompt(self, job: str) -> Prompt:
        """The prompt in force."""
        return load_prompt(job, self.prompts)

    def options(self, job: str) -> Options:
        """Options of a job; ratings have a temperature of their own."""
        s = self.settings
        temperature = s.rating_temperature if job == "rating" else s.temperature
        return Options(temperature, s.seed, s.num_ctx, s.num_predict)

    @property
    def name(self) -> str:
        """Backend, name and digest of the model in force."""
        if self.choice.server is None:
            return f"{embedded_describer.NAME} {embedded_describer.digest()}"
        known = self.choice.server.identity
        return f"{known.backend} {known.name} {known.digest}"


@dataclass(frozen=True)
class JobResult:
    """What came of one question: the columns of all jobs, the checked reply, and its row in the ledger if a model gave it."""

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


def prompt_hash(job: Job, prompt: Prompt, asked: JobRequest) -> str:
    """Hash of everything that is put into a question, but the picture."""
    return short_hash(
        job.name,
        prompt.system,
        prompt.filled(asked.values),
        repr(job.form_of(asked).model_json_schema()),
        length=32,
    )


def questions(job: Job, asked: Sequence[JobRequest], describing: Describer) -> dict[Key, PendingRequest]:
    """All questions that there are to ask, each once."""
    prompt, options = describing.prompt(job.name), describing.options(job.name)
    found: dict[Key, PendingRequest] = {}
    for one in asked:
        if one.skip is None:
            key = (one.image_hash, prompt_hash(job, prompt, one), options.digest)
            found[key] = PendingRequest(key, one, prompt.system, prompt.filled(one.values), prompt.label)
    return found


def pending(every: Mapping[Key, PendingRequest], books: AnswerCache, *, forced: bool) -> list[PendingRequest]:
    """Those that have no answer yet, and whose picture is not in quarantine."""
    wanted = (p for key, p in every.items() if forced or key not in books.answers)
    return [p for p in wanted if not books.quarantined(p.request.image_hash)]


def ask_all(
    job: Job,
    asked: Sequence[JobRequest],
    describing: Describer,
    project: Project,
    now: datetime,
    progress: Progress,
) -> JobRows:
    """The rows of the job's table; what was answered before is not asked again.

    Args:
        job: what is asked.
        asked: one entry a row.
        describing: who answers.
        project: its ledger keeps answers and strikes.
        now: time of the answers (UTC, no zone).
        progress: told after every answer.
    """
    told, facts = answers(job, asked, describing, project, now, progress)
    rows = job.table.frame(
        [{Table.project: project.key} | t.columns | job.columns(t.reply, t.request) for t in told]
    )
    count = described(rows)
    if count.nothing and not describing.settings.only and (job is CAPTION or "stopped" not in facts):
        facts["unanswered"] = count.line("described" if job is CAPTION else "answered")
    return JobRows(rows, facts)


def answers(
    job: Job,
    asked: Sequence[JobRequest],
    describing: Describer,
    project: Project,
    now: datetime,
    progress: Progress,
    beside: Collection[JobRequest] = (),
) -> tuple[list[JobResult], dict[str, Any]]:
    """The same without columns of the job's own, and the numbers.

    Args:
        job: see `ask_all`, as all but the last.
        asked: one entry a row.
        describing: who answers.
        project: its ledger keeps answers and strikes.
        now: time of the answers (UTC, no zone).
        progress: told after every answer.
        beside: further pictures that a copied text may come from.
    """
    if job.name in describing.settings.off:
        off = f"the job is off: remove {job.name} from [model] off"
        return [_nobody(one, "not_needed", off) for one in asked], {"asked": 0, "calls": 0}
    if describing.choice.server is None:
        return _embedded(job, asked, describing, project, now)
    return _by_server(job, asked, describing, describing.choice.server, project, now, progress, beside)


def _by_server(
    job: Job,
    asked: Sequence[JobRequest],
    describing: Describer,
    server: Server,
    project: Project,
    now: datetime,
    progress: Progress,
    beside: Collection[JobRequest],
) -> tuple[list[JobResult], dict[str, Any]]:
    settings, prompt, options = describing.settings, describing.prompt(job.name), describing.options(job.name)
    books = AnswerCache(project.ledger, job.name, server.identity.digest, settings.strikes, now)
    every = questions(job, asked, describing)
    wanted = pending(every, books, forced=job.name in settings.force)
    if settings.only:
        named = {a.image_hash for a in asked if a.photo_id in settings.only}
        wanted = [p for p in wanted if p.request.image_hash in named]
    batch = Batch(job, server, settings, options, books, project.cache, describing.sight, now)
    if wanted:
        asyncio.run(
            batch.run(
                wanted,
                every,
                {a.image_hash: a.phash for a in (*beside, *asked)},
                describing.prompt("canary"),
                progress,
            )
        )
    left = (
        "this run asked about other photos only" if settings.only else "the batch ended before it was asked"
    )
    told = [
        _told(job, one, books, (one.image_hash, prompt_hash(job, prompt, one), options.digest), batch, left)
        for one in asked
    ]
    facts: dict[str, Any] = {"asked": len(wanted), "calls": batch.calls, "model": server.identity.name}
    for one in told:
        facts[one.status] = facts.get(one.status, 0) + 1
    facts |= {"runtime": batch.runtime} if batch.runtime else {}
    return told, facts | ({"stopped": batch.stopped} if batch.stopped else {})


def _told(job: Job, one: JobRequest, books: AnswerCache, key: Key, batch: Batch, left: str) -> JobResult:
    if one.skip is not None:
        return _nobody(one, "not_needed", one.skip)
    if answer := books.answers.get(key):
        return _answered(job, one, answer)
    if batch.stopped and (said := books.by_any_model(one.image_hash, key[1])):
        return _answered(job, one, said)
    if why := books.quarantined(one.image_hash):
        return _nobody(one, "quarantined", f"{why}; {_RELEASE}")
    if key in batch.failed:
        return _nobody(one, "failed", f"{batch.failed[key]}; the next run asks again")
    return _nobody(one, "not_asked", batch.stopped or f"{left}; run again")


def _embedded(
    job: Job, asked: Sequence[JobRequest], describing: Describer, project: Project, now: datetime
) -> tuple[list[JobResult], dict[str, Any]]:
    """Words from measurements; what a model that sees said before stands before them."""
    books, prompt = AnswerCache(project.ledger, job.name, "", 1, now), describing.prompt(job.name)
    told = []
    for one in asked:
        said = None if one.skip else books.by_any_model(one.image_hash, prompt_hash(job, prompt, one))
        if describing.settings.backend != "embedded" and said is not None:
            told.append(_answered(job, one, said))
        elif one.skip is not None:
            told.append(_nobody(one, "not_needed", one.skip))
        elif (reply := embedded_describer.reply(job.name, one.facts)) is not None:
            told.append(JobResult(one, _nobody(one, "answered", None).columns | _signed(describing), reply))
        else:
            told.append(_nobody(one, "not_available", f"no model that sees: {describing.choice.why}"))
    return told, {"asked": 0, "calls": 0, "model": embedded_describer.NAME, "why": describing.choice.why}


def _signed(describing: Describer) -> dict[str, object]:
    wanted = describing.settings.models
    return {
        Answered.backend: "embedded",
        Answered.model: embedded_describer.NAME,
        Answered.wanted_model: wanted[0]
        if wanted and describing.settings.backend != "embedded"
        else embedded_describer.NAME,
        Answered.model_digest: embedded_describer.digest(),
        Answered.prompt_version: embedded_describer.TEMPLATE,
    }


def _answered(job: Job, one: JobRequest, answer: Mapping[str, Any]) -> JobResult:
    who = {
        Answered.backend: answer[ModelAnswer.backend],
        Answered.model: answer[ModelAnswer.model],
        Answered.wanted_model: answer[ModelAnswer.wanted_model],
        Answered.model_digest: answer[ModelAnswer.model_digest],
        Answered.prompt_version: answer[ModelAnswer.prompt_version],
    }
    reply = job.form_of(one).model_validate_json(answer[ModelAnswer.reply])
    return JobResult(one, _nobody(one, "answered", None).columns | who, reply, answer)


def _nobody(one: JobRequest, status: str, problem: str | None) -> JobResult:
    return JobResult(
        one,
        {Answered.photo_id: one.photo_id, Answered.status: status, Answered.problem: problem}
        | dict.fromkeys(_NOBODY),
        None,
    )


def ask_one(
    describing: Describer, prompt: str, kind: type[Kind], values: Mapping[str, str], pictures: Sequence[Path]
) -> tuple[Kind, Answer]:
    """One question outside of a batch.

    Args:
        describing: who answers; a server.
        prompt: name of the prompt.
        kind: form of the reply.
        values: for its placeholders.
        pictures: previews.

    Raises:
        Trouble: if there is no server, or no good answer.
    """
    server = describing.choice.server
    if server is None:
        raise ModelRequestError("unreachable", describing.choice.why, retryable=False, strike=False)
    settings, text = describing.settings, describing.prompt(prompt)
    shown = tuple(model_jpeg(p, settings.side_px, settings.jpeg_quality) for p in pictures)
    question = Question(
        text.system, text.filled(values), shown, kind.model_json_schema(), describing.options(prompt)
    )

    async def ask() -> tuple[Answer, Kind]:
        async with server.connect() as session:
            outage, card = Outage(session, 0), describing.prompt("canary")
            given = (server.identity, session, outage, card, settings, question.options, datetime.now(UTC))
            if shown and (
                why := await describing.sight.blindness(*given, afresh=False, counted=lambda: None)
            ):
                raise ModelRequestError("blind", why, retryable=False, strike=False)
            once = Exchange(session, question, kind).once
            return await retry(once, settings.tries, settings.backoff_s, outage, lambda _trouble: None)

    answer, reply = asyncio.run(ask())
    return reply, answer
