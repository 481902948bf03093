"""Two hundred pictures through the model server.

Well behaved, misbehaving, gone for a while, and the run killed.
"""

from __future__ import annotations

import asyncio
import io
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from PIL import Image

from proofsheet.prompts.prompt import OURS
from proofsheet.storage.workspace import Project
from proofsheet.texts.client.discovery import choose_server
from proofsheet.texts.client.protocol import ModelRequestError, Options, Question, Server
from schemas.answers import ModelAnswer
from schemas.proof import MetadataQuality
from schemas.replies import CaptionReply
from schemas.settings.vision_model import VisionModelSettings
from schemas.words import Answered, Caption, TagSet, Title
from tests.support.kit import jpeg_bytes, run, save_picture
from tests.support.model_answers import FILLER, INJECTED, Received
from tests.support.model_server import MISBEHAVIOURS, ModelServer
from tests.support.words_kit import FAST, PATIENT, current, described_project, metadata_of, statuses

PICTURES = 200
TEXT_JOBS = (Caption, Title, TagSet)
OTHERS = [
    "quality",
    "duplicate_assist",
    "prompt_recon",
    "score_multi",
    "policy_flags",
    "rating",
    "identify_general",
]
ROOT = Path(__file__).parents[2]


def counts(project: Project) -> dict[str, Any]:
    rows = current(project)
    by_rule = Counter(issue["rule"] for issues in rows[MetadataQuality.issues] for issue in issues)
    repaired = project.store.query("SELECT count(*) n FROM metadata_repaired WHERE len(changes) > 0")["n"][0]
    return {
        **dict(rows[MetadataQuality.status].value_counts().iter_rows()),
        "repaired": int(repaired),
        **by_rule,
    }


@pytest.mark.slow
def test_two_hundred_pictures_through_a_well_behaved_server(tmp_path: Path, figure: Any) -> None:
    with ModelServer() as server:
        settings, project = described_project(tmp_path, server, PICTURES, **PATIENT)
        began = time.monotonic()
        assert run(settings, project).success
        seconds = time.monotonic() - began
        found, calls = counts(project), len(server.received)
        assert found["accepted"] + found.get("blocked", 0) == PICTURES
        assert found["accepted"] / PICTURES >= 0.95
        most = Counter(
            (r.key, tuple(sorted(r.schema["properties"])))
            for r in server.asked
            if r.pictures and "refused" not in r.text
        )
        assert max(most.values()) == 1
        assert run(settings, project).success
        again = len(server.received) - calls
        assert again == 0
        own = project.prompts / "title.md"
        own.parent.mkdir(parents=True, exist_ok=True)
        shipped = (OURS / "title.md").read_text("utf-8")
        own.write_text(
            shipped.replace("version: 2", "version: 3").replace("eight words", "six words"), "utf-8"
        )
        before = len(server.asked)
        assert run(settings, project).success
        changed = [r for r in server.asked[before:] if "refused" not in r.text]
        assert len(changed) == PICTURES
        assert all("title" in r.schema["properties"] for r in changed)
        sent = [Image.open(io.BytesIO(p)) for r in server.asked for p in r.pictures]
        assert all(i.format == "JPEG" and max(i.size) <= 896 and not i.getexif() for i in sent)
        whole = " ".join(r.text for r in server.received)
        assert not any(word in whole for word in (str(tmp_path), ".jpg", "library", "p000"))
    figure(
        "200 pictures through a well-behaved model server",
        pictures=PICTURES,
        **found,
        calls=calls,
        calls_of_a_second_run=again,
        calls_after_one_prompt_was_changed=len(changed),
        seconds_of_the_run=round(seconds, 1),
        pictures_sent=len(sent),
    )


def misbehaving(share: float, poison: set[str], seed: int) -> Any:
    """A behaviour at a share of requests, each kind in turn; poison pictures always crash."""
    rng, kinds = random.Random(seed), [*MISBEHAVIOURS, "same", "same"]  # the same text once is no copy

    def behave(number: int, request: Received) -> str:
        if request.key in poison:
            return "500 model runner has unexpectedly stopped"
        return kinds[rng.randrange(len(kinds))] if rng.random() < share else "good"

    return behave


