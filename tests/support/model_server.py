"""A model server of our own.

Speaks the protocols of Ollama and of OpenAI-compatible servers, and misbehaves on command.

Holds `ModelServer` and the behaviours.
Add here: another misbehaviour.
Keep out: what is said (model_answers.py), assertions.
"""

from __future__ import annotations

import base64
import json
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.support.model_answers import Received, read_card, reply

WORDINGS = (
    "model runner has unexpectedly stopped, this may be due to resource limitations or an internal error",
    "llama runner process has terminated: exit status 2",
    "failed to process image: GGML_ASSERT(a->ne[2] == b->ne[2])",
    "unexpected EOF",
)
MISBEHAVIOURS = (
    *(
        "hang",
        "drip",
        "cut",
        *(f"500 {w}" for w in WORDINGS),
        "503",
        "404",
        "error_in_stream",
        "invalid_json",
        "off_schema",
    ),
    *("looping", "filler", "leak", "same", "huge", "injected", "empty"),
)


@dataclass
class ModelServer:
    """A server on a free port of this machine.

    Args:
        models: name to digest.
        behave: behaviour for a request, given its number among those of pictures (from 0) and the request;
            "good" by default.
        gpu_share: part of the model in the memory of a GPU.
        leaked: words that the behaviour "leak" puts into texts.
        takes_schema: False answers 400 to a request of the OpenAI protocol with pictures and response_format.
        seconds: how long a good answer takes.
        blind: the model does not see what it is sent.
        card: behaviour for the card of the canary.
        able: capabilities as the server lists them; None for a server that does not tell.
        thinks: the model thinks until its answer is cut off by length, unless it is asked not to.
        stubborn: it thinks all the same, and a request not to is refused.
        needs_tokens: an answer with less room than this is cut off in the middle.
    """

    models: dict[str, str] = field(default_factory=lambda: {"seer:7b": "sha256:seer"})
    behave: Callable[[int, Received], str] = lambda _number, _request: "good"
    gpu_share: float = 1.0
    leaked: str = "secretname"
    takes_schema: bool = True
    seconds: float = 0.0
    blind: bool = False
    card: str = "good"
    able: list[str] | None = field(default_factory=lambda: ["completion", "vision"])
    thinks: bool = False
    stubborn: bool = False
    needs_tokens: int = 0
    received: list[Received] = field(default_factory=list)
    loaded: dict[str, int] = field(default_factory=dict)
    unloaded: list[str] = field(default_factory=list)
    port: int = 0

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._http: ThreadingHTTPServer | None = None
        self._open: set[socket.socket] = set()
        self._number = 0

    def __enter__(self) -> ModelServer:
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        server = self

        class Handler(_Handler):
            owner = server

        class Http(ThreadingHTTPServer):
            daemon_threads = True
            allow_reuse_address = True
            request_queue_size = 64

            def handle_error(self, request: Any, client_address: Any) -> None:
                """A client that went away is no news."""

        self._http = Http(("127.0.0.1", self.port), Handler)
        self.port = self._http.server_address[1]
        threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        """Stop at once: what is in flight is cut."""
        if self._http is None:
            return
        self._http.shutdown()
        self._http.server_close()
        self._http = None
        for connection in list(self._open):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue

    @property
    def asked(self) -> list[Received]:
        """Requests but those of the canary."""
        return [r for r in self.received if not r.is_canary]

    def note(self, request: Received) -> None:
        with self._lock:
            if request.is_canary:
                request.behaviour = self.card
            else:
                request.behaviour = self.behave(self._number, request)
                self._number += 1
            self.received.append(request)


class _Cut(Exception):
    """The connection is to be cut."""


