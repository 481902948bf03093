"""Folders that are being copied in five ways, a real daemon that is killed.

Each version is run once, and only when complete.
"""

from __future__ import annotations

import hashlib
import os
import random
import signal
import subprocess
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from dagster_project.instance import open_instance
from proofsheet.core.config import load
from proofsheet.core.process_marks import with_environment
from proofsheet.storage.workspace import Workspace
from schemas.library import Photo, Quarantine
from tests.reliability.serving import PROOFSHEET, Up
from tests.reliability.sizes import size
from tests.support.kit import jpeg_bytes

pytestmark = pytest.mark.long
TICKS, RESTARTS, QUIET_S = size(100, 40), size(5, 2), 8.0
FILES, FOLDERS_A_WAY, BETWEEN_S = 4, size(2, 1), size(120, 90)


def content(folder: str, version: int, number: int) -> bytes:
    seed = int.from_bytes(hashlib.sha256(f"{folder} {version} {number}".encode()).digest()[:4], "big")
    return jpeg_bytes(seed, (320, 240), quality=95)


def direct(path: Path, data: bytes) -> None:
    with path.open("wb") as stream:
        for start in range(0, len(data), 2000):
            stream.write(data[start : start + 2000])
            stream.flush()
            time.sleep(0.15)


def part_and_rename(path: Path, data: bytes) -> None:
    part = path.with_name(path.name + ".part")
    direct(part, data)
    part.rename(path)


def old_times_kept(path: Path, data: bytes) -> None:
    direct(path, data)
    os.utime(path, (1_000_000_000, 1_000_000_000))


def stalls(path: Path, data: bytes) -> None:
    """Longer than the quiet time, with the file open: a camera that dozes, a slow network."""
    with path.open("wb") as stream:
        stream.write(data[: len(data) // 2])
        stream.flush()
        time.sleep(QUIET_S + 6)
        stream.write(data[len(data) // 2 :])


def preallocated(path: Path, data: bytes) -> None:
    with path.open("wb") as stream:
        stream.truncate(len(data))
        for start in range(0, len(data), 2000):
            stream.seek(start)
            stream.write(data[start : start + 2000])
            stream.flush()
            time.sleep(0.15)


WAYS = (direct, part_and_rename, old_times_kept, stalls, preallocated)


def copy_folder(folder: Path, way: Any, version: int, finished: dict[tuple[str, int], float]) -> None:
    folder.mkdir(exist_ok=True)
    for number in range(FILES):
        way(folder / f"v{version}_{number}.jpg", content(folder.name, version, number))
    finished[folder.name, version] = time.time()


def ticks(home: Path) -> int:
    with open_instance(home) as instance:
        states = [s for s in instance.all_instigator_state() if s.origin.instigator_name == "project_folders"]
        return sum(len(instance.get_ticks(s.instigator_origin_id, s.selector_id)) for s in states)


def run_versions(home: Path) -> list[tuple[dg.DagsterRun, float]]:
    """Every run that the sensor asked for, with the time of its creation."""
    with open_instance(home) as instance:
        records = instance.get_run_records()
        return [
            (r.dagster_run, r.create_timestamp.timestamp())
            for r in records
            if "dagster/run_key" in r.dagster_run.tags
        ]


def test_each_finished_version_is_run_once_and_nothing_is_read_before(tmp_path: Path, figure: Any) -> None:
    library = tmp_path / "library"
    library.mkdir()
    subprocess.run([str(PROOFSHEET), "init", "library"], cwd=tmp_path, check=True)
    with (tmp_path / "proofsheet.toml").open("a") as stream:
        stream.write(f"\n[watch]\nquiet_s = {QUIET_S}\ninterval_s = 1\n")
    home = Workspace(load(tmp_path, {}).place).home
    finished: dict[tuple[str, int], float] = {}
    folders = [library / f"{way.__name__}{n}" for way in WAYS for n in range(FOLDERS_A_WAY)]
    dice = random.Random(4711)

    def copier(folder: Path) -> None:
        way = next(w for w in WAYS if folder.name.startswith(w.__name__))
        time.sleep(dice.uniform(0, 30))
        copy_folder(folder, way, 1, finished)
        time.sleep(BETWEEN_S + dice.uniform(0, BETWEEN_S / 2))
        copy_folder(folder, way, 2, finished)

    up = Up(tmp_path).wait()
    copiers = [threading.Thread(target=copier, args=(f,)) for f in folders]
    for thread in copiers:
        thread.start()
    restarts = 0
    end = time.monotonic() + 1500
    while time.monotonic() < end:
        time.sleep(3)
        seen = ticks(home)
        if restarts < RESTARTS and seen >= (restarts + 1) * TICKS // (RESTARTS + 1):
            daemons = [
                p
                for p in with_environment("PROOFSHEET_UP", str(home))
                if b"dagster._daemon" in Path(f"/proc/{p}/cmdline").read_bytes()
            ]
            for daemon in daemons:
                os.kill(daemon, signal.SIGKILL)
            restarts += bool(daemons)
        runs = run_versions(home)
        if (
            seen >= TICKS
            and not any(t.is_alive() for t in copiers)
            and len([r for r, _at in runs if r.is_finished]) >= 2 * len(folders)
        ):
            break
    time.sleep(20)  # would there be one too many?
    runs, seen = run_versions(home), ticks(home)
    up.stop()
    per_project = Counter(str(r.tags["dagster/partition"]) for r, _at in runs)
    early = partial = 0
    for project in Workspace(load(tmp_path, {}).place).projects():
        expected = {
            hashlib.sha256(content(project.name, v, n)).hexdigest() for v in (1, 2) for n in range(FILES)
        }
        hashes = set(project.store.read(Photo)[Photo.content_hash])
        partial += len(hashes - expected) + project.store.read(Quarantine).height
        assert hashes == expected, project.name
        starts = sorted(at for r, at in runs if r.tags["dagster/partition"] == project.key)
        early += sum(
            1 for version, start in enumerate(starts, start=1) if start < finished[project.name, version]
        )
        every = [
            line
            for log in project.logs.glob("*.log")
            for line in log.read_text().splitlines()
            if " refused " in line
        ]
        partial += len(every)
    assert len({r.tags["dagster/run_key"] for r, _at in runs}) == len(runs)
    assert per_project == {p.key: 2 for p in Workspace(load(tmp_path, {}).place).projects()}
    assert (early, partial) == (0, 0)
    assert seen >= TICKS
    assert restarts == RESTARTS
    figure(
        "folders copied in five ways under a running daemon",
        ticks=seen,
        daemon_restarts=restarts,
        folders=len(folders),
        finished_versions=2 * len(folders),
        runs=len(runs),
        runs_before_a_copy_was_complete=early,
        files_read_before_they_were_complete=partial,
    )
