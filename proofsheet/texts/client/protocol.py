"""What every model server must offer, and how it may fail.

Holds `Question`, `StreamPart`, `Answer`, `Runtime`, `ModelRequestError`, `Session`, `Identity` and `Server`.
Add here: what all servers share.
Keep out: any one server.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from proofsheet.core.files import short_hash

GIB = 1 << 30
_BUSY, _SERVER_FAULT = (429, 503), 500
OF_THE_SERVER = frozenset({"unreachable", "busy", "no_json"})  # troubles that say nothing of model or picture


@dataclass(frozen=True)
class Options:
    """What the sampling of an answer depends on."""

    temperature: float
    seed: int
    num_ctx: int
    num_predict: int

    @property
    def digest(self) -> str:
        """Hash of all of them."""
        return short_hash(repr(self), length=12)


@dataclass(frozen=True)
class Question:
    """One request.

    Attributes:
        system: who the model is to be.
        text: what is asked.
        pictures: JPEGs, upright and without metadata.
        schema: JSON schema of the answer.
        options: of the sampling.
    """

    system: str
    text: str
    pictures: tuple[bytes, ...]
    schema: Mapping[str, Any]
    options: Options


@dataclass(frozen=True)
class StreamPart:
    """A piece of a streamed answer; what a model thinks is no part of its text."""

    text: str = ""
    thinking: str = ""


@dataclass(frozen=True)
class Answer:
    """One reply as it came, with what the server counts.

    Attributes:
        text: what the model answered.
        prompt_tokens: of the question; None where the server does not count.
        reply_tokens: of the answer, thinking included.
        note: what was unusual about the request.
        thinking: what the model thought before it answered.
        cut_off: True if the answer reached the longest length allowed.
    """

    text: str
    prompt_tokens: int | None = None
    reply_tokens: int | None = None
    note: str | None = None
    thinking: str = ""
    cut_off: bool = False


@dataclass(frozen=True)
class Runtime:
    """How a loaded model runs; None is unknown.

    Attributes:
        gpu_share: part of the model in the memory of a GPU, 0 to 1.
        context: tokens.
        vram_bytes: memory of the GPU that it takes.
    """

    gpu_share: float | None = None
    context: int | None = None
    vram_bytes: int | None = None

    def line(self) -> str:
        """`processor=… context=… vram=…`."""
        vram = "unknown" if self.vram_bytes is None else f"{self.vram_bytes / GIB:.1f}GiB"
        return f"processor={self._processor()} context={self.context or 'unknown'} vram={vram}"

    def _processor(self) -> str:
        if self.gpu_share is None:
            return "unknown"
        if self.gpu_share >= 1:
            return "GPU"
        if self.gpu_share <= 0:
            return "CPU"
        gpu = round(100 * self.gpu_share)
        return f"{100 - gpu}%CPU/{gpu}%GPU"


class ModelRequestError(Exception):
    """A request that gave no good answer.

    Attributes:
        kind: idle_limit, hard_limit, crash, busy, unreachable, refused, no_json, blind, off_schema, length,
            too_long or copied.
        message: what happened, in words, without content of the picture.
        retryable: whether another try may help.
        strike: whether it speaks against the picture.
    """

    def __init__(self, kind: str, message: str, *, retryable: bool, strike: bool) -> None:
        super().__init__(f"{kind}: {message}")
        self.kind, self.message, self.retryable, self.strike = kind, message, retryable, strike


def by_status(status: int) -> ModelRequestError:
    """The trouble behind an HTTP status; -1 stands for an error inside a stream that began well."""
    if status in _BUSY:
        return ModelRequestError("busy", f"the server is busy ({status})", retryable=True, strike=False)
    if status == -1 or status >= _SERVER_FAULT:
        inside = "an error inside the answer" if status == -1 else f"status {status}"
        return ModelRequestError("crash", f"the model failed ({inside})", retryable=True, strike=True)
    return ModelRequestError(
        "refused", f"the server refused the request (status {status})", retryable=False, strike=False
    )


def not_json(told: str) -> ModelRequestError:
    """The trouble of an answer that no model server sent, such as the page of a proxy.

    Args:
        told: what came instead, such as its media type.
    """
    why = f"an answer that is no JSON ({told}): is the address right, or is a proxy in between?"
    return ModelRequestError("no_json", why, retryable=True, strike=False)


def by_broken_answer(error: Exception) -> ModelRequestError:
    """The trouble behind an unreadable answer: its first sign is not JSON, or it broke off."""
    if isinstance(error, json.JSONDecodeError) and (text := error.doc.strip()) and error.pos == 0:
        return not_json("an HTML page" if text.startswith("<") else "plain text")
    return ModelRequestError(
        "crash", f"the answer broke off ({type(error).__name__})", retryable=True, strike=True
    )


class Session(Protocol):
    """An open connection; belongs to one event loop."""

    async def ask(self, question: Question, number: int = 0) -> Answer:
        """The answer of try `number`, counted from 0. Raises `ModelRequestError`, and nothing else."""

    async def alive(self) -> bool:
        """Whether the server answers at all."""

    async def runtime(self) -> Runtime:
        """How the model runs now; unknown where the server does not say."""

    async def unload(self) -> None:
        """Take the model out of memory, where the server can."""


@dataclass(frozen=True)
class RequestLimits:
    """Patience with one request: seconds without a token, seconds in all, and characters."""

    idle_s: float
    hard_s: float
    most_chars: int = 40_000


@dataclass(frozen=True)
class Identity:
    """Which model answers.

    Attributes:
        backend: ollama or openai.
        name: the model; never a path of somebody's disk.
        wanted: the model that the settings name first.
        digest: of its weights, if the server reports it.
        served_as: how the server itself names the model, which may be a path; requests alone use it.
        why: why it is another one than wanted; empty if not.
        blind: sign of the server that the model reads no pictures; empty without such a sign.
        thinks: whether the server reports that the model thinks before it answers.
    """

    backend: str
    name: str
    wanted: str
    digest: str
    served_as: str
    why: str = ""
    blind: str = ""
    thinks: bool = False


class Server(Protocol):
    """A server with the model that it will use."""

    identity: Identity

    def connect(self) -> AbstractAsyncContextManager[Session]:
        """A session in the running event loop."""
