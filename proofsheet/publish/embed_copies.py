"""Copies of pictures with texts in them: new files, the originals are only read.

Holds `write_copies`.
Add here: another check of a copy.
Keep out: which values (embed_values.py), originals (apply/embedding.py).
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from proofsheet.apply.disk import Disk, TargetTaken
from proofsheet.apply.metadata_writing import with_metadata
from proofsheet.apply.moves import Report, content_of
from proofsheet.core.errors import UsageError
from proofsheet.publish.embed_plan import EmbedPlan
from proofsheet.storage.workspace import Project
from schemas.apply import EMBED


def write_copies(project: Project, plan: EmbedPlan, disk: Disk | None = None) -> Report:
    """Write the copies of a plan; a copy that is there with the same content counts as written.

    Args:
        project: of the pictures.
        plan: with the folder of the copies.
        disk: what touches files.
    """
    disk, report = disk or Disk(), Report(plan.plan_id, EMBED)
    shutil.rmtree(project.outgoing, ignore_errors=True)  # of an interrupted process
    project.outgoing.mkdir(parents=True)
    for one in plan.operations:
        if report.hopeless:
            break
        with report.noting([one.source]), tempfile.TemporaryDirectory(dir=project.outgoing) as folder:
            source, target = project.folder / one.source, Path(plan.out) / one.target
            made = with_metadata(source, plan.values[one.source], Path(folder))
            if content_of(source) != one.content_hash:
                raise UsageError(f"{source} has changed since the plan was made.", "Plan again.")
            if not (target.is_file() and content_of(target) == content_of(made)):
                disk.make_folder(target.parent)
                disk.clear(target)
                _write(disk, target, made, one.modified_ns)
            report.files += 1
    report.sets = report.files
    return report


def _write(disk: Disk, target: Path, made: Path, modified_ns: int) -> None:
    try:
        disk.write_new(target, made.read_bytes(), modified_ns)
    except TargetTaken as taken:
        raise UsageError(f"{taken}.", "It is not overwritten; name another folder with --out.") from None
