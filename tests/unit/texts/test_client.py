"""The clients of model servers against a server that misbehaves.

Limits, tries, classes of trouble, runtime, unloading.
"""

from __future__ import annotations

import asyncio
import io
import time
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image

from proofsheet.texts.client.discovery import choose_server
from proofsheet.texts.client.protocol import Answer, ModelRequestError, Options, Question, Server
from proofsheet.texts.client.retry import Outage, retry
from proofsheet.texts.replies import parse_reply
from schemas.replies import CaptionReply, QualityReply, TitleReply
from schemas.settings.vision_model import VisionModelSettings
from tests.support.kit import jpeg_bytes
from tests.support.model_answers import Received
from tests.support.model_server import WORDINGS, ModelServer

OPTIONS = Options(0.0, 7, 4096, 256)
BACKENDS = ("ollama", "openai")


def settings(server: ModelServer, backend: str = "ollama", **more: Any) -> VisionModelSettings:
    place = {"ollama_url": server.url} if backend == "ollama" else {"openai_url": f"{server.url}/v1"}
    return VisionModelSettings(backend=backend, idle_s=0.5, hard_s=1.5, **place, **more)


def question(**more: Any) -> Question:
    return Question(
        "You see.", "What?", (jpeg_bytes(1),), CaptionReply.model_json_schema(), more.get("options", OPTIONS)
    )


def chosen(server: ModelServer, backend: str = "ollama", **more: Any) -> Server:
    found = choose_server(settings(server, backend, **more)).server
    assert found is not None
    return found


def asked(server: Server, times: int = 1) -> Answer:
    async def ask() -> Answer:
        async with server.connect() as session:
            for number in range(times):
                answer = await session.ask(question(), number)
            return answer

    return asyncio.run(ask())


def always(how: str) -> Callable[[int, Received], str]:
    return lambda _number, _request: how


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_good_answer_comes_with_its_tokens(backend: str) -> None:
    with ModelServer() as server:
        answer = asked(chosen(server, backend))
        assert parse_reply(CaptionReply, answer.text).caption.endswith(".")
        assert (answer.prompt_tokens, answer.reply_tokens) == (50, 9)
        (got,) = server.received
        assert got.options["seed"] == 7
        assert got.options["temperature"] == 0.0
        assert Image.open(io.BytesIO(got.pictures[0])).format == "JPEG"


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    ("how", "kind", "again", "strike"),
    [
        *((f"500 {w}", "crash", True, True) for w in WORDINGS),
        ("503", "busy", True, False),
        ("429", "busy", True, False),
        ("404", "refused", False, False),
        ("html", "no_json", True, False),
        ("cut", "crash", True, True),
        ("error_in_stream", "crash", True, True),
        ("huge", "too_long", False, False),
    ],
)
def test_troubles_are_told_by_class(backend: str, how: str, kind: str, again: bool, strike: bool) -> None:
    with ModelServer(behave=always(how)) as server, pytest.raises(ModelRequestError) as caught:
        asked(
            chosen(server, backend), times=1
        ) if backend == "ollama" or how != "404" else asked_without_schema(server)
    assert (caught.value.kind, caught.value.retryable, caught.value.strike) == (kind, again, strike)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_page_instead_of_the_list_of_models_is_told_as_such(backend: str) -> None:
    with ModelServer(proxied=True) as server:
        found = choose_server(settings(server, backend))
    assert found.server is None
    assert "an answer that is no JSON (an HTML page)" in found.why


def test_an_answer_that_comes_in_one_is_an_answer() -> None:
    with ModelServer(streams=False) as server:
        answer = asked(chosen(server, "openai"))
    assert parse_reply(CaptionReply, answer.text).caption.endswith(".")
    assert (answer.prompt_tokens, answer.reply_tokens) == (50, 9)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_path_is_asked_for_and_never_told(backend: str) -> None:
    path = "/home/me/models/Sees.Q4_K_M.gguf"
    with ModelServer(models={path: "sha256:seer"}) as server:
        for wanted in ([], [path], ["Sees.Q4_K_M"]):
            found = chosen(server, backend, models=wanted)
            asked(found)
            assert server.received[-1].model == path
            told = found.identity
            assert "/" not in told.name + told.wanted + told.digest + told.why
            assert (told.name, told.wanted) == ("Sees.Q4_K_M", "Sees.Q4_K_M")
        why = choose_server(settings(server, backend, models=["/srv/other.gguf"])).why
        assert "none of other is installed (there: Sees.Q4_K_M)" in why


@pytest.mark.parametrize("backend", BACKENDS)
def test_an_answer_that_came_to_its_end_is_one_however_the_connection_ends(backend: str) -> None:
    with ModelServer(behave=always("cut_after_the_end")) as server:
        assert parse_reply(CaptionReply, asked(chosen(server, backend)).text).caption.endswith(".")
        assert len(server.received) == 1


def asked_without_schema(server: ModelServer) -> None:
    async def ask() -> None:
        async with chosen(server, "openai").connect() as session:
            await session.ask(question(), 1)

    asyncio.run(ask())


