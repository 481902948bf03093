"""Any OpenAI-compatible server, such as LM Studio.

Holds `OpenAIServer`.
Add here: what these servers share.
Keep out: limits and tries (retry.py). Pictures go as JPEG data URLs, since WebP is refused by some. A request
with picture and schema crashes some servers: it is asked once more without the schema, and the answer is
checked all the same. No server reports whether a model thinks: after the first such answer, it is asked not
to.
"""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import httpx

from proofsheet.texts.client.protocol import (
    Answer,
    Identity,
    ModelRequestError,
    Question,
    RequestLimits,
    Runtime,
    StreamPart,
    by_broken_answer,
    by_status,
    not_json,
)
from proofsheet.texts.client.retry import collect

_CONNECT_S = 5.0
_LOOK_S = 3.0
_WITHOUT_SCHEMA = "asked without a schema, which the server did not take"
_DATA = "data:"
_WHOLE, _STREAM = "application/json", "text/event-stream"
_NO_THINKING = {"chat_template_kwargs": {"enable_thinking": False}}


def installed(url: str) -> dict[str, frozenset[str] | None]:
    """The models that the server offers, each with what it can do; None where the server does not say.

    Raises:
        ModelRequestError: if it does not answer, or not as such a server does.
    """
    with _troubles(), httpx.Client(base_url=_base(url), timeout=_LOOK_S, trust_env=False) as client:
        found = client.get("models")
        if found.is_error or found.is_redirect:
            raise ModelRequestError(
                "refused", f"status {found.status_code} for the list of models", retryable=False, strike=False
            )
        listed = found.json()
        able = {
            str(m.get("model") or m.get("name")): m.get("capabilities") for m in listed.get("models") or []
        }
        return {
            name: _able(m.get("capabilities") or able.get(name) or _modalities(m))
            for m in listed["data"]
            if (name := str(m["id"]))
        }


def _able(listed: object) -> frozenset[str] | None:
    """A list of abilities, or a table of them with true and false."""
    if isinstance(listed, dict):
        listed = [name for name, able in listed.items() if able is True]
    return frozenset(map(str, listed)) if isinstance(listed, list) else None


def _modalities(model: dict[str, Any]) -> object:
    """The kinds of input that a model takes, which some servers list instead of abilities."""
    told = model.get("architecture")
    taken = told.get("input_modalities") if isinstance(told, dict) else model.get("input_modalities")
    return ["vision" if kind == "image" else kind for kind in taken] if isinstance(taken, list) else None


def _base(url: str) -> str:
    return url if url.endswith("/") else url + "/"


class OpenAIServer:
    """An OpenAI-compatible server with the model that it will use.

    Args:
        url: its address, up to and with /v1.
        identity: of the model.
        limits: patience with one request.
    """

    def __init__(self, url: str, identity: Identity, limits: RequestLimits) -> None:
        self.url, self.identity, self.limits = url, identity, limits

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[_Session]:
        """See `Server`."""
        timeout = httpx.Timeout(None, connect=_CONNECT_S)
        async with httpx.AsyncClient(base_url=_base(self.url), timeout=timeout, trust_env=False) as client:
            yield _Session(client, self)


