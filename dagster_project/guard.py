"""The guard before the Dagster UI: no web page of another origin may drive it.

Holds `Guard`, an ASGI application around another.
Add here: another rule, with its sentence.
Keep out: pages.

The stock webserver answers to any Host and runs GraphQL mutations over GET and for pages of other origins.
The guard refuses, with
403 and one sentence: an unknown Host (DNS rebinding), a foreign Origin, a cross-site request other than
opening a page, GraphQL over GET, bodies that a plain HTML form can send, and websockets of a foreign or
unknown origin.
"""

import re
from collections.abc import Iterable
from typing import Any

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_SAFE = {"GET", "HEAD", "OPTIONS"}
_ALWAYS = {
    b"x-frame-options": b"DENY",
    b"content-security-policy": b"frame-ancestors 'none'",
    b"cross-origin-resource-policy": b"same-origin",
    b"x-content-type-options": b"nosniff",
}


def allowed_hosts(host: str, port: int, more: Iterable[str] = ()) -> frozenset[str]:
    """Values of the Host header that name this server."""
    names = {"127.0.0.1", "localhost", "[::1]", f"[{host}]" if ":" in host else host, *more} - {
        "0.0.0.0",  # noqa: S104
        "[::]",
    }
    return frozenset(
        name.lower() if ":" in name.rpartition("]")[2] else f"{name.lower()}:{port}" for name in names
    )


class Guard:
    """Passes on requests of the user's own pages and programs, and refuses all others.

    Args:
        app: the application to protect.
        hosts: values of Host that are served; see `allowed_hosts`.
        shown_elsewhere: paths of pictures that pages on other ports of this machine may show, such as the
            Dagster UI.
    """

    def __init__(
        self, app: ASGIApp, hosts: frozenset[str], shown_elsewhere: re.Pattern[str] | None = None
    ) -> None:
        self._app, self._hosts, self._shown = app, hosts, shown_elsewhere
        self._origins = frozenset(f"{scheme}://{host}" for host in hosts for scheme in ("http", "https"))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve or refuse one connection."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        reason = self.objection(scope)
        if reason is None:
            shown = scope["type"] == "http" and self._is_shown(scope)
            await self._app(scope, receive, _with_headers(send, b"same-site" if shown else b"same-origin"))
        elif scope["type"] == "http":
            await PlainTextResponse(f"Refused: {reason}\n", 403)(scope, receive, send)
        else:
            await receive()
            await send({"type": "websocket.close", "code": 1008, "reason": reason})

    def _is_shown(self, scope: Scope) -> bool:
        return (
            self._shown is not None
            and scope["method"] in _SAFE
            and self._shown.fullmatch(scope["path"]) is not None
        )

    def objection(self, scope: Scope) -> str | None:
        """Why the request is refused, or None."""
        headers = Headers(scope=scope)
        host, origin = headers.get("host", "").lower(), headers.get("origin")
        if len(headers.getlist("host")) != 1 or host not in self._hosts:
            return f"the host {host!r} is not this server; see --allow-host."
        if origin is not None and origin.lower() not in self._origins:
            return f"pages of {origin!r} may not use this server."
        if scope["type"] == "websocket":
            return None if origin is not None else "a websocket needs an Origin header."
        return self._http_objection(scope, headers)

    def _http_objection(self, scope: Scope, headers: Headers) -> str | None:
        method, path = scope["method"], scope["path"]
        if method in _SAFE:
            if path.rstrip("/").endswith("/graphql"):
                return "GraphQL is served by POST only."
            opening = headers.get("sec-fetch-mode") == "navigate"
            shown = headers.get("sec-fetch-site") == "same-site" and self._is_shown(scope)
            if _cross_site(headers) and not opening and not shown:
                return "requests from other sites are refused."
            return None
        if _cross_site(headers):
            return "requests from other sites are refused."
        if headers.get("content-type", "").split(";")[0].strip().lower() != "application/json":
            return "the body must be application/json."
        return None


def _cross_site(headers: Headers) -> bool:
    return headers.get("sec-fetch-site", "none") not in {"none", "same-origin"}


def _with_headers(send: Send, resource_policy: bytes) -> Send:
    async def wrapped(message: Message) -> None:
        if message["type"] == "http.response.start":
            given: list[Any] = [(n, v) for n, v in message.get("headers", []) if n.lower() not in _ALWAYS]
            policy = b"; ".join(
                v for n, v in message.get("headers", []) if n.lower() == b"content-security-policy"
            )
            extra = {**_ALWAYS, b"cross-origin-resource-policy": resource_policy}
            if policy:
                extra[b"content-security-policy"] = policy + b"; " + _ALWAYS[b"content-security-policy"]
            message = {**message, "headers": [*given, *extra.items()]}
        await send(message)

    return wrapped
