"""Each project alone: what is wrong with one stops none of the others.

Holds `each_alone`, `checked`, `readable`, `trouble_of`, `set_aside_damaged` and `set_aside_ledger`.
Add here: another file of the home that can be damaged.
Keep out: making whole again (generations.py; a run does).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from proofsheet.core.errors import Damaged, StoreError, UsageError, of_the_disk
from proofsheet.core.locks import acquire
from proofsheet.storage.workspace import Project

Found = TypeVar("Found")


@dataclass(frozen=True)
class Trouble:
    """The damage of a project that cannot be read.

    Attributes:
        project: name of its folder.
        file: what is damaged; empty if the trouble is no file's.
        problem: what is wrong, with the file.
        next_step: what to do about it.
        error: the same, to be raised.
    """

    project: str
    file: str
    problem: str
    next_step: str
    error: StoreError

    def as_dict(self) -> dict[str, str]:
        """For JSON."""
        return {n: str(getattr(self, n)) for n in ("project", "file", "problem", "next_step")}

    def __str__(self) -> str:
        return f"{self.project}: {self.problem} {self.next_step}"

    @classmethod
    def of(cls, project: Project, error: StoreError | OSError) -> Trouble:
        """What an error says of a project."""
        told = of_the_disk(error, project.folder) if isinstance(error, OSError) else error
        file = str(told.file) if isinstance(told, Damaged) else ""
        return cls(project.name, file, told.what, told.next_step, told)


@dataclass(frozen=True)
class Alone(Generic[Found]):
    """What a verb gave for each project, and why it gave nothing for the others."""

    results: list[tuple[Project, Found]]
    troubles: list[Trouble]


@dataclass(frozen=True)
class _Checked:
    """The result of reading a file in full, and its time."""

    mark: Hashable
    trouble: Trouble | None
    at: float


_CHECKED: dict[Path, _Checked] = {}


def each_alone(projects: Iterable[Project], verb: Callable[[Project], Found]) -> Alone[Found]:
    """Do something for every project.

    A damaged or unreadable project is reported, and the others are done.
    """
    outcome: Alone[Found] = Alone([], [])
    for project in projects:
        try:
            outcome.results.append((project, verb(project)))
        except (StoreError, OSError) as error:
            outcome.troubles.append(Trouble.of(project, error))
    return outcome


def checked(project: Project, verb: Callable[[Project], Found]) -> Found:
    """Do something for a project after its ledger and store were read in full, with one open ledger.

    Raises:
        StoreError: if one of them cannot be read.
    """
    with project.ledger.kept_open():
        if trouble := trouble_of(project):
            raise trouble.error
        return verb(project)


def trouble_of(project: Project, again_s: float = 0.0) -> Trouble | None:
    """The damage in ledger or store of a project.

    Both are read in full, and again only after a change.

    Args:
        project: of the files.
        again_s: how long a file that was whole is believed to be so while it changes.
    """
    ledger, generations = project.ledger, project.store.generations
    return _once(project, ledger.path, file_mark(ledger.path), ledger.check, again_s) or _once(
        project, generations.folder, generations.mark(), project.store.check, again_s
    )


def readable(projects: Iterable[Project], left: dict[str, str]) -> list[Project]:
    """The projects with a readable ledger and store.

    `left` gets the name and the damage of the others.
    """
    found = []
    for project in projects:
        if trouble := trouble_of(project):
            left[project.name] = f"{trouble.problem} {trouble.next_step}"
        else:
            found.append(project)
    return found


def file_mark(path: Path) -> tuple[int, ...]:
    """What changes when something was written into a ledger, without opening it."""
    found: list[int] = []
    for one in (path, path.with_name(f"{path.name}-wal")):
        try:
            stat = one.stat()
        except OSError:
            found.append(-1)
        else:
            found += [stat.st_size, stat.st_mtime_ns]
    return tuple(found)


def set_aside_damaged(project: Project) -> Path | None:
    """Set a damaged ledger aside under another name.

    The next write begins a new one. None if no ledger exists.

    Raises:
        UsageError: if it is whole: what people wrote and decided, and where files were moved, would be
            hidden.
        StoreError: if it cannot be read for another reason than damage.
    """
    try:
        project.ledger.check()
    except Damaged:
        return set_aside_ledger(project)
    if not project.ledger.is_there():
        return None
    raise UsageError(
        f"The ledger {project.ledger.path} is intact: it holds all edits and decisions, and the "
        "moves of files.",
        "Nothing was changed. `proofsheet status` shows the damage of a project.",
    )


def set_aside_ledger(project: Project) -> Path | None:
    """Set a ledger aside under another name.

    The next write begins a new one. None if no ledger exists.
    """
    ledger = project.ledger
    with acquire(project.run_lock, "setting a ledger aside", wait_s=0):
        if not ledger.is_there():
            return None
        folder = ledger.path.parent / "set-aside" / f"{project.key}-{time.time_ns()}"
        folder.mkdir(parents=True)
        for path in sorted(ledger.path.parent.glob(f"{ledger.path.name}*")):
            path.rename(folder / path.name)
    return folder / ledger.path.name


def _once(
    project: Project, place: Path, mark: Hashable, check: Callable[[], None], again_s: float
) -> Trouble | None:
    known = _CHECKED.get(place)
    if known is None or (known.mark != mark and (known.trouble or time.monotonic() - known.at >= again_s)):
        try:
            check()
            found = None
        except Damaged as error:
            found = Trouble.of(project, error)
        except (
            StoreError
        ) as error:  # a disk that is full, too many open files: it may be over at the next scan
            return Trouble.of(project, error)
        _CHECKED[place] = known = _Checked(mark, found, time.monotonic())
    return known.trouble
