"""Asking: once, in bounds, with strikes, quarantine, copies and forced answers; what is sent.

The embedded describer.
"""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from PIL import Image, ImageOps

from proofsheet.core.errors import UsageError
from proofsheet.prompts.prompt import OURS, load_prompt, prompt_names
from proofsheet.texts import embedded_describer
from proofsheet.texts.describer import Describer
from proofsheet.texts.job_requests import by_network
from proofsheet.texts.jobs import CAPTION, POLICY, QUALITY, RATING, TITLE, JobRequest, quality_class
from proofsheet.texts.picture_facts import KnownFacts
from proofsheet.texts.prompt_images import COLOURS, card, model_jpeg
from proofsheet.texts.strikes import release_pictures
from schemas.answers import JobFailure, ModelAnswer
from schemas.labels import ContentFlag
from schemas.replies import PolicyReply, QualityReply, TagsReply
from schemas.settings.vision_model import VisionModelSettings
from schemas.words import Answered, Caption, PolicyFlag, QualityVerdict
from tests.support.kit import NOW, jpeg_bytes, pixels
from tests.support.model_answers import Received, read_card
from tests.support.model_server import WORDINGS, ModelServer
from tests.support.words_kit import FAST, asked, bare_project, describing, say, statuses


def test_each_question_is_asked_once(tmp_path: Path) -> None:
    project = bare_project(tmp_path)
    questions = asked(project, 4)
    with ModelServer() as server:
        first = say(CAPTION, questions, describing(project, server), project)
        again = say(CAPTION, questions, describing(project, server), project)
        assert len(server.received) == 4
    assert first.facts["calls"] == 4
    assert again.facts["calls"] == 0
    assert again.rows.equals(first.rows)
    (row, *_rest) = first.rows.to_dicts()
    assert (row[Answered.backend], row[Answered.model], row[Answered.model_digest]) == (
        "ollama",
        "seer:7b",
        "sha256:seer",
    )
    assert row[Answered.prompt_version].startswith("caption 2 ")


def test_equal_contents_are_asked_about_once(tmp_path: Path) -> None:
    project = bare_project(tmp_path)
    (one,) = asked(project, 1)
    twin = JobRequest("twin", one.image_hash, one.pictures, one.values, one.facts, one.phash)
    with ModelServer() as server:
        said = say(CAPTION, [one, twin], describing(project, server), project)
        assert len(server.received) == 1
    assert statuses(said.rows) == {"answered": 2}


def test_another_prompt_or_model_or_option_is_another_question(tmp_path: Path) -> None:
    project = bare_project(tmp_path)
    questions = asked(project, 2)
    with ModelServer(models={"seer:7b": "sha256:seer", "other:3b": "sha256:other"}) as server:
        say(CAPTION, questions, describing(project, server, models=["seer:7b"]), project)
        say(CAPTION, questions, describing(project, server, models=["other:3b"]), project)
        say(CAPTION, questions, describing(project, server, models=["seer:7b"], seed=8), project)
        project.prompts.mkdir(parents=True)
        own = (OURS / "caption.md").read_text("utf-8").replace("version: 2", "version: mine")
        (project.prompts / "caption.md").write_text(
            own.replace("plain English", "very plain English"), "utf-8"
        )
        said = say(CAPTION, questions, describing(project, server, models=["seer:7b"]), project)
        assert len(server.received) == 8
        assert set(said.rows[Answered.prompt_version].str.slice(0, 12)) == {"caption mine"}


def test_force_asks_again_and_replaces_the_answer(tmp_path: Path) -> None:
    project = bare_project(tmp_path)
    questions = asked(project, 3)
    with ModelServer() as server:
        say(CAPTION, questions, describing(project, server), project)
        forced = say(CAPTION, questions, describing(project, server, force=["caption"]), project)
        assert len(server.received) == 6
    assert forced.facts["answered"] == 3
    assert project.ledger.rows(ModelAnswer).height == 3


