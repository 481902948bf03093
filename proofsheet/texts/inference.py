"""Ask a describer all questions of a job: each once, some at a time, every answer committed as it comes.

Holds `ask_all`, `answers` and `open_questions`.
Add here: what holds for every job.
Keep out: what is asked (job_requests.py), who is asked (describer.py), one batch (batch.py), servers
(client/), bookkeeping (answer_cache.py), and questions outside of a batch (single_question.py).
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from proofsheet.core.progress import Progress
from proofsheet.storage.workspace import Project
from proofsheet.texts import embedded_describer
from proofsheet.texts.answer_cache import AnswerCache, Key
from proofsheet.texts.batch import Batch, PendingRequest
from proofsheet.texts.client.protocol import Server
from proofsheet.texts.combined import COMBINED, Combined
from proofsheet.texts.coverage import coverage_of
from proofsheet.texts.describer import Describer, answer_keys, only_named, pending, questions
from proofsheet.texts.job_results import JobResult, JobRows, by_embedded, by_model, without_answer
from proofsheet.texts.jobs import CAPTION, Job, JobRequest
from schemas.table import Table

_RELEASE = "`proofsheet quarantine release` sends it again"


@dataclass(frozen=True)
class OpenQuestions:
    """What a job has to ask.

    Attributes:
        every: all questions of the job, answered ones included.
        books: what the ledger knows of them.
        combined: the combined question about the same pictures.
        together: combined questions that come first.
        alone: questions of the job alone that no combined question will answer.
    """

    every: Mapping[Key, PendingRequest]
    books: AnswerCache
    combined: Combined
    together: Sequence[PendingRequest]
    alone: Sequence[PendingRequest]


def ask_all(
    job: Job,
    asked: Sequence[JobRequest],
    describing: Describer,
    project: Project,
    now: datetime,
    progress: Progress,
) -> JobRows:
    """The rows of the job's table; saved answers are used again.

    Args:
        job: what is asked.
        asked: one entry a row.
        describing: who answers.
        project: its ledger keeps answers and strikes.
        now: time of the answers (UTC, no zone).
        progress: called after every answer.
    """
    told, facts = answers(job, asked, describing, project, now, progress)
    rows = job.table.frame(
        [{Table.project: project.key} | t.columns | job.columns(t.reply, t.request) for t in told]
    )
    count = coverage_of(rows)
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
        progress: called after every answer.
        beside: further pictures that a copied text may come from.
    """
    if job.name in describing.settings.off:
        off = f"the job is off: remove {job.name} from [model] off"
        return [without_answer(one, "not_needed", off) for one in asked], {"asked": 0, "calls": 0}
    if describing.choice.server is None:
        return _embedded(job, asked, describing, project, now)
    return _by_server(job, asked, describing, describing.choice.server, project, now, progress, beside)


def open_questions(
    job: Job,
    asked: Sequence[JobRequest],
    describing: Describer,
    server: Server,
    project: Project,
    now: datetime,
    *,
    combining: bool = True,
) -> OpenQuestions:
    """What a job would ask a server now. Nothing is sent.

    Args:
        job: that asks.
        asked: one entry a row.
        describing: who answers.
        server: of the describer.
        project: its ledger keeps answers and strikes.
        now: present time (UTC, no zone).
        combining: False once the combined questions were asked: what they did not give is asked for alone.
    """
    settings, digest = describing.settings, server.identity.digest
    every = questions(job, asked, describing)
    books = AnswerCache(project.ledger, job.name, digest, settings.strikes, now)
    combined = Combined(job, asked, describing, project, digest, now)
    forced = job.name in settings.force
    wanted = only_named(pending(every, books, forced=forced), asked, settings.only)
    wanted = [p for p in wanted if forced or combined.answer(p.request) is None]
    together = combined.pending(wanted) if combining else []
    images = {p.request.image_hash for p in together}
    alone = [p for p in wanted if _is_alone(p.request) or p.request.image_hash not in images]
    return OpenQuestions(every, books, combined, together, alone)


