"""Caption, title, keywords and quality of a picture in one question, instead of one each.

Holds `COMBINED`, `PARTS`, `parts_of`, `asked_together` and `Combined`.
Add here: another job that may be a part.
Keep out: asking (inference.py), and the form of the answer (schemas/replies.py).
A part that does not have its form is asked for alone. So are a text that the gate refused, a job with your
own prompt, and a question that says more than the combined one, such as the tags that people gave.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from proofsheet.storage.workspace import Project
from proofsheet.texts.answer_cache import AnswerCache, AnswerKeys
from proofsheet.texts.batch import PendingRequest
from proofsheet.texts.describer import Describer, answer_keys, pending, questions
from proofsheet.texts.jobs import CAPTION, QUALITY, TAGS, TITLE, Job, JobRequest
from schemas.answers import ModelAnswer
from schemas.replies import CombinedReply, combined_reply
from schemas.words import Caption

PARTS = (CAPTION, TITLE, TAGS, QUALITY)
_FORMS = "forms"
COMBINED = Job(
    "combined",
    Caption,
    CombinedReply,
    lambda _reply, _asked: {},
    unlike="caption",
    form=lambda asked: combined_reply(asked.facts[_FORMS]),
    keyed_by_form=False,
)


def parts_of(describing: Describer) -> tuple[Job, ...]:
    """The jobs that a combined answer may answer: those without a prompt of your own."""
    return tuple(job for job in PARTS if not (describing.prompts / f"{job.name}.md").is_file())


def asked_together(describing: Describer) -> tuple[Job, ...]:
    """The jobs of a new combined question; empty if it is switched off, or if fewer than two are left."""
    settings = describing.settings
    found = tuple(j for j in parts_of(describing) if j.name not in {*settings.off, *settings.force})
    return found if settings.combine and len(found) > 1 else ()


class Combined:
    """The combined question about pictures, as one of its parts sees it.

    Saved answers count whatever the settings say now: they are never asked for again.

    Args:
        job: the part.
        asked: its questions.
        describing: who answers.
        project: its ledger keeps the answers.
        digest: of the model.
        now: time of what is noted (UTC, no zone).
    """

    def __init__(
        self,
        job: Job,
        asked: Iterable[JobRequest],
        describing: Describer,
        project: Project,
        digest: str,
        now: datetime,
    ) -> None:
        together = asked_together(describing)
        able = [o for o in asked if job in parts_of(describing) and not o.alone and o.skip is None]
        forms = {_FORMS: tuple(part.reply for part in together)}
        whole = [replace(one, values=one.shared, facts=forms) for one in able]
        prompt, options = describing.prompt(COMBINED.name), describing.options(COMBINED.name)
        self._job, self._is_asked, strikes = job, job in together, describing.settings.strikes
        self._keys: dict[str, AnswerKeys] = {
            one.photo_id: answer_keys(COMBINED, prompt, options, one) for one in whole
        }
        self.books = AnswerCache(project.ledger, COMBINED.name, digest, strikes, now)
        self.every = questions(COMBINED, whole, describing)

    def pending(self, wanted: Sequence[PendingRequest]) -> list[PendingRequest]:
        """The combined questions to ask now, for questions of the part that have no answer."""
        able = [p.request.photo_id for p in wanted if self._is_asked and not p.request.says_more]
        images = {self._keys[photo].key for photo in able if photo in self._keys}
        return [p for p in pending(self.every, self.books, forced=False) if p.key in images]

    def answer(self, one: JobRequest, *, by_any_model: bool = False) -> Mapping[str, Any] | None:
        """The row of the ledger that answers the part; None without one, or if the part lacks its form."""
        keys = self._keys.get(one.photo_id)
        if keys is None:
            return None
        row = self.books.by_any_model(keys) if by_any_model else self.books.find(keys)
        return row if row is not None and self._holds_part(row, one) else None

    def _holds_part(self, row: Mapping[str, Any], one: JobRequest) -> bool:
        try:
            self._job.form_of(one).model_validate_json(row[ModelAnswer.reply])
        except ValidationError:
            return False
        return True
