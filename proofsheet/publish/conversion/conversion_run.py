"""Conversion of many pictures.

Holds `ConversionRow`, `planned_conversion` and `convert_pictures`.
Add here: another number of a conversion.
Keep out: one file (file_conversion.py), and what all new files share (publish/copy_run.py).
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from proofsheet.core.progress import Progress
from proofsheet.imaging.measurement_pass import limits_of
from proofsheet.library.file_hashes import Scan
from proofsheet.publish.conversion.file_conversion import ConversionTask, ConvertedFile, converted_file
from proofsheet.publish.conversion.formats import ConversionOptions
from proofsheet.publish.copy_plan import CopyPlan, PlannedCopy, copy_plan
from proofsheet.publish.copy_run import CopyReport, CopyState, CopyWork, write_copies
from proofsheet.publish.new_files import NewFiles
from schemas.settings.photos import PhotoSettings

_WHOLE = 65_500  # longest side of a developed RAW file


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
    state: CopyState
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
) -> CopyReport[ConversionRow]:
    """Convert what is planned; a picture that cannot be converted is reported and the others go on.

    Args:
        plan: of `planned_conversion`.
        files: where to.
        options: of the conversion.
        settings: limits, worker processes, time limit.
        progress: called after every picture.
        only_plan: whether pictures are opened to see what would be refused, and nothing is written.
    """
    side = min(options.side_px or _WHOLE, _WHOLE)
    limits = replace(limits_of(settings), side_px=side, large_px=0)
    tasks = [ConversionTask(c.source.file, options, limits, only_plan) for c in plan.copies]
    work = CopyWork(converted_file, tasks, _row)
    return write_copies(plan, work, files, settings, progress, only_plan=only_plan)


def _row(copy: PlannedCopy, state: CopyState, new: ConvertedFile) -> ConversionRow:
    return ConversionRow(
        copy.source.path,
        copy.target,
        state,
        len(new.data),
        hashlib.sha256(new.data).hexdigest() if new.data else "",
        new.width_px,
        new.height_px,
        new.profile,
        list(new.losses),
        list(new.left),
    )