def _is_alone(one: JobRequest) -> bool:
    return one.alone or one.says_more


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
    phashes = {a.image_hash: a.phash for a in (*beside, *asked)}

    def ask(
        what: Job, wanted: Sequence[PendingRequest], every: Mapping[Key, PendingRequest], books: AnswerCache
    ) -> Batch:
        options = describing.options(what.name)
        batch = Batch(what, server, describing.settings, options, books, project.cache, describing.sight, now)
        if wanted:
            asyncio.run(batch.run(wanted, every, phashes, describing.prompt("canary"), progress))
        return batch

    todo = open_questions(job, asked, describing, server, project, now)
    todo.books.adopt(p.keys for p in todo.every.values())
    todo.combined.books.adopt(p.keys for p in todo.combined.every.values())
    first = ask(COMBINED, todo.together, todo.combined.every, todo.combined.books)
    left = todo
    if todo.together and not first.stopped:
        left = open_questions(job, asked, describing, server, project, now, combining=False)
    batch = first if first.stopped else ask(job, left.alone, left.every, left.books)
    told = [_told(job, one, left, describing, batch) for one in asked]
    facts: dict[str, Any] = {
        "asked": len(todo.together) + (0 if first.stopped else len(left.alone)),
        "calls": first.calls + (batch.calls if batch is not first else 0),
        "model": server.identity.name,
    }
    facts |= {"combined": len(todo.together)} if todo.together else {}
    for one in told:
        facts[one.status] = facts.get(one.status, 0) + 1
    runtime = batch.runtime or first.runtime
    facts |= {"runtime": runtime} if runtime else {}
    return told, facts | ({"stopped": batch.stopped} if batch.stopped else {})


def _told(job: Job, one: JobRequest, known: OpenQuestions, describing: Describer, batch: Batch) -> JobResult:
    if one.skip is not None:
        return without_answer(one, "not_needed", one.skip)
    keys = answer_keys(job, describing.prompt(job.name), describing.options(job.name), one)
    answer = known.books.find(keys) or known.combined.answer(one)
    if answer is None and batch.stopped:
        answer = known.books.by_any_model(keys) or known.combined.answer(one, by_any_model=True)
    if answer is not None:
        return by_model(job, one, answer)
    if why := known.books.strikes.quarantined(keys.images):
        return without_answer(one, "quarantined", f"{why}; {_RELEASE}")
    if keys.key in batch.failed:
        return without_answer(one, "failed", f"{batch.failed[keys.key]}; the next run asks again")
    only = describing.settings.only
    left = "this run asked about other photos only" if only else "the batch ended before it was asked"
    return without_answer(one, "not_asked", batch.stopped or f"{left}; run again")


def _embedded(
    job: Job, asked: Sequence[JobRequest], describing: Describer, project: Project, now: datetime
) -> tuple[list[JobResult], dict[str, Any]]:
    """Words from measurements; an earlier answer of a model that sees comes first."""
    books, prompt = AnswerCache(project.ledger, job.name, "", 1, now), describing.prompt(job.name)
    combined = Combined(job, asked, describing, project, "", now)
    told = []
    for one in asked:
        keys = answer_keys(job, prompt, describing.options(job.name), one)
        said = books.by_any_model(keys) or combined.answer(one, by_any_model=True)
        if one.skip is not None:
            told.append(without_answer(one, "not_needed", one.skip))
        elif describing.settings.backend != "embedded" and said is not None:
            told.append(by_model(job, one, said))
        elif one.known and (reply := embedded_describer.reply(job.name, one.known)) is not None:
            told.append(by_embedded(job, one, one.known, reply, describing))
        else:
            told.append(without_answer(one, "not_available", f"no model that sees: {describing.choice.why}"))
    return told, {"asked": 0, "calls": 0, "model": embedded_describer.NAME, "why": describing.choice.why}
