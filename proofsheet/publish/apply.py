"""Carry a plan out, take it back, and go on after whatever cut it off.

Holds `execute`, `resume`, `undo` and `unfinished`.
Add here: another kind of operation.
Keep out: what is to be done (plan.py) and single file operations (disk.py).

The journal holds every operation, with full fsync, before the first file is touched. What a process was doing when it died is then
told by the disk: a file lies at its old name, at its new one, or at both.
"""

from __future__ import annotations

import errno
import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any

from proofsheet.errors import UsageError
from proofsheet.files import Refused, hash_file
from proofsheet.ledger import Ledger
from proofsheet.publish.cut import cut_bytes
from proofsheet.publish.disk import Disk, TargetTaken
from proofsheet.publish.plan import Plan, inside
from proofsheet.workspace import Project
from schemas.apply import ApplyPlan, FileOperation
from schemas.settings import PhotoSettings
from schemas.settings_review import ApplySettings

Row = dict[str, Any]
_HOPELESS = {errno.ENOSPC, errno.EDQUOT, errno.EROFS}


@dataclass
class Report:
    """What became of a plan.

    Attributes:
        plan_id: the plan; empty if there was nothing to do.
        sets: sets that are whole at their new place (or back, after undo).
        files: operations that were done.
        refused: set to the reason for which it was left as it was.
        failed: set to the error of the disk; resume goes on with it.
        uncut: set that was moved to the reason for which its cut was not made.
    """

    plan_id: str = ""
    sets: int = 0
    files: int = 0
    refused: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    uncut: dict[str, str] = field(default_factory=dict)
    hopeless: bool = False

    @contextmanager
    def noting(self, group: str) -> Iterator[None]:
        """Note what goes wrong with a set, so that the rest goes on; nothing more is begun on a disk that takes no more."""
        try:
            yield
        except (TargetTaken, UsageError, Refused) as error:
            self.refused[group] = str(error)
        except OSError as error:
            self.failed[group] = f"{error.strerror or error} ({error.filename or 'no file named'})"
            self.hopeless = error.errno in _HOPELESS


def unfinished(ledger: Ledger) -> list[str]:
    """Plans with operations that are planned and neither done nor refused."""
    return sorted(set(ledger.rows(FileOperation, state="planned")[FileOperation.plan_id]))


