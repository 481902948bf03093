"""Promises 1 to 4.

Apply, renaming and undo, killed or failing at every operation, lose nothing, separate nothing, write over
nothing.
"""

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
from tests.support.namings_kit import DISTINCT, namings_project
from tests.support.rename_kit import exchanging_project
from tests.support.review_kit import chosen_project, decide_all

ROOT = Path(__file__).parents[2]
SETS, STRIDE = size(50, 10), 14
FORMS = size(1, 7)  # every so many naming forms
MEMORY = "/dev/shm"
pytestmark = [pytest.mark.long, pytest.mark.skipif(os.name == "nt", reason="needs fork and SIGKILL")]


def cut_off(base: Path, forms: int, verb: str = "apply") -> tuple[dict[str, int], list[str]]:
    """Figures of the driver, and what went wrong."""
    with tempfile.TemporaryDirectory(
        dir=MEMORY if Path(MEMORY).is_dir() else None
    ) as work:  # nothing here needs a real disk
        command = [
            sys.executable,
            "-m",
            "tests.reliability.applying",
            str(base),
            f"{work}/copy",
            str(STRIDE),
            str(forms),
            verb,
        ]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=3600, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout.splitlines()[-1])
    return found, found.pop("problems")


def test_nothing_is_lost_whatever_cuts_apply_and_undo_off(
    tmp_path: Path, figure: Callable[..., None]
) -> None:
    _settings, project = chosen_project(tmp_path / "base", sets=SETS, size=(32, 24))
    decide_all(project)
    found, problems = cut_off(tmp_path / "base", 0)
    figure("apply and undo cut off", decisions=SETS, **found, problems=len(problems))
    assert problems == []
    assert min(found["kill_points_apply"], found["kill_points_undo"]) >= size(1000, 200)
    assert min(found["error_points_apply"], found["error_points_undo"]) >= size(150, 30)


def test_no_form_of_companions_is_separated_whatever_cuts_apply_and_undo_off(
    tmp_path: Path, figure: Callable[..., None]
) -> None:
    namings = DISTINCT[::FORMS]
    namings_project(tmp_path / "base", namings, chosen="other")
    found, problems = cut_off(tmp_path / "base", FORMS)
    figure("companions of every naming form, cut off", forms=len(namings), **found, problems=len(problems))
    assert problems == []
    assert min(found["kill_points_apply"], found["kill_points_undo"]) >= size(800, 100)
    assert min(found["error_points_apply"], found["error_points_undo"]) >= size(150, 20)


def test_nothing_is_lost_whatever_cuts_renaming_and_its_undo_off(
    tmp_path: Path, figure: Callable[..., None]
) -> None:
    folders = size(60, 10)
    exchanging_project(tmp_path / "base", folders)
    found, problems = cut_off(tmp_path / "base", 0, "rename")
    figure("renaming and its undo cut off", folders=folders, **found, problems=len(problems))
    assert problems == []
    assert min(found["kill_points_apply"], found["kill_points_undo"]) >= size(1000, 200)
    assert min(found["error_points_apply"], found["error_points_undo"]) >= size(150, 30)