def test_a_picture_that_crashes_the_model_is_sent_three_times_and_then_never(tmp_path: Path) -> None:
    project = bare_project(tmp_path)
    questions = asked(project, 3)
    poison = model_jpeg(project.cache / "1.jpg", 896, 90)

    def behave(_number: int, request: Received) -> str:
        return f"500 {WORDINGS[0]}" if request.pictures == [poison] else "good"

    with ModelServer(behave=behave) as server:
        said = say(CAPTION, questions, describing(project, server), project)
        assert statuses(said.rows) == {"answered": 2, "quarantined": 1}
        assert sum(r.pictures == [poison] for r in server.received) == 3
        title = say(TITLE, questions, describing(project, server), project)
        assert statuses(title.rows) == {
            "answered": 2,
            "quarantined": 1,
        }  # for every job: the model crashes on the picture
        assert sum(r.pictures == [poison] for r in server.received) == 3
        assert "quarantine release" in said.rows.filter(photo_id="photo1")[Answered.problem][0]
        assert release_pictures(project.ledger, {"hash1"}, NOW) == 1
        server.behave = lambda _n, _r: "good"
        assert statuses(say(CAPTION, questions, describing(project, server), project).rows) == {"answered": 3}


def test_an_answer_off_the_form_is_not_kept_and_asked_again_by_three_runs_at_most(tmp_path: Path) -> None:
    project = bare_project(tmp_path)
    questions = asked(project, 1)
    with ModelServer(behave=lambda _n, _r: "off_schema") as server:
        found = [
            statuses(say(CAPTION, questions, describing(project, server), project).rows) for _run in range(5)
        ]
        assert found[:2] == [{"failed": 1}] * 2
        assert found[3:] == [{"quarantined": 1}] * 2
        assert len(server.received) == 3
    assert project.ledger.rows(ModelAnswer).is_empty()


@pytest.mark.parametrize("backend", ["ollama", "openai"])
def test_a_looping_answer_costs_its_own_photo_alone(tmp_path: Path, backend: str) -> None:
    project = bare_project(tmp_path)
    with ModelServer(behave=lambda number, _r: "looping" if number == 1 else "odd_usage") as server:
        who = describing(
            project,
            server,
            backend=backend,
            openai_url=f"{server.url}/v1",
            in_flight=1,
            idle_s=10.0,
            hard_s=20.0,
        )
        said = say(CAPTION, asked(project, 4), who, project)
    assert statuses(said.rows) == {"answered": 3, "failed": 1}
    (why,) = said.rows.filter(pl.col(Answered.status) == "failed")[Answered.problem]
    assert why.startswith("off_schema: the whole answer: json_invalid")


def test_a_run_for_one_photo_asks_about_no_other(tmp_path: Path) -> None:
    project = bare_project(tmp_path)
    questions = asked(project, 4)
    with ModelServer() as server:
        said = say(CAPTION, questions, describing(project, server, only=[questions[2].photo_id]), project)
        assert statuses(said.rows) == {"answered": 1, "not_asked": 3}
        (row,) = said.rows.filter(pl.col(Answered.status) == "answered").to_dicts()
        assert row[Answered.photo_id] == questions[2].photo_id
        assert (
            "asked about other photos only"
            in said.rows.filter(pl.col(Answered.status) == "not_asked")[Answered.problem][0]
        )
        assert len(server.received) == 1
        assert statuses(say(CAPTION, questions, describing(project, server), project).rows) == {"answered": 4}
        assert len(server.received) == 4


def test_a_busy_server_speaks_against_no_picture(tmp_path: Path) -> None:
    project = bare_project(tmp_path)
    with ModelServer(behave=lambda _n, _r: "503") as server:
        for _run in range(3):
            said = say(CAPTION, asked(project, 1), describing(project, server), project)
        assert statuses(said.rows) == {"failed": 1}
        assert project.ledger.rows(JobFailure).is_empty()
        server.behave = lambda _n, _r: "good"
        assert statuses(say(CAPTION, asked(project, 1), describing(project, server), project).rows) == {
            "answered": 1
        }


