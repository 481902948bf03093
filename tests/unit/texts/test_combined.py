"""Caption, title, keywords and quality in one question: its cost, and the parts that are asked alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from proofsheet.prompts.prompt import OURS
from proofsheet.storage.workspace import Project
from proofsheet.texts.combined import PARTS
from proofsheet.texts.describer import Describer
from proofsheet.texts.jobs import CAPTION, QUALITY, TAGS, TITLE, Job, JobRequest
from schemas.answers import ModelAnswer
from schemas.replies import CaptionReply, QualityReply, TagsReply, TitleReply, combined_reply
from schemas.settings.vision_model import VisionModelSettings
from schemas.words import Answered, Caption, QualityVerdict, TagSet, Title
from tests.support.model_answers import Received
from tests.support.model_server import ModelServer
from tests.support.words_kit import FAST, PATIENT, asked, bare_project, describing, say, statuses

SHOWN = {
    CAPTION: Caption.caption,
    TITLE: Title.title,
    TAGS: TagSet.tags_normalized,
    QUALITY: QualityVerdict.quality_score,
}


def combined(project: Project, server: ModelServer, **more: Any) -> Describer:
    return describing(project, server, combine=True, **{**PATIENT, **more})


def every_part(questions: list[JobRequest], who: Describer, project: Project) -> dict[Job, pl.DataFrame]:
    return {job: say(job, questions, who, project).rows for job in PARTS}


def fields(request: Received) -> set[str]:
    return set(request.schema["properties"])


def test_four_jobs_cost_one_request_a_picture_and_each_row_says_where_its_text_is_from(
    tmp_path: Path,
) -> None:
    project = bare_project(tmp_path)
    with ModelServer() as server:
        rows = every_part(asked(project, 4), combined(project, server), project)
        assert len(server.received) == 4
        assert all(
            {"caption", "title", "tags_normalized", "quality_score"} <= fields(r) for r in server.received
        )
        again = every_part(asked(project, 4), combined(project, server), project)
        assert len(server.received) == 4
    for job in PARTS:
        assert statuses(rows[job]) == {"answered": 4}
        assert rows[job][SHOWN[job]].null_count() == 0
        assert set(rows[job][Answered.prompt_version].str.slice(0, 11)) == {"combined 1 "}
        assert again[job].equals(rows[job])
    assert project.ledger.rows(ModelAnswer).height == 4


def test_without_the_setting_each_job_asks_alone(tmp_path: Path) -> None:
    project = bare_project(tmp_path)
    with ModelServer() as server:
        every_part(asked(project, 2), describing(project, server, **PATIENT), project)
        assert len(server.received) == 8


def test_a_part_off_its_form_is_asked_for_alone_and_the_others_count(tmp_path: Path) -> None:
    project = bare_project(tmp_path)
    with ModelServer(behave=lambda n, _r: "bad_title" if n == 0 else "good") as server:
        rows = every_part(asked(project, 1), combined(project, server), project)
        assert [len(fields(r) & {"title", "caption"}) for r in server.received] == [2, 1]
    assert rows[CAPTION][Answered.prompt_version][0].startswith("combined 1 ")
    assert rows[TITLE][Answered.prompt_version][0].startswith("title 2 ")
    assert statuses(rows[TITLE]) == {"answered": 1}


@pytest.mark.parametrize("how", ["off_schema", "invalid_json"])
def test_an_answer_with_no_sound_part_is_followed_by_single_questions(tmp_path: Path, how: str) -> None:
    project = bare_project(tmp_path)
    with ModelServer(behave=lambda n, _r: how if n == 0 else "good") as server:
        (row,) = say(CAPTION, asked(project, 1), combined(project, server), project).rows.to_dicts()
        assert len(server.received) == 2
    assert row[Answered.prompt_version].startswith("caption 2 ")


def test_a_part_refused_by_the_gate_is_asked_for_alone(tmp_path: Path) -> None:
    project = bare_project(tmp_path)
    questions = asked(project, 1)
    with ModelServer() as server:
        every_part(questions, combined(project, server), project)
        (again,) = [replace(q, values={"again": "It was refused."}, alone=True) for q in questions]
        say(CAPTION, [again], combined(project, server), project)
        assert len(server.received) == 2
        assert "title" not in fields(server.received[-1])
        assert "It was refused." in server.received[-1].text


def test_a_prompt_of_ones_own_makes_its_job_be_asked_alone_and_no_other_again(tmp_path: Path) -> None:
    project = bare_project(tmp_path)
    with ModelServer() as server:
        every_part(asked(project, 2), combined(project, server), project)
        project.prompts.mkdir(parents=True)
        own = (OURS / "title.md").read_text("utf-8").replace("eight words", "six words")
        (project.prompts / "title.md").write_text(own, "utf-8")
        before = len(server.received)
        rows = every_part(asked(project, 3), combined(project, server), project)
        assert [sorted(fields(r) & {"title", "caption"}) for r in server.received[before:]] == [
            ["caption"],
            *[["title"]] * 3,
        ]
    assert set(rows[TITLE][Answered.prompt_version].str.slice(0, 6)) == {"title "}


def test_a_forced_job_asks_alone_and_its_answer_counts_from_then_on(tmp_path: Path) -> None:
    project = bare_project(tmp_path)
    with ModelServer() as server:
        every_part(asked(project, 1), combined(project, server), project)
        say(TITLE, asked(project, 1), combined(project, server, force=["title"]), project)
        rows = every_part(asked(project, 1), combined(project, server), project)
        assert len(server.received) == 2
    assert rows[TITLE][Answered.prompt_version][0].startswith("title 2 ")
    assert rows[CAPTION][Answered.prompt_version][0].startswith("combined 1 ")


def test_answers_to_single_questions_are_not_asked_for_again(tmp_path: Path) -> None:
    project = bare_project(tmp_path)
    with ModelServer() as server:
        before = every_part(asked(project, 2), describing(project, server, **PATIENT), project)
        after = every_part(asked(project, 2), combined(project, server), project)
        assert len(server.received) == 8
    assert all(after[job].equals(before[job]) for job in PARTS)


def test_a_question_that_says_more_is_asked_alone(tmp_path: Path) -> None:
    project = bare_project(tmp_path)
    (one,) = asked(project, 1)
    with ModelServer() as server:
        say(CAPTION, [one], combined(project, server), project)
        tagged = replace(one, values={"tags": "heron"}, alone=True)
        say(TAGS, [tagged], combined(project, server), project)
        assert len(server.received) == 2
        assert "Tags given: heron" in server.received[-1].text


def test_a_blind_model_is_asked_neither_way_and_a_server_that_is_off_leaves_the_answers(
    tmp_path: Path,
) -> None:
    project = bare_project(tmp_path)
    with ModelServer() as server:
        before = every_part(asked(project, 2), combined(project, server), project)
        address = server.url
    settings = {**FAST, "backend": "auto", "ollama_url": address, "combine": True, "seed": 9}
    off = Describer.of(VisionModelSettings(**settings), project)
    assert off.choice.server is None
    assert all(rows.equals(before[job]) for job, rows in every_part(asked(project, 2), off, project).items())
    with ModelServer(blind=True, models={"blind:7b": "sha256:b"}) as server:
        blind = combined(project, server, canary=True)
        assert "does not see pictures" in say(CAPTION, asked(project, 3), blind, project).facts["stopped"]
        assert not server.asked


def test_the_same_caption_for_unlike_pictures_is_believed_of_none(tmp_path: Path) -> None:
    project = bare_project(tmp_path)
    with ModelServer(behave=lambda _n, _r: "same") as server:
        said = say(CAPTION, asked(project, 2), combined(project, server, in_flight=1), project)
    assert "answered" not in statuses(said.rows)


def test_a_combined_reply_holds_the_sound_parts_alone() -> None:
    form = combined_reply((CaptionReply, TitleReply, TagsReply, QualityReply))
    text = (
        '{"caption": "A heron.", "alt_text": "heron", "title": 7, '
        '"tags_normalized": "heron", "quality_score": 101}'
    )
    found = form.model_validate_json(text).model_dump()
    assert set(found) == {*CaptionReply.model_fields, "tags_map"}  # a field that may be left out is filled in
    with pytest.raises(ValueError, match="validation error"):
        form.model_validate_json('{"heron": true}')
    assert form.model_json_schema()["required"][:3] == ["caption", "alt_text", "title"]


def test_the_numbers_of_a_run_tell_its_requests(tmp_path: Path) -> None:
    project = bare_project(tmp_path)
    with ModelServer() as server:
        facts = say(CAPTION, asked(project, 2), combined(project, server), project).facts
    assert (facts["asked"], facts["calls"], facts["combined"]) == (2, 2, 2)


def test_a_forced_job_leaves_the_answers_of_the_other_parts(tmp_path: Path) -> None:
    project = bare_project(tmp_path)
    with ModelServer() as server:
        before = every_part(asked(project, 2), combined(project, server), project)
        after = every_part(asked(project, 2), combined(project, server, force=["title"]), project)
        assert len(server.received) == 4
    assert all(after[job].equals(before[job]) for job in (CAPTION, TAGS, QUALITY))


def test_combined_answers_count_after_the_setting_is_switched_off(tmp_path: Path) -> None:
    project = bare_project(tmp_path)
    with ModelServer() as server:
        before = every_part(asked(project, 2), combined(project, server), project)
        after = every_part(asked(project, 2), describing(project, server, **PATIENT), project)
        assert len(server.received) == 2
    assert all(after[job].equals(before[job]) for job in PARTS)


def test_a_later_flag_of_a_scan_asks_nothing_again_and_a_new_picture_is_asked_about_alone(
    tmp_path: Path,
) -> None:
    project = bare_project(tmp_path)
    with ModelServer() as server:
        say(QUALITY, asked(project, 1), combined(project, server), project)
        flagged = [replace(q, says_more=True) for q in asked(project, 2)]
        said = say(QUALITY, flagged, combined(project, server), project)
        assert len(server.received) == 2
        assert "caption" not in fields(server.received[-1])
    assert statuses(said.rows) == {"answered": 2}


def test_a_combined_run_says_how_the_model_ran(tmp_path: Path) -> None:
    project = bare_project(tmp_path)
    with ModelServer() as server:
        alone = say(CAPTION, asked(project, 1), describing(project, server, **PATIENT), project).facts
        other = bare_project(tmp_path / "other")
        assert (
            say(CAPTION, asked(other, 1), combined(other, server), other).facts["runtime"] == alone["runtime"]
        )
