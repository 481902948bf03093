"""Plans of moves that follow from no review: which can be done, in which order, as what operations.

Holds `MoveUnit`, `plan_of_moves` and `whole_moves`.
Add here: another reason for which files keep their place.
Keep out: which names and folders are wanted (rename_plan.py, organize_plan.py), and doing it (executor.py).

A unit moves whole or not at all. A target that another unit leaves is free once that unit has moved, so units
wait for each other. Units that wait for each other in a circle, and names that differ in case or accents
alone, go through names of passage, as one unit.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from proofsheet.apply.disk import Disk, TargetTaken, as_journalled, refuse_too_long
from proofsheet.apply.file_positions import all_nearby
from proofsheet.apply.name_template import refuse_bad_name
from proofsheet.apply.plan import Operation, Plan, files_that_stay, inside, reason_of
from proofsheet.core.errors import UsageError
from proofsheet.core.files import Refused, folded, printable, short_hash
from proofsheet.core.folder_walk import left_out_because
from proofsheet.library.companions import of_a_folder
from proofsheet.storage.workspace import Project
from schemas.library import Photo

Row = Mapping[str, Any]


@dataclass(frozen=True)
class MoveUnit:
    """Files that move together.

    Attributes:
        name: path of its first picture, which names it.
        moves: present path of each file to the wanted one, which may be the same.
        photos: path of each file to the photo that it is, or that it goes with.
        pictures: paths of those that are photos themselves.
    """

    name: str
    moves: Mapping[str, str]
    photos: Mapping[str, str]
    pictures: frozenset[str]

    @property
    def changes(self) -> list[tuple[str, str]]:
        """Source and target of the files that get another path."""
        return [(s, t) for s, t in self.moves.items() if s != t]


def plan_of_moves(
    project: Project,
    verb: str,
    units: Sequence[MoveUnit],
    rows: Mapping[str, Row],
    refused: Mapping[str, str],
) -> Plan:
    """The plan for units; it reads files and changes nothing.

    Args:
        project: of the files.
        verb: what is done.
        units: in the order of their precedence, should two want one name.
        rows: photo to its row of `photos`.
        refused: what is left alone already, and why.
    """
    left, wanted = dict(refused), [u for u in units if u.changes]
    hashed, ready = dict[str, list[Operation]](), list[MoveUnit]()
    for unit in wanted:
        try:
            _refuse_names(project, unit)
            hashed[unit.name] = list(_operations(project, unit, rows))
            ready.append(unit)
        except (Refused, UsageError, OSError) as error:
            left[unit.name] = reason_of(error, project.folder)
    ready, operations = _ordered(project, ready, hashed, left)
    counts = {
        "planned": len(ready),
        "named or placed so already": len(units) - len(wanted),
        "left": len(left),
    }
    counts = {what: n for what, n in counts.items() if n}
    return Plan(project.key, operations, left, counts, _staying(project, operations), verb)


def _staying(project: Project, operations: Sequence[Operation]) -> dict[str, str]:
    """Files that name pictures of a folder, such as .picasa.ini, and are not moved or changed with them."""
    sources = {o.source for o in operations}
    listed, _unlisted = all_nearby(project.folder, {str(PurePosixPath(source).parent) for source in sources})
    return files_that_stay(sorted(p for p in listed - sources if of_a_folder(p)), operations)


def whole_moves(plan: Plan) -> list[tuple[str, str]]:
    """Present and wanted path of each picture of a plan, without names of passage."""
    firsts = dict[str, str]()
    for one in (o for o in plan.operations if o.role == "picture"):
        firsts[one.target] = firsts.pop(one.source, one.source)
    return sorted((first, last) for last, first in firsts.items())


def _refuse_names(project: Project, unit: MoveUnit) -> None:
    for source, target in unit.changes:
        if printable(source) != source:
            raise UsageError(f"The name of {printable(source)} is not valid text.", "Rename it by hand.")
        refuse_too_long(inside(project.folder, target))
        before = set(PurePosixPath(source).parts)
        for part in PurePosixPath(target).parts:
            if part not in before:
                refuse_bad_name(part)
        if source in unit.pictures:
            _refuse_unseen(target)


def _refuse_unseen(target: str) -> None:
    """Refuse a place for a picture where no scan would look for it."""
    *folders, name = PurePosixPath(target).parts
    pairs = zip(("", *folders), (*folders, name), strict=True)
    whys = [left_out_because(n, folder=n is not name, parent=parent) for parent, n in pairs]
    hidden = next((n for n in (*folders, name) if n.startswith(".")), None)
    if (why := next(filter(None, whys), None)) is not None or hidden is not None:
        told = why or f"{hidden} is hidden"
        raise UsageError(f"{target} would not be found again: {told}.", "Use another template.")


def _operations(project: Project, unit: MoveUnit, rows: Mapping[str, Row]) -> Iterator[Operation]:
    for source, target in unit.changes:
        picture, photo = source in unit.pictures, unit.photos[source]
        content, mark = as_journalled(inside(project.folder, source), may_be_empty=not picture)
        if picture and content != rows[photo][Photo.content_hash]:
            raise UsageError(f"{source} has changed since the last run.", "Run the project first.")
        role = "picture" if picture else "companion"
        yield Operation(
            unit.name, photo, "move", role, source, target, mark.size, mark.mtime_ns, content, unit=unit.name
        )


def _ordered(
    project: Project,
    units: Sequence[MoveUnit],
    hashed: Mapping[str, Sequence[Operation]],
    left: dict[str, str],
) -> tuple[list[MoveUnit], list[Operation]]:
    """The units that can move, and their operations in order; the others are left with the reason."""
    ready = _settled(project, units, left)
    operations, stuck = list[Operation](), dict[str, str]()
    for batch in _in_order(ready):
        try:
            operations += _of_batch(project, batch, hashed)
        except TargetTaken as taken:
            stuck |= {unit.name: reason_of(taken, project.folder) for unit in batch}
    if not stuck:
        return ready, operations
    left |= stuck
    return _ordered(project, [unit for unit in ready if unit.name not in stuck], hashed, left)


def _settled(project: Project, units: Sequence[MoveUnit], left: dict[str, str]) -> list[MoveUnit]:
    """Units with free targets; a unit that is left takes up its own names, which may be wanted by others."""
    there, ready, more = _present_names(project, units), list(units), True
    while more:
        leaving = {source for unit in ready for source, _target in unit.changes}
        claimed, fitting = dict[str, str](), list[MoveUnit]()
        for unit in ready:
            try:
                claimed |= _claims(unit, there, leaving, claimed)
                fitting.append(unit)
            except TargetTaken as error:
                left[unit.name] = f"{error}; no file is overwritten"
        more, ready = len(fitting) < len(ready), fitting
    return ready


def _claims(
    unit: MoveUnit, there: Mapping[str, set[str]], leaving: set[str], claimed: Mapping[str, str]
) -> dict[str, str]:
    found = dict[str, str]()
    for source, target in unit.changes:
        mark = folded(target)
        if staying := there.get(mark, set()) - leaving:
            raise TargetTaken(f"{target} is taken: {min(staying)} is there")
        if (other := claimed.get(mark) or found.get(mark)) is not None:
            raise TargetTaken(f"{target} would also come from {other}")
        found[mark] = source
    return found


def _present_names(project: Project, units: Iterable[MoveUnit]) -> dict[str, set[str]]:
    """Everything in the folders of targets, by its path without case and accents."""
    found = defaultdict[str, set[str]](set)
    homes = {str(PurePosixPath(t).parent) for unit in units for _s, t in unit.changes}
    for home in homes:
        folder = project.folder / home
        for entry in folder.iterdir() if folder.is_dir() else ():
            path = PurePosixPath(home, entry.name).as_posix()
            found[folded(path)].add(path)
    return found


def _in_order(units: Sequence[MoveUnit]) -> Iterator[list[MoveUnit]]:
    """Units, each after those that have its wanted names; circles are together."""
    owner = {folded(source): unit.name for unit in units for source, _target in unit.changes}
    waits = {
        u.name: {owner[folded(t)] for _s, t in u.changes if owner.get(folded(t), u.name) != u.name}
        for u in units
    }
    left = {unit.name: unit for unit in units}
    while left:
        free = [name for name in left if not waits[name] & left.keys()]
        for name in free:
            yield [left.pop(name)]
        if not free:
            circle = _connected({name: waits[name] & left.keys() for name in left})
            yield [left.pop(name) for name in circle]


def _connected(waits: Mapping[str, set[str]]) -> list[str]:
    """A unit of a circle, and all that it waits for."""
    first = next(iter(waits))
    seen, more = dict[str, None](), [first]
    for _step in waits:  # after so many steps along the arrows one is inside of a circle
        first = min(waits[first])
    more = [first]
    while more:
        name = more.pop()
        if name not in seen:
            seen[name] = None
            more += sorted(waits[name])
    return list(seen)


def _of_batch(
    project: Project, batch: Sequence[MoveUnit], hashed: Mapping[str, Sequence[Operation]]
) -> Iterator[Operation]:
    first, operations = batch[0].name, [o for unit in batch for o in hashed[unit.name]]
    sources = {folded(o.source) for o in operations}
    if not any(folded(o.target) in sources for o in operations):
        yield from operations
        return
    passage = {o.source: _passage(o) for o in operations}
    disk = Disk()
    for o in operations:
        disk.refuse_taken(project.folder / passage[o.source])
        yield _changed(o, o.source, passage[o.source], first)
    for o in operations:
        yield _changed(o, passage[o.source], o.target, first)


def _changed(one: Operation, source: str, target: str, unit: str) -> Operation:
    return Operation(
        *(one.group_id, one.photo_id, one.kind, one.role, source, target),
        *(one.size_bytes, one.modified_ns, one.content_hash, None, unit),
    )


def _passage(one: Operation) -> str:
    """A name that a file has only while names change places."""
    target = PurePosixPath(one.target)
    mark = short_hash(one.source, one.target)[:8]
    return str(PurePosixPath(one.source).with_name(f"{target.stem[:100]}~{mark}{target.suffix}"))
