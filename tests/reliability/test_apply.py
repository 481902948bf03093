"""Promises 1 to 4: apply and undo, killed or failing at every operation, lose nothing, separate nothing, write over nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.reliability.sizes import size
from tests.review_kit import chosen_project, decide_all

ROOT = Path(__file__).parents[2]
SETS, STRIDE = size(50, 20), 14
MEMORY = "/dev/shm"
pytestmark = [pytest.mark.long, pytest.mark.skipif(os.name == "nt", reason="needs fork and SIGKILL")]


def test_nothing_is_lost_whatever_cuts_apply_and_undo_off(tmp_path: Path, figure: Callable[..., None]) -> None:
    _settings, project = chosen_project(tmp_path / "base", sets=SETS, size=(32, 24))
    decide_all(project)
    with tempfile.TemporaryDirectory(dir=MEMORY if Path(MEMORY).is_dir() else None) as work:  # nothing here needs a real disk
        command = [sys.executable, "-m", "tests.reliability.applying", str(tmp_path / "base"), f"{work}/copy", str(STRIDE)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=2400, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout.splitlines()[-1])
    problems = found.pop("problems")
    figure("apply and undo cut off", decisions=SETS, **found, problems=len(problems))
    assert problems == []
    assert found["kill_points_apply"] >= 200
    assert found["kill_points_undo"] >= 200
    assert min(found["error_points_apply"], found["error_points_undo"]) >= size(150, 60)
