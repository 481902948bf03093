"""Models that think before they answer, answers that are cut off by length, and models that do not see."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from dagster_project.running import run_one
from proofsheet.texts.client.protocol import ModelRequestError
from proofsheet.texts.coverage import coverage_of
from proofsheet.texts.describer import Describer
from proofsheet.texts.jobs import CAPTION, POLICY, TAGS, TITLE
from proofsheet.texts.replies import parse_reply
from proofsheet.texts.single_question import ask_one
from schemas.replies import TitleReply
from schemas.settings.vision_model import VisionModelSettings
from schemas.words import Answered, Caption, PolicyFlag
from tests.support.kit import Shell, save_picture
from tests.support.model_server import ModelServer
from tests.support.words_kit import PATIENT, asked, bare_project, described_project, say, statuses

BACKENDS = ("ollama", "openai")


def who(project: Any, server: ModelServer, backend: str, **more: Any) -> Describer:
    place = {"ollama_url": server.url, "openai_url": f"{server.url}/v1"}
    return Describer.of(
        VisionModelSettings(backend=backend, **{"canary": False, **PATIENT, **place, **more}), project
    )


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("able", [["completion", "vision", "thinking"], None])
def test_a_model_that_thinks_is_asked_not_to(tmp_path: Path, backend: str, able: list[str] | None) -> None:
    project = bare_project(tmp_path)
    with ModelServer(thinks=True, able=able) as server:
        told = who(project, server, backend, canary=True, in_flight=1)
        said = say(CAPTION, asked(project, 3), told, project)
        assert statuses(said.rows) == {"answered": 3}
        assert (
            len(server.received) <= 4 + 1
        )  # one answer is lost where the server does not tell that the model thinks


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_model_that_thinks_whatever_it_is_asked_is_named_as_the_cause(tmp_path: Path, backend: str) -> None:
    project = bare_project(tmp_path)
    with ModelServer(thinks=True, stubborn=True) as server:
        said = say(CAPTION, asked(project, 1), who(project, server, backend, num_predict=100), project)
    told = said.rows[Answered.problem][0]
    assert "length: the model thought until num_predict=200 was used up" in told
    assert "a model that does not think" in told


def test_thinking_is_a_sign_of_life(tmp_path: Path) -> None:
    project = bare_project(tmp_path)
    with ModelServer(thinks=True, able=None, seconds=0.15) as server:
        said = say(CAPTION, asked(project, 1), who(project, server, "ollama", idle_s=0.45), project)
    assert statuses(said.rows) == {"answered": 1}


@pytest.mark.parametrize("backend", BACKENDS)
def test_an_answer_that_its_length_cut_off_is_asked_for_once_more_with_twice_the_room(
    tmp_path: Path, backend: str
) -> None:
    project = bare_project(tmp_path)
    with ModelServer(needs_tokens=300) as server:
        said = say(CAPTION, asked(project, 2), who(project, server, backend, num_predict=200), project)
        assert statuses(said.rows) == {"answered": 2}
        assert len(server.asked) == 4
        server.needs_tokens = 5000
        short = say(TITLE, asked(project, 1), who(project, server, backend, num_predict=200), project)
        assert statuses(short.rows) == {"failed": 1}
        assert "num_predict=400 was used up: raise [model] num_predict" in short.rows[Answered.problem][0]
        assert len(server.asked) == 6


@pytest.mark.parametrize(
    "text",
    [
        '<think>A bird? {"title": "No"}</think>{"title": "Heron"}',
        'I think it is a bird.\n</think>\n```json\n{"title": "Heron"}\n```',
        'Sure! Here is the JSON:\n```json\n{"title": "Heron"}\n```\nLet me know if you need more.',
        'Here it is: {"title": "Heron"}',
    ],
)
def test_thoughts_and_prose_around_the_answer_are_taken_off(text: str) -> None:
    assert parse_reply(TitleReply, text).title == "Heron"


@pytest.mark.parametrize(
    "text",
    [
        *('{"title": "A"} or {"title": "B"}', "```a```", '<think>{"title": "Only a thought"}', "Heron"),
        *(
            'Here: {"title":' + "[" * 10_000,
            'Here: {"title":' + '{"a":' * 10_000,
            'Here: {"title":' + "9" * 10_000,
        ),
        *('{"title": "\ud800"}', '{"title":' + "[" * 10_000, "```" + " " * 40_000, "```json" + "\n" * 40_000),
    ],
    ids=range(11),
)
def test_nothing_is_guessed(text: str) -> None:
    with pytest.raises(ModelRequestError, match="off_schema"):
        parse_reply(TitleReply, text)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_model_found_blind_answers_no_job_of_the_run(tmp_path: Path, backend: str) -> None:
    project = bare_project(tmp_path)
    with ModelServer(blind=True) as server:
        told = who(project, server, backend, canary=True)
        for job in (TITLE, TAGS):
            said = say(job, asked(project, 2), told, project)
            assert statuses(said.rows) == {"not_asked": 2}
            assert "does not see pictures" in said.facts["stopped"]
        assert not server.asked
        cards = len(server.received)
        with pytest.raises(ModelRequestError, match="does not see pictures"):
            ask_one(told, "subject", TitleReply, {"hints": "", "before": ""}, [project.cache / "0.jpg"])
        assert len(server.received) == cards  # it is not even shown the card again


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    ("card", "kind"), [("503", "busy"), ("500 killed", "crash"), ("cut", "crash"), ("400", "refused")]
)
def test_a_server_in_trouble_makes_no_model_blind(tmp_path: Path, backend: str, card: str, kind: str) -> None:
    project = bare_project(tmp_path)
    with ModelServer(card=card) as server:
        told = who(project, server, backend, canary=True, tries=1)
        said = say(CAPTION, asked(project, 2), told, project)
        assert statuses(said.rows) == {"not_asked": 2}
        assert f"({kind}: " in said.facts["stopped"]
        assert "does not see" not in said.facts["stopped"]
        facts = {PolicyFlag.nsfw: "no", PolicyFlag.scan: "no"}
        texts = [replace(one, facts=facts) for one in asked(project, 2)]
        assert statuses(say(POLICY, texts, told, project).rows) == {"answered": 2}  # no picture is sent
        server.card = "good"
        assert statuses(say(CAPTION, asked(project, 2), told, project).rows) == {"answered": 2}


@pytest.mark.parametrize("backend", BACKENDS)
def test_an_answer_to_the_card_that_is_none_tells_a_blind_model(tmp_path: Path, backend: str) -> None:
    project = bare_project(tmp_path)
    with ModelServer(card="off_schema") as server:
        told = who(project, server, backend, canary=True)
        for job in (TAGS, CAPTION):
            assert (
                "does not see pictures (off_schema"
                in say(job, asked(project, 1), told, project).facts["stopped"]
            )
        assert not server.asked


@pytest.mark.parametrize("backend", BACKENDS)
def test_what_the_server_tells_of_a_model_is_believed_and_a_seeing_one_goes_first(
    tmp_path: Path, backend: str
) -> None:
    project = bare_project(tmp_path)
    with ModelServer(able=["completion"], models={"text:7b": "sha256:t"}) as server:
        told = who(project, server, backend, models=["text:7b"], canary=True)
        said = say(CAPTION, asked(project, 2), told, project)
        assert "the model text:7b does not see pictures" in said.facts["stopped"]
        assert said.facts["unanswered"].startswith(
            "0 of 2 described: the model text:7b does not see pictures"
        )
        assert not server.received


def test_what_a_model_that_sees_said_stays_when_a_blind_one_follows(tmp_path: Path) -> None:
    project = bare_project(tmp_path)
    with ModelServer() as server:
        before = say(CAPTION, asked(project, 2), who(project, server, "ollama"), project)
    with ModelServer(blind=True, models={"blind:7b": "sha256:b"}) as server:
        after = say(CAPTION, asked(project, 2), who(project, server, "ollama", canary=True), project)
    assert after.rows.equals(before.rows)
    assert "does not see" in after.facts["stopped"]
    assert "unanswered" not in after.facts


def test_described_counts_and_gives_the_most_frequent_reason() -> None:
    rows = pl.DataFrame(
        {
            Answered.status: ["answered", "failed", "not_asked", "not_asked", "not_needed"],
            Answered.problem: [None, "crash", "no server", "no server", "off"],
        }
    )
    assert coverage_of(rows).line() == "1 of 4 described: no server"
    assert coverage_of(rows.head(1)).line() == "1 of 1 described"
    assert not coverage_of(rows.head(0)).nothing


@pytest.fixture
def blind() -> Iterator[ModelServer]:
    with ModelServer(blind=True) as server:
        yield server


@pytest.mark.long
def test_a_run_that_described_nothing_is_partial_and_says_why(tmp_path: Path, blind: ModelServer) -> None:
    settings, project = described_project(tmp_path, blind, 2, **PATIENT)
    outcome = run_one(settings, project.key, None)
    assert (outcome.success, outcome.outcome, outcome.error) == (False, "partial", None)
    assert outcome.unfinished[Caption.name].startswith(
        "0 of 2 described: the model seer:7b does not see pictures"
    )
    assert "policy_flags" in outcome.unfinished
    assert not blind.asked
    (summary,) = project.logs.glob("*_summary.json")
    assert '"outcome": "partial"' in summary.read_text("utf-8")


@pytest.mark.long
def test_the_terminal_and_status_say_it_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, blind: ModelServer
) -> None:
    save_picture(tmp_path / "library" / "one" / "p.jpg", 1)
    model = f'[model]\nbackend = "ollama"\nollama_url = "{blind.url}"\n'
    (tmp_path / "proofsheet.toml").write_text(
        f'[place]\nlibrary = "library"\nhome = "proofsheet-home"\n{model}', "utf-8"
    )
    monkeypatch.chdir(tmp_path)
    shell = Shell(tmp_path)
    done = shell("run", "one", code=5)
    assert "one: PARTIAL: captions: 0 of 1 described: the model seer:7b does not see pictures" in done.stderr
    state = shell.json("status")["projects"]["one"]
    assert (state["to_describe"], state["described"]) == (1, 0)
    assert "0 of 1 described: the model seer:7b does not see pictures" in " ".join(
        shell("status").stdout.split()
    )
