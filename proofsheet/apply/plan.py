"""What applying the approved decisions of a project would do, file by file, before anything is done.

Holds `Operation`, `Plan`, `make_plan`, `files_that_stay`, `inside`, `with_keep_all` and `reason_of`.
Add here: another reason for which a set is left alone.
Keep out: doing it (executor.py).

The winner of a set and its companions go to `selected/`, the other pictures and theirs to `review/`, each
below its present folder. If all pictures of a set belong together, all go to `selected/`; RAW and JPEG of one
shot go to the same place. A crop is a new file beside the winner. A set is moved whole or not at all: a file
that belongs to pictures of two places leaves both where they are, and sets that share a file are moved
together.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

from proofsheet.apply.crop_files import cut_name
from proofsheet.apply.disk import Disk, TargetTaken, as_journalled, refuse_too_long
from proofsheet.apply.file_positions import FilePositions, look_at_files
from proofsheet.apply.set_units import units_of, units_within
from proofsheet.core.errors import UsageError, of_the_disk
from proofsheet.core.files import Fingerprint, Refused, folded, printable
from proofsheet.storage.workspace import Project
from schemas.apply import APPLY
from schemas.choices import Proposal
from schemas.library import Photo
from schemas.review import ReviewDecision

Row = Mapping[str, Any]
APPLIED = ("approved", "overridden")


@dataclass(frozen=True)
class Operation:
    """One file: from where, to where, what it must be, and the unit that is moved whole or not at all."""

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
    unit: str = ""


@dataclass(frozen=True)
class Plan:
    """Everything that would be done.

    Attributes:
        project: key of the project.
        operations: in the order in which they would be done, set by set.
        refused: set to the reason for which it is left alone.
        counts: sets by what becomes of them.
        staying: file that goes with no picture to the reason.
        verb: what is done: apply, rename or organize.
        warnings: what you should know before you confirm it.
    """

    project: str
    operations: list[Operation]
    refused: dict[str, str] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    staying: dict[str, str] = field(default_factory=dict)
    verb: str = APPLY
    warnings: list[str] = field(default_factory=list)

    def changes(self, _plan_id: str) -> list[dict[str, object]]:
        """Rows of `metadata_changes` that are journalled with the operations; none for moves."""
        return []

    @property
    def plan_id(self) -> str:
        """Hash of everything that would be done."""
        told = [self.project, [asdict(o) for o in self.operations]] + [self.verb] * (self.verb != APPLY)
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]

    def by_set(self) -> dict[str, list[Operation]]:
        """Operations of each set."""
        found: dict[str, list[Operation]] = defaultdict(list)
        for one in self.operations:
            found[one.group_id].append(one)
        return dict(found)


def make_plan(project: Project, decisions: Iterable[Row], most_sets: int | None = None) -> Plan:
    """Plan what the verdicts ask for; reads the disk and changes nothing.

    Args:
        project: the project of the decisions.
        decisions: current rows of `review_decisions` that were submitted.
        most_sets: no more sets of the project than this are applied, those that are already counted; None for
            all.
    """
    rows = list(decisions)
    counts = Counter(
        f"{a}: left as they are" for r in rows if (a := str(r[ReviewDecision.action])) not in APPLIED
    )
    wanted = [r for r in rows if r[ReviewDecision.action] in APPLIED]
    known = look_at_files(project, wanted)
    refused, ready, shared = dict[str, str](), dict[str, list[Operation]](), dict[str, set[str]]()
    claimed, taken, disk = dict[str, str](), set[str](), Disk()
    for row in wanted:
        group = str(row[ReviewDecision.group_id])
        try:
            found, shared[group] = _of_set(row, known, taken)
            _claim(project.folder, found, claimed, disk)
        except (Refused, TargetTaken, UsageError, OSError) as error:
            refused[group] = reason_of(error, project.folder)
            continue
        if found:
            ready[group] = found
        else:
            counts["applied already"] += 1
    units = units_of(ready, shared, refused)
    within = units_within(units, None if most_sets is None else most_sets - counts["applied already"])
    left = sum(map(len, units)) - sum(map(len, within))
    more = {
        "planned": sum(map(len, within)),
        "beyond the limit of pilot mode: left for later": left,
        "refused": len(refused),
    }
    counts.update({what: n for what, n in more.items() if n})
    operations = [replace(o, unit=unit[0]) for unit in within for group in unit for o in ready[group]]
    return Plan(project.key, operations, refused, dict(counts), files_that_stay(known.of_folders, operations))


def _of_set(row: Row, known: FilePositions, taken: set[str]) -> tuple[list[Operation], set[str]]:
    """The operations of one set, the winner first, and the sets that share files with it.

    A name that one of them takes is not available to the others.
    """
    group, winner = str(row[ReviewDecision.group_id]), str(row[ReviewDecision.chosen_photo_id])
    members = [str(i) for i in row[ReviewDecision.photo_ids]]
    gone = [i for i in members if i not in known.photos]
    if gone:
        raise UsageError(
            f"{len(gone)} of its {len(members)} pictures are missing in the project.",
            "Put them back and run the project.",
        )
    if any(known.groups.get(i) != group for i in members):
        raise UsageError("Its pictures are in another set now.", "Review the new set.")
    for error in (known.unlisted.get(str(PurePosixPath(known.paths[i]).parent)) for i in members):
        if error is not None:
            raise error
    found, shared = list[Operation](), set[str]()
    for photo in sorted(members, key=lambda i: i != winner):
        place, role = known.wanted[photo].folder, "winner" if photo == winner else "other"
        shared |= (
            known.agreed(known.paths[photo], group, place) if known.paths[photo] in known.owners else set()
        )
        found += _moved(known, group, photo, known.paths[photo], role)
        for path in known.beside.get(photo, ()):
            shared |= known.agreed(path, group, place)
            found += _moved(known, group, photo, path, "companion") if path not in taken else ()
            taken.add(path)
    if row[ReviewDecision.crop] is not None:
        found += _cut(known, group, winner, list(row[ReviewDecision.crop]))
    return found, shared


def _moved(known: FilePositions, group: str, photo: str, path: str, role: str) -> Iterable[Operation]:
    """The move of a photo, or of a file beside it; None if it is in its place already.

    A file keeps its place beside its photo.
    """
    beside = PurePosixPath(path).relative_to(PurePosixPath(known.paths[photo]).parent)
    target = f"{known.wanted[photo].folder}/{beside}"
    if target == path:
        return
    if printable(path) != path:
        raise UsageError(f"The name of {printable(path)} is not valid text.", "Rename it.")
    content, mark = _content(known, photo, path, role)
    yield Operation(group, photo, "move", role, path, target, mark.size, mark.mtime_ns, content)


def _content(known: FilePositions, photo: str, path: str, role: str) -> tuple[str, Fingerprint]:
    """SHA-256 and fingerprint of a photo, or of a file beside it."""
    try:
        content, mark = as_journalled(known.folder / path, may_be_empty=role == "companion")
    except Refused as refused:
        raise UsageError(f"{path} is not moved: {refused.reason};", f"{refused.next_step}.") from refused
    if role != "companion" and content != known.photos[photo][Photo.content_hash]:
        raise UsageError(
            f"{path} has changed since the last run.", "Run the project and review the set again."
        )
    return content, mark


def files_that_stay(of_folders: Iterable[str], operations: Iterable[Operation]) -> dict[str, str]:
    """Files that refer to a whole folder of which a part is moved, each with the reason.

    Args:
        of_folders: paths of files that refer to their folder.
        operations: of the plan.
    """
    homes = {str(PurePosixPath(o.source).parent) for o in operations}
    why = "it refers to all pictures of its folder, and is not moved"
    return {p: why for p in of_folders if str(PurePosixPath(p).parent) in homes}


def _cut(known: FilePositions, group: str, photo: str, box: list[float]) -> Iterable[Operation]:
    path = known.paths[photo]
    source = f"{known.wanted[photo].folder}/{PurePosixPath(path).name}"
    target = known.placed.crops.get(photo) or cut_name(source)  # the picture may have another name since
    there = known.placed.boxes.get(target)
    if there is not None and there != box:
        raise UsageError(
            f"{target} is another crop, of an earlier decision.",
            "Undo the plan that wrote it, then apply again.",
        )
    if there is None:
        if source == path:  # else its move reads it
            _content(known, photo, path, "winner")
        yield Operation(group, photo, "crop", "crop", source, target, 0, 0, "", box)


def _claim(folder: Path, operations: Sequence[Operation], claimed: dict[str, str], disk: Disk) -> None:
    """Refuse a set with targets that cannot be used.

    A target may exist already, be too long for the disk, be outside of the project, or belong to another set.
    """
    own: dict[str, str] = {}
    for one in operations:
        refuse_too_long(inside(folder, one.target))
        disk.refuse_taken(folder / one.target)
        mark = folded(one.target)
        if (other := claimed.get(mark) or own.get(mark)) is not None:
            raise TargetTaken(f"{one.target} would also come from {other}")
        own[mark] = one.source
    claimed.update(own)


def inside(folder: Path, path: str) -> Path:
    """The absolute path of a file of the project, without links among its folders.

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


def with_keep_all(decisions: Iterable[Row], project: Project) -> list[Row]:
    """The verdicts, each with whether its pictures belong together."""
    together = dict(project.store.read(Proposal).select(Proposal.group_id, Proposal.keep_all).iter_rows())
    return [
        {**row, Proposal.keep_all: together.get(row[ReviewDecision.group_id], False)} for row in decisions
    ]


def reason_of(error: Exception, folder: Path) -> str:
    """Why files are left alone, with the next step."""
    if isinstance(error, Refused):
        return f"{error.reason}; {error.next_step}"
    if isinstance(error, UsageError):
        return f"{error.what} {error.next_step}"
    if isinstance(error, OSError):
        told = of_the_disk(error, folder)
        return f"{told.what} {told.next_step}"
    return f"{error}; no file is overwritten"
