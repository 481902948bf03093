"""Kill and fail apply and undo at every operation that changes the disk.

A driver that forks, started by test_apply.py.

Holds `main`.
Add here: another way to be cut off.
Keep out: assertions on its figures.

    python -m tests.reliability.applying BASE WORK STRIDE FORMS VERB

BASE holds a library and a home with verdicts handed over, of every so many naming FORMS, or of stage series
where that is 0. With the VERB rename it holds pictures that exchange their names, of rename_kit. Every child
is forked before this process starts threads. STRIDE 1 fails every change by each error, which takes more than
an hour. Prints
one JSON document: how many distinct points were hit, and what was lost, separated or written over (nothing,
it is hoped)."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pyarrow.ipc  # noqa: F401 - before the forks: children would import it each time
from PIL import Image

from proofsheet.apply.disk import Disk
from proofsheet.apply.executor import Applier
from proofsheet.apply.moves import last_plan, unfinished
from proofsheet.apply.plan import Operation, Plan, make_plan, with_keep_all
from proofsheet.library.companions import companions
from proofsheet.review.submission import submitted
from proofsheet.storage.workspace import Project, Workspace
from schemas.settings.apply import ApplySettings
from schemas.settings.library import PlaceSettings
from tests.support.kit import NOW
from tests.support.namings_kit import DISTINCT, apart
from tests.support.rename_kit import CIRCLES, rename_plan
from tests.support.review_kit import COMPANIONS

Image.init()  # the same for its formats
FAILED, CLEAN = 7, 0
_KNOWN: dict[tuple[int, int, int], str] = {}


class CutOff(Disk):
    """Dies before its n-th change of the disk, having written which one that was."""

    def __init__(self, at: int, mark: Path) -> None:
        super().__init__()
        self.at, self.mark, self.count = at, mark, 0

    def before(self, what: str, path: Path) -> None:
        self.count += 1
        if self.count == self.at:
            self.mark.write_text(f"{what} {path}")
            os.kill(os.getpid(), signal.SIGKILL)


class Failing(CutOff):
    """Refuses its n-th change, or that and all that follow, with an error."""

    def __init__(self, at: int, mark: Path, code: int, stays: bool) -> None:
        super().__init__(at, mark)
        self.code, self.stays = code, stays

    def before(self, what: str, path: Path) -> None:
        self.count += 1
        if self.count == self.at or (self.stays and self.count > self.at):
            if self.count == self.at:
                self.mark.write_text(f"{what} {path}")
            raise OSError(self.code, os.strerror(self.code), str(path))


class Place:
    """A copy of the base, and what must come out of it."""

    def __init__(self, base: Path, work: Path, forms: int, verb: str) -> None:
        self.base, self.work, self.verb = base, work, verb
        self.namings = DISTINCT[::forms] if forms else ()
        self.reset()
        self.before = seen(work / "library")
        self.beside = beside(self.before)
        self.problems: list[str] = []

    def reset(self) -> None:
        shutil.rmtree(self.work, ignore_errors=True)
        _KNOWN.clear()
        shutil.copytree(self.base, self.work)

    def project(self) -> Project:
        (found,) = Workspace(
            PlaceSettings(library=str(self.work / "library"), home=str(self.work / "home"))
        ).projects()
        return found

    def groups(self) -> list[str]:
        """Sets that are planned, found by a child: this process must not start threads."""
        told = self.work.with_suffix(".groups")
        child(lambda: told.write_text("\n".join(self._groups())) * 0)
        return told.read_text().split("\n")

    def _groups(self) -> list[str]:
        return list(self.parts(self.plan(self.project())))

    def plan(self, project: Project) -> Plan:
        """What is planned now."""
        if self.verb == "rename":
            return rename_plan(project, CIRCLES)
        return make_plan(project, with_keep_all(submitted(project).standing(), project))

    def parts(self, plan: Plan) -> dict[str, list[Operation]]:
        """Operations that can be done without the others: of a set, or of a folder."""
        if self.verb != "rename":
            return plan.by_set()
        found: dict[str, list[Operation]] = {}
        for one in plan.operations:
            found.setdefault(one.source.partition("/")[0], []).append(one)
        return found

    def check(self, when: str, *, whole: bool) -> None:
        """No content is lost.

        Where everything is whole, each picture has its companions beside it and no file is there twice.
        """
        now = seen(self.work / "library")
        contents = {c for c, _ in now.values()}
        self.problems += [f"{when}: lost {p}" for p, (c, _) in self.before.items() if c not in contents]
        if whole:
            self.problems += [f"{when}: {p}" for p in self._apart(now)]
            plain = [p for p in now if "_crop" not in p]
            self.problems += (
                [f"{when}: {len(plain)} files, not {len(self.before)}"]
                if len(plain) != len(self.before)
                else []
            )

    def _apart(self, now: dict[str, tuple[str, int]]) -> list[str]:
        if self.verb == "rename":
            return [
                f"{p[:8]} has other files beside it" for p, f in beside(now).items() if self.beside[p] != f
            ]
        if self.namings:
            return apart(self.work / "library/trip", self.namings)
        pictures = [p for p in now if p.endswith(".png") and "_crop" not in p]
        missing = {p: [k for k in COMPANIONS if p.removesuffix(".png") + k not in now] for p in pictures}
        return [f"{path} is without {kinds}" for path, kinds in missing.items() if kinds]

    def check_restored(self, when: str) -> None:
        if seen(self.work / "library") != self.before:
            self.problems.append(f"{when}: the tree is not what it was")


def beside(files: dict[str, tuple[str, int]]) -> dict[str, set[str]]:
    """Content of each picture to the contents of the files that go with it."""
    pictures = [p for p in files if p.endswith(".jpg")]
    found = companions(pictures, files.keys() - set(pictures))
    return {files[p][0]: {files[f][0] for f in found.get(p, ())} for p in pictures}


def seen(folder: Path) -> dict[str, tuple[str, int]]:
    """Path to content and time of every file."""
    files = [p for p in folder.rglob("*") if p.is_file() and "proofsheet-part" not in p.name]
    return {p.relative_to(folder).as_posix(): (_content(p), p.stat().st_mtime_ns) for p in files}


def _content(path: Path) -> str:
    """SHA-256 of a file; one that has the same inode, size and change of content is read once."""
    found = path.stat()
    mark = (found.st_ino, found.st_size, found.st_mtime_ns)
    if mark not in _KNOWN:
        _KNOWN[mark] = hashlib.sha256(path.read_bytes()).hexdigest()
    return _KNOWN[mark]


def child(work: Callable[[], int]) -> int:
    """Exit code of a function in a forked process; negative for a signal."""
    pid = os.fork()
    if pid == 0:
        code = 99
        try:
            code = work()
        finally:
            os._exit(code)
    status = os.waitpid(pid, 0)[1]
    return -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


def go_on(place: Place, disk: Disk) -> int:
    """Apply: what is unfinished first, then what is planned."""
    project = place.project()
    applier = Applier(project, ApplySettings(), NOW, disk)
    reports = [applier.resume(p) for p in unfinished(project.ledger)]
    if not any(r.failed for r in reports):
        plan = place.plan(project)
        if not last_plan(project.ledger):
            reports.append(applier.execute(plan, "sandbox"))
    return FAILED if any(r.failed or r.refused for r in reports) else CLEAN


def go_back(place: Place, disk: Disk) -> int:
    """Undo."""
    project = place.project()
    plan = next(iter(unfinished(project.ledger)), None) or last_plan(project.ledger)
    if plan is None:
        return CLEAN
    report = Applier(project, ApplySettings(), NOW, disk).undo(plan)
    return FAILED if report.failed or report.refused else CLEAN


def kills(place: Place, act: Callable[[Place, Disk], int], mark: Path) -> set[str]:
    """Kill the act before every operation, one after another; each time the next child continues.

    Each child makes one change and dies before its second. If an operation starts again, the next child gets
    further.
    """
    points, last, step = set[str](), "", 2
    while True:
        mark.unlink(missing_ok=True)
        code = child(lambda: act(place, CutOff(step, mark)))  # noqa: B023 - called at once
        if code == -signal.SIGKILL:
            step, last = (step + 1 if mark.read_text() == last else 2), mark.read_text()
            points.add(last)
            place.check(f"killed at {mark.read_text()}", whole=False)
        elif code == CLEAN and not mark.exists():
            return points
        else:
            place.problems.append(f"{act.__name__} ended with {code}")
            return points


def one_set(place: Place, group: str, disk: Disk) -> int:
    """Apply a single set: what is unfinished of it, or its plan."""
    project = place.project()
    applier = Applier(project, ApplySettings(), NOW, disk)
    if left := unfinished(project.ledger):
        report = applier.resume(left[0])
    else:
        plan = place.plan(project)
        report = applier.execute(replace(plan, operations=place.parts(plan)[group]), "sandbox")
    return FAILED if report.failed or report.refused else CLEAN


def failures(place: Place, mark: Path, stride: int) -> tuple[set[str], set[str]]:
    """Fail changes of every set by each error, for good or once in turns; go on with a disk that is well.

    Undo.

    Every stride-th change of a set fails, another one for each error; with a stride of 1 each change fails by
    each error."""
    points: tuple[set[str], set[str]] = (set(), set())
    for number, group in enumerate(place.groups()):
        for k, code in enumerate((errno.ENOSPC, errno.EIO, errno.EACCES)):
            if number % 5 == 0:
                place.reset()  # so that the journal stays short, and folders are made anew
            for where in (0, 1):
                at = 1 + (number + k * (stride // 3)) % stride
                while told := fail_once(
                    place, group, where, Failing(at, mark, code, (at + number + k) % 2 == 0)
                ):
                    points[where].add(told)
                    at += stride
    return points


def fail_once(place: Place, group: str, where: int, failing: Failing) -> str:
    """Apply a set or undo it, failing at one change, and go on.

    Gives what failed, or nothing if there are not so many changes.
    """
    failing.mark.unlink(missing_ok=True)
    if where == 1:
        child(lambda: one_set(place, group, Disk()))
        ended = child(lambda: go_back(place, failing))
    else:
        ended = child(lambda: one_set(place, group, failing))
    if not failing.mark.exists():
        child(lambda: go_back(place, Disk()))
        return ""
    point = f"{errno.errorcode[failing.code]} {failing.mark.read_text()}"
    told = f"{('apply', 'undo')[where]} {'for good' if failing.stays else 'once'} {point}"
    if ended != FAILED and "rmdir" not in told:
        place.problems.append(f"{told}: exit {ended}")
    place.check(told, whole=not failing.stays)
    if child(lambda: one_set(place, group, Disk()) if where == 0 else go_back(place, Disk())) != CLEAN:
        place.problems.append(f"{told}: did not go on")
    place.check(f"{told}, gone on", whole=True)
    child(lambda: go_back(place, Disk()))
    place.check_restored(f"{told}, undone")
    return point


def main() -> None:
    """Run everything and print the figures."""
    base, work, stride, forms = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    mark, place = work.with_suffix(".mark"), Place(base, work, forms, sys.argv[5])
    applied = kills(place, go_on, mark)
    place.check("applied", whole=True)
    undone = kills(place, go_back, mark)
    place.check_restored("undone after kills")
    place.reset()
    failed = failures(place, mark, stride)
    figures = {
        "kill_points_apply": len(applied),
        "kill_points_undo": len(undone),
        "error_points_apply": len(failed[0]),
        "error_points_undo": len(failed[1]),
        "problems": place.problems,
    }
    sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main()