def test_a_good_answer_forgets_the_strikes(tmp_path: Path) -> None:
    project = bare_project(tmp_path)
    with ModelServer(behave=lambda n, _r: f"500 {WORDINGS[1]}" if n < 2 else "good") as server:
        assert statuses(say(CAPTION, asked(project, 1), describing(project, server), project).rows) == {
            "answered": 1
        }
    assert project.ledger.rows(JobFailure)[JobFailure.strikes].to_list() == [0]


def test_the_same_text_for_unlike_pictures_is_believed_of_none(tmp_path: Path) -> None:
    project = bare_project(tmp_path)
    with ModelServer(behave=lambda _n, _r: "same") as server:
        said = say(CAPTION, asked(project, 3), describing(project, server, in_flight=1), project)
        assert "answered" not in statuses(said.rows)
        assert server.unloaded
        server.behave = lambda _n, _r: "good"
        release_pictures(project.ledger, None, NOW)
        assert statuses(say(CAPTION, asked(project, 3), describing(project, server), project).rows) == {
            "answered": 3
        }


def test_the_same_text_for_nearly_the_same_picture_is_fine(tmp_path: Path) -> None:
    project = bare_project(tmp_path)
    one, two = asked(project, 2)
    near = replace(two, phash=one.phash ^ 0b111)
    with ModelServer(behave=lambda _n, _r: "same") as server:
        assert statuses(say(CAPTION, [one, near], describing(project, server), project).rows) == {
            "answered": 2
        }


def test_a_model_that_does_not_see_is_found_by_the_card(tmp_path: Path) -> None:
    project = bare_project(tmp_path)
    with ModelServer(blind=True) as server:
        said = say(CAPTION, asked(project, 3), describing(project, server, canary=True), project)
        assert statuses(said.rows) == {"not_asked": 3}
        assert "does not see pictures" in said.rows[Answered.problem][0]
        assert not server.asked


@pytest.mark.parametrize("colour", list(COLOURS))
def test_a_card_can_be_read(colour: str) -> None:
    assert read_card(card(47, colour)) == (47, colour)


def test_a_server_that_never_comes_back_ends_the_batch_and_loses_nothing(tmp_path: Path) -> None:
    project = bare_project(tmp_path)
    server = ModelServer(seconds=0.05)

    def behave(number: int, _request: Received) -> str:
        if number == 3:
            server.stop()
        return "good"

    server.behave = behave
    with server:
        who = describing(project, server, in_flight=1, outage_s=0.6)
        said = say(CAPTION, asked(project, 8), who, project)
        assert statuses(said.rows)["answered"] == 3
        assert "gone" in said.facts["stopped"]
        server.behave = lambda _n, _r: "good"
        server.start()
        assert statuses(say(CAPTION, asked(project, 8), who, project).rows) == {"answered": 8}
        assert len(server.received) == 3 + 1 + 5


def test_no_more_requests_at_a_time_than_wanted(tmp_path: Path) -> None:
    project = bare_project(tmp_path)
    with ModelServer(seconds=0.1) as server:
        say(CAPTION, asked(project, 9), describing(project, server, in_flight=3), project)
        times = [(r.began, r.ended) for r in server.received]
        most = max(sum(b <= one < e for b, e in times) for one, _end in times)
    assert most == 3


