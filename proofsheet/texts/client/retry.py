"""Patience with a server: limits on one request, tries of one question, and outages.

Holds `collect`, `retry` and `Outage`.
Add here: another limit.
Keep out: protocols of servers.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar

from proofsheet.texts.client.protocol import ModelRequestError, RequestLimits, Session, StreamPart

_POLL_S = 0.5
Result = TypeVar("Result")


async def collect(parts: AsyncIterator[StreamPart], limits: RequestLimits) -> StreamPart:
    """Join the pieces of an answer. Thinking is a sign of life, an empty piece is not.

    Raises:
        ModelRequestError: if no token came for `idle_s`, if it took longer than `hard_s`, or if it grew
            beyond all measure.
    """
    loop = asyncio.get_running_loop()
    end, alive = loop.time() + limits.hard_s, loop.time() + limits.idle_s
    found, length = list[StreamPart](), 0
    while True:
        until = min(alive, end)
        try:
            async with asyncio.timeout_at(until):
                part = await anext(parts, None)
        except TimeoutError:
            if until == end:
                raise ModelRequestError(
                    "hard_limit", f"no whole answer within {limits.hard_s:g} s", retryable=True, strike=True
                ) from None
            raise ModelRequestError(
                "idle_limit", f"no token for {limits.idle_s:g} s", retryable=True, strike=True
            ) from None
        if part is None:
            return StreamPart("".join(p.text for p in found), "".join(p.thinking for p in found))
        if part.text or part.thinking:
            alive = loop.time() + limits.idle_s
        found.append(part)
        length += len(part.text) + len(part.thinking)
        if length > limits.most_chars:
            raise ModelRequestError(
                "too_long",
                f"the answer is longer than {limits.most_chars} characters",
                retryable=False,
                strike=False,
            )


class Outage:
    """Waits until a server that is gone is back, once for all who ask.

    Args:
        session: to the server.
        most_s: how long it may be gone.
    """

    def __init__(self, session: Session, most_s: float) -> None:
        self._session, self._most_s = session, most_s
        self._lock, self.gone = asyncio.Lock(), False

    async def wait_until_reachable(self) -> bool:
        """True once the server answers; False if it did not for too long, and from then on at once."""
        async with self._lock:
            loop = asyncio.get_running_loop()
            end = loop.time() + self._most_s
            while not self.gone and not await self._session.alive():
                if loop.time() >= end:
                    self.gone = True
                await asyncio.sleep(_POLL_S)
        return not self.gone


async def retry(
    once: Callable[[int], Awaitable[Result]],
    tries: int,
    backoff_s: float,
    outage: Outage,
    on_trouble: Callable[[ModelRequestError], None],
) -> Result:
    """Ask until there is an answer, another try cannot help, or the tries are used up.

    A request that never reached the server is no try: it waits for the end of the outage.

    Args:
        once: one try, given its number from 0.
        tries: at most so many.
        backoff_s: pause before the second try, doubled before each further one.
        outage: of the server.
        on_trouble: called after each failed try.
    """
    number = 0
    while True:
        try:
            return await once(number)
        except ModelRequestError as trouble:
            on_trouble(trouble)
            if trouble.kind == "unreachable":
                if not await outage.wait_until_reachable():
                    raise
                continue
            number += 1
            if not trouble.retryable or number >= tries:
                raise
            await asyncio.sleep(backoff_s * 2 ** (number - 1))