@pytest.mark.slow
def test_every_misbehaviour_at_a_fifth_of_the_requests(tmp_path: Path, figure: Any) -> None:
    limits = {"idle_s": 0.5, "hard_s": 1.5, "in_flight": 4, "off": OTHERS}
    with ModelServer() as server:
        settings, project = described_project(tmp_path, server, PICTURES, **limits)
        server.behave = lambda _n, _r: "404"
        run(
            settings, project
        )  # previews are made, and nothing is answered: the server shows what it gets of each picture
        keys = sorted({r.key for r in server.asked if r.pictures})
        assert len(keys) == PICTURES
        project.ledger.path.unlink()
        server.received.clear()
        poison = set(keys[:: PICTURES // 5][:5])
        server.behave = misbehaving(0.2, poison, 1)
        runs, tries = [], 0
        for number in range(4):
            before = len(server.asked)
            result = run(settings, project)
            assert result.success
            asked = server.asked[before:]
            most = Counter((r.key, r.text) for r in asked if r.pictures)
            tries = max(tries, max(most.values(), default=0))
            runs.append({"requests": len(asked), **statuses(project.store.read(Caption))})
            if number and runs[-1]["requests"] == 0:
                break
        slow = [r for r in server.asked if r.behaviour in ("hang", "drip")]
        rows = current(project)
        accepted = rows.filter(pl.col(MetadataQuality.status) == "accepted")
        captions = [*accepted[MetadataQuality.accepted_caption], *accepted[MetadataQuality.accepted_title]]
        bad = [
            c
            for c in captions
            if FILLER in c
            or INJECTED in c
            or server.leaked in c
            or c.startswith("A quiet place")
            or len(c) > 400
        ]
        assert not bad
        assert accepted[MetadataQuality.issues].list.len().sum() == 0
        sent_poison = Counter(r.key for r in server.asked if r.key in poison)
        assert set(sent_poison.values()) == {3}
        ended = {t.name: statuses(project.store.read(t)) for t in TEXT_JOBS}
        wrongly = ended["captions"].get("quarantined", 0) - len(poison)
        assert set(ended["captions"]) == {"answered", "quarantined"}
        assert tries <= 3
        logs = " ".join(p.read_text("utf-8") for p in project.logs.glob("*.log"))
        assert "Traceback" not in logs
        figure(
            "a model server that misbehaves at 20 % of the requests",
            pictures=PICTURES,
            kinds_of_misbehaviour=len(MISBEHAVIOURS),
            requests=len(server.asked),
            misbehaved=sum(r.behaviour != "good" for r in server.asked),
            hung_or_dripped=len(slow),
            runs=str(runs),
            most_tries_of_a_question_in_a_run=tries,
            poison_pictures=len(poison),
            sent_each=3,
            quarantined_beyond_the_poison=wrongly,
            answered=str({n: f.get("answered", 0) for n, f in ended.items()}),
            bad_texts_accepted=len(bad),
            proof=str(counts(project)),
            tracebacks=0,
        )


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["ollama", "openai"])
def test_time_limits_are_kept(backend: str, figure: Any) -> None:
    over: dict[str, float] = {}
    for how, limit_s in (("hang", 0.5), ("drip", 1.5)):
        with ModelServer(behave=lambda _n, _r, how=how: how) as server:
            place = {"ollama_url": server.url, "openai_url": f"{server.url}/v1"}
            chosen = choose_server(
                VisionModelSettings(backend=backend, idle_s=0.5, hard_s=1.5, **place)
            ).server
            assert chosen is not None
            question = Question(
                "s", "t", (jpeg_bytes(1),), CaptionReply.model_json_schema(), Options(0.0, 7, 512, 16)
            )

            async def ask(server_: Server = chosen, asked: Question = question) -> float:
                async with server_.connect() as session:
                    began = time.monotonic()
                    with pytest.raises(ModelRequestError):
                        await session.ask(asked)
                    return time.monotonic() - began

            over[how] = max(asyncio.run(ask()) for _ in range(8)) / limit_s - 1
    assert max(over.values()) <= 0.10
    figure(
        f"time limits of a request ({backend})",
        requests=16,
        idle_limit_exceeded_at_most=f"{over['hang']:.1%}",
        hard_limit_exceeded_at_most=f"{over['drip']:.1%}",
    )


@pytest.mark.slow
def test_a_server_that_is_gone_for_twenty_seconds(tmp_path: Path, figure: Any) -> None:
    with ModelServer(seconds=0.02) as server:
        settings, project = described_project(tmp_path, server, 60, **PATIENT, outage_s=60.0, off=OTHERS)
        gone: list[float] = []

        def behave(number: int, _request: Received) -> str:
            if number == 25 and not gone:
                gone.append(time.monotonic())
                server.stop()
                import threading

                threading.Timer(20.0, server.start).start()
            return "good"

        server.behave = behave
        began = time.monotonic()
        assert run(settings, project).success
        seconds = time.monotonic() - began
        assert gone
        assert seconds > 20
        assert all(statuses(project.store.read(t)) == {"answered": 60} for t in TEXT_JOBS)
        answers = project.ledger.rows(ModelAnswer)
        assert answers.select(ModelAnswer.image_hash, ModelAnswer.job).n_unique() == 180
        ended = Counter((r.key, r.text) for r in server.asked if r.ended)
        assert max(ended.values()) == 1
    figure(
        "a model server that is gone for 20 s",
        pictures=60,
        answers=answers.height,
        asked_twice=0,
        seconds=round(seconds, 1),
    )


CHILD = """
import sys
from pathlib import Path
if __name__ == "__main__":
    from tests.support.kit import configuration, only_project
    from dagster_project.running import run_one
    place, url = Path(sys.argv[1]), sys.argv[2]
    model = {"backend": "ollama", "ollama_url": url, "off": OFF}
    settings = configuration(place / "library", place / "home", model=model, captions={"all_images": True})
    sys.exit(0 if run_one(settings, only_project(settings).key, None).success else 1)
""".replace("OFF", repr(OTHERS))


def child(place: Path, url: str) -> subprocess.Popen[bytes]:
    script = place / "child.py"
    script.write_text(CHILD)
    return subprocess.Popen(
        [sys.executable, str(script), str(place), url],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


@pytest.mark.long
def test_ten_kills_lose_no_answer_and_repeat_none(tmp_path: Path, figure: Any) -> None:
    pictures, points = 40, []
    with ModelServer(seconds=0.03) as server:
        _settings, project = described_project(tmp_path, server, pictures, off=OTHERS)
        kept = 0
        for number in range(10):
            wanted = len(server.asked) + 7 + number
            process = child(tmp_path, server.url)
            end = time.monotonic() + 60
            while len(server.asked) < wanted and process.poll() is None and time.monotonic() < end:
                time.sleep(0.005)
            points.append(len(server.asked))
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            now = project.ledger.rows(ModelAnswer).height
            assert now >= kept
            kept = now
        process = child(tmp_path, server.url)
        assert process.wait(120) == 0
        answers = project.ledger.rows(ModelAnswer)
        asked = Counter((r.key, r.text) for r in server.asked)
        repeated = sum(n - 1 for n in asked.values())
        assert answers.select(ModelAnswer.image_hash, ModelAnswer.job).n_unique() == 3 * pictures
        assert answers.height == len(asked)
        assert repeated <= 10 * FAST.get("in_flight", 2)  # what was in flight when the run was killed
        assert all(statuses(project.store.read(t)) == {"answered": pictures} for t in TEXT_JOBS)
    figure(
        "SIGKILL of a run that asks a model",
        kills=10,
        distinct_moments=len(set(points)),
        answers_lost=0,
        questions=answers.height,
        asked_again_because_they_were_in_flight=repeated,
    )


@pytest.mark.long
def test_twenty_pictures_by_the_other_protocol_and_by_nobody(tmp_path: Path, figure: Any) -> None:
    told = {}
    with ModelServer() as server:
        for kind in ("ollama", "openai", "embedded"):
            place = tmp_path / kind
            settings, project = described_project(
                place, server, 20, backend=kind, openai_url=f"{server.url}/v1"
            )
            assert run(settings, project).success
            rows = project.store.read(Caption)
            assert set(rows[Answered.backend]) == {kind}
            assert current(project).height == 20
            told[kind] = dict(current(project)[MetadataQuality.status].value_counts().iter_rows())
            if kind == "embedded":
                assert set(rows[Answered.model]) == {"embedded describer"}
                told["not available"] = statuses(project.store.query("SELECT status FROM quality_verdicts"))
    figure("20 pictures by each describer", **{k: str(v) for k, v in told.items()})


@pytest.mark.long
@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_runtime_line_and_unloading(tmp_path: Path, share: float) -> None:
    with ModelServer(gpu_share=share) as server:
        settings, project = described_project(tmp_path, server, 2, close_on_run_end=True)
        result = run(settings, project)
        processor = {0.0: "CPU", 0.5: "50%CPU/50%GPU", 1.0: "GPU"}[share]
        assert (
            metadata_of(result, "captions")["runtime"]
            == f"processor={processor} context=8192 vram={4 * share:.1f}GiB"
        )
        assert server.unloaded == ["seer:7b"]
        assert not server.loaded
        assert {r.options["num_ctx"] for r in server.received} == {8192}


@pytest.mark.long
def test_logs_hold_no_picture_and_no_secret(tmp_path: Path) -> None:
    with ModelServer() as server:
        settings, project = described_project(tmp_path, server, 3)
        exif = Image.Exif()
        exif[0x8825] = {1: "N", 2: (48.0, 12.0, 33.5), 3: "E", 4: (11.0, 34.0, 12.5)}
        (project.folder / "gps.jpg").write_bytes(jpeg_bytes(99, exif=exif))
        save_picture(project.folder / "more.jpg", 100)
        result = run(settings, project)
    told = " ".join(p.read_text("utf-8") for p in (project.home / "logs").rglob("*") if p.is_file())
    told += " ".join(str(e) for e in result.all_events)
    assert "/9j/" not in told
    assert "base64" not in told
    assert "48.2093" not in told
