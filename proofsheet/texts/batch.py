"""One batch of questions to one server: limited concurrency, checked answers, detected copies.

Holds `Batch` and `PendingRequest`.
Add here: another sign of a broken model.
Keep out: which questions (inference.py), limits of one request (texts/client/retry.py).
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from proofsheet.core.errors import UsageError
from proofsheet.core.progress import Progress, Quiet
from proofsheet.prompts.prompt import Prompt
from proofsheet.rules.tokens import words
from proofsheet.texts.answer_cache import AnswerCache, AnswerKeys, Key, Row
from proofsheet.texts.client.protocol import (
    OF_THE_SERVER,
    Answer,
    ModelRequestError,
    Options,
    Question,
    Server,
    Session,
)
from proofsheet.texts.client.retry import Outage, retry
from proofsheet.texts.jobs import Job, JobRequest
from proofsheet.texts.prompt_images import model_jpeg
from proofsheet.texts.replies import Exchange
from proofsheet.texts.vision_probe import Sight
from schemas.answers import ModelAnswer
from schemas.replies import Reply
from schemas.settings.vision_model import VisionModelSettings

_UNLIKE_BITS = 12  # pictures with more differing bits of the hash do not show the same


@dataclass(frozen=True)
class PendingRequest:
    """A question, and the keys of its answer."""

    keys: AnswerKeys
    request: JobRequest
    system: str
    text: str
    label: str

    @property
    def key(self) -> Key:
        """Of its answer."""
        return self.keys.key


class Batch:
    """Asks, checks and saves; afterwards it reports failures.

    Attributes:
        calls: requests that were sent, the canary's included.
        failed: question to trouble.
        stopped: why the batch ended early, or None.
        runtime: how the model ran, or None.
    """

    def __init__(
        self,
        job: Job,
        server: Server,
        settings: VisionModelSettings,
        options: Options,
        books: AnswerCache,
        previews: Path,
        sight: Sight,
        now: datetime,
    ) -> None:
        self._job, self._server, self._settings, self._options = job, server, settings, options
        self._books, self._previews, self._sight, self._now = books, previews, sight, now
        self.calls = 0
        self.failed: dict[Key, str] = {}
        self.stopped: str | None = None
        self.runtime: str | None = None
        self._said: dict[str, Key] = {}
        self._used: Counter[Key] = Counter()
        self._every: Mapping[Key, PendingRequest] = {}
        self._phashes: Mapping[str, int] = {}
        self._progress: Progress = Quiet()
        self._total = self._done = 0

    async def run(
        self,
        questions: Sequence[PendingRequest],
        every: Mapping[Key, PendingRequest],
        phashes: Mapping[str, int],
        canary: Prompt,
        progress: Progress,
    ) -> None:
        """Ask what is pending.

        Args:
            questions: what is pending.
            every: these, and those that were answered before.
            phashes: perceptual hash by image hash.
            canary: prompt of the card.
            progress: called after every question.
        """
        self._every, self._total, self._done, self._progress = every, len(questions), 0, progress
        self._phashes = phashes
        self._remember()
        async with self._server.connect() as session:
            outage = Outage(session, self._settings.outage_s)
            if why := await self._blindness(session, outage, canary):
                self.stopped = why
                return
            self.runtime = (await session.runtime()).line()
            queue: asyncio.Queue[PendingRequest] = asyncio.Queue()
            for one in questions:
                queue.put_nowait(one)
            workers = [self._work(session, outage, queue) for _ in range(self._settings.in_flight)]
            await asyncio.gather(*workers)
            if outage.gone:
                self.stopped = (
                    f"the server was gone for more than {self._settings.outage_s:g} s; run again when it "
                    "is back"
                )
            self.runtime = (await session.runtime()).line() if not outage.gone else self.runtime

    def _remember(self) -> None:
        """Texts of earlier runs, to find copies of them as well."""
        for key, row in self._books.answers.items():
            if text := self._text(json.loads(row[ModelAnswer.reply])):
                self._said[text] = key

    async def _work(self, session: Session, outage: Outage, queue: asyncio.Queue[PendingRequest]) -> None:
        while not queue.empty() and not outage.gone:
            one = queue.get_nowait()
            try:
                row = await self._answer(session, outage, one, queue)
            except ModelRequestError as trouble:
                if trouble.kind == "unreachable":
                    continue
                self.failed[one.key] = f"{trouble.kind}: {trouble.message}"
                if not trouble.strike and trouble.kind not in OF_THE_SERVER:
                    self._books.strikes.add(one.request.image_hash, trouble, of_the_model=False)
            except UsageError as error:  # its preview was lost
                self.failed[one.key] = f"{error.what} {error.next_step}"
            else:
                self.failed.pop(one.key, None)
                self._books.keep(row)
            self._done += 1
            self._progress.step(f"job {self._job.name}", min(self._done, self._total), self._total)

    async def _answer(
        self, session: Session, outage: Outage, one: PendingRequest, queue: asyncio.Queue[PendingRequest]
    ) -> Row:
        """The row of the ledger for a checked answer; the time is that of the last try."""
        pictures = await asyncio.to_thread(self._pictures, one.request)
        form = self._job.form_of(one.request)
        question = Question(one.system, one.text, pictures, form.model_json_schema(), self._options)
        exchange, loop = Exchange(session, question, form), asyncio.get_running_loop()
        began = [loop.time()]

        async def once(number: int) -> tuple[Answer, Reply]:
            began[0] = loop.time()
            self._count()
            self._used[one.key] += 1
            answer, reply = await exchange.once(number)
            if why := self._job.objection(reply):
                raise ModelRequestError("off_schema", why, retryable=False, strike=False)
            await self._refuse_copies(reply, one, session, queue)
            return answer, reply

        def strike(trouble: ModelRequestError) -> None:
            self._used[one.key] -= trouble.kind == "unreachable"
            if trouble.strike:
                self._books.strikes.add(
                    one.request.image_hash, trouble, of_the_model=trouble.kind != "copied"
                )

        left = self._settings.tries - self._used[one.key]
        if left <= 0:
            raise ModelRequestError(
                "copied",
                "its answer was not believed, and its tries are used up",
                retryable=False,
                strike=True,
            )
        answer, reply = await retry(once, left, self._settings.backoff_s, outage, strike)
        return self._book(one, answer, reply, loop.time() - began[0])

    def _pictures(self, asked: JobRequest) -> tuple[bytes, ...]:
        side, quality = self._settings.side_px, self._settings.jpeg_quality
        return (
            tuple(model_jpeg(self._previews / p, side, quality) for p in asked.pictures)
            if self._job.sees
            else ()
        )

    async def _refuse_copies(
        self, reply: Reply, one: PendingRequest, session: Session, queue: asyncio.Queue[PendingRequest]
    ) -> None:
        """The same text for unlike pictures means a broken model: unload it, and believe neither."""
        text = self._text(reply.model_dump())
        if not text:
            return
        earlier = self._said.get(text)
        if text not in self._books.banned and (
            earlier is None or earlier == one.key or self._alike(earlier[0], one.key[0])
        ):
            self._said[text] = one.key
            return
        if text not in self._books.banned:
            self._books.ban(text)
            if earlier is not None:
                self._books.retract(earlier, "the same text was given for an unlike picture")
                if earlier in self._every:
                    queue.put_nowait(self._every[earlier])
                    self._total += 1
            await session.unload()
        raise ModelRequestError(
            "copied", "the same text as for an unlike picture", retryable=True, strike=True
        )

    def _alike(self, one: str, two: str) -> bool:
        """Whether two pictures are the same or nearly; True where one of them is not known any more."""
        if one == two or one not in self._phashes or two not in self._phashes:
            return True
        return (self._phashes[one] ^ self._phashes[two]).bit_count() <= _UNLIKE_BITS

    def _text(self, reply: Mapping[str, Any]) -> str:
        found = words(str(reply.get(self._job.unlike, ""))) if self._job.unlike else []
        return " ".join(found) if len(found) >= self._job.unlike_words else ""

    async def _blindness(self, session: Session, outage: Outage, canary: Prompt) -> str:
        """Why the model is not asked.

        A job with pictures tests its vision each time; others use the earlier result.

        A card that was not answered says nothing of the model: a job with pictures waits for the next run,
        others go on.
        """
        given = (self._server.identity, session, outage, canary, self._settings, self._options, self._now)
        try:
            found = await self._sight.blindness(*given, afresh=self._job.sees, counted=self._count)
        except ModelRequestError as trouble:
            name, why = self._server.identity.name, f"{trouble.kind}: {trouble.message}"
            return (
                f"{name} did not answer the card that proves its sight ({why}); run again"
                if self._job.sees
                else ""
            )
        if self._settings.canary:
            self._books.strikes.note_sight(found)
        return found

    def _count(self) -> None:
        self.calls += 1

    def _book(self, one: PendingRequest, answer: Answer, reply: Reply, seconds: float) -> Row:
        known = self._server.identity
        return {
            ModelAnswer.image_hash: one.key[0],
            ModelAnswer.content_hash: next(iter(one.keys.files), None),
            ModelAnswer.prompt_hash: one.key[1],
            ModelAnswer.options_hash: one.key[2],
            ModelAnswer.model_digest: known.digest,
            ModelAnswer.job: self._job.name,
            ModelAnswer.model: known.name,
            ModelAnswer.prompt_version: one.label,
            ModelAnswer.reply: reply.model_dump_json(),
            ModelAnswer.answered_at: self._now,
            ModelAnswer.backend: known.backend,
            ModelAnswer.wanted_model: known.wanted,
            ModelAnswer.seconds: round(seconds, 3),
            ModelAnswer.prompt_tokens: answer.prompt_tokens,
            ModelAnswer.reply_tokens: answer.reply_tokens,
            ModelAnswer.note: answer.note,
            ModelAnswer.retracted: None,
        }
