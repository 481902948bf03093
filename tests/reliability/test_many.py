"""Many projects by backfill and by command line, with readers and a client that holds a file.

No lock errors, no wrong rows.
"""

from __future__ import annotations

import multiprocessing as mp
import re
import subprocess
import time
from pathlib import Path
from typing import Any

import duckdb
import pytest

from proofsheet.core.config import load
from proofsheet.review.status import project_status
from proofsheet.storage.parts import file_sum, wrong_with
from proofsheet.storage.workspace import Project, Workspace
from schemas.everything import every_table
from tests.reliability.serving import PROOFSHEET, Up
from tests.reliability.sizes import size
from tests.reliability.test_up import wait_for_partition
from tests.support.kit import save_picture

pytestmark = pytest.mark.long
PROJECTS = size(40, 12)
DERIVED = [t for t in every_table() if t.origin == "derived"]


def _read_all(folder: str, stop: Any, results: Any) -> None:
    """Read every table of every project over and over; count reads, errors and rows of other projects."""
    workspace = Workspace(load(Path(folder), {}).place)
    reads, errors, strangers, torn, seen = 0, [], 0, 0, set()
    while not stop.is_set():
        for project in workspace.projects():
            for table in DERIVED:
                try:
                    rows = project.store.read(table)
                except Exception as error:
                    errors.append(str(error))
                    continue
                reads += 1
                strangers += rows.filter(rows["project"] != project.key).height
            store = project.store
            for number, found in store.generations.pointers()[:1]:
                path = store.generations.path(number)
                if (project.key, number) not in seen and path.exists():
                    seen.add((project.key, number))
                    try:
                        torn += file_sum(path) != found
                        parts = store.generations.known_parts()
                        torn += sum(
                            bool(wrong_with(store.folder / p.file, p.sha256, again=True)) for p in parts
                        )
                    except FileNotFoundError:
                        continue
    results.put(
        {
            "reads": reads,
            "errors": errors,
            "strangers": strangers,
            "torn": torn,
            "generations_checked": len(seen),
        }
    )


def _hold_open(path: str, stop: Any) -> None:
    with duckdb.connect(path) as con:
        con.execute("CREATE TABLE mine (x INTEGER)")
        stop.wait(3600)


def generations(projects: list[Project]) -> int:
    return sum(p.store.generation() for p in projects)


def test_many_projects_by_backfill_and_by_command_line(tmp_path: Path, figure: Any) -> None:
    for number in range(PROJECTS):
        folder = tmp_path / "library" / f"project {number:02d}"
        for picture in range(3):
            save_picture(folder / f"set_stage{picture + 1}_x.jpg", 100 * number + picture, (160, 120))
        save_picture(folder / "single.jpg", 100 * number + 9)
    subprocess.run([str(PROOFSHEET), "init", "library"], cwd=tmp_path, check=True)
    with (tmp_path / "proofsheet.toml").open("a") as stream:
        stream.write("\n[watch]\nquiet_s = 3600\ninterval_s = 5\n")
    projects = Workspace(load(tmp_path, {}).place).projects()
    context = mp.get_context("spawn")
    stop, results = context.Event(), context.Queue()
    reader = context.Process(target=_read_all, args=(str(tmp_path), stop, results))
    up = Up(tmp_path).wait()
    holder: Any = None
    try:
        wait_for_partition(up, projects[-1].key)
        reader.start()
        began = time.monotonic()
        up.backfill([p.key for p in projects], [*(t.name for t in DERIVED), "project_report"])
        done: list[dict[str, Any]] = []
        while len(done) < PROJECTS and time.monotonic() - began < 1800:
            time.sleep(2)
            ended = [r for r in up.runs() if r["status"] in {"SUCCESS", "FAILURE"}]
            done = [
                r for r in ended if "dagster/partition" in r["tags"]
            ]  # the report over all projects is a run of its own
            if holder is None and projects[0].store.open_copy.exists():
                holder = context.Process(target=_hold_open, args=(str(projects[0].store.open_copy), stop))
                holder.start()
        backfill_s = time.monotonic() - began
        assert [r["status"] for r in done] == ["SUCCESS"] * PROJECTS
        assert len({r["tags"]["dagster/partition"] for r in done}) == PROJECTS
        in_steps = [_seconds(p) for p in projects]
        first = generations(projects)
        for number, project in enumerate(projects):
            save_picture(project.folder / "late.jpg", 5000 + number)
        began = time.monotonic()
        ran = subprocess.run(
            [str(PROOFSHEET), "run", "--all", "--workers", "2"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        command_s = time.monotonic() - began
        assert ran.returncode == 0, ran.stderr[-3000:]
        while reader.is_alive() and generations(projects) < 500 and time.monotonic() - began < 60:
            time.sleep(1)
    finally:
        stop.set()
        up.kill_everything() if up.process.poll() is not None else up.stop()
    found = results.get(timeout=60)
    reader.join(60)
    logs = (
        "\n".join(
            p.read_text(errors="replace")
            for p in (tmp_path / "proofsheet-home" / "logs" / "up").glob("*.log")
        )
        + ran.stderr
    )
    locked = len(re.findall("database is locked", logs))
    assert holder is not None
    assert found["errors"] == []
    assert (found["strangers"], found["torn"], locked) == (0, 0, 0)
    assert all(project_status(p).photos == 5 for p in projects)
    writes = generations(projects)
    figure(
        f"{PROJECTS} projects, two at once, with a reader and a client holding a file read-write",
        writes=writes,
        reads=found["reads"],
        lock_errors=len(found["errors"]),
        database_is_locked=locked,
        rows_of_other_projects=found["strangers"],
        generations_checked=found["generations_checked"],
        wrong_checksums=found["torn"],
        backfill_wall_s=round(backfill_s),
        of_it_in_steps_s=round(sum(in_steps)),
        command_line_wall_s=round(command_s),
        writes_by_backfill=first,
    )
    assert writes >= 500
    assert found["reads"] >= 5000


def _seconds(project: Project) -> float:
    import json

    return sum(json.loads(p.read_text())["seconds"] for p in project.logs.glob("*_summary.json"))
