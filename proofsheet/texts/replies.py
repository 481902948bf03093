"""From a question to a reply of its form: cleaning of answers, and retries of truncated ones.

Holds `Exchange` and `parse_reply`.
Add here: another wrapping that models put around JSON.
Keep out: tries and limits (texts/client/retry.py), what is done with a reply (batch.py).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Generic, TypeVar

from pydantic import ValidationError

from proofsheet.texts.client.protocol import Answer, ModelRequestError, Question, Session
from schemas.replies import Reply

Kind = TypeVar("Kind", bound=Reply)
_THOUGHT = re.compile(r"\A.*</think(?:ing)?>|<think(?:ing)?>.*\Z", re.DOTALL | re.IGNORECASE)
_FENCED = re.compile(r"```(?:json)?(.*?)```", re.DOTALL | re.IGNORECASE)


class Exchange(Generic[Kind]):
    """One question and its tries.

    A truncated answer is requested once more with twice the room.

    Args:
        session: to the server.
        question: what is asked.
        kind: form of the reply.
    """

    def __init__(self, session: Session, question: Question, kind: type[Kind]) -> None:
        self._session, self._question, self._kind, self._doubled = session, question, kind, False

    async def once(self, number: int) -> tuple[Answer, Kind]:
        """Try `number`, counted from 0.

        Raises:
            ModelRequestError: if there is no good answer; of the kind `length` if the answer was cut off.
        """
        answer = await self._session.ask(self._question, number - self._doubled)
        try:
            reply = parse_reply(self._kind, answer.text)
        except ModelRequestError as trouble:
            if not answer.cut_off:
                raise _with_thinking(trouble, answer) from None
            raise self._cut_off(answer) from None
        if not self._doubled:
            return answer, reply
        doubled = (
            f"asked again with num_predict={self._question.options.num_predict}, half of which was used up"
        )
        return replace(answer, note=f"{answer.note}; {doubled}" if answer.note else doubled), reply

    def _cut_off(self, answer: Answer) -> ModelRequestError:
        options, again = self._question.options, not self._doubled
        if again:
            self._question = replace(
                self._question, options=replace(options, num_predict=2 * options.num_predict)
            )
            self._doubled = True
        spent = "the model thought until" if answer.thinking else "the answer went on until"
        mended = "raise [model] num_predict" + (
            ", or choose a model that does not think" if answer.thinking else ""
        )
        return ModelRequestError(
            "length",
            f"{spent} num_predict={options.num_predict} was used up: {mended}",
            retryable=again,
            strike=False,
        )


def _with_thinking(trouble: ModelRequestError, answer: Answer) -> ModelRequestError:
    if answer.text.strip() or not answer.thinking:
        return trouble
    told = "the model thought and gave no answer"
    return ModelRequestError(trouble.kind, told, retryable=trouble.retryable, strike=trouble.strike)


def parse_reply(kind: type[Kind], text: str) -> Kind:
    """A checked reply.

    Thoughts before it, a Markdown fence and prose around the JSON are removed; nothing else is guessed.

    Raises:
        ModelRequestError: if it is no JSON or not of the form.
    """
    first: ValidationError | None = None
    for bare in _candidates(text):
        try:
            return kind.model_validate_json(bare)
        except ValidationError as error:
            first = first or error
    told = first.errors()[0] if first else {"loc": (), "type": "json_invalid"}
    where = ".".join(str(p) for p in told["loc"]) or "the whole answer"
    raise ModelRequestError("off_schema", f"{where}: {told['type']}", retryable=False, strike=False)


def _candidates(text: str) -> Iterator[str]:
    """What may be the JSON: all of it, what a fence holds, or the one object that prose surrounds."""
    yield text.strip()
    bare = _THOUGHT.sub("", text).strip()
    yield bare
    fenced = _FENCED.findall(bare)
    if len(fenced) == 1:
        yield fenced[0].strip()
    start = bare.find("{")
    if start > 0:
        try:
            _found, end = json.JSONDecoder().raw_decode(bare, start)
        except (ValueError, RecursionError):
            return
        if "{" not in bare[end:]:
            yield bare[start:end]