class _Session:
    def __init__(self, client: httpx.AsyncClient, server: OpenAIServer) -> None:
        self._client, self._server = client, server
        self._takes_schema = True
        self._no_thinking: bool | None = (
            None  # None until the model was seen to think, False if the server refused it
        )

    async def ask(self, question: Question, number: int = 0) -> Answer:
        with_schema = self._takes_schema and number == 0
        try:
            answer = await self._ask(question, with_schema=with_schema)
        except ModelRequestError as trouble:
            if trouble.kind != "refused" or not (with_schema or self._no_thinking):
                raise
            if self._no_thinking:
                self._no_thinking = False
            else:
                self._takes_schema = False
            raise ModelRequestError(trouble.kind, trouble.message, retryable=True, strike=False) from None
        if answer.thinking and self._no_thinking is None:
            self._no_thinking = True
        return answer

    async def _ask(self, question: Question, *, with_schema: bool) -> Answer:
        counted: dict[str, Any] = {}
        body = _body(question, self._server.identity.served_as, with_schema) | (
            _NO_THINKING if self._no_thinking else {}
        )
        with _troubles():
            found = await collect(self._parts(body, counted), self._server.limits)
        if "done" not in counted:
            raise ModelRequestError(
                "crash", "the stream ended before the answer did", retryable=True, strike=True
            )
        note = None if with_schema else _WITHOUT_SCHEMA
        asked, told = _tokens(counted, "prompt_tokens"), _tokens(counted, "completion_tokens")
        return Answer(found.text, asked, told, note, found.thinking, counted.get("end") == "length")

    async def _parts(self, body: dict[str, Any], counted: dict[str, Any]) -> AsyncIterator[StreamPart]:
        async with self._client.stream("POST", "chat/completions", json=body) as response:
            if response.is_error or response.is_redirect:
                raise by_status(response.status_code)
            kind = response.headers.get("content-type", "").partition(";")[0].strip().casefold()
            if kind == _WHOLE:  # a server that does not stream
                for piece in _pieces(json.loads(await response.aread()), counted):
                    yield piece
                counted["done"] = True
                return
            spoke = False
            async for line in response.aiter_lines():
                spoke = spoke or line.startswith(_DATA)
                told = line.removeprefix(_DATA).strip() if line.startswith(_DATA) else ""
                if told == "[DONE]":
                    counted["done"] = True
                    return
                if told:
                    for piece in _pieces(json.loads(told), counted):
                        yield piece
            if not spoke and kind != _STREAM:
                raise not_json(kind or "of no type")

    async def alive(self) -> bool:
        try:
            await self._client.get("models", timeout=_LOOK_S)
        except httpx.HTTPError:
            return False
        return True

    async def runtime(self) -> Runtime:
        return Runtime()  # these servers do not say

    async def unload(self) -> None:
        """These servers keep models by their own rules."""


def _pieces(part: dict[str, Any], counted: dict[str, Any]) -> Iterator[StreamPart]:
    """What an event says, or an answer in one; counts and the reason of the end go into `counted`."""
    if part.get("error"):
        raise by_status(-1)
    counted["usage"] = part.get("usage") or counted.get("usage")
    for choice in part.get("choices", []):
        delta = choice.get("delta") or choice.get("message") or {}
        counted["end"] = choice.get("finish_reason") or counted.get("end")
        thought = delta.get("reasoning_content") or delta.get("reasoning") or ""
        yield StreamPart(delta.get("content") or "", thought)


def _tokens(counted: dict[str, Any], name: str) -> int | None:
    usage = counted.get("usage")
    found = usage.get(name) if isinstance(usage, dict) else None
    return found if type(found) is int and 0 <= found < 2**63 else None


def _body(question: Question, model: str, with_schema: bool) -> dict[str, Any]:
    shown = [
        {
            "type": "image_url",
            "image_url": {"url": "data:image/jpeg;base64," + base64.b64encode(p).decode("ascii")},
        }
        for p in question.pictures
    ]
    text = (
        question.text
        if with_schema
        else f"{question.text}\nAnswer with JSON of this schema alone: {json.dumps(question.schema)}"
    )
    body: dict[str, Any] = {
        "model": model,
        "messages": [
            {"role": "system", "content": question.system},
            {"role": "user", "content": [{"type": "text", "text": text}, *shown]},
        ],
        "temperature": question.options.temperature,
        "seed": question.options.seed,
        "max_tokens": question.options.num_predict,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    if with_schema:
        named = {"name": "reply", "strict": True, "schema": question.schema}
        body["response_format"] = {"type": "json_schema", "json_schema": named}
    return body


@contextmanager
def _troubles() -> Iterator[None]:
    """Classify every failure."""
    try:
        yield
    except (httpx.ConnectError, httpx.ConnectTimeout):
        raise ModelRequestError(
            "unreachable", "nothing listens at the address", retryable=True, strike=False
        ) from None
    except (
        httpx.HTTPError,
        httpx.StreamError,
        ValueError,
        LookupError,
        TypeError,
        AttributeError,
        RecursionError,
    ) as error:
        raise by_broken_answer(error) from None