class _Handler(BaseHTTPRequestHandler):
    owner: ModelServer
    protocol_version = "HTTP/1.1"

    def setup(self) -> None:
        super().setup()
        self.owner._open.add(self.connection)

    def finish(self) -> None:
        self.owner._open.discard(self.connection)
        super().finish()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name of the base class
        """Nothing is written."""

    def do_GET(self) -> None:
        if self.path == "/api/tags":
            self._json(
                {
                    "models": [
                        {"model": n, "name": n, "digest": d, "size": 1} for n, d in self.owner.models.items()
                    ]
                }
            )
        elif self.path == "/api/ps":
            size = 4 << 30
            loaded = [
                {
                    "model": n,
                    "name": n,
                    "digest": self.owner.models[n],
                    "size": size,
                    "size_vram": int(size * self.owner.gpu_share),
                    "context_length": c,
                }
                for n, c in self.owner.loaded.items()
            ]
            self._json({"models": loaded})
        elif self.path == "/v1/models":
            known = {} if self.owner.able is None else {"capabilities": self.owner.able}
            self._json(
                {"object": "list", "data": [{"id": n, "object": "model", **known} for n in self.owner.models]}
            )
        else:
            self._json({"error": "not found"}, 404)

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        try:
            if self.path == "/api/show":
                known = {} if self.owner.able is None else {"capabilities": self.owner.able}
                self._json({**known, "details": {}, "model_info": {}})
            elif self.path in ("/api/chat", "/api/generate"):
                self._ollama(body)
            elif self.path == "/v1/chat/completions":
                self._openai(body)
            else:
                self._json({"error": "not found"}, 404)
        except (_Cut, BrokenPipeError, ConnectionResetError):
            self.close_connection = True
            self.connection.close()

    def _ollama(self, body: dict[str, Any]) -> None:
        name = body["model"]
        if body.get("keep_alive") == 0 and not body.get("messages"):
            self.owner.loaded.pop(name, None)
            self.owner.unloaded.append(name)
            self._json({"model": name, "done": True, "response": ""})
            return
        if name not in self.owner.models:
            self._json({"error": f"model '{name}' not found"}, 404)
            return
        last = (
            body["messages"][-1]
            if "messages" in body
            else {"content": body["prompt"], "images": body.get("images", [])}
        )
        pictures = [base64.b64decode(p) for p in last.get("images") or []]
        format_ = body.get("format") if isinstance(body.get("format"), dict) else {}
        request = Received(
            self.path,
            name,
            last["content"],
            format_ or {},
            body.get("options", {}),
            pictures,
            "",
            time.monotonic(),
        )
        self.owner.note(request)
        self.owner.loaded[name] = request.options.get("num_ctx", 2048)
        text = self._said(request)
        self._misbehave(request)
        if self.owner.stubborn and "think" in body:
            self._json({"error": f"{name} does not support switching thinking off"}, 400)
            return
        if not body.get("stream", True):
            self._json({"model": name, "message": {"role": "assistant", "content": text}, "done": True})
            return
        self._begin("application/x-ndjson")
        thought, parts, why = self._spoken(
            text, request.options.get("num_predict", 0), body.get("think") is False
        )
        for part in thought:
            time.sleep(self.owner.seconds)
            self._chunk(
                {
                    "model": name,
                    "message": {"role": "assistant", "content": "", "thinking": part},
                    "done": False,
                }
            )
        for part in parts:
            self._chunk({"model": name, "message": {"role": "assistant", "content": part}, "done": False})
            self._between(request)
        end = {"done": True, "done_reason": why, "eval_count": 9, "prompt_eval_count": 50}
        self._chunk({"model": name, "message": {"role": "assistant", "content": ""}, **end})
        self._end(request)

    def _openai(self, body: dict[str, Any]) -> None:
        content = body["messages"][-1]["content"]
        pictures = [
            base64.b64decode(p["image_url"]["url"].split(",", 1)[1])
            for p in content
            if p["type"] == "image_url"
        ]
        text = next(p["text"] for p in content if p["type"] == "text")
        schema = body.get("response_format", {}).get("json_schema", {}).get("schema", {}) or _schema_in(text)
        options = {k: body[k] for k in ("temperature", "seed", "max_tokens") if k in body}
        request = Received(self.path, body["model"], text, schema, options, pictures, "", time.monotonic())
        self.owner.note(request)
        if pictures and "response_format" in body and not self.owner.takes_schema:
            self._json({"error": "response_format is not supported with images"}, 400)
            return
        if self.owner.stubborn and "chat_template_kwargs" in body:
            self._json({"error": "unknown field"}, 400)
            return
        said = self._said(request)
        self._misbehave(request)
        self._begin("text/event-stream")
        quiet = body.get("chat_template_kwargs", {}).get("enable_thinking") is False
        thought, parts, why = self._spoken(said, body.get("max_tokens", 0), quiet)
        for part in thought:
            time.sleep(self.owner.seconds)
            self._event({"choices": [{"delta": {"reasoning_content": part}}]})
        for part in parts:
            self._event({"choices": [{"delta": {"content": part}}]})
            self._between(request)
        self._event({"choices": [{"delta": {}, "finish_reason": why}]})
        usage: object = (
            ["many"] if request.behaviour == "odd_usage" else {"prompt_tokens": 50, "completion_tokens": 9}
        )
        self._event({"choices": [], "usage": usage})
        self._write(b"data: [DONE]\n\n")
        self._end(request)

    def _spoken(self, text: str, room: int, quiet: bool) -> tuple[list[str], list[str], str]:
        """What is thought, what is said, and why the answer ends."""
        if self.owner.thinks and (self.owner.stubborn or not quiet):
            return ["Let me look at the picture. "] * 5, [], "length"
        if room < self.owner.needs_tokens:
            return [], _pieces(text)[:3], "length"
        return [], _pieces(text), "stop"

    def _misbehave(self, request: Received) -> None:
        """What happens before the first token."""
        how = request.behaviour
        if how == "hang":
            self._wait(3600)
        if how.startswith("500 "):
            self._json({"error": how.removeprefix("500 ")}, 500)
            raise _Cut
        if how in ("503", "429", "404", "400"):
            self._json(
                {"error": "server busy, please try again" if how in ("503", "429") else "model not found"},
                int(how),
            )
            raise _Cut
        time.sleep(self.owner.seconds)

    def _between(self, request: Received) -> None:
        """What happens between two tokens."""
        if request.behaviour == "cut":
            raise _Cut
        if request.behaviour == "error_in_stream":
            self._chunk(
                {"error": "model runner has unexpectedly stopped"}
            ) if "api" in self.path else self._event({"error": "stopped"})
            raise _Cut
        while request.behaviour == "drip":
            self._wait(0.1)
            token = {"message": {"role": "assistant", "content": "."}, "done": False}
            self._chunk(token) if "api" in self.path else self._event(
                {"choices": [{"delta": {"content": "."}}]}
            )

    def _wait(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            time.sleep(0.02)
            self.connection.setblocking(False)
            try:
                if self.connection.recv(1, socket.MSG_PEEK) == b"":
                    raise _Cut
            except BlockingIOError:
                pass
            finally:
                self.connection.setblocking(True)

    def _said(self, request: Received) -> str:
        if request.behaviour == "invalid_json":
            return '{"caption": "A heron'
        if request.behaviour == "off_schema":
            return '{"answer": 42}'
        if request.behaviour == "looping":
            return 'Here: {"caption": ' + "[" * 10_000
        if request.is_canary:
            number, colour = (0, "grey") if self.owner.blind else read_card(request.pictures[0])
            return json.dumps({"number": number, "colour": colour})
        return json.dumps(reply(request, self.owner.leaked))

    def _json(self, document: object, status: int = 200) -> None:
        raw = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def _begin(self, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def _write(self, raw: bytes) -> None:
        self.wfile.write(f"{len(raw):x}\r\n".encode() + raw + b"\r\n")
        self.wfile.flush()

    def _chunk(self, document: object) -> None:
        self._write(json.dumps(document).encode() + b"\n")

    def _event(self, document: object) -> None:
        self._write(b"data: " + json.dumps(document).encode() + b"\n\n")

    def _end(self, request: Received) -> None:
        if request.behaviour == "cut_after_the_end":
            raise _Cut
        self.wfile.write(b"0\r\n\r\n")
        self.wfile.flush()
        request.ended = time.monotonic()


def _pieces(text: str) -> list[str]:
    size = max(1, len(text) // 6)
    return [text[i : i + size] for i in range(0, len(text), size)]


def _schema_in(text: str) -> dict[str, Any]:
    """The schema that a request without response_format carries in its text."""
    start = text.find("{")
    return json.loads(text[start:]) if start >= 0 else {}
