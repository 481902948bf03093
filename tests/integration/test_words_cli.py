"""Commands over texts, sets, prompts and quarantine, as they are typed, with a model server beside them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from schemas.evaluation import EvaluationRow
from tests.support.kit import Shell, save_picture
from tests.support.model_answers import Received
from tests.support.model_server import WORDINGS, ModelServer


@pytest.fixture(scope="module")
def one_server() -> Iterator[ModelServer]:
    with ModelServer() as found:
        yield found


@pytest.fixture
def server(one_server: ModelServer) -> ModelServer:
    """The server of all tests, well behaved and without memory."""
    one_server.behave = lambda _number, _request: "good"
    return one_server


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory, one_server: ModelServer) -> Path:
    """A library of one project of four pictures in two folders, described by the server.

    Tests work on copies.
    """
    place = tmp_path_factory.mktemp("described")
    for seed in range(4):
        save_picture(place / "library" / "one" / ("a", "b")[seed % 2] / f"p{seed}.jpg", seed)
    model = f'[model]\nbackend = "ollama"\nollama_url = "{one_server.url}"\n[captions]\nall_images = true\n'
    (place / "proofsheet.toml").write_text(
        f'[place]\nlibrary = "library"\nhome = "proofsheet-home"\n{model}', "utf-8"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        Shell(place)("run", "one")
    return place


@pytest.fixture
def ready(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, described: Path, server: ModelServer) -> Shell:
    """A copy of that."""
    shutil.copytree(described, tmp_path / "copy", symlinks=True)
    monkeypatch.chdir(tmp_path / "copy")
    server.received.clear()
    return Shell(tmp_path / "copy")


def photos(shell: Shell) -> dict[str, Any]:
    return {p["path"]: p for p in shell.json("words", "show", "one")["photos"]}


@pytest.mark.long
def test_a_text_that_a_person_wrote_survives_every_run(ready: Shell, server: ModelServer) -> None:
    ready(
        "words",
        "edit",
        "one",
        "a/p0.jpg",
        "--caption",
        "A king alone in a dark robe.",
        "--keywords",
        "king|dark robe",
    )
    ready("run", "one")
    ready("run", "one", "--force", "caption", "--force", "tags_normalize")
    ready("prompts", "copy", "caption")
    prompt = ready.folder / "proofsheet-home" / "prompts" / "caption.md"
    prompt.write_text(
        prompt.read_text("utf-8").replace("version: 2", "version: 3").replace("plain English", "English"),
        "utf-8",
    )
    ready("run", "one")
    found = photos(ready)["a/p0.jpg"]
    assert (found["caption"], found["keywords"]) == ("A king alone in a dark robe.", ["king", "dark robe"])
    assert "caption=human (locked)" in found["sources"]
    assert found["status"] == "accepted"
    tags = ready.json(
        "sql",
        "select tag, locked, source from media_tags t join photos p using (photo_id) where path = 'a/p0.jpg'",
    )
    assert tags["projects"]["one"] == [
        {"tag": "dark robe", "locked": True, "source": "human"},
        {"tag": "king", "locked": True, "source": "human"},
    ]
    ready("words", "undo", "one", "a/p0.jpg", "caption")
    ready("run", "one")
    assert photos(ready)["a/p0.jpg"]["caption"] != "A king alone in a dark robe."
    changes = ready.json("words", "history", "one", "a/p0.jpg")["changes"]
    assert [c["field"] for c in changes] == ["caption", "keywords", "caption"]
    assert "A king alone" in ready("words", "history", "one", "a/p0.jpg").stdout


def test_a_changed_prompt_asks_exactly_its_rows_and_status_tells_the_cost(
    ready: Shell, server: ModelServer
) -> None:
    assert ready.json("status")["projects"]["one"]["to_ask"] == []
    before = len(server.asked)
    ready("prompts", "copy", "title")
    prompt = ready.folder / "proofsheet-home" / "prompts" / "title.md"
    prompt.write_text(
        prompt.read_text("utf-8").replace("version: 2", "version: 3").replace("eight words", "seven words"),
        "utf-8",
    )
    state = ready.json("status")["projects"]["one"]
    (cost,) = state["to_ask"]
    assert (cost["job"], cost["questions"]) == ("title", 4)
    assert cost["seconds"] > 0
    assert "its settings or its model changed" in state["stale"]["titles"]
    assert not {"captions", "tag_sets", "quality_verdicts"} & set(state["stale"])
    assert "to ask: title: 4 pictures, about" in ready("status").stdout
    assert [p["version"] for p in ready.json("prompts", "list")["prompts"] if p["name"] == "title"] == ["3"]
    ready("run", "one")
    asked = server.asked[before:]
    assert len(asked) == 4
    assert all("title" in r.schema["properties"] for r in asked)
    assert ready.json("status")["projects"]["one"]["to_ask"] == []


@pytest.mark.long
def test_a_rule_is_waived_for_one_text_alone(ready: Shell, server: ModelServer) -> None:
    ready("words", "edit", "one", "a/p0.jpg", "--caption", "A picture of a king hangs over there, they say.")
    ready("words", "edit", "one", "b/p1.jpg", "--alt-text", "Image of a king in old oils.")
    ready("run", "one")
    blocked = photos(ready)["b/p1.jpg"]
    assert (blocked["status"], [i["rule"] for i in blocked["issues"]]) == ("blocked", ["filler"])
    assert "! filler on alt_text" in ready("words", "show", "one", "b/p1.jpg").stdout
    assert (
        "cannot be waived"
        in ready("words", "waive", "one", "b/p1.jpg", "empty", "alt_text", "--reason", "x", code=2).stderr
    )
    assert (
        "does not object"
        in ready("words", "waive", "one", "a/p0.jpg", "filler", "caption", "--reason", "x", code=2).stderr
    )
    ready("words", "waive", "one", "b/p1.jpg", "filler", "alt_text", "--reason", "the picture is a painting")
    ready("run", "one")
    assert photos(ready)["b/p1.jpg"]["status"] == "accepted"
    ready("words", "edit", "one", "b/p1.jpg", "--alt-text", "Image of a queen in old oils.")
    ready("run", "one")
    assert photos(ready)["b/p1.jpg"]["status"] == "blocked"


def test_reviewed_texts_become_evaluation_data_and_stay_so(ready: Shell, server: ModelServer) -> None:
    ready("words", "review", "one", "a/p0.jpg", "approved")
    ready("words", "review", "one", "a/p2.jpg", "rejected", "--reason", "not what is seen")
    ready("words", "edit", "one", "b/p1.jpg", "--title", "My title")
    told = ready("words", "review", "one", "a/p0.jpg", "rejected", code=2).stderr
    assert "of a/p0.jpg was decided before" in told
    ready("run", "one")
    found = photos(ready)
    assert found["a/p2.jpg"]["status"] == "rejected"
    rows = ready.json("sql", "select outcome, count(*) n from metadata_eval_set group by 1 order by 1")[
        "projects"
    ]["one"]
    assert rows == [
        {"outcome": "approved", "n": 4},
        {"outcome": "edited", "n": 1},
        {"outcome": "rejected", "n": 4},
    ]
    frozen = ready.json("sql", "select * from metadata_eval_set")["projects"]["one"]
    ready("words", "edit", "one", "b/p1.jpg", "--title", "Another title")
    ready("run", "one")
    again = ready.json("sql", "select * from metadata_eval_set")["projects"]["one"]
    assert all(row in again for row in frozen)
    assert {r["split"] for r in again} <= {"train", "test"}
    assert EvaluationRow.split in again[0]
    exported = (ready.folder / "proofsheet-home" / "exports").rglob("metadata.csv")
    assert "a/p2.jpg" not in next(exported).read_text("utf-8")


@pytest.mark.long
def test_sets_are_taken_in_and_subjects_proposed_in_new_words(ready: Shell, server: ModelServer) -> None:
    table = ready.folder / "sets.csv"
    table.write_text("folder,subject,hints,location\na,,harbour maybe old,Hamburg\nb,Old boats,,\n", "utf-8")
    ready("sets", "intake", "one", str(table))
    ready("run", "one")
    told = {s["folder"]: s for s in ready.json("sets", "list", "one")["sets"]}
    assert (told["a"]["status"], told["a"]["hints"], told["a"]["subject"]) == (
        "proposed",
        "harbour maybe old",
        None,
    )
    assert (told["b"]["status"], told["b"]["subject"]) == ("confirmed", "Old boats")
    assert any("Confirmed subject of the set: Old boats" in r.text for r in server.asked)
    assert not any(
        "harbour maybe old" in r.text for r in server.asked if "subject" not in r.schema["properties"]
    )
    assert "refused" in ready("sets", "subject", "one", "a").stdout  # the server says the same again
    rows = ready.json("sql", "select proposals, status from subject_suggestions where folder = 'a'")[
        "projects"
    ]["one"]
    assert rows[0]["status"] == "proposed"
    ready("sets", "say", "one", "a", "--subject", "Harbour")
    ready("run", "one")
    assert {s["folder"]: s["status"] for s in ready.json("sets", "list", "one")["sets"]} == {
        "a": "confirmed",
        "b": "confirmed",
    }
    table.write_text("folder,subject\nnowhere,x\n", "utf-8")
    assert "'nowhere'" in ready("sets", "intake", "one", str(table), code=2).stderr
    table.write_text("place\nx\n", "utf-8")
    assert "folder is needed" in ready("sets", "intake", "one", str(table), code=2).stderr


def test_flags_come_from_a_file_and_absent_is_never_safe(ready: Shell, server: ModelServer) -> None:
    policy = (
        "select path, nsfw, needs_review, publishable from policy_flags join photos using (photo_id) "
        "order by path"
    )
    assert {r["nsfw"] for r in ready.json("sql", policy)["projects"]["one"]} == {"unknown"}
    assert all(r["needs_review"] for r in ready.json("sql", policy)["projects"]["one"])
    flags = ready.folder / "flags.csv"
    flags.write_text(
        "path,nsfw,scan\na/p0.jpg,yes,no\na/p2.jpg,no,\nb/p1.jpg,perhaps,\ngone.jpg,no,\n", "utf-8"
    )
    flags.with_name("latin.csv").write_bytes("path,nsfw\nÜ.jpg,yes\n".encode("latin-1"))
    assert (
        "is not UTF-8 text"
        in ready("words", "flags", "one", str(flags.with_name("latin.csv")), code=2).stderr
    )
    told = ready("words", "flags", "one", str(flags)).stdout
    assert "3 flags noted, 2 refused" in told
    assert "'gone.jpg'" in told
    ready("run", "one")
    rows = {r["path"]: r for r in ready.json("sql", policy)["projects"]["one"]}
    assert (rows["a/p0.jpg"]["nsfw"], rows["a/p0.jpg"]["publishable"]) == ("yes", False)
    assert rows["a/p2.jpg"]["nsfw"] == "no"
    assert rows["b/p1.jpg"]["nsfw"] == "unknown"


@pytest.mark.long
def test_a_picture_that_crashes_the_model_is_listed_and_released(ready: Shell, server: ModelServer) -> None:
    save_picture(ready.folder / "library" / "one" / "a" / "new.jpg", 77)

    def behave(_number: int, request: Received) -> str:
        return f"500 {WORDINGS[2]}" if request.pictures else "good"

    server.behave = behave
    ready("run", "one")
    (row,) = ready.json("quarantine", "list")["projects"]["one"]
    assert (row["path"], row["kind"]) == ("a/new.jpg", "model")
    assert "3 strikes" in row["reason"]
    sent = len(server.asked)
    ready("run", "one")
    assert len(server.asked) == sent
    server.behave = lambda _n, _r: "good"
    assert ready.json("quarantine", "release", "one", "a/new.jpg")["released"] == ["a/new.jpg"]
    ready("run", "one")
    assert "a/new.jpg" in photos(ready)


def test_doctor_tells_the_describer(ready: Shell, server: ModelServer) -> None:
    lines = [c["what"] for c in ready.json("doctor")["checks"]]
    assert "describer: ollama seer:7b" in lines
    assert json.dumps(lines)
