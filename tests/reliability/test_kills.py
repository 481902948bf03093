"""SIGKILL at many points of a run: nothing published is lost, and the next run ends equal."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from proofsheet.core.config import Configuration
from proofsheet.storage.ledger_tables import FACTS
from proofsheet.storage.parts import wrong_with
from proofsheet.storage.workspace import Project
from schemas.everything import every_table
from tests.reliability.sizes import size
from tests.support.kit import configuration, only_project, stage_library

pytestmark = pytest.mark.long
ROOT = Path(__file__).parents[2]
KILLS, BATCH = size(30, 10), 4
OF_RUNS = {"runs", "sessions", "trends"}
TIMES = (
    "happened_at",
    "noted_at",
    "frozen_at",
    "last_at",
    "first_seen_at",
    "proved_at",
    "answered_at",
    "ended_at",
    "run_id",
    "cleared_at",
)
DERIVED = [t for t in every_table() if t.origin == "derived"]

# The child counts its own mutating file operations in the home and kills itself at the wanted one.
CHILD = """
import json, os, signal, sys
from pathlib import Path
library, home, wanted, notes = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4])
seen = {"count": 0, "opened": 0, "points": []}

def watch(event, args):
    if os.getpid() != main or event not in {"open", "os.rename", "os.remove", "os.mkdir"}:
        return
    target = args[1] if event == "os.rename" else args[0]
    if not isinstance(target, (str, os.PathLike)):
        return
    if not str(target).startswith(str(home)) or "/dagster/" in str(target):
        return
    if event == "open" and not (isinstance(args[1], str) and set(args[1]) & set("wa+x")):
        return
    seen["count"] += 1
    place = "/".join(Path(str(target)).relative_to(home).parts[:1]) or "home"
    seen["points"].append(f"{event} {place}")
    if seen["count"] == wanted:
        notes.write_text(json.dumps(seen | {"killed_at": seen["points"][-1]}))
        os.kill(os.getpid(), signal.SIGKILL)

class Listener:
    def step(self, what, done, total):
        if what == "pictures opened":
            seen["opened"] = done

if __name__ == "__main__":
    from dagster_project.running import run_one
    from tests.support.kit import configuration, only_project
    main = os.getpid()
    settings = configuration(library, home, photos={"batch": BATCH})
    key = only_project(settings).key
    sys.addaudithook(watch)
    outcome = run_one(settings, key, None, Listener())
    wanted = 0
    notes.write_text(json.dumps(seen | {"outcome": outcome.as_dict()}))
""".replace("BATCH", str(BATCH))


def child(tmp_path: Path, home: Path, wanted: int) -> tuple[int, dict[str, Any]]:
    script, notes = tmp_path / "child.py", tmp_path / "notes.json"
    script.write_text(CHILD)
    notes.unlink(missing_ok=True)
    done = subprocess.run(
        [sys.executable, str(script), str(tmp_path / "library"), str(home), str(wanted), str(notes)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert notes.exists(), done.stderr
    return done.returncode, json.loads(notes.read_text())


def rows(project: Project) -> dict[str, pl.DataFrame]:
    """Every table and fact, without columns of the time and without tables about runs alone."""
    tables = {t.name: project.store.read(t) for t in DERIVED} | {
        t.name: project.ledger.rows(t) for t in FACTS
    }
    found = {name: frame for name, frame in tables.items() if name not in OF_RUNS}
    return {name: frame.drop([c for c in TIMES if c in frame.columns]) for name, frame in found.items()}


def whole(project: Project) -> bool:
    """Every generation that the pointer names, and every file that it names, has its written bytes."""
    generations = project.store.generations
    files = {generations.path(n): found for n, found in generations.pointers()}
    files |= {generations.folder / part.file: part.sha256 for part in generations.known_parts()}
    return not any(wrong_with(path, found, again=True) for path, found in files.items())


def settings_of(tmp_path: Path, home: Path) -> Configuration:
    return configuration(tmp_path / "library", home, photos={"batch": BATCH})


def test_kills_lose_nothing_and_the_next_run_ends_equal(tmp_path: Path, figure: Any) -> None:
    stage_library(tmp_path / "library", "one", sets=6)
    (tmp_path / "library" / "one" / "bad.jpg").write_bytes(b"no picture")
    code, undisturbed = child(tmp_path, tmp_path / "undisturbed", 0)
    assert code == 0
    assert undisturbed["outcome"]["success"]
    expected = rows(only_project(settings_of(tmp_path, tmp_path / "undisturbed")))
    total = undisturbed["count"]
    wanted = sorted({1 + round(i * (total - 1) / (KILLS - 1)) for i in range(KILLS)})
    assert len(wanted) == KILLS
    points, repeated = [], []
    for number in wanted:
        home = tmp_path / f"home{number}"
        code, killed = child(tmp_path, home, number)
        assert code == -signal.SIGKILL
        assert killed["count"] == number
        points.append(killed["killed_at"])
        project = only_project(settings_of(tmp_path, home))
        assert whole(project)
        facts_before = {t.name: project.ledger.rows(t).height for t in FACTS}
        code, again = child(tmp_path, home, 0)
        assert code == 0
        assert again["outcome"]["success"], again["outcome"]["error"]
        assert whole(project)
        for name, frame in rows(project).items():
            assert frame.equals(expected[name]), f"{name} after a kill at {number}: {points[-1]}"
        assert all(project.ledger.rows(t).height >= facts_before[t.name] for t in FACTS)
        repeated.append(max(0, killed["opened"] + again["opened"] - undisturbed["opened"]))
    assert max(repeated) <= BATCH + 1  # the batch, and the refused file
    figure(
        "SIGKILL of a project run",
        kills=len(points),
        distinct_points=len(wanted),
        operations_in_a_run=total,
        generations_lost=0,
        runs_that_ended_unequal=0,
        batch=BATCH,
        pictures_repeated_at_most=max(repeated),
        kinds_of_points=len(set(points)),
    )
