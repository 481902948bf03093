"""The way back: everything that a plan moved returns to where it was, with what came beside it since.

Holds `bring_back`.
Add here: what else may have happened to files between a plan and its undo.
Keep out: the way there (executor.py), the journal (moves.py).

A set comes back whole or stays where it is. Files beside pictures change after a plan: one that another
program has written since is moved as it is now, a new one is moved too, and a missing one is reported. A
picture that has changed leaves its set where it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path, PurePosixPath

from proofsheet.apply.disk import as_journalled
from proofsheet.apply.file_positions import all_nearby, present_paths
from proofsheet.apply.moves import (
    LEFT,
    OPEN,
    Moves,
    Report,
    Row,
    by_unit,
    content_of,
    is_planned,
    known_plan,
    moved_on,
    moved_since,
    sets_of,
    verb_of,
)
from proofsheet.core.errors import UsageError
from proofsheet.core.files import Refused, printable
from proofsheet.library.companions import companions
from proofsheet.library.name_families import name_before
from proofsheet.storage.workspace import Project
from schemas.apply import ApplyPlan, FileOperation


def bring_back(project: Project, moves: Moves, wanted: str) -> Report:
    """Undo a plan, the last first.

    Args:
        project: the project; the caller holds its run lock.
        moves: its journal.
        wanted: id of the plan, or how it begins.

    Raises:
        UsageError: if no plan, or several, are named so.
    """
    plan_id = known_plan(moves.ledger, wanted)
    report, undo = Report(plan_id, verb_of(moves.ledger, plan_id)), _Undo(moves)
    listed, unlisted = all_nearby(project.folder, {_home(r) for r in moves.rows(plan_id) if _is_there(r)})
    held, later = dict[str, UsageError](), moved_since(moves.ledger, plan_id)
    moves.ledger.add(FileOperation, _newcomers(project, moves, plan_id, listed, held))
    for rows in by_unit(reversed(moves.rows(plan_id))):
        unlisted_or_held = (
            unlisted.get(_home(r)) or held.get(str(r[FileOperation.target])) for r in rows if _is_there(r)
        )
        reasons = chain(moved_on(moves, rows, later), unlisted_or_held)
        if (why := next(filter(None, reasons), None)) is not None:
            report.refused.update(dict.fromkeys(sets_of(rows), str(why)))
            continue
        for row in (r for r in rows if r[FileOperation.kind] == "crop" and not report.hopeless):
            with report.noting(sets_of([row])):
                report.files += undo.remove_cut(row)
        if not report.hopeless:
            with report.noting(sets_of(rows)):
                report.files += undo.return_unit([r for r in rows if r[FileOperation.kind] != "crop"])
    report.gone = undo.gone
    after = moves.rows(plan_id)
    away = {str(r[FileOperation.group_id]) for r in after if r[FileOperation.state] in OPEN}
    report.sets = len(set(sets_of(after)) - away - set(report.refused) - set(report.failed))
    if not report.failed:
        with report.noting(["empty folders"]):
            _remove_folders(moves, plan_id)
    return report


class _Undo:
    def __init__(self, moves: Moves) -> None:
        self._moves = moves
        self.gone: list[str] = []

    def remove_cut(self, row: Row) -> bool:
        """Remove the crop of an operation; False if there is nothing to undo."""
        if row[FileOperation.state] not in OPEN:
            return False
        target = self._moves.at(row, FileOperation.target)
        self._moves.disk.clear(target)
        if row[FileOperation.state] == "done" and target.exists():
            if content_of(target) != row[FileOperation.content_hash]:
                raise UsageError(
                    f"{target} was changed since it was written.",
                    "It is not removed; delete it by hand if you do not want it.",
                )
            self._moves.disk.remove(target)
        self._moves.set(row, "undone")
        return True

    def return_unit(self, rows: Sequence[Row]) -> int:
        """Return the files of a unit, or leave them where they are; gives their number."""
        try:
            return sum(self._return(row) for row in rows)
        except (*LEFT, OSError):
            self._forward(rows)
            raise

    def _return(self, row: Row) -> bool:
        if row[FileOperation.state] not in OPEN:
            return False
        source, target = (
            self._moves.folder / str(row[n]) for n in (FileOperation.source, FileOperation.target)
        )
        self._moves.disk.clear(target)
        if (
            row[FileOperation.state] == "done"
            and row[FileOperation.role] == "companion"
            and not target.is_file()
        ):
            if not source.exists():
                self._moves.note([row], "refused", "it was gone")
                self.gone.append(str(row[FileOperation.target]))
                return False
        elif row[FileOperation.state] == "done" or not is_planned(source, row):
            self._moves.move(self._as_it_is(row), FileOperation.target, FileOperation.source)
        elif self._has_both(row):  # the move was interrupted between its names
            self._moves.disk.remove(target)
        self._moves.set(row, "undone")
        return True

    def _has_both(self, row: Row) -> bool:
        """Whether a file that is at its old name is at its new one too."""
        source, target = (
            self._moves.folder / str(row[n]) for n in (FileOperation.source, FileOperation.target)
        )
        return is_planned(target, row) and (
            target.samefile(source) or self._moves.is_own_copy(target, row, FileOperation.target)
        )

    def _as_it_is(self, row: Row) -> Row:
        """A file beside a picture that was written since, as it is now, in the journal too."""
        target = self._moves.at(row, FileOperation.target)
        both = (
            is_planned(self._moves.folder / str(row[n]), row)
            for n in (FileOperation.source, FileOperation.target)
        )
        if row[FileOperation.role] != "companion" or any(both) or not target.is_file():
            return row
        content, mark = as_journalled(target, may_be_empty=True)
        row |= {
            FileOperation.content_hash: content,
            FileOperation.size_bytes: mark.size,
            FileOperation.modified_ns: mark.mtime_ns,
        }
        return self._moves.set(row, str(row[FileOperation.state]))

    def _forward(self, rows: Sequence[Row]) -> None:
        """Move a unit to its new place again if not all of it can return.

        Failures here are left to the next undo.
        """
        for row in reversed(rows):
            if row[FileOperation.state] in OPEN and is_planned(
                self._moves.folder / str(row[FileOperation.source]), row
            ):
                self._moves.set(self._moves.move(row, FileOperation.source, FileOperation.target), "done")


def _newcomers(
    project: Project, moves: Moves, plan_id: str, listed: set[str], held: dict[str, UsageError]
) -> Iterator[Row]:
    """New files beside the pictures of a plan, as operations that are done.

    Only pictures that are still in their new place count.

    `held` gets the pictures that cannot move because such a file cannot be moved, and why.
    """
    rows = moves.rows(plan_id)
    pictures = _whole_ways(rows)
    photos = set(present_paths(project).values()) | pictures.keys()
    known = {str(r[FileOperation.target]) for r in rows} | photos
    beside = companions(photos, listed - known)
    number = max((int(r[FileOperation.number]) for r in rows), default=0)
    for path in sorted({f for picture in pictures for f in beside.get(picture, ())}):
        owners = [picture for picture, files in beside.items() if path in files]
        file = project.folder / path
        if (
            not set(owners) <= pictures.keys()
            or printable(path) != path
            or not file.is_file()
            or file.is_symlink()
        ):
            continue  # it goes with pictures of other plans too, or it is nothing that can be moved
        try:
            row = _returning(file, path, owners[0], pictures[owners[0]])
        except UsageError as error:
            held |= dict.fromkeys(owners, error)
            continue
        number += 1
        yield {**row, FileOperation.number: number, FileOperation.changed_at: moves.now}


def _whole_ways(rows: Iterable[Row]) -> dict[str, Row]:
    """Present path of each picture that a plan moved to an operation from its first path to that."""
    found = dict[str, Row]()
    for row in (r for r in rows if _is_there(r)):
        before = found.pop(str(row[FileOperation.source]), row)
        found[str(row[FileOperation.target])] = {**row, FileOperation.source: before[FileOperation.source]}
    return found


def _returning(file: Path, path: str, picture: str, row: Row) -> Row:
    """A file that goes where its picture was, under a name that goes with it there.

    Args:
        file: the file.
        path: of the file, inside the project.
        picture: present path of its picture.
        row: the operation that moved the picture.

    Raises:
        UsageError: if it cannot be moved.
    """
    before = PurePosixPath(str(row[FileOperation.source]))
    name = name_before(path, picture, str(before))
    try:
        content, mark = as_journalled(file, may_be_empty=True)
    except Refused as refused:
        raise UsageError(f"{path} cannot be moved: {refused.reason}.", f"{refused.next_step}.") from refused
    return {
        **row,
        FileOperation.role: "companion",
        FileOperation.source: str(
            before.parent / PurePosixPath(name).relative_to(PurePosixPath(picture).parent)
        ),
        FileOperation.target: path,
        FileOperation.size_bytes: mark.size,
        FileOperation.modified_ns: mark.mtime_ns,
        FileOperation.content_hash: content,
        FileOperation.note: "",
    }


def _is_there(row: Row) -> bool:
    """Whether a row is a picture in its new place."""
    return row[FileOperation.role] in ("winner", "other", "picture") and row[FileOperation.state] == "done"


def _home(row: Row) -> str:
    return str(PurePosixPath(str(row[FileOperation.target])).parent)


def _remove_folders(moves: Moves, plan_id: str) -> None:
    for plan in moves.ledger.rows(ApplyPlan, plan_id=plan_id).to_dicts():
        for folder in sorted(plan[ApplyPlan.folders], key=len, reverse=True):
            path = moves.folder / folder
            if path.is_dir() and not path.is_symlink():
                moves.disk.remove_folder(path)
