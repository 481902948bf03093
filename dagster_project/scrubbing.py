"""Making privacy copies, as the command line and the Dagster job do it.

Holds `ScrubOptions` and `scrub_source`.
Add here: another condition under which copies are made.
Keep out: making and proving one copy (proofsheet/publish/).
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dagster_project.copy_source import CopySource
from proofsheet.core.files import write_atomic
from proofsheet.core.progress import Progress
from proofsheet.imaging.measurement_pass import limits_of
from proofsheet.library.file_hashes import Scan
from proofsheet.metadata.exiftool import find_exiftool
from proofsheet.publish.copy_run import CopyReport
from proofsheet.publish.face_blur import face_blur
from proofsheet.publish.new_files import NewFiles
from proofsheet.publish.privacy_copies import PrivacyRow, planned_scrub, scrub_pictures
from proofsheet.publish.privacy_proof import former_rows, proof_files
from schemas.settings.publish import PrivacyProfile


@dataclass(frozen=True)
class ScrubOptions:
    """What copies hold.

    Attributes:
        profile: which metadata stays.
        blurring: whether faces are blurred.
        only_plan: whether copies are made and checked, and none is written.
    """

    profile: PrivacyProfile = "people"
    blurring: bool = False
    only_plan: bool = False


def scrub_source(
    originals: CopySource, scanned: Scan, place: Path, options: ScrubOptions, listener: Progress
) -> CopyReport[PrivacyRow]:
    """Write the copies of a folder and their proof.

    Args:
        originals: the folder; it is only read.
        scanned: its pictures.
        place: folder of the copies.
        options: what they hold.
        listener: called with the progress.

    Raises:
        ServiceUnreachable: if exiftool is not installed.
        UsageError: if a file of somebody else has the name of the proof.
    """
    find_exiftool()
    files, settings = NewFiles(place), originals.settings
    with (
        files.lock(f"scrub {originals.name}"),
        tempfile.TemporaryDirectory(prefix="proofsheet-scrub-") as work,
    ):
        former = former_rows(place)
        report = scrub_pictures(
            planned_scrub(scanned, place),
            files,
            options.profile,
            settings.publish.copyright,
            settings.photos,
            Path(work),
            listener,
            blur=face_blur(settings.faces, limits_of(settings.photos)) if options.blurring else None,
            only_plan=options.only_plan,
        )
        if report.rows and not options.only_plan:
            _write_proof(place, report.rows, former)
    return report


def _write_proof(place: Path, new: Sequence[PrivacyRow], former: Sequence[PrivacyRow]) -> None:
    """The proof of the whole folder; a new row goes before a former one of the same copy."""
    rows = {row.target: row for row in (*former, *new)}
    for name, content in proof_files(list(rows.values())).items():
        path = place / name
        if not path.exists() or path.read_bytes() != content:
            write_atomic(path, content)
