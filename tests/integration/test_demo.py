"""The finished project of the demo: its log names files that are there, and its choices follow the rule."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

pytest.importorskip("skimage", reason="the demo's photographs are not installed: the extra demo")

from demo.__main__ import _train
from demo.history import PROJECT, finished_sets, make_finished_project, write_log
from proofsheet.core.extras import LEARN
from proofsheet.storage.workspace import Workspace
from proofsheet.training import torch_mlp
from tests.support.kit import configuration


def test_the_log_names_the_files_and_the_rule(tmp_path: Path) -> None:
    make_finished_project(tmp_path)
    rows = list(csv.DictReader(write_log(tmp_path).open(encoding="utf-8")))
    named = [p for row in rows for p in (row["chosen_path"], *json.loads(row["neg_paths"]))]
    assert sorted(named) == sorted(f"{PROJECT}/{p.name}" for p in (tmp_path / PROJECT).iterdir())
    assert {row["session_id"] for row in rows} == {"made by a rule"}
    overdone = sum(one.overdone for one in finished_sets())
    assert sum("stage2" in row["chosen_path"] for row in rows) == overdone
    assert 0 < overdone < len(rows)


def test_without_the_extra_the_demo_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "library" / PROJECT).mkdir(parents=True)
    settings = configuration(tmp_path / "library", tmp_path / "home")
    monkeypatch.setattr(torch_mlp, "installed", lambda: False)
    assert _train(settings, Workspace(settings.place))
    assert LEARN in capsys.readouterr().out
