"""Ollama, through its own Python client.

Holds `OllamaServer`.
Add here: what Ollama alone can do.
Keep out: limits and tries (retry.py). No model is ever pulled or deleted.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import httpx
import ollama

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
)
from proofsheet.texts.client.retry import collect

_CONNECT_S = 5.0
_LOOK_S = 3.0
# What the client raises for an answer that is none, a ValidationError of pydantic (a ValueError) included.
_BROKEN = (
    httpx.HTTPError,
    httpx.StreamError,
    ValueError,
    LookupError,
    AttributeError,
    TypeError,
    RecursionError,
)


def installed(url: str) -> dict[str, str]:
    """Name to digest of every installed model.

    Raises:
        ModelRequestError: if Ollama does not answer.
    """
    with _troubles(), ollama.Client(url, timeout=_LOOK_S, follow_redirects=False, trust_env=False) as client:
        return {str(m.model): str(m.digest or f"name:{m.model}") for m in client.list().models if m.model}


def capabilities(url: str, name: str) -> frozenset[str] | None:
    """What the server says that a model can do, such as vision and thinking; None if it does not say."""
    try:
        with (
            _troubles(),
            ollama.Client(url, timeout=_LOOK_S, follow_redirects=False, trust_env=False) as client,
        ):
            listed = client.show(name).capabilities
    except ModelRequestError:
        return None
    return None if listed is None else frozenset(listed)


class OllamaServer:
    """An Ollama server with the model that it will use.

    Args:
        url: its address.
        identity: of the model.
        limits: patience with one request.
        keep_alive: how long the model stays loaded.
    """

    def __init__(self, url: str, identity: Identity, limits: RequestLimits, keep_alive: str) -> None:
        self.url, self.identity, self.limits, self.keep_alive = url, identity, limits, keep_alive

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[_Session]:
        """See `Server`."""
        timeout = httpx.Timeout(None, connect=_CONNECT_S)
        async with ollama.AsyncClient(
            self.url, timeout=timeout, follow_redirects=False, trust_env=False
        ) as client:
            yield _Session(client, self)


class _Session:
    def __init__(self, client: ollama.AsyncClient, server: OllamaServer) -> None:
        self._client, self._server, self._model = client, server, server.identity.served_as
        self._think: bool | None = False if server.identity.thinks else None  # None leaves it to the server
        self._stubborn = False  # whether the server refuses to switch thinking off

    async def ask(self, question: Question, number: int = 0) -> Answer:
        try:
            answer = await self._ask(question)
        except ModelRequestError as trouble:
            if trouble.kind != "refused" or self._think is None:
                raise
            self._think, self._stubborn = None, True
            return await self._ask(question)
        if answer.thinking and not self._stubborn:
            self._think = False
        return answer

    async def _ask(self, question: Question) -> Answer:
        last: list[ollama.ChatResponse] = []
        with _troubles():
            found = await collect(self._parts(question, last), self._server.limits)
        if not last:
            raise ModelRequestError(
                "crash", "the stream ended before the answer did", retryable=True, strike=True
            )
        end = last[0]
        cut_off = end.done_reason == "length"
        return Answer(
            found.text, end.prompt_eval_count, end.eval_count, thinking=found.thinking, cut_off=cut_off
        )

    async def _parts(self, question: Question, last: list[ollama.ChatResponse]) -> AsyncIterator[StreamPart]:
        options = question.options
        stream = await self._client.chat(
            model=self._model,
            messages=[
                {"role": "system", "content": question.system},
                {
                    "role": "user",
                    "content": question.text,
                    "images": [ollama.Image(value=p) for p in question.pictures],
                },
            ],
            stream=True,
            format=dict(question.schema),
            options={
                "temperature": options.temperature,
                "seed": options.seed,
                "num_ctx": options.num_ctx,
                "num_predict": options.num_predict,
            },
            keep_alive=self._server.keep_alive,
            think=self._think,
        )
        try:
            async for part in stream:
                if part.done:
                    last.append(part)
                yield StreamPart(part.message.content or "", part.message.thinking or "")
        except _BROKEN:
            if not last:  # what came to its end is an answer, however the connection ends
                raise

    async def alive(self) -> bool:
        return await _answers(self._client)

    async def runtime(self) -> Runtime:
        try:
            with _troubles():
                loaded = (await self._client.ps()).models
        except ModelRequestError:
            return Runtime()
        for model in loaded:
            if self._model in (model.model, model.name):
                return _runtime(model)
        return Runtime()

    async def unload(self) -> None:
        try:
            with _troubles():
                await self._client.generate(model=self._model, keep_alive=0)
        except ModelRequestError:
            return  # a server that is gone holds nothing in memory


async def _answers(client: Any) -> bool:  # noqa: ANN401 - typed as the client of another package
    try:
        await client.ps()
    except (ConnectionError, httpx.HTTPError):
        return False
    except (ollama.ResponseError, *_BROKEN):
        return True  # whatever it says, it is there
    return True


def _runtime(model: Any) -> Runtime:  # noqa: ANN401
    size, vram = model.size, model.size_vram
    share = None if not size or vram is None else min(int(vram) / int(size), 1.0)
    return Runtime(share, model.context_length, None if vram is None else int(vram))


@contextmanager
def _troubles() -> Iterator[None]:
    """Classify every failure of the client; wording does not matter."""
    try:
        yield
    except ollama.ResponseError as error:
        raise by_status(error.status_code) from None
    except (ConnectionError, httpx.ConnectError, httpx.ConnectTimeout):
        raise ModelRequestError(
            "unreachable", "nothing listens at the address", retryable=True, strike=False
        ) from None
    except _BROKEN as error:
        raise by_broken_answer(error) from None
