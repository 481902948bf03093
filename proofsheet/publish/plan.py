"""What applying the approved decisions of a project would do, file by file, before anything is done.

Holds `Operation`, `Plan` and `make_plan`.
Add here: another reason for which a set is left alone.
Keep out: doing it (apply.py).

The winner of a set and its companions go to `selected/`, the other pictures and theirs to `review/`, each below the folder that it
came from. Where all pictures of a set belong together, all go to `selected/`. A cut is a new file beside the winner. A set is moved
whole or not at all.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from proofsheet.errors import UsageError
from proofsheet.files import Refused, hash_file
from proofsheet.placed import Placed, placed_files
from proofsheet.publish.cut import cut_name
from proofsheet.publish.disk import Disk, TargetTaken, folded
from proofsheet.workspace import Project
from schemas.apply import REVIEW, SELECTED
from schemas.library import Photo
from schemas.review import Decision, Verdict

Row = Mapping[str, Any]
APPLIED = ("approved", "overridden")


@dataclass(frozen=True)
class Operation:
    """One file: from where, to where, and what it must be."""

    group_id: str
    photo_id: str
    kind: str
    role: str
    source: str
    target: str
    size_bytes: int
    modified_ns: int
    content_hash: str
    box: list[float] | None = None


@dataclass(frozen=True)
class Plan:
    """Everything that would be done.

    Attributes:
        project: key of the project.
        operations: in the order in which they would be done, set by set.
        refused: set to the reason for which it is left alone.
        counts: sets by what becomes of them.
    """

    project: str
    operations: list[Operation]
    refused: dict[str, str] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def plan_id(self) -> str:
        """Hash of everything that would be done."""
        told = [self.project, [asdict(o) for o in self.operations]]
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]

    def by_set(self) -> dict[str, list[Operation]]:
        """Operations of each set."""
        found: dict[str, list[Operation]] = defaultdict(list)
        for one in self.operations:
            found[one.group_id].append(one)
        return dict(found)


@dataclass
class _Known:
    folder: Path
    photos: Mapping[str, Row]
    owners: dict[str, set[str]]  # companion to the photos that it belongs to
    groups: dict[str, str]  # photo to its set now
    placed: Placed

    def present(self, path: str) -> str:
        """Where a file lies now, if it was moved since the last run."""
        return path if (self.folder / path).exists() else self.placed.moved.get(path, path)


def make_plan(project: Project, verdicts: Iterable[Row], most_sets: int | None = None) -> Plan:
    """Plan what the verdicts ask for; reads the disk and changes nothing.

    Args:
        project: whose files.
        verdicts: rows of `verdicts` that stand and were handed over.
        most_sets: no more sets of the project than this are applied, those that are already counted; None for all.
    """
    known = _known(project)
    counts, refused, ready = Counter[str](), dict[str, str](), list[list[Operation]]()
    claimed, disk = dict[str, str](), Disk()
    for row in verdicts:
        group, action = str(row[Verdict.group_id]), str(row[Verdict.action])
        if action not in APPLIED:
            counts[f"{action}: left as they are"] += 1
            continue
        try:
            found = _of_set(row, known)
            _claim(project.folder, found, claimed, disk)
        except (Refused, TargetTaken, UsageError) as error:
            refused[group] = _reason(error)
            continue
        if found:
            ready.append(found)
        else:
            counts["applied already"] += 1
    within = ready if most_sets is None else ready[: max(0, most_sets - counts["applied already"])]
    more = {"planned": len(within), "beyond the pilot: left for later": len(ready) - len(within), "refused": len(refused)}
    counts.update({what: n for what, n in more.items() if n})
    return Plan(project.key, [o for found in within for o in found], refused, dict(counts))


def _known(project: Project) -> _Known:
    photos = {str(r[Photo.photo_id]): r for r in project.store.read(Photo).to_dicts()}
    owners: dict[str, set[str]] = defaultdict(set)
    for photo, row in photos.items():
        for companion in row[Photo.companions]:
            owners[companion].add(photo)
    decided = project.store.read(Decision)
    groups = {photo: str(r[Decision.group_id]) for r in decided.to_dicts() for photo in r[Decision.photo_ids]}
    return _Known(project.folder, photos, dict(owners), groups, placed_files(project.ledger))


def _of_set(row: Row, known: _Known) -> list[Operation]:
    """The operations of one set, the winner first."""
    group, winner = str(row[Verdict.group_id]), str(row[Verdict.chosen_photo_id])
    members = [str(i) for i in row[Verdict.photo_ids]]
    gone = [i for i in members if i not in known.photos]
    if gone:
        raise UsageError(
            f"{len(gone)} of its {len(members)} pictures are gone from the project.", "Put them back and run the project."
        )
    if any(known.groups.get(i) != group for i in members):
        raise UsageError("Its pictures are in another set now.", "Review the new set.")
    keep_all = bool(row.get(Decision.keep_all))
    found, placed = list[Operation](), set[str]()
    for photo in sorted(members, key=lambda i: i != winner):
        place = SELECTED if photo == winner or keep_all else REVIEW
        found += _with_companions(known, group, photo, "winner" if photo == winner else "other", place, members, placed)
    if row[Verdict.crop] is not None:
        found += _cut(known, group, known.photos[winner], list(row[Verdict.crop]))
    return found


def _with_companions(
    known: _Known, group: str, photo: str, role: str, place: str, members: Sequence[str], placed: set[str]
) -> Iterable[Operation]:
    row = known.photos[photo]
    home = f"{place}/{row[Photo.folder]}" if row[Photo.folder] else place
    files = [(str(row[Photo.path]), role), *((c, "companion") for c in row[Photo.companions] if c not in placed)]
    for listed, what in files:
        if what == "companion":
            placed.add(listed)
            if strangers := known.owners[listed] - set(members):
                others = ", ".join(sorted(str(known.photos[s][Photo.path]) for s in strangers))
                raise UsageError(f"{listed} belongs to {others} of another set too.", "Give the pictures different names.")
        path = known.present(listed)
        target = f"{home}/{path.rpartition('/')[2]}"
        if target == path:
            continue
        content, mark = hash_file(known.folder / path)
        if what != "companion" and content != row[Photo.content_hash]:
            raise UsageError(f"{path} has changed since the last run.", "Run the project and review the set again.")
        yield Operation(group, photo, "move", what, path, target, mark.size, mark.mtime_ns, content)


def _cut(known: _Known, group: str, row: Row, box: list[float]) -> Iterable[Operation]:
    home = f"{SELECTED}/{row[Photo.folder]}" if row[Photo.folder] else SELECTED
    source = f"{home}/{row[Photo.file_name]}"
    target = cut_name(source)
    there = known.placed.boxes.get(target)
    if there is not None and there != box:
        raise UsageError(f"{target} is another cut, of an earlier verdict.", "Undo the plan that wrote it, then apply again.")
    if there is None:
        yield Operation(group, str(row[Photo.photo_id]), "crop", "crop", source, target, 0, 0, "", box)


def _claim(folder: Path, operations: Sequence[Operation], claimed: dict[str, str], disk: Disk) -> None:
    """Refuse a set whose targets are there, lead outside, or are wanted by another set."""
    own: dict[str, str] = {}
    for one in operations:
        inside(folder, one.target)
        disk.refuse_taken(folder / one.target)
        mark = folded(one.target)
        if (other := claimed.get(mark) or own.get(mark)) is not None:
            raise TargetTaken(f"{one.target} would also come from {other}")
        own[mark] = one.source
    claimed.update(own)


def inside(folder: Path, path: str) -> Path:
    """The absolute path of a file of the project, none of whose folders is a link.

    Raises:
        UsageError: if it leads outside.
    """
    root, found = folder.resolve(), folder
    for part in Path(path).parts[:-1]:
        found = found / part
        if found.is_symlink():
            raise UsageError(f"{found} is a link.", "Links are not followed; use a folder.")
    whole = found / Path(path).name
    if ".." in Path(path).parts or not whole.parent.resolve().is_relative_to(root):
        raise UsageError(f"{path} leads outside of {folder}.", "Nothing is moved there.")
    return whole


def with_keep_all(verdicts: Iterable[Row], project: Project) -> list[Row]:
    """The verdicts, each with whether its pictures belong together."""
    together = dict(project.store.read(Decision).select(Decision.group_id, Decision.keep_all).iter_rows())
    return [{**row, Decision.keep_all: together.get(row[Verdict.group_id], False)} for row in verdicts]


def _reason(error: Exception) -> str:
    if isinstance(error, Refused):
        return f"{error.reason}; {error.next_step}"
    if isinstance(error, UsageError):
        return f"{error.what} {error.next_step}"
    return f"{error}; nothing is written over"
