"""HTTP targets that behave oddly: every answer has its sentence, and the password stays at its server."""

from __future__ import annotations

import http.server
import socketserver
import threading
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from proofsheet.apply.disk import TargetTaken
from proofsheet.core.errors import ServiceUnreachable
from proofsheet.core.files import hash_file
from proofsheet.publish.targets.base import UploadItem
from proofsheet.publish.targets.resolve import publisher_of
from schemas.settings.publish import PublishSettings

LARGE = 48 << 20


class Odd(http.server.BaseHTTPRequestHandler):
    """Answers by the server's `answers`: method to status, and a Location if there is one."""

    server: OddServer

    def answer(self) -> None:
        left = int(self.headers.get("content-length") or 0)
        while left:
            left -= len(self.rfile.read(min(left, 1 << 16)))
        self.server.seen.append((self.command, self.headers.get("authorization")))
        status, location = self.server.answers[self.command]
        if status == 0:
            self.wfile.write(b"what is HTTP?\r\n\r\n")
            return
        self.send_response(status)
        if location:
            self.send_header("Location", location)
        self.send_header("Content-Length", str(len(self.server.content)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(self.server.content)

    do_HEAD = do_GET = do_PUT = do_MKCOL = answer  # noqa: N815

    def log_message(self, *_: object) -> None:
        """Quiet."""


class OddServer(socketserver.ThreadingTCPServer):
    """A server with its answers, and what it was asked."""

    daemon_threads = True

    def __init__(self, answers: dict[str, tuple[int, str]], content: bytes = b"") -> None:
        super().__init__(("127.0.0.1", 0), Odd)
        self.answers, self.content = answers, content
        self.seen: list[tuple[str, str | None]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


@contextmanager
def serving(answers: dict[str, tuple[int, str]], content: bytes = b"") -> Iterator[OddServer]:
    with OddServer(answers, content) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def put(server: OddServer, path: Path, user: str = "") -> None:
    target = server.url.replace("//", f"//{user}@") if user else server.url
    place = publisher_of(PublishSettings(target=f"{target}/media", password="secret"))  # type: ignore[arg-type]
    place.put(UploadItem(path, "a.jpg", hash_file(path)[0]))


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "a.jpg"
    path.write_bytes(b"a picture" * 100)
    return path


def test_a_large_file_is_sent_in_pieces(tmp_path: Path) -> None:
    path = tmp_path / "large.tif"
    with path.open("wb") as stream:
        stream.truncate(LARGE)
    item = UploadItem(path, "large.tif", hash_file(path)[0])
    with serving({"HEAD": (404, ""), "PUT": (201, "")}) as server:
        place = publisher_of(PublishSettings(target=server.url))
        tracemalloc.start()
        place.put(item)
        _now, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert [method for method, _ in server.seen] == ["HEAD", "PUT"]
    assert peak < LARGE / 4


def test_a_server_that_speaks_no_http_is_told(picture: Path) -> None:
    with (
        serving({"HEAD": (0, "")}) as server,
        pytest.raises(ServiceUnreachable, match=r"did not accept a.jpg.*Check the address"),
    ):
        put(server, picture)


def test_a_name_in_use_that_cannot_be_read_is_told(picture: Path) -> None:
    with serving({"HEAD": (200, ""), "GET": (403, "")}) as server:
        with pytest.raises(ServiceUnreachable, match=r"answered 403 to a.jpg. The name is in use"):
            put(server, picture)
        assert [method for method, _ in server.seen] == ["HEAD", "GET"]


def test_the_password_does_not_follow_to_another_server(picture: Path) -> None:
    with (
        serving({"HEAD": (200, ""), "GET": (200, "")}, picture.read_bytes()) as store,
        serving(dict.fromkeys(("HEAD", "GET"), (307, f"{store.url}/elsewhere"))) as server,
    ):
        put(server, picture, user="kim")
        assert [method for method, _ in store.seen] == ["HEAD", "GET"]
        assert {secret for _, secret in store.seen} == {None}
        assert None not in {secret for _, secret in server.seen}


def test_a_picture_is_not_sent_where_a_server_points(picture: Path) -> None:
    with (
        serving({"PUT": (201, "")}) as other,
        serving({"HEAD": (404, ""), "PUT": (307, f"{other.url}/media/a.jpg")}) as server,
    ):
        with pytest.raises(ServiceUnreachable, match=r"answered 307 to a.jpg"):
            put(server, picture)
        assert other.seen == []


def test_a_name_that_was_taken_meanwhile_is_compared(picture: Path) -> None:
    answers = {"HEAD": (404, ""), "PUT": (412, ""), "GET": (200, "")}
    with serving(answers, picture.read_bytes()) as server:
        put(server, picture)
    with serving(answers, b"another") as server, pytest.raises(TargetTaken, match=r"another a.jpg already"):
        put(server, picture)
