"""What the guard lets through and what it refuses, request by request."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect

from dagster_project.guard import Guard, allowed_hosts

HOST = "127.0.0.1:3000"
ORIGIN = f"http://{HOST}"
JSON = {"content-type": "application/json"}


async def page(_request: Request) -> PlainTextResponse:
    return PlainTextResponse("passed", headers={"content-security-policy": "default-src 'self'"})


async def socket(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_text("passed")
    await websocket.close()


@pytest.fixture
def client() -> TestClient:
    app = Starlette(
        routes=[
            Route("/graphql", page, methods=["GET", "POST"]),
            WebSocketRoute("/graphql", socket),
            Route("/{path:path}", page, methods=["GET", "POST", "PUT", "DELETE"]),
        ]
    )
    return TestClient(
        Guard(app, allowed_hosts("127.0.0.1", 3000, ["studio.local"])), base_url=f"http://{HOST}"
    )


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("GET", "/", {}),
        ("GET", "/runs", {"host": "localhost:3000"}),
        ("GET", "/runs", {"host": "studio.local:3000"}),
        ("GET", "/runs", {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}),
        ("POST", "/graphql", JSON),
        (
            "POST",
            "/graphql",
            {
                "content-type": "application/json; charset=utf-8",
                "origin": ORIGIN,
                "sec-fetch-site": "same-origin",
            },
        ),
    ],
)
def test_what_users_send_passes(client: TestClient, method: str, path: str, headers: dict[str, str]) -> None:
    answer = client.request(method, path, headers=headers)
    assert (answer.status_code, answer.text) == (200, "passed")
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["content-security-policy"] == "default-src 'self'; frame-ancestors 'none'"


REFUSED: list[tuple[str, str, dict[str, Any]]] = [
    ("GET", "/graphql?query=mutation{x}", {}),
    ("HEAD", "/graphql?query=mutation{x}", {}),
    ("GET", "/graphql/?query=x", {}),
    ("GET", "/", {"host": "evil.example"}),
    ("GET", "/", {"host": "127.0.0.1"}),
    ("GET", "/", {"host": "127.0.0.1:3000.evil.example"}),
    ("POST", "/graphql", {**JSON, "host": "evil.example:3000"}),
    ("POST", "/graphql", {**JSON, "origin": "http://evil.example"}),
    ("POST", "/graphql", {**JSON, "origin": "null"}),
    ("POST", "/graphql", {**JSON, "origin": "http://127.0.0.1:8000"}),
    ("POST", "/graphql", {**JSON, "sec-fetch-site": "cross-site"}),
    ("POST", "/graphql", {**JSON, "sec-fetch-site": "same-site"}),
    ("POST", "/graphql", {"content-type": "text/plain"}),
    ("POST", "/graphql", {"content-type": "application/x-www-form-urlencoded"}),
    ("POST", "/graphql", {"content-type": "multipart/form-data; boundary=x"}),
    ("POST", "/graphql", {}),
    ("POST", "/report_asset_materialization/photos", {"content-type": "text/plain"}),
    ("PUT", "/x", {}),
    ("DELETE", "/x", {"sec-fetch-site": "cross-site"}),
    ("GET", "/logs/x", {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"}),
    ("GET", "/graphql", {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}),
]


@pytest.mark.parametrize(("method", "path", "headers"), REFUSED)
def test_what_web_pages_send_is_refused(
    client: TestClient, method: str, path: str, headers: dict[str, str]
) -> None:
    answer = client.request(method, path, headers=headers)
    assert answer.status_code == 403
    assert method == "HEAD" or answer.text.startswith("Refused: ")


def test_two_hosts_are_refused() -> None:
    guard = Guard(Starlette(), allowed_hosts("127.0.0.1", 3000))
    headers = [(b"host", HOST.encode()), (b"host", b"evil.example")]
    assert guard.objection({"type": "http", "method": "GET", "path": "/", "headers": headers}) is not None


def test_a_websocket_of_our_own_page_passes(client: TestClient) -> None:
    with client.websocket_connect(f"ws://{HOST}/graphql", headers={"origin": ORIGIN, "host": HOST}) as opened:
        assert opened.receive_text() == "passed"


@pytest.mark.parametrize(
    "headers",
    [{"origin": "http://evil.example"}, {}, {"origin": "null"}, {"origin": ORIGIN, "host": "evil.example"}],
)
def test_a_foreign_websocket_is_refused(client: TestClient, headers: dict[str, str]) -> None:
    with (
        pytest.raises(WebSocketDisconnect),
        client.websocket_connect(f"ws://{HOST}/graphql", headers={"host": HOST, **headers}),
    ):
        pass


def test_hosts_are_named_with_their_port() -> None:
    assert allowed_hosts("0.0.0.0", 80) == {"127.0.0.1:80", "localhost:80", "[::1]:80"}
    assert "studio:9000" in allowed_hosts("127.0.0.1", 3000, ["studio:9000"])
    assert "[fe80::1]:3000" in allowed_hosts("fe80::1", 3000)
