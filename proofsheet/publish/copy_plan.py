"""Which new files a folder of pictures gives elsewhere, before anything is written.

Holds `CopyPlan`, `PlannedCopy`, `copy_plan` and `refuse_inside`.
Add here: another reason that is known before a picture is opened.
Keep out: making the files (conversion/, privacy_copies.py), and writing them (new_files.py).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from proofsheet.apply.disk import refuse_too_long
from proofsheet.core.errors import UsageError
from proofsheet.core.files import Refused, folded
from proofsheet.library.file_hashes import Scan, ScannedFile


@dataclass(frozen=True)
class PlannedCopy:
    """A picture, and the path of its new file below the folder for new files."""

    source: ScannedFile
    target: str


@dataclass
class CopyPlan:
    """What would be written, and path to the reason for what would not."""

    copies: list[PlannedCopy] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)


def refuse_inside(out: Path, places: Iterable[Path]) -> None:
    """Refuse a folder for new files inside a folder of originals, where they would become photos.

    Raises:
        UsageError: naming that folder.
    """
    for place in places:
        if out.resolve().is_relative_to(place.resolve()):
            raise UsageError(
                f"{out} is inside {place}, so that new files would become photos of it.",
                "Name a folder outside with --out.",
            )


def copy_plan(scanned: Scan, out: Path, extension: Callable[[ScannedFile], str]) -> CopyPlan:
    """New files for all pictures of a folder, in the order of their paths.

    Names that are one file on some disks, because they differ in case or accents alone, are refused together.

    Args:
        scanned: the folder; its refusals stay.
        out: folder for the new files.
        extension: of the new file of a picture, with its dot; it may refuse.
    """
    plan = CopyPlan(refused={p: reason_of(r) for p, r in sorted(scanned.refused.items())})
    by_name: dict[str, list[PlannedCopy]] = defaultdict(list)
    for picture in sorted(scanned.pictures, key=lambda p: p.path):
        try:
            target = PurePosixPath(picture.path).with_suffix(extension(picture)).as_posix()
            refuse_too_long(out / target)
        except (Refused, UsageError) as error:
            plan.refused[picture.path] = reason_of(error)
            continue
        by_name[folded(target)].append(PlannedCopy(picture, target))
    for same in by_name.values():
        if len(same) == 1:
            plan.copies += same
        for one in same if len(same) > 1 else ():
            others = ", ".join(o.source.path for o in same if o is not one)
            plan.refused[one.source.path] = (
                f"its new file {one.target} would have the name of that of {others}; rename one of them"
            )
    return plan


def reason_of(error: Exception) -> str:
    """A refusal in words, with its next step."""
    return f"{error.reason}; {error.next_step}" if isinstance(error, Refused) else str(error)
