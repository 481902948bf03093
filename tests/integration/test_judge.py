"""From history to decisions through the command line.

Import, run, train, promote, decide, step back, verdicts, overrides.
"""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import dagster as dg
import numpy as np
import polars as pl
import pytest
from PIL import Image, ImageFilter

from dagster_project.definitions import build_defs
from proofsheet.core.config import load
from proofsheet.models import registry
from proofsheet.models.artifacts import model_path
from proofsheet.storage.workspace import Workspace
from schemas.choices import TECHNICAL, Proposal
from schemas.models import CropModel, ModelExport, RankerFit, RankerModel
from schemas.review import ReviewDecision
from schemas.rollout import Override, Readiness, Threshold
from schemas.selections import HistoryMatch
from schemas.training import ProjectStatistic
from tests.support.kit import Shell, pixels, tree

SETS = 45
pytestmark = pytest.mark.long
SELECT = (
    "photos,quarantine,other_files,exif_facts,image_quality,picture_hashes,saliency_grids,embeddings,layout_vectors,objects,previews,photo_groups,"
    "duplicates,history_matches,selections,crop_examples,training_pairs,anomalies,project_statistics"
)
DECIDE = "ranker_model,crop_model,proposals,overrides,threshold_report,readiness"


def spoilt(number: int) -> bool:
    return number % 4 == 1


def make_project(folder: Path, first: int, sets: int = SETS) -> list[list[Any]]:
    """Sets of two stages with one bright place.

    Every fourth highest stage is blurred, and then the lower one was chosen.
    """
    folder.mkdir(parents=True)
    rows = []
    for number in range(sets):
        rgb = (pixels(first + number, 96, 64) * 0.25).astype(np.uint8)
        x, y = (number * 7) % 48, (number * 5) % 32
        rgb[y : y + 32, x : x + 48] = np.random.default_rng(first + number).integers(
            90, 255, (32, 48, 3), dtype=np.uint8
        )
        image = Image.fromarray(rgb)
        names = [f"2025_{number:04d}_stage{s}_{w}.png" for s, w in ((1, "generated"), (2, "upscaled"))]
        image.filter(ImageFilter.GaussianBlur(0.6)).save(folder / names[0])
        (image.filter(ImageFilter.GaussianBlur(4)) if spoilt(number) else image).save(folder / names[1])
        winner = 0 if spoilt(number) else 1
        box = [x, y, x + 48, y + 32]
        rows.append(
            [names[winner], names[1 - winner], box, f"2025-07-01T{number // 60:02d}:{number % 60:02d}:00"]
        )
    return rows


