"""Embed and its undo, killed or failing at every operation, lose nothing and change no file half."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.reliability.sizes import size
from tests.support.embed_kit import CONTAINERS, embed_project, picture

ROOT = Path(__file__).parents[2]
FILES = size(10, 3)
MEMORY = "/dev/shm"
pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(os.name == "nt", reason="needs fork and SIGKILL"),
    pytest.mark.skipif(shutil.which("exiftool") is None, reason="exiftool is not installed"),
]


def test_no_file_is_lost_or_changed_half_whatever_cuts_embed_and_undo_off(
    tmp_path: Path, figure: Callable[..., None]
) -> None:
    project = embed_project(tmp_path / "base")
    for number in range(FILES):
        kind = CONTAINERS[number % len(CONTAINERS)]
        picture(project.folder / f"{number}.{kind}", number)
    with tempfile.TemporaryDirectory(dir=MEMORY if Path(MEMORY).is_dir() else None) as work:
        command = [
            sys.executable,
            "-m",
            "tests.reliability.embedding",
            str(tmp_path / "base"),
            f"{work}/copy",
        ]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=3600, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout.splitlines()[-1])
    problems = found.pop("problems")
    figure("embed and undo cut off", files=FILES, **found, problems=len(problems))
    assert problems == []
    assert min(found["kill_points_embed"], found["kill_points_undo"]) >= 3 * FILES
    assert min(found["error_points_embed"], found["error_points_undo"]) >= 6 * 3 * FILES
