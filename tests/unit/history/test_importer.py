"""From history rows to sets, cuts and anomalies: what is found, refused and kept back, exactly."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from proofsheet.core.errors import UsageError
from proofsheet.history.exporter import export_history
from proofsheet.history.importer import import_history
from proofsheet.history.matching import match_history
from proofsheet.history.training_pairs import anomaly_rows, pair_rows, statistic_rows
from proofsheet.selection.timeline import counted
from proofsheet.storage.table_gate import violations
from proofsheet.storage.workspace import Workspace
from schemas.history import HistoryRefusal, HistoryRow, ImportedVector
from schemas.library import Photo
from schemas.review import ReviewDecision
from schemas.selections import CropExample, HistoryMatch, Selection
from schemas.settings.history import HistorySettings
from schemas.settings.library import PlaceSettings
from schemas.training import Anomaly, ProjectStatistic, TrainingPair
from schemas.vision import ImageQuality
from tests.support.kit import NOW, tree

PROJECTS = ("mojo", "mojo1", "mojo1_backup", "Elené")


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """Four projects with names that contain each other; no picture in them."""
    for name in PROJECTS:
        (tmp_path / "library" / name).mkdir(parents=True)
    return Workspace(PlaceSettings(library=str(tmp_path / "library"), home=str(tmp_path / "home")))


def row(
    number: int,
    kind: str = "selection",
    chosen: str = "a_stage3.png",
    others: tuple[str, ...] = (),
    **more: Any,
) -> dict[str, Any]:
    base = dict.fromkeys(HistoryRow.polars_schema().names())
    named = {
        "project": "p",
        "row_hash": f"r{number}",
        "number": number,
        "kind": kind,
        "file": "f.csv",
        "line": number + 1,
        "session_id": "s",
        "set_id": str(number),
        "directory": "",
        "chosen_path": chosen,
        "other_paths": list(others),
        "timestamp": "",
        "imported_at": NOW,
    }
    return {**base, **named, **more}


def picture(
    name: str, stage: float | None, content: str = "", sharpness: float = 1.0, folder: str = ""
) -> tuple[dict[str, Any], dict[str, Any]]:
    own = f"{folder}{name}"
    photo = dict.fromkeys(Photo.polars_schema()) | {
        "project": "p",
        "photo_id": own,
        "path": own,
        "folder": folder,
        "file_name": name,
        "format": "PNG",
        "state": "in place",
        "size_bytes": 1,
        "modified_at": NOW,
        "content_hash": content or own,
        "stage": stage,
        "companions": [],
    }
    quality = dict.fromkeys(ImageQuality.polars_schema()) | {
        "project": "p",
        "photo_id": own,
        "width_px": 200,
        "height_px": 100,
        "sharpness": sharpness,
    }
    return photo, quality


PICTURES = [
    picture("a_stage1.png", 1.0),
    picture("a_stage2.png", 2.0),
    picture("a_stage3.png", 3.0),
    picture("plain.png", None),
    picture("twin.png", 1.0, "x", folder="one/"),
    picture("twin.png", 1.0, "y", folder="two/"),
    picture("copy.png", 1.0, "z", folder="one/"),
    picture("copy.png", 1.0, "z", folder="two/"),
]
PHOTOS = Photo.frame(p for p, _q in PICTURES)
QUALITY = ImageQuality.frame(q for _p, q in PICTURES)
NO_VERDICTS = ReviewDecision.frame()


def matched(*rows: dict[str, Any], verdicts: pl.DataFrame = NO_VERDICTS) -> Any:
    return match_history("p", HistoryRow.frame(rows), verdicts, PHOTOS, QUALITY, ImportedVector.frame(), {})


def test_winner_and_losers_become_one_set_and_a_lower_stage_is_an_anomaly() -> None:
    found = matched(row(1, chosen="/x/y/a_stage1.png", others=("z/a_stage3.png", "a_stage2.png")))
    (chosen,) = found.selections.to_dicts()
    assert chosen["photo_ids"] == ["a_stage1.png", "a_stage2.png", "a_stage3.png"]
    assert (chosen["chosen_photo_id"], chosen["top_photo_id"], chosen["anomaly"]) == (
        "a_stage1.png",
        "a_stage3.png",
        True,
    )
    pairs = pair_rows("p", found.selections, PHOTOS, found.vector_sets, ImportedVector.frame())
    assert pairs[TrainingPair.anomaly].to_list() == [True, True]
    odd = anomaly_rows("p", found.selections, PHOTOS).to_dicts()[0]
    assert (odd[Anomaly.chosen_stage], odd[Anomaly.max_rejected_stage]) == (1.0, 3.0)


def test_a_name_without_stage_makes_no_anomaly_and_is_counted() -> None:
    found = matched(row(1, chosen="plain.png", others=("a_stage3.png",)))
    assert found.selections[Selection.anomaly].to_list() == [False]
    pairs = pair_rows("p", found.selections, PHOTOS, found.vector_sets, ImportedVector.frame())
    counts = statistic_rows("p", found.matches, found.selections, found.crops, pairs, 0).to_dicts()[0]
    assert (counts[ProjectStatistic.without_stage], counts[ProjectStatistic.anomaly_rate]) == (1, None)


def test_what_cannot_be_found_or_told_apart_goes_to_quarantine_with_its_reason() -> None:
    found = matched(
        row(1, chosen="gone.png", others=("a_stage1.png",)),
        row(2, chosen="twin.png", others=("a_stage1.png",)),
        row(3, chosen="a_stage3.png", others=("gone.png",)),
        row(4, chosen="copy.png", others=("a_stage1.png",)),
        row(5, chosen="one/copy.png", others=("two/copy.png",)),
    )
    told = {
        r[HistoryMatch.row_hash]: (r[HistoryMatch.status], r[HistoryMatch.reason].split(":")[0])
        for r in found.matches.to_dicts()
    }
    assert told == {
        "r1": ("quarantined", "not found"),
        "r2": ("quarantined", "ambiguous name"),
        "r3": ("quarantined", "not found"),
        "r4": ("used", ""),
        "r5": ("quarantined", "set of one"),
    }
    assert found.selections.height == 1


def test_the_last_word_on_a_set_or_a_picture_counts_and_the_others_stay() -> None:
    late, early = datetime(2025, 1, 2), datetime(2025, 1, 1)
    box = {"x1": 0.1, "y1": 0.1, "x2": 0.9, "y2": 0.9}
    found = matched(
        row(1, chosen="a_stage3.png", others=("a_stage1.png",), happened_at=late),
        row(2, chosen="a_stage1.png", others=("a_stage3.png",), happened_at=early),
        row(3, "crop", happened_at=early, box=box),
        row(4, "crop", happened_at=late, box={"x1": 20.0, "y1": 0.0, "x2": 120.0, "y2": 50.0}),
    )
    assert found.selections[Selection.chosen_photo_id].to_list() == ["a_stage3.png"]
    (cut,) = found.crops.to_dicts()
    assert (cut["x1"], cut["y1"], cut["x2"], cut["y2"], cut["evidence"], cut["aspect_kept"]) == (
        0.1,
        0,
        0.6,
        0.5,
        "box in pixels",
        True,
    )
    assert found.matches[HistoryMatch.status].to_list() == ["used", "superseded", "superseded", "used"]


def test_a_cut_without_a_box_teaches_that_it_was_cut_and_not_where() -> None:
    found = matched(
        row(1, "cropped, box unknown", "a_stage3.png"),
        row(2, "crop", "a_stage2.png"),
        row(3, "selection", "plain.png", ("a_stage1.png",)),
    )
    cuts = {r[CropExample.photo_id]: r for r in found.crops.to_dicts()}
    assert (cuts["a_stage3.png"]["cropped"], cuts["a_stage3.png"]["x1"]) == (True, None)
    assert (cuts["plain.png"]["cropped"], cuts["plain.png"]["evidence"]) == (
        False,
        "chosen and never cropped",
    )
    assert "a_stage2.png" not in cuts
    assert found.matches[HistoryMatch.reason].str.split(":").list.first().to_list() == [
        "box unknown",
        "no coordinates",
        "",
    ]


def test_a_whole_frame_is_no_cut_and_a_box_of_another_aspect_is_told() -> None:
    boxes = [
        {"x1": 0.0, "y1": 0.0, "x2": 200.0, "y2": 100.0},
        {"x1": 0.0, "y1": 0.0, "x2": 100.0, "y2": 100.0},
    ]
    found = matched(
        row(1, "crop", "a_stage3.png", box=boxes[0]), row(2, "crop", "a_stage2.png", box=boxes[1])
    )
    cuts = {
        r[CropExample.photo_id]: (r["cropped"], r["x1"], r["aspect_kept"]) for r in found.crops.to_dicts()
    }
    assert cuts == {"a_stage3.png": (False, None, None), "a_stage2.png": (True, 0.0, False)}


def verdict(number: int, action: str, chosen: str | None, **more: Any) -> dict[str, Any]:
    base = {
        "project": "p",
        "verdict_id": f"v{number}",
        "group_id": "g",
        "photo_ids": ["a_stage1.png", "a_stage3.png"],
        "action": action,
        "proposed_photo_id": "a_stage3.png",
        "chosen_photo_id": chosen,
        "crop": None,
        "confidence": None,
        "proposed_by": "rule",
        "blind": False,
        "bulk": False,
        "decided_at": NOW,
        "number": number,
    }
    return {**base, **more}


def test_verdicts_speak_last_and_bulk_approvals_teach_nothing() -> None:
    history = row(1, chosen="a_stage3.png", others=("a_stage1.png",), happened_at=NOW)
    over = matched(history, verdicts=ReviewDecision.frame([verdict(1, "overridden", "a_stage1.png")]))
    assert (over.selections[Selection.chosen_photo_id][0], over.selections[Selection.source][0]) == (
        "a_stage1.png",
        "review",
    )
    for said in (verdict(1, "overridden", "a_stage1.png", bulk=True), verdict(1, "skipped", None)):
        assert matched(history, verdicts=ReviewDecision.frame([said])).selections[
            Selection.source
        ].to_list() == ["history"]


@pytest.mark.parametrize("last", ["rejected", "skipped", "approved"])
@pytest.mark.parametrize("known", [False, True])
def test_a_choice_that_was_taken_back_teaches_and_counts_no_longer(last: str, known: bool) -> None:
    history = [row(1, chosen="a_stage3.png", others=("a_stage1.png",), happened_at=NOW)] if known else []
    last_word = verdict(2, last, "a_stage3.png" if last == "approved" else None, bulk=last == "approved")
    verdicts = ReviewDecision.frame(
        [last_word, verdict(1, "overridden", "a_stage1.png", crop=[0.1, 0.1, 0.9, 0.9])]
    )
    found = matched(*history, verdicts=verdicts)
    stays = known and last != "rejected"
    assert found.selections[Selection.source].to_list() == (["history"] if stays else [])
    assert (found.crops.height, counted(verdicts).height) == (0, int(last == "rejected"))
    assert found.matches[HistoryMatch.status].to_list() == ["used" if stays else "superseded"] * known
    assert (
        found.matches[HistoryMatch.photo_ids].to_list() == [["a_stage1.png", "a_stage3.png"]] * known
    )  # it was a set all the same


def test_an_import_counts_every_row_and_a_dry_run_changes_nothing(
    workspace: Workspace, tmp_path: Path
) -> None:
    file = tmp_path / "log.csv"
    lines = [
        'mojo1/a_stage2.png,"[""mojo1/a_stage1.png""]"',
        'mojo/a_stage2.png,"[""mojo/a_stage1.png""]"',
        'mojo1_backup/a_stage2.png,"[""mojo1/a_stage1.png""]"',
        'nowhere/a_stage2.png,"[""nowhere/a_stage1.png""]"',
        'mojo1/a_stage2.png,"[""mojo1/a_stage1.png""]"',
    ]
    file.write_text(
        "session_id,set_id,chosen_path,neg_paths,timestamp\n" + "".join(f"s,1,{x},t\n" for x in lines)
    )
    before = tree(tmp_path)
    (told,) = import_history([file], workspace, HistorySettings(), NOW, dry_run=True)
    assert tree(tmp_path) == before
    (real,) = import_history([file], workspace, HistorySettings(), NOW, dry_run=False)
    assert real.as_dict() == told.as_dict()
    assert (real.rows, real.new, real.accepted) == (5, 2, 2)
    assert dict(real.refused) == {"two projects": 1, "unknown project": 1, "twice in the file": 1}
    assert [(x["line"], x["reason"]) for x in real.lines if x["state"] == "refused"] == [
        (4, "two projects"),
        (5, "unknown project"),
        (6, "twice in the file"),
    ]
    ledgers = {p.name: p.ledger.rows(HistoryRow).height for p in workspace.projects()}
    assert ledgers == {"mojo": 1, "mojo1": 1, "mojo1_backup": 0, "Elené": 0}
    assert workspace.shared.ledger.rows(HistoryRefusal).height == 2
    (again,) = import_history([file], workspace, HistorySettings(), NOW, dry_run=False)
    assert (again.new, again.accepted) == (0, 2)
    assert {p.name: p.ledger.rows(HistoryRow).height for p in workspace.projects()} == ledgers


def test_history_goes_out_in_the_formats_that_come_in_and_never_over_a_file(
    workspace: Workspace, tmp_path: Path
) -> None:
    from proofsheet.storage.stamps import Stamp

    project = workspace.project("mojo1")

    def of_it(frame: pl.DataFrame) -> pl.DataFrame:
        return frame.with_columns(pl.lit(project.key).alias("project"))

    box = {"x1": 0.1, "y1": 0.1, "x2": 0.9, "y2": 0.9}
    found = matched(
        row(1, chosen="a_stage1.png", others=("a_stage3.png",), happened_at=NOW),
        row(2, "crop", "a_stage1.png", box=box),
    )
    pairs = pair_rows("p", found.selections, PHOTOS, found.vector_sets, ImportedVector.frame())
    tables = {
        Photo: PHOTOS,
        Selection: found.selections,
        CropExample: found.crops,
        Anomaly: anomaly_rows("p", found.selections, PHOTOS),
        ProjectStatistic: statistic_rows("p", found.matches, found.selections, found.crops, pairs, 0),
    }
    project.store.publish({t: of_it(f) for t, f in tables.items()}, Stamp())
    written = export_history([project], tmp_path / "out")
    assert written == {
        "selection_only_log.csv": 1,
        "select_crop_log.csv": 1,
        "anomaly_cases.csv": 1,
        "anomaly_summary.json": 1,
    }
    lines = (tmp_path / "out" / "selection_only_log.csv").read_text().splitlines()
    assert lines[1] == 's,1,mojo1/a_stage1.png,"[""mojo1/a_stage3.png""]",2026-01-02T03:04:05'
    summary = json.loads((tmp_path / "out" / "anomaly_summary.json").read_text())
    assert summary["projects"]["mojo1"]["anomalies"] == 1
    back = import_history(
        sorted((tmp_path / "out").glob("*.csv")), workspace, HistorySettings(), NOW, dry_run=True
    )
    assert [(r.rows, dict(r.refused)) for r in back] == [(1, {})] * 3
    with pytest.raises(UsageError):
        export_history([project], tmp_path / "out")


def test_the_gate_refuses_pairs_that_cross_a_set_or_a_project() -> None:
    found = matched(row(1, chosen="a_stage3.png", others=("a_stage1.png", "a_stage2.png")))
    pairs = pair_rows("p", found.selections, PHOTOS, found.vector_sets, ImportedVector.frame())
    assert violations(TrainingPair, pairs, "p") == []
    strange = pairs.with_columns(pl.Series(TrainingPair.winner_photo_id, ["a_stage3.png", "plain.png"]))
    assert any("every set has one winner" in v for v in violations(TrainingPair, strange, "p"))
    both = pairs.with_columns(pl.Series(TrainingPair.loser_photo_id, ["a_stage3.png", "a_stage2.png"]))
    assert any("no photo wins and loses in one set" in v for v in violations(TrainingPair, both, "p"))
    assert violations(TrainingPair, pairs, "q")
    outside = found.selections.with_columns(pl.lit("plain.png").alias(Selection.chosen_photo_id))
    assert any("the winner is a member of its set" in v for v in violations(Selection, outside, "p"))
