"""Moves of files that the journal knows of before they are made: what apply and undo share.

Holds `Moves`, `Report`, `unfinished`, `last_plan`, `known_plan`, `moved_since`, `moved_on`, `why_left` and
`verb_of`.
Add here: a step that both ways need.
Keep out: what is to be done (plan.py), single file operations (disk.py).

The disk shows what a process was doing when it died: a file is at its old name, at its new one, or at both.
"""

from __future__ import annotations

import errno
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from proofsheet.apply.disk import Disk, TargetTaken
from proofsheet.apply.plan import inside
from proofsheet.core.errors import UsageError
from proofsheet.core.files import Refused, hash_file
from proofsheet.storage.ledger import Ledger
from proofsheet.storage.workspace import Project
from schemas.apply import APPLY, EMBED, ApplyPlan, FileOperation

Row = dict[str, Any]
LEFT = (TargetTaken, UsageError, Refused)  # why a set is left as it is; errors of the disk are others
NEVER = {errno.ENAMETOOLONG}  # errors of the disk that no other try will spare
OPEN = ("done", "planned")
_NUMBER = FileOperation.number
_HOPELESS = {errno.ENOSPC, errno.EDQUOT, errno.EROFS}


@dataclass
class Report:
    """What became of a plan.

    Attributes:
        plan_id: the plan; empty if there was nothing to do.
        verb: what the plan does.
        sets: sets that are whole at their new place (or back, after undo).
        files: operations that were done.
        refused: set to the reason for which it was left as it was.
        failed: set to the error of the disk; resume goes on with it.
        uncut: set that was moved to the reason for its missing crop.
        gone: files beside pictures that undo did not find any more.
    """

    plan_id: str = ""
    verb: str = APPLY
    sets: int = 0
    files: int = 0
    refused: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    uncut: dict[str, str] = field(default_factory=dict)
    gone: list[str] = field(default_factory=list)
    hopeless: bool = False

    @contextmanager
    def noting(self, groups: Iterable[str]) -> Iterator[None]:
        """Note failures of sets and continue with the others.

        No further set is started on a disk that is full or read-only.
        """
        try:
            yield
        except LEFT as error:
            self.refused.update(dict.fromkeys(groups, why_left(error)))
        except OSError as error:
            self.failed.update(
                dict.fromkeys(groups, f"{error.strerror or error} ({error.filename or 'no file named'})")
            )
            self.hopeless = error.errno in _HOPELESS


class Moves:
    """The journal of a project and its files.

    Args:
        project: the project; the caller holds its run lock.
        now: when (UTC, no zone).
        disk: what touches files.
    """

    def __init__(self, project: Project, now: datetime, disk: Disk) -> None:
        self.folder, self.now, self.disk, self.ledger = project.folder, now, disk, project.ledger

    def rows(self, plan_id: str) -> list[Row]:
        """The operations of a plan in their order."""
        rows: list[Row] = (
            self.ledger.rows(FileOperation, plan_id=plan_id).sort(FileOperation.number).to_dicts()
        )
        return rows

    def at(self, row: Row, name: str) -> Path:
        """The absolute path of an operation's source or target.

        A path outside of the project is refused.
        """
        return inside(self.folder, str(row[name]))

    def move(self, row: Row, before: str, after: str) -> Row:
        """Give the file its new name, unless it has it already.

        The new name may be that of the source.
        """
        source, target = self.at(row, before), self.at(row, after)
        there = is_planned(source, row)
        if not there and is_planned(target, row):
            return row
        if not there:
            what = "has changed" if source.exists() else "is gone"
            raise UsageError(
                f"{source} {what} since the plan was made.",
                "It stays with all that belongs to it; plan again.",
            )
        self.disk.make_folder(target.parent)
        if target.exists() and not target.samefile(source) and self.is_own_copy(target, row, after):
            self.disk.remove(
                source
            )  # a copy to another file system was made and compared before the interruption
        else:
            self.disk.move(
                source, target, str(row[FileOperation.content_hash]), former=after == FileOperation.source
            )
        return row

    def is_own_copy(self, path: Path, row: Row, name: str) -> bool:
        """Whether a file is the planned one, and not another file of the plan that is equal to it.

        Args:
            path: where a move would put the file.
            row: the operation.
            name: column of that path, source or target.
        """
        if not is_planned(path, row) or content_of(path) != row[FileOperation.content_hash]:
            return False
        others = [r for r in self.rows(str(row[FileOperation.plan_id])) if r[_NUMBER] != row[_NUMBER]]
        if name == FileOperation.target:  # whose file was there before the plan, and has not left
            return not any(
                r[FileOperation.source] == row[name] and r[FileOperation.state] != "done" for r in others
            )
        return not any(
            r[FileOperation.target] == row[name] and r[FileOperation.state] == "done" for r in others
        )

    def set(self, row: Row, state: str) -> Row:
        """Write a state; an operation that was refused stays so."""
        told = {**row, FileOperation.changed_at: self.now}
        if told[FileOperation.state] != "refused":
            told[FileOperation.state] = state
        self.ledger.put(FileOperation, [told])
        return told

    def note(self, rows: Iterable[Row], state: str, note: str) -> None:
        """Write a state and why."""
        told = {FileOperation.state: state, FileOperation.note: note, FileOperation.changed_at: self.now}
        self.ledger.put(FileOperation, [{**row, **told} for row in rows])