def test_what_is_sent_is_small_upright_and_bare(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "a secret"
    path = tmp_path / "tall.jpg"
    path.write_bytes(jpeg_bytes(3, (1600, 900), exif=exif))
    sent = Image.open(io.BytesIO(model_jpeg(path, 896, 90)))
    assert (sent.format, sent.size) == ("JPEG", (504, 896))
    assert not sent.getexif()
    assert not {k for k in sent.info if k not in {"jfif", "jfif_version", "jfif_unit", "jfif_density"}}
    upright = ImageOps.exif_transpose(Image.open(path)).resize((504, 896))
    assert abs(pixels_mean(upright) - pixels_mean(sent)) < 3
    small = tmp_path / "small.jpg"
    small.write_bytes(jpeg_bytes(3, (100, 60)))
    assert Image.open(io.BytesIO(model_jpeg(small, 896, 90))).size == (100, 60)
    with pytest.raises(UsageError, match="previews"):
        model_jpeg(tmp_path / "gone.jpg", 896, 90)


def pixels_mean(image: Image.Image) -> float:
    return float(sum(image.convert("L").resize((8, 8)).tobytes()[:32]) / 32)


def test_without_a_server_the_embedded_describer_says_so_on_every_row(tmp_path: Path) -> None:
    project = bare_project(tmp_path)
    who = Describer.of(
        VisionModelSettings(backend="ollama", ollama_url="http://127.0.0.1:9", models=["seer:7b"]), project
    )
    facts = {"brightness": 0.5, "colors": [], "taken_on": "2024-06-12"}
    one = JobRequest("a", "h", known=KnownFacts(measured=facts))
    (row,) = say(CAPTION, [one], who, project).rows.to_dicts()
    assert (row[Answered.backend], row[Answered.model], row[Answered.wanted_model]) == (
        "embedded",
        embedded_describer.NAME,
        "seer:7b",
    )
    assert (row[Answered.prompt_version], row[Answered.made_from]) == (
        "known-2 en",
        "exif_facts.taken_on, image_quality.colors",
    )
    (none,) = say(QUALITY, [one], who, project).rows.to_dicts()
    assert none[Answered.status] == "not_available"
    assert "nothing listens" in none[Answered.problem]
    assert none[QualityVerdict.quality_status] == "unknown"


def test_what_a_model_said_stays_while_its_server_is_off(tmp_path: Path) -> None:
    project = bare_project(tmp_path)
    questions = asked(project, 2)
    with ModelServer() as server:
        before = say(CAPTION, questions, describing(project, server), project)
        address = server.url
    off = Describer.of(
        VisionModelSettings(**{**FAST, "backend": "auto", "ollama_url": address, "seed": 9}), project
    )
    assert off.choice.server is None
    assert say(CAPTION, questions, off, project).rows.equals(before.rows)


def test_jobs_that_are_off_ask_nothing(tmp_path: Path) -> None:
    project = bare_project(tmp_path)
    with ModelServer() as server:
        questions = [replace(q, facts={"criteria": ("light",)}) for q in asked(project, 1, criteria="light")]
        said = say(RATING, questions, describing(project, server), project)
        assert statuses(said.rows) == {"not_needed": 1}
        on = say(RATING, questions, describing(project, server, off=[]), project)
        assert on.rows["overall"].to_list() == [6.8]
        assert server.received[-1].options["temperature"] == 0.1


@pytest.mark.parametrize(
    ("score", "flags", "sure", "status"),
    [
        (90, [], 0.9, "ok"),
        (90, ["blur"], 0.9, "review"),
        (90, ["text"], 0.9, "ok"),
        (60, ["blur"], 0.9, "defect"),
        (60, [], 0.9, "ok"),
        (20, [], 0.9, "review"),
        (20, ["noise"], 0.9, "defect"),
        (90, [], 0.2, "review"),
    ],
)
def test_unclear_quality_is_for_review(score: float, flags: list[str], sure: float, status: str) -> None:
    reply = QualityReply(
        quality_score=score, quality_flags=flags, domain_type="photo", domain_confidence=sure
    )  # type: ignore[arg-type]
    found = QUALITY.columns(reply, JobRequest("a", "h"))
    assert found[QualityVerdict.quality_status] == status
    assert found[QualityVerdict.quality_class] == quality_class(score)


@pytest.mark.parametrize(
    ("publishable", "nsfw", "quality", "reason", "expected"),
    [
        (True, "no", "ok", None, (True, False)),
        (True, "unknown", "ok", None, (True, True)),
        (True, "yes", "ok", None, (False, True)),
        (True, "no", "defect", None, (True, True)),
        (True, "no", "unknown", None, (True, True)),
        (True, "no", "ok", "a face", (True, True)),
        (False, "no", "ok", "a face", (False, False)),
        (False, "no", "ok", None, (False, True)),
        (None, "no", "ok", None, (None, True)),
    ],
)
def test_conflict_or_anything_unknown_needs_review(
    publishable: bool | None, nsfw: str, quality: str, reason: str | None, expected: tuple[bool | None, bool]
) -> None:
    asked_ = JobRequest(
        "a", "h", facts={PolicyFlag.nsfw: nsfw, PolicyFlag.scan: "no", QualityVerdict.quality_status: quality}
    )
    reply = (
        None
        if publishable is None
        else PolicyReply(publishable=publishable, needs_review=False, blocked_reason=reason)
    )
    found = POLICY.columns(reply, asked_)
    assert (found[PolicyFlag.publishable], found[PolicyFlag.needs_review]) == expected


@pytest.mark.parametrize(
    ("imported", "flagged", "nsfw", "publishable", "waits"),
    [
        ("unknown", True, "unknown", None, True),
        ("unknown", False, "no", True, False),
        ("unknown", None, "unknown", True, False),
        ("no", True, "no", True, False),
        ("yes", False, "yes", False, False),
    ],
)
def test_a_flag_of_a_network_waits_for_you_and_your_flag_counts(
    imported: str, flagged: bool | None, nsfw: str, publishable: bool | None, waits: bool
) -> None:
    score = {ContentFlag.flagged: flagged, ContentFlag.nsfw_score: 0.9, ContentFlag.scored_by: "open_nsfw 1"}
    known, look = by_network(imported, score)
    assert known == nsfw
    facts = {PolicyFlag.nsfw: known, PolicyFlag.scan: "no", QualityVerdict.quality_status: "ok"}
    reply = PolicyReply(publishable=True, needs_review=False, blocked_reason=None)
    row = POLICY.columns(reply, JobRequest("a", "h", facts={**facts, ContentFlag.flagged: look}))
    assert row[PolicyFlag.publishable] is publishable
    assert ("score 0.90" in str(row[PolicyFlag.blocked_reason])) is waits
    assert row[PolicyFlag.needs_review] is (nsfw != "no")


def test_tags_are_kept_once_in_their_order() -> None:
    from proofsheet.texts.jobs import TAGS

    found = TAGS.columns(TagsReply(tags_normalized=["b", "a", "B", "c", "a"]), JobRequest("a", "h"))
    assert found["tags_normalized"] == ["b", "a", "c"]


@pytest.mark.parametrize("name", prompt_names())
def test_every_prompt_is_of_the_form(name: str) -> None:
    prompt = load_prompt(name, None)
    assert prompt.version.isdigit()
    assert prompt.system
    assert "$" not in prompt.filled({})


@pytest.mark.parametrize("text", ["no form", "---\nversion: 1\n---\n# System\na\n# User\ncosts 5 $"])
def test_a_prompt_of_another_form_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "caption.md").write_text(text)
    with pytest.raises(UsageError, match=r"caption\.md"):
        load_prompt("caption", tmp_path)


def test_the_ledger_holds_time_and_tokens_of_an_answer(tmp_path: Path) -> None:
    project = bare_project(tmp_path)
    with ModelServer(seconds=0.05) as server:
        say(CAPTION, asked(project, 1), describing(project, server), project)
    (row,) = project.ledger.rows(ModelAnswer).to_dicts()
    assert row[ModelAnswer.seconds] >= 0.05
    assert (row[ModelAnswer.prompt_tokens], row[ModelAnswer.reply_tokens]) == (50, 9)
    assert json.loads(row[ModelAnswer.reply])[Caption.caption]
    assert pixels(1).any()