@pytest.mark.slow  # measures time
@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    ("how", "kind", "limit_s"), [("hang", "idle_limit", 0.5), ("drip", "hard_limit", 1.5)]
)
def test_limits_are_kept_within_a_tenth(backend: str, how: str, kind: str, limit_s: float) -> None:
    with ModelServer(behave=always(how)) as server:
        one = chosen(server, backend)
        began = time.monotonic()
        with pytest.raises(ModelRequestError) as caught:
            asked(one)
        took = time.monotonic() - began
    assert caught.value.kind == kind
    assert limit_s <= took <= limit_s * 1.1 + 0.05


def test_nothing_listens() -> None:
    server = ModelServer()
    server.start()
    one = chosen(server)
    server.stop()
    with pytest.raises(ModelRequestError) as caught:
        asked(one)
    assert (caught.value.kind, caught.value.strike) == ("unreachable", False)


def tried(server: ModelServer, backend: str = "ollama") -> tuple[list[float], ModelRequestError | None]:
    one, times, caught = chosen(server, backend), list[float](), list[ModelRequestError]()

    async def run() -> None:
        async with one.connect() as session:

            async def once(number: int) -> Answer:
                times.append(time.monotonic())
                return await session.ask(question(), number)

            try:
                await retry(once, 3, 0.5, Outage(session, 0.0), lambda _t: None)
            except ModelRequestError as trouble:
                caught.append(trouble)

    asyncio.run(run())
    return times, caught[0] if caught else None


def test_three_tries_with_growing_pauses() -> None:
    with ModelServer(behave=always(f"500 {WORDINGS[0]}")) as server:
        times, trouble = tried(server)
    assert trouble is not None
    assert len(times) == 3
    assert times[1] - times[0] >= 0.5
    assert times[2] - times[1] >= 1.0


@pytest.mark.parametrize("how", ["404", "huge"])
def test_what_cannot_get_better_is_not_tried_again(how: str) -> None:
    with ModelServer(behave=always(how)) as server:
        times, _trouble = tried(server)
    assert len(times) == 1


def test_a_server_that_takes_no_schema_with_pictures_is_asked_without() -> None:
    with ModelServer(takes_schema=False) as server:
        times, trouble = tried(server, "openai")
    assert trouble is None
    assert len(times) == 2


@pytest.mark.parametrize(("share", "line"), [(0.0, "CPU"), (0.5, "50%CPU/50%GPU"), (1.0, "GPU")])
def test_the_runtime_line_tells_processor_context_and_memory(share: float, line: str) -> None:
    with ModelServer(gpu_share=share) as server:
        one = chosen(server)

        async def run() -> str:
            async with one.connect() as session:
                await session.ask(question())
                return (await session.runtime()).line()

        assert asyncio.run(run()) == f"processor={line} context=4096 vram={4 * share:.1f}GiB"


def test_other_servers_do_not_tell_their_runtime() -> None:
    with ModelServer() as server:
        one = chosen(server, "openai")

        async def run() -> str:
            async with one.connect() as session:
                return (await session.runtime()).line()

        assert asyncio.run(run()) == "processor=unknown context=unknown vram=unknown"


def test_a_model_is_unloaded() -> None:
    with ModelServer() as server:
        one = chosen(server)

        async def run() -> None:
            async with one.connect() as session:
                await session.ask(question())
                await session.unload()

        asyncio.run(run())
        assert server.unloaded == ["seer:7b"]
        assert not server.loaded


def test_a_model_that_is_not_installed_falls_back_down_the_list() -> None:
    with ModelServer(models={"small:latest": "sha256:s"}) as server:
        known = chosen(server, models=["large:70b", "small"]).identity
        assert (known.name, known.wanted, known.digest) == ("small:latest", "large:70b", "sha256:s")
        assert known.why == "large:70b is not installed"
        none = choose_server(settings(server, models=["gone"]))
        assert none.server is None
        assert "none of gone is installed (there: small:latest)" in none.why


@pytest.mark.parametrize(
    "text",
    [
        '{"caption": "a"}',
        '{"caption": 5, "alt_text": "b"}',
        "no JSON",
        '["caption"]',
        '{"caption": "' + "a" * 3000 + '", "alt_text": "b"}',
        "",
    ],
)
def test_an_answer_off_the_form_is_refused(text: str) -> None:
    with pytest.raises(ModelRequestError) as caught:
        parse_reply(CaptionReply, text)
    assert (caught.value.kind, caught.value.retryable) == ("off_schema", False)


def test_numbers_are_never_guessed() -> None:
    good = (
        '{"quality_score": 80, "quality_flags": ["blur"], "domain_type": "photo", "domain_confidence": 0.5}'
    )
    assert parse_reply(QualityReply, good).quality_score == 80
    for bad in (
        good.replace("80", '"80"'),
        good.replace("80", "101"),
        good.replace("80", "NaN"),
        good.replace("blur", "ugly"),
    ):
        with pytest.raises(ModelRequestError):
            parse_reply(QualityReply, bad)


def test_a_fence_around_the_answer_is_taken_off() -> None:
    assert parse_reply(TitleReply, '```json\n{"title": "Heron"}\n```').title == "Heron"
