"""Conversion of many pictures: worker processes code them, this process writes them.

Holds `ConversionRow`, `ConversionReport`, `planned_conversion` and `convert_pictures`.
Add here: another number of a conversion.
Keep out: one file (file_conversion.py), names (publish/copy_plan.py), writing (publish/new_files.py).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Literal

from proofsheet.apply.disk import TargetTaken
from proofsheet.core.files import Refused
from proofsheet.core.progress import Progress
from proofsheet.core.worker_pool import Lost, run_apart
from proofsheet.imaging.measurement_pass import limits_of
from proofsheet.library.file_hashes import Scan
from proofsheet.publish.conversion.file_conversion import ConversionTask, ConvertedFile, converted_file
from proofsheet.publish.conversion.formats import ConversionOptions
from proofsheet.publish.copy_plan import CopyPlan, PlannedCopy, copy_plan, reason_of
from proofsheet.publish.new_files import NewFiles, NoRoom
from schemas.settings.photos import PhotoSettings

_WHOLE = 65_500  # longest side of a developed RAW file
_SLOWER = 5  # converting takes longer than the decoding that the time limit is for


@dataclass(frozen=True)
class ConversionRow:
    """A new file.

    Attributes:
        source: path of the original inside its folder.
        target: path of the new file inside the folder for new files.
        state: written now, there already with the same content, or planned.
        size_bytes: of the new file; 0 for a plan.
        content_hash: SHA-256 of the new file; empty for a plan.
        width_px: of the picture.
        height_px: of the picture.
        profile: what became of the colours.
        losses: what is lost.
        not_carried: metadata that the new file does not have.
    """

    source: str
    target: str
    state: Literal["written", "there", "planned"]
    size_bytes: int
    content_hash: str
    width_px: int
    height_px: int
    profile: str
    losses: list[str]
    not_carried: list[str]

    def as_dict(self) -> dict[str, object]:
        """For JSON."""
        return asdict(self)


@dataclass
class ConversionReport:
    """New files, and path to the reason for pictures without one."""

    rows: list[ConversionRow] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)


def planned_conversion(scanned: Scan, out: Path, options: ConversionOptions) -> CopyPlan:
    """The new file of each picture of a folder, before any picture is opened."""
    return copy_plan(scanned, out, lambda _picture: options.format.extension)


def convert_pictures(
    plan: CopyPlan,
    files: NewFiles,
    options: ConversionOptions,
    settings: PhotoSettings,
    progress: Progress,
    *,
    only_plan: bool = False,
) -> ConversionReport:
    """Convert what is planned; a picture that cannot be converted is reported and the others go on.

    Args:
        plan: of `planned_conversion`.
        files: where to.
        options: of the conversion.
        settings: limits, worker processes, time limit.
        progress: called after every picture.
        only_plan: whether pictures are opened to see what would be refused, and nothing is written.
    """
    report = ConversionReport(refused=dict(plan.refused))
    try:
        for copy, answer in _answers(plan.copies, options, settings, progress, only_plan=only_plan):
            _note(report, copy, answer, files, only_plan=only_plan)
    except NoRoom as error:
        done = {row.source for row in report.rows} | report.refused.keys()
        left = [c.source.path for c in plan.copies if c.source.path not in done]
        report.refused |= dict.fromkeys(left, f"{error}; make room and run again")
    report.rows.sort(key=lambda row: row.source)
    return report


def _note(
    report: ConversionReport,
    copy: PlannedCopy,
    answer: ConvertedFile | Refused,
    files: NewFiles,
    *,
    only_plan: bool,
) -> None:
    """Write what was converted, and note what became of it."""
    if isinstance(answer, Refused):
        report.refused[copy.source.path] = reason_of(answer)
        return
    try:
        report.rows.append(_row(copy, answer, files, only_plan=only_plan))
    except (TargetTaken, OSError) as error:
        report.refused[copy.source.path] = str(error)


def _row(copy: PlannedCopy, new: ConvertedFile, files: NewFiles, *, only_plan: bool) -> ConversionRow:
    state = "planned" if only_plan else files.write(copy.target, new.data)
    digest = "" if only_plan else hashlib.sha256(new.data).hexdigest()
    return ConversionRow(
        copy.source.path,
        copy.target,
        state,
        len(new.data),
        digest,
        new.width_px,
        new.height_px,
        new.profile,
        list(new.losses),
        list(new.left),
    )


def _answers(
    copies: list[PlannedCopy],
    options: ConversionOptions,
    settings: PhotoSettings,
    progress: Progress,
    *,
    only_plan: bool,
) -> Iterator[tuple[PlannedCopy, ConvertedFile | Refused]]:
    side = min(options.side_px or _WHOLE, _WHOLE)
    limits = replace(limits_of(settings), side_px=side, large_px=0)
    tasks = [ConversionTask(c.source.file, options, limits, only_plan) for c in copies]
    workers = max(1, min(settings.workers, len(tasks)))
    answers = run_apart(converted_file, tasks, workers=workers, timeout_s=_SLOWER * settings.timeout_s)
    for done, (index, answer) in enumerate(answers, start=1):
        yield copies[index], _lost(answer) if isinstance(answer, Lost) else answer
        progress.step("pictures converted", done, len(tasks))


def _lost(lost: Lost) -> Refused:
    step = "convert it with another program"
    if lost.why == "raised":
        return Refused("reader_error", f"a fault of Proofsheet: {lost.detail}", f"report it; {step}")
    what = "took too long" if lost.why == "timeout" else "killed its process twice"
    return Refused("decoder_died", f"converting it {what} ({lost.detail})", step)
