"""A finished project's folders through the command line: dry by default, counted, taken in with --execute."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from proofsheet.storage.workspace import Workspace
from schemas.history import HistoryRow
from schemas.settings.library import PlaceSettings
from tests.support.kit import Shell, tree
from tests.unit.history.test_folder_extraction import scene

STAGES = ("060416_stage1_generated", "060544_stage2_upscaled")


def coloured(seed: int) -> Image.Image:
    return Image.fromarray(np.stack([scene(seed), scene(seed), scene(seed)], axis=2))


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three sets of two stages.

    Of the first the crop was kept, of the second the lower stage, of the third nothing.
    """
    raw, final = tmp_path / "library" / "mojo1_raw", tmp_path / "mojo1_final"
    raw.mkdir(parents=True)
    final.mkdir()
    for day in range(3):
        for stage in STAGES:
            coloured(day).save(
                raw / f"2025070{day + 1}_{stage}.png", pnginfo=None, compress_level=1 + STAGES.index(stage)
            )
    coloured(0).crop((60, 40, 300, 200)).save(final / f"20250701_{STAGES[1]}.jpg", quality=90)
    (final / f"20250702_{STAGES[0]}.png").write_bytes((raw / f"20250702_{STAGES[0]}.png").read_bytes())
    (final / "broken.png").write_bytes(b"no picture")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PROOFSHEET_LIBRARY", str(tmp_path / "library"))
    monkeypatch.setenv("PROOFSHEET_HOME", str(tmp_path / "home"))
    return tmp_path


@pytest.mark.long
def test_choices_and_crops_are_found_and_nothing_is_written_until_execute(place: Path) -> None:
    call, before = Shell(place), tree(place)
    words = ("history", "extract", "--raw", "library/mojo1_raw", "--final", "mojo1_final")
    told = call.json(*words)
    counts = {
        n: told[n]
        for n in ("executed", "project", "sets", "crops", "cropped_box_unknown", "not_cropped", "skipped")
    }
    assert counts == {
        "executed": False,
        "project": "mojo1_raw",
        "sets": 2,
        "crops": 1,
        "cropped_box_unknown": 0,
        "not_cropped": 1,
        "skipped": {"set without a finished picture": 1, "file that cannot be opened": 1},
    }
    assert "Nothing was written" in call(*words).stdout
    assert tree(place) == before
    done = call.json(*words, "--execute")
    assert [(f["format"], f["accepted"], f["refused"]) for f in done["files"]] == [
        ("selection_only_log", 2, {}),
        ("select_crop_log", 1, {}),
    ]
    assert call.json(*words, "--execute")["files"][0]["new"] == 0
    (project,) = Workspace(PlaceSettings(library=str(place / "library"), home=str(place / "home"))).projects()
    rows = {r[HistoryRow.kind]: r for r in project.ledger.rows(HistoryRow, kind="crop").to_dicts()}
    box = rows["crop"][HistoryRow.box]
    assert [box[s] for s in ("x1", "y1", "x2", "y2")] == pytest.approx(
        [60 / 480, 40 / 320, 300 / 480, 200 / 320], abs=0.01
    )
    assert {n: v for n, v in tree(place).items() if not n.startswith("home/")} == before


def test_folders_that_cannot_be_used_are_told(place: Path) -> None:
    call = Shell(place)
    (place / "empty").mkdir()
    for raw, final in (("mojo1_final", "mojo1_final"), ("library/mojo1_raw", "empty")):
        call("history", "extract", "--raw", raw, "--final", final, code=2)
    (place / "library" / "mojo1_raw").rename(place / "raw")
    (place / "library" / "other").mkdir()
    words = ("history", "extract", "--raw", "raw", "--final", "mojo1_final")
    assert call.json(*words)["project"] is None
    assert "belongs to no project" in call(*words, "--execute", code=2).stderr
    assert call.json(*words, "--project", "other", "--execute")["files"][0]["accepted"] == 2
