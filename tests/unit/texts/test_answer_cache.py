"""Answers are saved by picture: new metadata asks nothing again, and earlier versions are read."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from proofsheet.storage.workspace import Project
from proofsheet.texts.answer_cache import AnswerCache, AnswerKeys
from proofsheet.texts.client.protocol import ModelRequestError
from proofsheet.texts.describer import answer_keys
from proofsheet.texts.jobs import CAPTION, JobRequest
from proofsheet.texts.strikes import release_pictures, struck_pictures
from schemas.answers import JobFailure, ModelAnswer
from schemas.words import Answered
from tests.support.kit import NOW
from tests.support.model_server import WORDINGS, ModelServer
from tests.support.words_kit import PATIENT, asked, bare_project, describing, say, statuses


def by_file(project: Project, count: int, **values: str) -> list[JobRequest]:
    """Questions as earlier versions kept them: under the hash of the file."""
    return [replace(q, image_hash=f"file{n}") for n, q in enumerate(asked(project, count, **values))]


def by_picture(project: Project, count: int, **values: str) -> list[JobRequest]:
    return [replace(q, file_hash=f"file{n}") for n, q in enumerate(asked(project, count, **values))]


def test_another_file_with_the_same_picture_asks_nothing(tmp_path: Path) -> None:
    project = bare_project(tmp_path)
    with ModelServer() as server:
        who = describing(project, server, **PATIENT)
        before = say(CAPTION, by_picture(project, 2), who, project)
        starred = [replace(q, file_hash=f"starred {q.file_hash}") for q in by_picture(project, 2)]
        after = say(CAPTION, starred, who, project)
        assert (len(server.received), after.facts["asked"]) == (2, 0)
    assert after.rows.equals(before.rows)


def test_answers_kept_by_file_are_found_and_kept_by_picture_from_then_on(tmp_path: Path) -> None:
    project = bare_project(tmp_path)
    with ModelServer() as server:
        who = describing(project, server, **PATIENT)
        say(CAPTION, by_file(project, 2), who, project)
        say(CAPTION, by_picture(project, 2), who, project)
        starred = [replace(q, file_hash="other bytes") for q in by_picture(project, 2)]
        assert statuses(say(CAPTION, starred, who, project).rows) == {"answered": 2}
        assert len(server.received) == 2


def test_another_hash_of_the_picture_finds_the_answer_by_the_file(tmp_path: Path) -> None:
    """As after another size of analysis."""
    project = bare_project(tmp_path)
    with ModelServer() as server:
        who = describing(project, server, **PATIENT)
        say(CAPTION, by_picture(project, 2), who, project)
        measured_again = [replace(q, image_hash=f"again {q.image_hash}") for q in by_picture(project, 2)]
        assert statuses(say(CAPTION, measured_again, who, project).rows) == {"answered": 2}
        assert len(server.received) == 2


def test_known_facts_are_in_the_question_and_not_in_its_key(tmp_path: Path) -> None:
    project = bare_project(tmp_path)
    with ModelServer() as server:
        who = describing(project, server, **PATIENT)
        say(CAPTION, by_file(project, 1), who, project)
        told = by_picture(project, 1, known="Known: taken in May.")
        assert statuses(say(CAPTION, told, who, project).rows) == {"answered": 1}
        assert len(server.received) == 1
        fresh = [replace(q, image_hash="new", file_hash="new") for q in told]
        say(CAPTION, fresh, who, project)
        assert "Known: taken in May." in server.received[-1].text
        corrected = [replace(q, values={**q.values, "known": "Known: taken in June."}) for q in fresh]
        assert statuses(say(CAPTION, corrected, who, project).rows) == {"answered": 1}
        assert len(server.received) == 2


def test_a_retracted_answer_does_not_come_back_by_its_file(tmp_path: Path) -> None:
    project = bare_project(tmp_path)
    with ModelServer() as server:
        who = describing(project, server, **PATIENT)
        say(CAPTION, by_file(project, 1), who, project)
        say(CAPTION, by_picture(project, 1), who, project)
        (row,) = [
            r for r in project.ledger.rows(ModelAnswer).to_dicts() if r[ModelAnswer.image_hash] == "hash0"
        ]
        books = AnswerCache(project.ledger, "caption", "sha256:seer", 3, NOW)
        books.retract(("hash0", row[ModelAnswer.prompt_hash], row[ModelAnswer.options_hash]), "a copy")
        say(CAPTION, by_picture(project, 1), who, project)
        assert len(server.received) == 2


def test_a_picture_in_quarantine_by_its_file_stays_there_until_it_is_released(tmp_path: Path) -> None:
    project = bare_project(tmp_path)
    with ModelServer(behave=lambda _n, _r: f"500 {WORDINGS[0]}") as server:
        who = describing(project, server, **PATIENT)
        say(CAPTION, by_file(project, 1), who, project)
        assert statuses(say(CAPTION, by_picture(project, 1), who, project).rows) == {"quarantined": 1}
        assert release_pictures(project.ledger, {"file0"}, NOW) == 1
        server.behave = lambda _n, _r: "good"
        assert statuses(say(CAPTION, by_picture(project, 1), who, project).rows) == {"answered": 1}


@pytest.mark.parametrize("model", [{"blind": True}, {"card": "off_schema"}])
def test_a_model_found_blind_is_remembered_and_is_no_struck_picture(
    tmp_path: Path, model: dict[str, Any]
) -> None:
    project = bare_project(tmp_path)
    with ModelServer(**model) as server:
        for _run in range(2):
            say(CAPTION, by_picture(project, 1), describing(project, server, canary=True, **PATIENT), project)
        digest = server.models["seer:7b"]
        assert AnswerCache(project.ledger, "caption", digest, 3, NOW).strikes.blind
        assert not struck_pictures(project.ledger, 1)
        assert project.ledger.rows(JobFailure)[JobFailure.kind].to_list() == ["blind"]
    with ModelServer() as server:
        say(CAPTION, by_picture(project, 1), describing(project, server, canary=True, **PATIENT), project)
        assert not AnswerCache(project.ledger, "caption", digest, 3, NOW).strikes.blind


def test_a_path_in_an_older_row_is_not_told_and_its_answer_counts(tmp_path: Path) -> None:
    project = bare_project(tmp_path)
    path = "/home/me/models/Sees.gguf"
    with ModelServer(models={path: "sha256:seer"}) as server:
        more = {"backend": "openai", "openai_url": f"{server.url}/v1", **PATIENT}
        say(CAPTION, by_picture(project, 1), describing(project, server, **more), project)
        rows = project.ledger.rows(ModelAnswer).to_dicts()
        named = {
            ModelAnswer.model: path,
            ModelAnswer.wanted_model: path,
            ModelAnswer.model_digest: f"name:{path}",
        }
        other = bare_project(tmp_path / "older")
        other.ledger.put(ModelAnswer, [{**row, **named} for row in rows])
        (row,) = say(CAPTION, by_picture(other, 1), describing(other, server, **more), other).rows.to_dicts()
        assert len(server.received) == 1
    assert (row[Answered.model], row[Answered.wanted_model], row[Answered.model_digest]) == (
        "Sees",
        "Sees",
        "name:Sees",
    )


def test_a_retracted_answer_does_not_come_back_while_the_server_is_off(tmp_path: Path) -> None:
    project = bare_project(tmp_path)
    with ModelServer() as server:
        who = describing(project, server, **PATIENT)
        say(CAPTION, by_file(project, 1), who, project)
        say(CAPTION, by_picture(project, 1), who, project)
    keys = answer_keys(CAPTION, who.prompt("caption"), who.options("caption"), by_picture(project, 1)[0])
    books = AnswerCache(project.ledger, "caption", "sha256:seer", 3, NOW)
    assert books.by_any_model(keys) is not None
    books.retract(keys.key, "a copy")
    assert books.by_any_model(keys) is None
    assert AnswerCache(project.ledger, "caption", "", 1, NOW).by_any_model(keys) is None


def test_every_file_of_a_picture_brings_its_older_answer(tmp_path: Path) -> None:
    project = bare_project(tmp_path)
    with ModelServer() as server:
        who = describing(project, server, **PATIENT)
        say(CAPTION, by_file(project, 1), who, project)
        first = by_picture(project, 1)[0]
        copy = replace(first, photo_id="copy", file_hash="a copy with other metadata")
        assert statuses(say(CAPTION, [first, copy], who, project).rows) == {"answered": 2}
        assert len(server.received) == 1


def test_strikes_and_copied_texts_under_the_path_of_a_model_count(tmp_path: Path) -> None:
    project, keys = bare_project(tmp_path), AnswerKeys("picture", (), "prompt", "options")
    older = AnswerCache(project.ledger, "caption", "name:/home/me/Sees.gguf", 1, NOW)
    older.ban("The same for every picture.")
    crash = ModelRequestError("crash", "it fell", retryable=False, strike=True)
    older.strikes.add("picture", crash, of_the_model=False)
    books = AnswerCache(project.ledger, "caption", "name:Sees", 1, NOW)
    assert books.banned == {"The same for every picture."}
    assert books.strikes.quarantined(keys.images) is not None
    assert release_pictures(project.ledger, {"picture"}, NOW) == 1
    assert (
        AnswerCache(project.ledger, "caption", "name:Sees", 1, NOW).strikes.quarantined(keys.images) is None
    )
