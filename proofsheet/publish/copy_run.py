"""New files of many pictures: worker processes make them, this process writes them.

Holds `CopyReport`, `CopyState`, `CopyWork` and `write_copies`.
Add here: what holds for every kind of new file.
Keep out: one file (conversion/, privacy_copies.py), names (copy_plan.py), the disk (new_files.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Generic, Literal, Protocol, TypeVar

from proofsheet.apply.disk import TargetTaken
from proofsheet.core.files import Refused
from proofsheet.core.progress import Progress
from proofsheet.core.worker_pool import Lost, run_apart
from proofsheet.publish.copy_plan import CopyPlan, PlannedCopy, reason_of
from proofsheet.publish.new_files import NewFiles, NoRoom
from schemas.settings.photos import PhotoSettings

CopyState = Literal["written", "there", "planned"]
_SLOWER = 5  # making a file takes longer than the decoding that the time limit is for


class _NewFile(Protocol):
    @property
    def data(self) -> bytes: ...


Task = TypeVar("Task")
New = TypeVar("New", bound=_NewFile)
Row = TypeVar("Row")


@dataclass(frozen=True)
class CopyWork(Generic[Task, New, Row]):
    """How the new files of a plan are made.

    Attributes:
        make: a new file of a task, or why there is none; importable, it runs in another process.
        tasks: one for each copy of the plan.
        row: the report on a written copy.
    """

    make: Callable[[Task], New | Refused]
    tasks: Sequence[Task]
    row: Callable[[PlannedCopy, CopyState, New], Row]


@dataclass
class CopyReport(Generic[Row]):
    """New files in the order of their originals, and path to the reason for pictures without one."""

    rows: list[Row] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)


def write_copies(
    plan: CopyPlan,
    work: CopyWork[Task, New, Row],
    files: NewFiles,
    settings: PhotoSettings,
    progress: Progress,
    *,
    only_plan: bool = False,
) -> CopyReport[Row]:
    """Make and write what is planned; a picture without a new file is reported and the others go on.

    Args:
        plan: which files.
        work: how they are made.
        files: where to.
        settings: worker processes and time limit.
        progress: called after every picture.
        only_plan: whether nothing is written.
    """
    refused, rows = dict(plan.refused), dict[str, Row]()
    try:
        for copy, answer in _answers(plan, work, settings, progress):
            name = copy.source.path
            if isinstance(answer, Refused):
                refused[name] = reason_of(answer)
                continue
            try:
                state: CopyState = "planned" if only_plan else files.write(copy.target, answer.data)
                rows[name] = work.row(copy, state, answer)
            except (TargetTaken, OSError) as error:
                refused[name] = str(error)
    except NoRoom as error:
        left = [c.source.path for c in plan.copies if c.source.path not in {*rows, *refused}]
        refused |= dict.fromkeys(left, f"{error}; make room and run again")
    return CopyReport([rows[name] for name in sorted(rows)], refused)


def _answers(
    plan: CopyPlan, work: CopyWork[Task, New, Row], settings: PhotoSettings, progress: Progress
) -> Iterator[tuple[PlannedCopy, New | Refused]]:
    workers = max(1, min(settings.workers, len(work.tasks)))
    answers = run_apart(work.make, work.tasks, workers=workers, timeout_s=_SLOWER * settings.timeout_s)
    for done, (index, answer) in enumerate(answers, start=1):
        yield plan.copies[index], _lost(answer) if isinstance(answer, Lost) else answer
        progress.step("new files", done, len(work.tasks))


def _lost(lost: Lost) -> Refused:
    if lost.why == "raised":
        return Refused("reader_error", f"a fault of Proofsheet: {lost.detail}", "report it with the file")
    what = "took too long" if lost.why == "timeout" else "killed its process twice"
    return Refused("decoder_died", f"making its new file {what} ({lost.detail})", "use another program")
