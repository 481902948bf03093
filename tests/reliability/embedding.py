"""Kill and fail embed and its undo at every operation that changes the disk.

A driver that forks, started by test_embed.py.

Holds `main`.
Add here: another way to be cut off.
Keep out: assertions on its figures.

    python -m tests.reliability.embedding BASE WORK

BASE holds a project with pictures of several containers. Every child is forked before this process starts
threads. Prints one JSON document: how many distinct points were hit, and what was lost or changed half."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from proofsheet.apply.disk import Disk
from proofsheet.apply.executor import Applier
from proofsheet.apply.moves import last_plan, unfinished
from schemas.settings.apply import ApplySettings
from tests.reliability.applying import CLEAN, FAILED, CutOff, Failing, child, seen
from tests.support.embed_kit import embed_plan, embed_project
from tests.support.kit import NOW

ERRORS = (errno.ENOSPC, errno.EIO, errno.EACCES)


class Place:
    """A copy of the base, and what must come out of it."""

    def __init__(self, base: Path, work: Path) -> None:
        self.base, self.work, self.problems = base, work, list[str]()
        self.reset()
        self.before = seen(work / "library")

    def reset(self) -> None:
        shutil.rmtree(self.work, ignore_errors=True)
        shutil.copytree(self.base, self.work)

    def check(self, when: str) -> None:
        """Every file is there with its former content or with the whole new one, and its former time."""
        now, new = seen(self.work / "library"), self._new()
        self.problems += [f"{when}: lost {p}" for p in self.before.keys() - now.keys()]
        self.problems += [f"{when}: strange {p}" for p in now.keys() - self.before.keys()]
        for path in self.before.keys() & now.keys():
            if now[path] != self.before[path] and now[path][0] not in new:
                self.problems.append(f"{when}: {path} is changed half")
            if now[path][1] != self.before[path][1]:
                self.problems.append(f"{when}: {path} has another time")

    def check_all(self, when: str, *, new: bool) -> None:
        """Every file has its new content, or its former one, and nothing unfinished is left."""
        now, made = seen(self.work / "library"), self._new()
        right = [p for p in now if (now[p][0] in made if new else now[p] == self.before[p])]
        if len(right) != len(self.before):
            self.problems.append(f"{when}: {len(right)} of {len(self.before)} files are right")
        left = [p for p in (self.work / "library").rglob("*") if "proofsheet-part" in p.name]
        self.problems += [f"{when}: left {p}" for p in left]

    def _new(self) -> set[str]:
        """Contents that the ledger has as new ones; polars would start threads."""
        ledgers = list((self.work / "home" / "ledger").glob("*.sqlite"))
        if not ledgers:
            return set()
        with closing(sqlite3.connect(ledgers[0])) as con:
            return {r[0] for r in con.execute("SELECT new_hash FROM metadata_changes") if r[0]}


def go_on(place: Place, disk: Disk) -> int:
    """Embed: what is unfinished first, then what is planned."""
    project = embed_project(place.work)
    applier = Applier(project, ApplySettings(), NOW, disk)
    reports = [applier.resume(p) for p in unfinished(project.ledger)]
    if not any(r.failed for r in reports) and (plan := embed_plan(project)).operations:
        reports.append(applier.execute(plan, "sandbox"))
    return FAILED if any(r.failed or r.refused for r in reports) else CLEAN


def go_back(place: Place, disk: Disk) -> int:
    """Undo."""
    project = embed_project(place.work)
    plan = next(iter(unfinished(project.ledger)), None) or last_plan(project.ledger)
    if plan is None:
        return CLEAN
    report = Applier(project, ApplySettings(), NOW, disk).undo(plan)
    return FAILED if report.failed or report.refused else CLEAN


def kills(place: Place, act: Callable[[Place, Disk], int], mark: Path) -> set[str]:
    """Kill the act before every operation, one after another; each time the next child continues.

    A child that comes to a known point is followed by one that gets further.
    """
    points, step = set[str](), 1
    while True:
        mark.unlink(missing_ok=True)
        code = child(lambda: act(place, CutOff(step, mark)))  # noqa: B023 - called at once
        if code == -signal.SIGKILL:
            point = mark.read_text()
            step = step + 1 if point in points else 1
            points.add(point)
            place.check(f"{act.__name__} killed at {point}")
        elif code == CLEAN and not mark.exists():
            return points
        else:
            place.problems.append(f"{act.__name__} ended with {code}")
            return points


def failures(place: Place, act: Callable[[Place, Disk], int], mark: Path) -> set[str]:
    """Fail every change by each error, once and for good, and go on with a disk that is well."""
    points = set[str]()
    for number, code in enumerate(ERRORS * 2):
        at = 0
        while True:
            at += 1
            place.reset()
            if act is go_back:
                child(lambda: go_on(place, Disk()))
            mark.unlink(missing_ok=True)
            failing = Failing(at, mark, code, number >= len(ERRORS))
            ended = child(lambda: act(place, failing))  # noqa: B023 - called at once
            if not mark.exists():
                break
            often = "for good" if failing.stays else "once"
            told = f"{act.__name__} {errno.errorcode[code]} {often} {mark.read_text()}"
            points.add(told)
            if ended != FAILED:
                place.problems.append(f"{told}: exit {ended}")
            place.check(told)
            if child(lambda: act(place, Disk())) != CLEAN:
                place.problems.append(f"{told}: did not go on")
            place.check_all(f"{told}, gone on", new=act is go_on)
    return points


def main() -> None:
    """Run everything and print the figures."""
    base, work = Path(sys.argv[1]), Path(sys.argv[2])
    mark, place = work.with_suffix(".mark"), Place(base, work)
    embedded = kills(place, go_on, mark)
    place.check_all("embedded", new=True)
    undone = kills(place, go_back, mark)
    place.check_all("undone after kills", new=False)
    figures = {
        "kill_points_embed": len(embedded),
        "kill_points_undo": len(undone),
        "error_points_embed": len(failures(place, go_on, mark)),
        "error_points_undo": len(failures(place, go_back, mark)),
        "problems": place.problems,
    }
    os.write(1, (json.dumps(figures) + "\n").encode())


if __name__ == "__main__":
    main()
