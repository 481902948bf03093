"""`proofsheet rate` on any folder, by both protocols, with tables and sidecars."""

from __future__ import annotations

import csv
import io
import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from proofsheet.publish.ratings_csv import columns, csv_name
from proofsheet.publish.xmp_sidecar import read_sidecar
from tests.support.kit import Shell, save_picture, tree
from tests.support.model_server import ModelServer

CRITERIA = ("composition", "light", "sharpness", "colour", "subject")
EXIFTOOL = pytest.mark.skipif(
    shutil.which("exiftool") is None, reason="Debian's libimage-exiftool-perl is not installed"
)


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer() as found:
        yield found


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """A folder of three pictures, and one below it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    for seed, name in enumerate(("a.jpg", "b.png", "=c.jpg", "below/d.jpg")):
        save_picture(tmp_path / "pictures" / name, seed, (1200, 800))
    return Shell(tmp_path)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_without_a_folder_the_page_of_runs_is_served(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    served: list[tuple[object, ...]] = []
    monkeypatch.setattr("dagster_project.review.server.serve", lambda *given: served.append(given))
    monkeypatch.setattr("dagster_project.supervisor.port_in_use", lambda _host, _port: False)
    (shell.folder / "proofsheet.toml").write_text('[place]\nlibrary = "pictures"\nhome = "home"\n')
    assert shell.json("rate") == {"review": "http://127.0.0.1:8765/runs"}
    assert len(served) == 1
    shell("rate", "--csv", code=2)
    assert len(served) == 1


@pytest.mark.parametrize("protocol", ["", "/v1"])
def test_a_folder_is_rated_once(shell: Shell, server: ModelServer, protocol: str) -> None:
    folder = shell.folder / "pictures"
    before = tree(folder)
    found = shell.json(
        "rate",
        "pictures",
        "--csv",
        "--skip-existing",
        "--api-url",
        server.url + protocol,
        "--model",
        "seer:7b",
    )
    assert sorted(r["path"] for r in found["rated"]) == ["=c.jpg", "a.jpg", "b.png"]
    assert found["rated"][0]["criteria"] == dict(zip(CRITERIA, (6.0, 6.5, 7.0, 7.5, 8.0), strict=True))
    table = folder / "ai_rating_results_seer_7b.csv"
    written = rows(table)
    assert list(written[0]) == columns(CRITERIA)
    assert {r["light"] for r in written} == {"6.5"}
    assert {r["path"] for r in written} == {"'=c.jpg", "a.jpg", "b.png"}
    assert {r["overall"] for r in written} == {"6.8"}
    assert all(float(r["seconds"]) >= 0 and r["prompt_tokens"] == "50" for r in written)
    assert all("composition, light, sharpness" in r["user_prompt"] for r in written)
    assert {r.options["temperature"] for r in server.asked} == {0.1}
    assert all(max(Image.open(io.BytesIO(p)).size) <= 896 for r in server.asked for p in r.pictures)
    content = table.read_bytes()
    calls = len(server.received)
    again = shell.json(
        "rate", "pictures", "--csv", "--recursive", "--skip-existing", "--api-url", server.url + protocol
    )
    assert [r["path"] for r in again["rated"]] == ["below/d.jpg"]
    assert again["skipped"] == 3
    assert len(server.received) == calls + 2  # the picture, and a canary before it
    assert table.read_bytes().startswith(content)
    after = tree(folder)
    assert {k: v for k, v in after.items() if not k.endswith(".csv")} == before


def test_a_file_that_is_no_picture_is_told_and_the_rest_goes_on(shell: Shell, server: ModelServer) -> None:
    (shell.folder / "pictures" / "bad.jpg").write_bytes(b"\xff\xd8\xff no picture")
    (shell.folder / "pictures" / "empty.jpg").touch()
    result = shell("rate", "pictures", "--csv", "--api-url", server.url, code=3)
    assert "bad.jpg: " in result.stderr
    assert "empty.jpg: it is empty" in result.stderr
    assert "3 rated, 0 skipped, 1 failed, 1 refused" in result.stdout


def test_an_answer_is_kept_though_the_table_was_lost(shell: Shell, server: ModelServer) -> None:
    shell("rate", "pictures", "--csv", "--api-url", server.url)
    calls = len(server.received)
    (shell.folder / "pictures" / "ai_rating_results_seer_7b.csv").unlink()
    found = shell.json("rate", "pictures", "--csv", "--api-url", server.url)
    assert (len(found["rated"]), found["csv_rows"], len(server.received)) == (3, 3, calls)


def test_each_table_names_the_model_that_rated(shell: Shell, server: ModelServer) -> None:
    server.models["other:3b"] = "sha256:other"
    models = ("seer:7b", "other:3b", "seer:7b")
    for model in models:
        for table in (shell.folder / "pictures").glob("*.csv"):
            table.unlink()
        shell("rate", "pictures", "--csv", "--api-url", server.url, "--model", model)
        written = rows(shell.folder / "pictures" / f"ai_rating_results_{model.replace(':', '_')}.csv")
        assert {(r["model"], r["model_digest"]) for r in written} == {(model, server.models[model])}


def test_criteria_and_prompt_come_from_files(shell: Shell, server: ModelServer) -> None:
    (shell.folder / "criteria.txt").write_text("# mine\nstory\nmood\n", "utf-8")
    (shell.folder / "mine.md").write_text(
        "---\nversion: 9\n---\n# System\nStrict.\n# User\nRate $criteria now.\n", "utf-8"
    )
    shell(
        "rate",
        "pictures",
        "--csv",
        "--api-url",
        server.url,
        "--criteria",
        "criteria.txt",
        "--prompt",
        "mine.md",
    )
    assert {r.text for r in server.asked} == {"Rate story, mood now."}
    assert {
        r["prompt_version"][:8] for r in rows(shell.folder / "pictures" / "ai_rating_results_seer_7b.csv")
    } == {"rating 9"}
    (shell.folder / "mine.md").write_text("no form", "utf-8")
    assert (
        "not of the form"
        in shell("rate", "pictures", "--csv", "--api-url", server.url, "--prompt", "mine.md", code=2).stderr
    )


@EXIFTOOL
def test_sidecars_are_merged_beside_the_pictures(shell: Shell, server: ModelServer) -> None:
    folder = shell.folder / "pictures"
    own = (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
        'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description '
    )
    own += (
        'rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="1" '
        'xmp:CreatorTool="mine"/></rdf:RDF></x:xmpmeta>'
    )
    (folder / "a.jpg.xmp").write_text(own)
    (folder / "b.png.xmp").write_text("not xml")
    found = shell("rate", "pictures", "--xmp", "--api-url", server.url, code=3)
    assert "cannot be read" in found.stderr
    assert (folder / "b.png.xmp").read_text() == "not xml"
    mine = read_sidecar(folder / "a.jpg.xmp")
    assert (mine["XMP-xmp:Rating"], mine["XMP-xmp:CreatorTool"]) == ("1", "mine")
    assert read_sidecar(folder / "=c.jpg.xmp")["XMP-xmp:Rating"] == "3"
    skipped = shell.json("rate", "pictures", "--xmp", "--skip-existing", "--api-url", server.url)
    assert (skipped["rated"], skipped["skipped"]) == ([], 3)


@EXIFTOOL
def test_stars_of_people_are_never_gone_over(shell: Shell, server: ModelServer) -> None:
    folder = shell.folder / "pictures"
    subprocess.run(["exiftool", "-q", "-overwrite_original", "-EXIF:Rating=5", folder / "a.jpg"], check=True)
    first = shell.json("rate", "pictures", "--xmp", "--api-url", server.url)
    theirs = {"path": "a.jpg", "fields": ["rating: people wrote another one"]}
    assert first["conflicts"] == [theirs]
    assert "XMP-xmp:Rating" not in read_sidecar(folder / "a.jpg.xmp")
    assert read_sidecar(folder / "b.png.xmp")["XMP-xmp:Rating"] == "3"
    subprocess.run(
        ["exiftool", "-q", "-overwrite_original", "-XMP-xmp:Rating=1", folder / "b.png.xmp"], check=True
    )
    again = shell.json("rate", "pictures", "--xmp", "--replace", "--api-url", server.url)
    assert again["conflicts"] == [theirs, {"path": "b.png", "fields": ["rating: people wrote another one"]}]
    assert read_sidecar(folder / "b.png.xmp")["XMP-xmp:Rating"] == "1"


def test_wrong_use_is_told_before_anything_is_asked(
    shell: Shell, server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "Give --csv" in shell("rate", "pictures", "--api-url", server.url, code=2).stderr
    assert "does not exist" in shell("rate", "nowhere", "--csv", code=2).stderr
    assert (
        "none of gone is installed"
        in shell("rate", "pictures", "--csv", "--api-url", server.url, "--model", "gone", code=5).stderr
    )
    monkeypatch.setattr("proofsheet.imaging.raw.shutil.which", lambda _name: None)
    from proofsheet.imaging import raw

    raw.converter.cache_clear()
    told = shell(
        "rate", "pictures", "--csv", "--api-url", server.url, "--converter", "darktable", code=5
    ).stderr
    raw.converter.cache_clear()
    assert "darktable-cli was not found" in told
    assert not server.received


@pytest.mark.skipif(shutil.which("darktable-cli") is None, reason="Debian's darktable is not installed")
def test_darktable_converts_every_file_if_asked(shell: Shell, server: ModelServer) -> None:
    found = shell.json("rate", "pictures", "--csv", "--api-url", server.url, "--converter", "darktable")
    assert sorted(r["path"] for r in found["rated"]) == ["=c.jpg", "a.jpg", "b.png"]
    assert all(max(Image.open(io.BytesIO(p)).size) <= 896 for r in server.asked for p in r.pictures)


def test_a_table_of_somebody_else_is_not_touched(shell: Shell, server: ModelServer) -> None:
    table = shell.folder / "pictures" / csv_name("seer:7b")
    table.write_text("file,stars\na.jpg,5\n", "utf-8")
    assert "other columns" in shell("rate", "pictures", "--csv", "--api-url", server.url, code=2).stderr
    assert table.read_text("utf-8") == "file,stars\na.jpg,5\n"


@pytest.mark.parametrize(
    ("model", "name"),
    [("qwen2.5vl:7b", "qwen2.5vl_7b"), ("a/b\\c:d", "a_b_c_d"), ("../..", "model"), ("", "model")],
)
def test_the_name_of_the_table_is_a_safe_file_name(model: str, name: str) -> None:
    assert csv_name(model) == f"ai_rating_results_{name}.csv"


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ("refuses_in_keywords", "the model refused to rate"),
        ("refuses_beside", "the model refused to rate"),
        ("all_zero", "nothing was rated"),
        ("other_criteria", "ratings: value_error"),
        ("fewer_criteria", "ratings: value_error"),
        ("listed_score", "ratings: dict_type"),
    ],
)
def test_what_is_no_rating_is_a_failure_and_never_a_number(
    shell: Shell, server: ModelServer, how: str, why: str
) -> None:
    server.behave = lambda number, _request: how if number == 0 else "good"
    found = json.loads(shell("rate", "pictures", "--csv", "--api-url", server.url, "--json", code=3).stdout)
    (failed,) = found["failed"]
    assert why in failed["why"]
    table = rows(shell.folder / "pictures" / "ai_rating_results_seer_7b.csv")
    assert failed["path"] not in {r["path"] for r in table}
    assert len(table) == 2
    shell("rate", "pictures", "--csv", "--api-url", server.url)
    assert len(rows(shell.folder / "pictures" / "ai_rating_results_seer_7b.csv")) == 3


def test_the_model_is_asked_for_exactly_the_criteria(shell: Shell, server: ModelServer) -> None:
    (shell.folder / "criteria.txt").write_text("rule of thirds\noverall\n=1+1\n", "utf-8")
    found = shell.json("rate", "pictures", "--csv", "--api-url", server.url, "--criteria", "criteria.txt")
    form = server.asked[0].schema["properties"]["ratings"]
    assert (form["required"], form["additionalProperties"]) == (["rule of thirds", "overall", "=1+1"], False)
    assert found["rated"][0]["criteria"] == {"rule of thirds": 6.0, "overall": 6.5, "=1+1": 7.0}
    written = rows(shell.folder / "pictures" / "ai_rating_results_seer_7b.csv")
    assert [written[0][c] for c in ("overall", "rule of thirds", "criterion overall", "'=1+1")] == [
        "6.8",
        "6",
        "6.5",
        "7",
    ]


@pytest.mark.parametrize("text", ["", "light\nLight\n", "x" * 61, "\n".join(f"c{n}" for n in range(21))])
def test_criteria_that_cannot_be_columns_are_told(shell: Shell, server: ModelServer, text: str) -> None:
    (shell.folder / "criteria.txt").write_text(text, "utf-8")
    told = shell(
        "rate", "pictures", "--csv", "--api-url", server.url, "--criteria", "criteria.txt", code=2
    ).stderr
    assert "has no valid criteria" in told
    assert not server.received


@pytest.mark.parametrize("option", ["--criteria", "--prompt"])
def test_a_file_that_is_no_text_is_told(shell: Shell, server: ModelServer, option: str) -> None:
    (shell.folder / "given").write_bytes("Schärfe".encode("latin-1"))
    told = shell("rate", "pictures", "--csv", "--api-url", server.url, option, "given", code=2).stderr
    assert "given is not UTF-8 text" in told
    (shell.folder / "given").write_bytes("Schärfe\n".encode("utf-16"))
    if option == "--criteria":
        assert shell.json("rate", "pictures", "--csv", "--api-url", server.url, option, "given")["rated"][0][
            "criteria"
        ].keys() == {"Schärfe"}


def test_keywords_lose_marks_and_what_is_none_is_left_out_and_told(shell: Shell, server: ModelServer) -> None:
    server.behave = lambda _number, _request: "marked"
    result = shell("rate", "pictures", "--csv", "--api-url", server.url, "--json")
    one = json.loads(result.stdout)["rated"][0]
    assert one["keywords"] == ["heron", "reeds", "dawn"]
    assert {left["keyword"] for left in one["left_out"]} == {"<b>lake</b>", "bell\x07"}
    assert all(
        r["keywords"] == "heron; reeds; dawn"
        for r in rows(shell.folder / "pictures" / "ai_rating_results_seer_7b.csv")
    )
    told = shell("rate", "pictures", "--csv", "--api-url", server.url).stderr
    assert told.count("a keyword was left out: ") == 6


def test_rated_again_with_another_prompt_or_other_criteria_appends_rows(
    shell: Shell, server: ModelServer
) -> None:
    table = shell.folder / "pictures" / "ai_rating_results_seer_7b.csv"
    shell("rate", "pictures", "--csv", "--api-url", server.url)
    before = table.read_bytes()
    (shell.folder / "mine.md").write_text(
        "---\nversion: 9\n---\n# System\nStrict.\n# User\nRate $criteria now.\n", "utf-8"
    )
    found = shell.json("rate", "pictures", "--csv", "--api-url", server.url, "--prompt", "mine.md")
    assert found["csv_rows"] == 3
    assert table.read_bytes().startswith(before)
    assert (
        shell.json("rate", "pictures", "--csv", "--api-url", server.url, "--prompt", "mine.md")["csv_rows"]
        == 0
    )
    (shell.folder / "criteria.txt").write_text("story\nlight\n", "utf-8")
    assert (
        shell.json("rate", "pictures", "--csv", "--api-url", server.url, "--criteria", "criteria.txt")[
            "csv_rows"
        ]
        == 3
    )
    written = rows(table)
    assert list(written[0]) == columns([*CRITERIA, "story"])
    assert [(r["composition"], r["light"], r["story"]) for r in (written[0], written[-1])] == [
        ("6", "6.5", ""),
        ("", "6.5", "6"),
    ]


def test_a_table_of_the_first_version_keeps_its_rows(shell: Shell, server: ModelServer) -> None:
    table = shell.folder / "pictures" / csv_name("seer:7b")
    head = columns(["criteria"])
    table.write_text(
        ",".join(head) + "\r\n" + ",".join(["old.jpg", "7", "light=7", *["x"] * (len(head) - 3)]) + "\r\n",
        "utf-8",
    )
    shell("rate", "pictures", "--csv", "--api-url", server.url)
    written = rows(table)
    assert len(written) == 4
    assert (written[0]["path"], written[0]["criteria"], written[0]["light"]) == ("old.jpg", "light=7", "")
    assert (written[1]["criteria"], written[1]["light"]) == ("", "6.5")


def test_the_environment_counts_without_a_configuration(
    shell: Shell, server: ModelServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PROOFSHEET_MODEL_OLLAMA_URL", server.url)
    monkeypatch.setenv("PROOFSHEET_MODEL_BACKEND", "ollama")
    monkeypatch.setenv("PROOFSHEET_RATING_CRITERIA", "story, mood")
    found = shell.json("rate", "pictures", "--csv")
    assert found["rated"][0]["criteria"] == {"story": 6.0, "mood": 6.5}
    monkeypatch.setenv("PROOFSHEET_HOME", str(tmp_path / "elsewhere"))
    shell("rate", "pictures", "--csv")
    assert (tmp_path / "elsewhere" / "rate").is_dir()
    monkeypatch.setenv("PROOFSHEET_RATING_CRITERIA", "story, Story")
    assert "rating.criteria" in shell("rate", "pictures", "--csv", code=2).stderr