class Applier:
    """Applies plans of one project; the caller holds its run lock.

    Args:
        project: whose files.
        settings: quality of cuts.
        now: when (UTC, no zone).
        disk: what touches files.
        max_pixels: larger pictures are not cut.
    """

    def __init__(
        self,
        project: Project,
        settings: ApplySettings,
        now: datetime,
        disk: Disk | None = None,
        max_pixels: int = PhotoSettings().max_full_pixels,
    ) -> None:
        self.project, self._settings, self._now, self._disk = project, settings, now, disk or Disk()
        self._max_pixels = max_pixels
        self._ledger = project.ledger

    def execute(self, plan: Plan, mode: str) -> Report:
        """Journal a plan, then do it.

        Raises:
            UsageError: if an earlier plan is unfinished.
        """
        if left := unfinished(self._ledger):
            raise UsageError(f"Plan {left[0]} is not finished.", "It is resumed first.")
        if not plan.operations:
            return Report()
        number = self._ledger.rows(ApplyPlan).height + 1
        own = f"{plan.plan_id}-{number}"
        rows = [self._planned(own, k, asdict(o)) for k, o in enumerate(plan.operations, start=1)]
        missing = {
            str(f) for o in plan.operations for f in PurePosixPath(o.target).parents if not (self.project.folder / f).is_dir()
        }
        head = {ApplyPlan.plan_id: own, ApplyPlan.number: number, ApplyPlan.mode: mode, ApplyPlan.started_at: self._now}
        counts = {ApplyPlan.sets: len(plan.by_set()), ApplyPlan.operations: len(rows), ApplyPlan.folders: sorted(missing)}
        with self._ledger.exclusive() as journal:
            journal.add(ApplyPlan, [{**head, **counts}])
            journal.add(FileOperation, rows)
        return self.resume(own)

    def resume(self, plan_id: str) -> Report:
        """Do what is still planned of a plan; a set is moved whole or stays where it was."""
        report = Report(plan_id)
        for group, rows in _by_set(self._rows(plan_id)).items():
            if any(r[FileOperation.state] == "planned" for r in rows) and not report.hopeless:
                with report.noting(group):
                    done = self._do_set(rows)
                    report.files += sum(r[FileOperation.state] == "done" for r in done)
                    report.sets += 1
                    for row in (r for r in done if r[FileOperation.state] == "refused"):
                        report.uncut[group] = str(row[FileOperation.note])
        return report

    def undo(self, plan_id: str) -> Report:
        """Bring everything back that a plan did, the last first; what cannot come back now can later."""
        report = Report(plan_id)
        for row in reversed(self._rows(plan_id)):
            if not report.hopeless:
                with report.noting(str(row[FileOperation.group_id])):
                    report.files += self._back(row)
        after = self._rows(plan_id)
        whole = {g for g, rows in _by_set(after).items() if all(r[FileOperation.state] in ("undone", "refused") for r in rows)}
        report.sets = len(whole - set(report.refused) - set(report.failed))
        if not report.failed:
            self._remove_folders(plan_id)
        return report

    def _do_set(self, rows: Sequence[Row]) -> list[Row]:
        """Do what is planned of a set, or take back what was done of it; gives what was done now."""
        done = [r for r in rows if r[FileOperation.state] == "done"]  # by a process that was cut off
        before, row = len(done), rows[0]
        try:
            for row in rows:
                if row[FileOperation.state] == "planned":
                    done.append(self._do(row))
        except (TargetTaken, UsageError, Refused) as error:
            self._take_back(done)
            self._note(rows, "refused", str(error))
            raise
        except OSError:
            self._half(row)
            self._take_back(done)
            raise
        return done[before:]

    def _do(self, row: Row) -> Row:
        """One operation, and its line in the journal."""
        made = self._cut(row) if row[FileOperation.kind] == "crop" else self._move(row, FileOperation.source, FileOperation.target)
        return self._set(made, "done")

    def _move(self, row: Row, before: str, after: str) -> Row:
        """Give the file its name after; nothing is done if it has it already."""
        source, target = (inside(self.project.folder, str(row[n])) for n in (before, after))
        there = _is(source, row)
        if not there and _is(target, row):
            return row
        if not there:
            what = "has changed" if source.exists() else "is gone"
            raise UsageError(f"{source} {what} since the plan was made.", "Its set stays where it is; plan again.")
        self._disk.make_folder(target.parent)
        if (
            target.exists()
            and not target.samefile(source)
            and _is(target, row)
            and _hash(target) == row[FileOperation.content_hash]
        ):
            self._disk.remove(source)  # a copy to another file system was made and compared before it was cut off
        else:
            self._disk.move(source, target, str(row[FileOperation.content_hash]))
        return row

    def _cut(self, row: Row) -> Row:
        source, target = (inside(self.project.folder, str(row[n])) for n in (FileOperation.source, FileOperation.target))
        try:
            content = cut_bytes(source, row[FileOperation.box], self._settings.crop_quality, self._max_pixels)
        except UsageError as error:
            return {**row, FileOperation.state: "refused", FileOperation.note: str(error)}
        digest = hashlib.sha256(content).hexdigest()
        if not target.exists() or _hash(target) != digest:
            self._disk.make_folder(target.parent)
            self._disk.write_new(target, content)
        sizes = {FileOperation.size_bytes: len(content), FileOperation.modified_ns: target.stat().st_mtime_ns}
        return {**row, **sizes, FileOperation.content_hash: digest}

    def _back(self, row: Row) -> bool:
        """Undo one operation; False if there is nothing to undo."""
        state, kind = row[FileOperation.state], row[FileOperation.kind]
        if state not in ("done", "planned"):
            return False
        self._disk.clear(self.project.folder / str(row[FileOperation.target]))
        if kind == "crop":
            target = inside(self.project.folder, str(row[FileOperation.target]))
            if target.exists() and state == "done":
                if _hash(target) != row[FileOperation.content_hash]:
                    raise UsageError(
                        f"{target} was changed since it was cut.", "It stays; remove it by hand if you do not want it."
                    )
                self._disk.remove(target)
        elif state == "done" or not _is(self.project.folder / str(row[FileOperation.source]), row):
            self._move(row, FileOperation.target, FileOperation.source)
        elif _is(self.project.folder / str(row[FileOperation.target]), row):  # both names: the move was cut off between them
            self._disk.remove(self.project.folder / str(row[FileOperation.target]))
        self._set(row, "undone")
        return True

    def _half(self, row: Row) -> None:
        """Take the new name away from a file that has both: its move was cut off between them."""
        source, target = (self.project.folder / str(row[n]) for n in (FileOperation.source, FileOperation.target))
        if row[FileOperation.kind] == "move" and _is(source, row) and target.exists() and source.samefile(target):
            self._disk.remove(target)

    def _take_back(self, done: Sequence[Row]) -> None:
        """Return what was moved of a set that cannot be moved whole; what fails here is left to resume."""
        for row in reversed(done):
            if row[FileOperation.state] != "done":
                continue
            if row[FileOperation.kind] == "crop":
                self._disk.remove(self.project.folder / str(row[FileOperation.target]))
            else:
                self._move(row, FileOperation.target, FileOperation.source)
            self._set(row, "planned")

    def _remove_folders(self, plan_id: str) -> None:
        for plan in self._ledger.rows(ApplyPlan, plan_id=plan_id).to_dicts():
            for folder in sorted(plan[ApplyPlan.folders], key=len, reverse=True):
                path = self.project.folder / folder
                if path.is_dir() and not path.is_symlink():
                    self._disk.remove_folder(path)

    def _rows(self, plan_id: str) -> list[Row]:
        rows: list[Row] = self._ledger.rows(FileOperation, plan_id=plan_id).sort(FileOperation.number).to_dicts()
        return rows

    def _planned(self, plan_id: str, number: int, told: Mapping[str, Any]) -> Row:
        state = {FileOperation.state: "planned", FileOperation.note: "", FileOperation.changed_at: self._now}
        return {**told, **state, FileOperation.plan_id: plan_id, FileOperation.number: number}

    def _set(self, row: Row, state: str) -> Row:
        """Write a state; an operation that was refused stays so."""
        told = {**row, FileOperation.changed_at: self._now}
        if told[FileOperation.state] != "refused":
            told[FileOperation.state] = state
        self._ledger.put(FileOperation, [told])
        return told

    def _note(self, rows: Iterable[Row], state: str, note: str) -> None:
        told = {FileOperation.state: state, FileOperation.note: note, FileOperation.changed_at: self._now}
        self._ledger.put(FileOperation, [{**row, **told} for row in rows])


def last_plan(ledger: Ledger) -> str | None:
    """The latest plan of which something is done."""
    done = Counter(ledger.rows(FileOperation, state="done")[FileOperation.plan_id])
    plans = ledger.rows(ApplyPlan).sort(ApplyPlan.number)[ApplyPlan.plan_id].to_list()
    return next((p for p in reversed(plans) if done[p]), None)


def _by_set(rows: Iterable[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(str(row[FileOperation.group_id]), []).append(row)
    return found


def _is(path: Path, row: Row) -> bool:
    """Whether the file at a path is the planned one: no link, and of its size and time."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        return False
    size, when = row[FileOperation.size_bytes], row[FileOperation.modified_ns]
    return path.is_file() and not path.is_symlink() and (found.st_size, found.st_mtime_ns) == (size, when)


def _hash(path: Path) -> str:
    return hash_file(path)[0]
