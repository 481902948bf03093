"""The client against a real server of llama.cpp: pictures, schemas, the card, refusals and length."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from proofsheet.texts.client.discovery import choose_server
from proofsheet.texts.client.protocol import Answer, ModelRequestError, Options, Question, Server
from proofsheet.texts.describer import Describer
from proofsheet.texts.jobs import CAPTION, POLICY
from proofsheet.texts.replies import Exchange, parse_reply
from schemas.answers import JobFailure
from schemas.replies import CanaryReply, Reply
from schemas.settings.vision_model import VisionModelSettings
from schemas.words import PolicyFlag
from tests.support.kit import jpeg_bytes
from tests.support.llama_server import llama_server
from tests.support.words_kit import asked, bare_project, say, statuses

pytestmark = pytest.mark.slow
OPTIONS = Options(0.0, 7, 4096, 64)
QUESTION = Question(
    "You see.", "Which colour is it?", (jpeg_bytes(1, (96, 96)),), CanaryReply.model_json_schema(), OPTIONS
)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VisionModelSettings]:
    with llama_server(tmp_path_factory.mktemp("llama")) as url:
        yield VisionModelSettings(backend="openai", openai_url=url, num_predict=64, tries=2, in_flight=1)


@pytest.fixture
def server(settings: VisionModelSettings) -> Server:
    found = choose_server(settings).server
    assert found is not None
    return found


def answer(server: Server, question: Question, kind: type[Reply] | None = None) -> Answer:
    async def ask() -> Answer:
        async with server.connect() as session:
            if kind is None:
                return await session.ask(question)
            return (await Exchange(session, question, kind).once(0))[0]

    return asyncio.run(ask())


def test_its_model_has_a_name_and_no_path(server: Server) -> None:
    known = server.identity
    assert (known.name, known.digest) == ("SmolLM2-135M-Instruct.Q4_1", "name:SmolLM2-135M-Instruct.Q4_1")
    assert known.served_as.endswith("/SmolLM2-135M-Instruct.Q4_1.gguf")
    assert (known.blind, known.why) == ("", "")  # it tells that it takes pictures


def test_a_picture_and_a_schema_pass(server: Server) -> None:
    with_picture = answer(server, QUESTION)
    without = answer(server, replace(QUESTION, pictures=()))
    assert parse_reply(CanaryReply, with_picture.text).colour
    assert with_picture.note is None  # the schema was taken
    assert with_picture.prompt_tokens is not None
    assert without.prompt_tokens is not None
    assert with_picture.prompt_tokens > without.prompt_tokens


def test_the_card_finds_the_model_blind_and_nothing_is_asked(
    settings: VisionModelSettings, tmp_path: Path
) -> None:
    project = bare_project(tmp_path)
    who = Describer.of(settings, project)
    said = say(CAPTION, asked(project, 2), who, project)
    assert statuses(said.rows) == {"not_asked": 2}
    assert "SmolLM2-135M-Instruct.Q4_1 does not see pictures (it saw" in said.facts["stopped"]
    facts = {PolicyFlag.nsfw: "no", PolicyFlag.scan: "no"}
    texts = [replace(one, facts=facts) for one in asked(project, 1)]
    assert statuses(say(POLICY, texts, who, project).rows) == {"not_asked": 1}
    assert project.ledger.rows(JobFailure)[JobFailure.kind].to_list() == ["blind"]


def test_a_question_longer_than_its_context_is_refused(server: Server) -> None:
    with pytest.raises(ModelRequestError) as caught:
        answer(server, replace(QUESTION, text="word " * 6000))
    assert (caught.value.kind, caught.value.strike) == ("refused", False)


def test_an_answer_that_its_length_cuts_off_is_told_as_such(server: Server) -> None:
    short = replace(QUESTION, options=replace(OPTIONS, num_predict=3))
    assert answer(server, short).cut_off
    with pytest.raises(ModelRequestError, match="num_predict=3 was used up") as caught:
        answer(server, short, CanaryReply)
    assert (caught.value.kind, caught.value.retryable) == ("length", True)