def unfinished(ledger: Ledger) -> list[str]:
    """Plans with operations that are planned and neither done nor refused."""
    return sorted(set(ledger.rows(FileOperation, state="planned")[FileOperation.plan_id]))


def last_plan(ledger: Ledger) -> str | None:
    """The latest plan of which something is done."""
    done = Counter(ledger.rows(FileOperation, state="done")[FileOperation.plan_id])
    plans = ledger.rows(ApplyPlan).sort(ApplyPlan.number)[ApplyPlan.plan_id].to_list()
    return next((p for p in reversed(plans) if done[p]), None)


def known_plan(ledger: Ledger, wanted: str) -> str:
    """The plan of the journal with this id, or with an id that begins so.

    Of several, the one that is not undone.

    Raises:
        UsageError: if no plan matches, or several.
    """
    plans = [str(p) for p in ledger.rows(ApplyPlan).sort(ApplyPlan.number)[ApplyPlan.plan_id]]
    fitting = [p for p in plans if p == wanted] or [p for p in plans if wanted and p.startswith(wanted)]
    if len(fitting) > 1:
        rows = ledger.rows(FileOperation)
        open_ones = set(rows.filter(rows[FileOperation.state].is_in(OPEN))[FileOperation.plan_id])
        fitting = [p for p in fitting if p in open_ones] or fitting
    if len(fitting) != 1:
        what = (
            f"{len(fitting)} plans begin with {wanted!r}"
            if fitting
            else f"No plan {wanted!r} was ever applied here"
        )
        raise UsageError(f"{what}.", f"Plans there: {', '.join(fitting or plans) or 'none'}.")
    return fitting[0]


def moved_since(ledger: Ledger, plan_id: str) -> dict[str, str]:
    """Path to the later plan that moved or wrote the file at it, or began to."""
    order = dict(ledger.rows(ApplyPlan).select(ApplyPlan.plan_id, ApplyPlan.number).iter_rows())
    rows = ledger.rows(FileOperation)
    rows = rows.filter(rows[FileOperation.state].is_in(OPEN)).select(
        FileOperation.source, FileOperation.plan_id
    )
    return {path: plan for path, plan in rows.iter_rows() if order[plan] > order[plan_id]}


def moved_on(moves: Moves, rows: Sequence[Row], later: Mapping[str, str]) -> Iterator[UsageError]:
    """Why the files of a unit cannot return: a later plan moved or wrote them.

    Args:
        moves: the journal.
        rows: operations of the unit.
        later: path to the later plan, from `moved_since`.
    """
    for row in rows:
        if row[FileOperation.state] == "done" and (plan := later.get(str(row[FileOperation.target]))):
            yield UsageError(
                f"{row[FileOperation.target]} was moved or written since by plan {plan} "
                f"({verb_of(moves.ledger, plan)}).",
                "Undo that plan first.",
            )


def verb_of(ledger: Ledger, plan_id: str) -> str:
    """What a plan does."""
    verbs = ledger.rows(ApplyPlan, plan_id=plan_id)[ApplyPlan.verb].to_list()
    return str(next(iter(verbs), None) or APPLY)


def by_unit(rows: Iterable[Row]) -> Iterable[list[Row]]:
    """The operations of each unit: of a set, or of sets that share a file."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(str(row[FileOperation.unit] or row[FileOperation.group_id]), []).append(row)
    return found.values()


def sets_of(rows: Iterable[Row]) -> list[str]:
    """The sets that operations are done for; for texts in files, the paths of the files."""
    return sorted(
        {
            str(row[FileOperation.target if row[FileOperation.kind] == EMBED else FileOperation.group_id])
            for row in rows
        }
    )


def why_left(error: Exception) -> str:
    """Why something is left as it is, with the next step."""
    return f"{error.reason}; {error.next_step}" if isinstance(error, Refused) else str(error)


def is_planned(path: Path, row: Mapping[str, Any]) -> bool:
    """Whether the file at a path is the planned one: no link, and of its size and time."""
    try:
        found = path.lstat()
    except OSError as error:
        if error.errno in {errno.ENOENT, *NEVER}:
            return False
        raise
    size, when = row[FileOperation.size_bytes], row[FileOperation.modified_ns]
    return path.is_file() and not path.is_symlink() and (found.st_size, found.st_mtime_ns) == (size, when)


def content_of(path: Path) -> str:
    """SHA-256 of a file, which may be empty."""
    return hash_file(path, may_be_empty=True)[0]