def write(path: Path, header: str, rows: list[list[Any]]) -> None:
    stream = io.StringIO()
    csv.writer(stream).writerows([header.split(","), *rows])
    path.write_text(stream.getvalue())


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Three projects with their history taken in, measured, and a training behind them."""
    place = tmp_path_factory.mktemp("judge")
    selections, crops = [], []
    for k, name in enumerate(("alpha", "beta", "gamma")):
        for won, lost, box, when in make_project(place / "library" / name, 1000 * k):
            selections.append(
                [
                    "s1",
                    won[:9],
                    f"/Users/kim/{name}_final/{won}",
                    json.dumps([f"/Users/kim/{name}/{lost}"]),
                    when,
                ]
            )
            crops.append(["s1", "/out", f"{name}/{won}", *box, when])
    write(place / "selection_only_log.csv", "session_id,set_id,chosen_path,neg_paths,timestamp", selections)
    write(
        place / "select_crop_log.csv",
        "session_id,directory,chosen_path,crop_x1,crop_y1,crop_x2,crop_y2,timestamp",
        crops,
    )
    (place / "proofsheet.toml").write_text(
        '[place]\nlibrary = "library"\nhome = "home"\n[photos]\nworkers = 1\n[encoder]\nencoder = '
        '"embedded"\n'
        "[ranker]\nepochs = 8\n[crops]\nepochs = 8\n"
    )
    patch = pytest.MonkeyPatch()
    patch.chdir(place)
    shell = Shell(place)
    shell.told = shell.json("history", "import", "selection_only_log.csv", "select_crop_log.csv")
    shell("run", "--all", "--select", f"{SELECT},{DECIDE}")
    shell.before = {p.name: p.store.read(Proposal) for p in projects(place)}
    shell.said = shell("models", "train").stdout
    shell("run", "--all", "--select", DECIDE)
    yield shell
    patch.undo()


def projects(place: Path) -> list[Any]:
    return Workspace(load(place, {}).place).projects()


def test_the_history_is_taken_in_whole_and_matched(shell: Any) -> None:
    chosen, cut = shell.told["files"]
    assert (chosen["accepted"], cut["accepted"], chosen["refused"], cut["refused"]) == (
        3 * SETS,
        3 * SETS,
        {},
        {},
    )
    assert all(line["state"] == "waiting" for line in chosen["lines"])
    for project in projects(shell.folder):
        assert project.store.read(HistoryMatch)[HistoryMatch.status].unique().to_list() == ["used"]
        (counts,) = project.store.read(ProjectStatistic).to_dicts()
        assert (counts["sets"], counts["anomalies"], counts["boxes"], counts["crop_decisions"]) == (
            SETS,
            11,
            SETS,
            SETS,
        )


def test_before_the_training_the_starter_ranker_decides_and_says_so(shell: Any) -> None:
    rows = shell.before["alpha"]
    assert rows.height == SETS
    assert rows[Proposal.confidence_kind].unique().to_list() == [TECHNICAL]
    assert rows[Proposal.decided_by].unique().to_list() == ["starter 1"]
    reason = "no crop is proposed: crops are learnt from a history of crops"
    assert rows[Proposal.crop_reasons].to_list()[0] == [reason]


def test_training_promotes_and_decisions_follow_with_reasons_and_confidence(shell: Any) -> None:
    assert "ranker" in shell.said
    assert "is active now" in shell.said
    for project in projects(shell.folder):
        (model,) = project.store.read(RankerModel).to_dicts()
        assert (model["status"], model["calibration"], model["calibrated_on"]) == (
            "active",
            "this project",
            SETS,
        )
        rows = project.store.read(Proposal)
        wanted = {f"2025_{n:04d}_stage1_generated.png" for n in range(SETS) if spoilt(n)}
        found = {r[Proposal.chosen_path] for r in rows.filter(pl.col(Proposal.anomaly)).to_dicts()}
        assert len(found & wanted) >= 9
        assert len(found - wanted) <= 2
        told = rows.filter(pl.col(Proposal.anomaly)).to_dicts()[0]
        assert told[Proposal.confidence] > 0.5
        assert told[Proposal.confidence_kind] == "calibrated on this project"
        assert told[Proposal.reasons][0] == "preferred to stage 2"
        assert any(" against " in r for r in told[Proposal.reasons])
        assert not any("σ" in r for r in told[Proposal.reasons])
        assert "a lower stage is preferred" in told[Proposal.flags]
        assert "ranker" in told[Proposal.decided_by]


def test_cuts_are_proposed_with_the_aspect_of_the_picture(shell: Any) -> None:
    (model,) = projects(shell.folder)[0].store.read(CropModel).to_dicts()
    assert model["status"] == "active", shell.said
    rows = projects(shell.folder)[0].store.read(Proposal).filter(pl.col(Proposal.crop_x1).is_not_null())
    assert rows.height > 10
    for row in rows.to_dicts():
        width, height = (
            row[Proposal.crop_x2] - row[Proposal.crop_x1],
            row[Proposal.crop_y2] - row[Proposal.crop_y1],
        )
        assert width == pytest.approx(height, abs=0.02)
        assert "of the picture" in row[Proposal.crop_reasons][1]


def test_cards_are_shown_listed_and_exported(shell: Any) -> None:
    listed = [m for m in shell.json("models", "list")["models"] if m["kind"] in {"ranker", "crop"}]
    assert {m["state"] for m in listed} == {"champion"}
    card = shell("models", "card", "ranker").stdout
    for part in (
        "highest stage",
        "sharpest",
        "source 001, v3, 10x",
        "## Calibration",
        "## Known failures",
        "leave one project out",
    ):
        assert part in card
    figures = shell.json("models", "card", "crop")["figures"]
    assert figures["lift over the best constant box"]["low"] > 0
    fit = registry.champion(projects(shell.folder)[0].shared.ledger, "ranker")
    folder = shell.folder / "home" / "models" / "cards" / fit["fit_id"]
    assert {p.name for p in folder.iterdir()} >= {
        "card.md",
        "card.json",
        "reliability.png",
        "best-overrules.jpg",
    }
    rows = shell.json("models", "export", "ranker", "exported")["files"]
    assert [r["status"] for r in rows] == ["equal", "equal"]
    exports = projects(shell.folder)[0].shared.store.read(ModelExport)
    assert exports[ModelExport.status].unique().to_list() == ["equal"]
    report = (shell.folder / "home" / "models" / "reports" / "phase_report.md").read_text()
    assert "20 held-out sets" in report


def test_training_again_on_the_same_rows_trains_nothing(shell: Any) -> None:
    assert "nothing new since" in shell("models", "train").stdout
    assert projects(shell.folder)[0].shared.store.read(RankerFit).height == 1


def test_thresholds_are_reported_and_auto_approval_stays_locked(shell: Any) -> None:
    rows = projects(shell.folder)[0].store.read(Threshold)
    assert rows[Threshold.auto_approval].unique().to_list() == ["locked"]
    assert rows[Threshold.sets].unique().to_list() == [SETS]
    coverage = rows.sort(Threshold.threshold)[Threshold.coverage].to_list()
    assert coverage == sorted(coverage, reverse=True)
    assert projects(shell.folder)[0].store.read(Readiness)[Readiness.met].unique().to_list() == [
        "not enough data"
    ]


def test_verdicts_come_in_once_and_become_overrides(shell: Any) -> None:
    project = projects(shell.folder)[1]
    proposals = [json.loads(line) for line in shell("decisions", "export", "beta").stdout.splitlines()]
    one, other = proposals[0], proposals[1]
    loser = next(i for i in one["images"] if i != one["step1_selection"]["chosen"])
    lines = [
        {
            "group_id": one["group_id"],
            "action": "overridden",
            "final_choice": loser,
            "timestamp": "2030-01-01T00:00:00",
        },
        {"group_id": other["group_id"], "action": "approved", "crop_coords": [0.1, 0.1, 0.9, 0.9]},
        {"group_id": "nobody", "action": "approved"},
        {
            "group_id": other["group_id"],
            "action": "overridden",
            "final_choice": other["step1_selection"]["chosen"],
        },
        {"group_id": other["group_id"], "action": "approved", "crop_coords": [0.5, 0.5, 0.1, 2]},
    ]
    file = shell.folder / "approved_decisions.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines) + "no json\n")
    before = tree(shell.folder / "library")
    told = shell.json("decisions", "import", "beta", "approved_decisions.jsonl", code=3)
    assert (told["taken"], [(r["line"], r["reason"]) for r in told["refused"]]) == (
        2,
        [(3, "unknown set"), (4, "contradiction"), (5, "no box"), (6, "no JSON")],
    )
    again = shell.json("decisions", "import", "beta", "approved_decisions.jsonl", code=3)
    assert (again["taken"], again["known"] >= 1) == (0, True)
    shell(
        "run",
        "beta",
        "--select",
        "history_matches,selections,crop_examples,overrides,threshold_report,readiness",
    )
    over = project.store.read(Override).filter(pl.col(Override.source) == "review").to_dicts()
    assert [r[Override.group_id] for r in over] == [one["group_id"]]
    assert project.ledger.rows(ReviewDecision).height == 2
    assert tree(shell.folder / "library") == before


def test_enough_new_overrides_start_a_training(shell: Any) -> None:
    settings = load(shell.folder, {}).changed("ranker", retrain_after=1)
    for count, started in ((1, 1), (2, 0)):
        defs = build_defs(settings.changed("ranker", retrain_after=count))
        sensor = defs.resolve_sensor_def("retrain")
        resources = {"store": (defs.resources or {})["store"]}
        with (
            dg.DagsterInstance.ephemeral() as instance,
            dg.build_sensor_context(instance, resources=resources) as context,
        ):
            found = sensor.evaluate_tick(context)
        assert len(found.run_requests or []) == started


def test_a_step_back_restores_the_former_decisions_and_a_damaged_model_leaves_the_stage_rule(
    shell: Any,
) -> None:
    project, shared = projects(shell.folder)[0], projects(shell.folder)[0].shared
    served = project.store.read(Proposal)
    fit = registry.champion(shared.ledger, "ranker")
    path = model_path(shared.models, fit["fit_id"])
    whole = path.read_bytes()
    path.write_bytes(whole[:-9])
    shell("run", "alpha", "--select", DECIDE)
    (model,) = project.store.read(RankerModel).to_dicts()
    assert (model["status"], "damaged" in model["note"]) == ("not available", True)
    assert not any(project.store.read(Proposal)[Proposal.anomaly])
    path.write_bytes(whole)
    shell("run", "alpha", "--select", DECIDE)
    assert project.store.read(Proposal).equals(served)
    shell("models", "rollback", "ranker")
    shell("models", "rollback", "crop")
    shell("run", "alpha", "--select", DECIDE)
    assert project.store.read(Proposal).equals(shell.before["alpha"])
    shell("models", "promote", fit["fit_id"][:8])
    shell("run", "alpha", "--select", DECIDE)
    assert "ranker" in project.store.read(Proposal)[Proposal.decided_by][0]
    shell("models", "rollback", "crop", code=2)


def test_too_little_history_trains_nothing_and_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_project(tmp_path / "library" / "only", 1)
    (tmp_path / "proofsheet.toml").write_text('[place]\nlibrary = "library"\nhome = "home"\n')
    monkeypatch.chdir(tmp_path)
    shell = Shell(tmp_path)
    said = shell("models", "train").stdout
    assert "not trained: 0 sets with a choice, at least 30 are needed; the champion stays" in said
    assert "only (never run)" in said
    assert "No ranker serves" in shell("models", "card", "ranker", code=2).stderr


def test_a_scene_classifier_is_trained_on_folders_judged_and_used(shell: Any) -> None:
    folder = shell.folder / "labelled"
    for k in range(60):
        label = ("dark", "light")[k % 2]
        (folder / label).mkdir(parents=True, exist_ok=True)
        Image.fromarray((pixels(k) // 4 + (k % 2) * 190).astype(np.uint8)).save(folder / label / f"{k}.png")
    (folder / "dark" / "broken.png").write_bytes(b"no picture")
    said = shell("models", "train-scenes", "labelled", "--epochs", "5").stdout
    assert "is active now" in said
    assert "1 pictures could not be opened" in said
    card = shell.json("models", "card", "scene")
    assert card["figures"]["accuracy"]["share"] > card["figures"]["most frequent label"]
    assert "training side only" in card["data"]["augmented"]
    assert {r["status"] for r in shell.json("models", "export", "scene", "scenes-out")["files"]} == {"equal"}
    shell("run", "alpha", "--select", "scenes")
    rows = projects(shell.folder)[0].store.query("select status, labelled_by from scenes limit 1").to_dicts()
    assert (rows[0]["status"], rows[0]["labelled_by"].split()[0]) == ("labelled", "scene")
    (shell.folder / "one label" / "x").mkdir(parents=True)
    assert "too few" in shell("models", "train-scenes", "one label", code=2).stderr
