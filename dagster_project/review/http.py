"""Shared parts of all API calls of the review app: limits, answers, errors.

Holds `Limit`, `answer` and `errors`.
Add here: another kind of error that the browser should understand.
Keep out: bodies (bodies.py) and any one call.
"""

from __future__ import annotations

import json
import re

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from proofsheet.core.errors import Locked, NotFound, ProofsheetError, StoreError
from proofsheet.review.decision_request import Conflict, InvalidRequest

MOST_BYTES = 1 << 20
POLICY = "; ".join(
    (
        *(
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self' blob:",
            "connect-src 'self'",
        ),
        *("base-uri 'none'", "form-action 'none'"),
    )
)
_HEADERS = {"content-security-policy": POLICY, "referrer-policy": "no-referrer", "cache-control": "no-store"}
_STATUS: dict[type[ProofsheetError], int] = {
    Conflict: 409,
    InvalidRequest: 400,
    Locked: 423,
    NotFound: 404,
    StoreError: 507,  # the browser keeps what it sent, and sends it again
}
_NUMBER = re.compile(r"-?[0-9]{1,9}")


class TooLarge(Exception):
    """A body above the limit."""


class Limit:
    """Refuses bodies above the limit, by declared and by real length; adds the headers of every answer.

    Args:
        app: the application behind.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        told = dict(scope["headers"]).get(b"content-length", b"0")
        if not told.isdigit() or int(told) > MOST_BYTES:
            await _refusal()(scope, receive, send)
            return
        taken = 0

        async def limited() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > MOST_BYTES:
                raise TooLarge
            return message

        await self._app(scope, limited, _with_headers(send))


def _refusal() -> Response:
    return PlainTextResponse(f"Refused: a body has at most {MOST_BYTES} bytes.\n", 413)


async def too_large(_request: Request, _error: Exception) -> Response:
    """The answer to a body that turned out too large."""
    return _refusal()


def _with_headers(send: Send) -> Send:
    async def wrapped(message: Message) -> None:
        if message["type"] == "http.response.start":
            there = {n.lower() for n, _ in message.get("headers", [])}
            more = [(n.encode(), v.encode()) for n, v in _HEADERS.items() if n.encode() not in there]
            message = {**message, "headers": [*message.get("headers", []), *more]}
        await send(message)

    return wrapped


def number_of(value: str | None, name: str, default: int, least: int, most: int) -> int:
    """A number of a query, within its range.

    Raises:
        InvalidRequest: if it is not valid.
    """
    if value is None or value == "":
        return default
    if not _NUMBER.fullmatch(value):
        raise InvalidRequest(f"{name} is {value[:40]!r}.", "Send a whole number.")
    return max(least, min(int(value), most))


def answer(document: object, status: int = 200) -> Response:
    """A JSON answer."""
    return Response(
        json.dumps(document, default=str, ensure_ascii=False), status, media_type="application/json"
    )


async def errors(_request: Request, error: Exception) -> Response:
    """An error for the user as JSON, with the status that fits."""
    if not isinstance(error, ProofsheetError):
        raise error
    status = next((s for kind, s in _STATUS.items() if isinstance(error, kind)), 422)
    return answer({"problem": error.what, "next_step": error.next_step}, status)
