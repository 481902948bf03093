"""`proofsheet scrub`: privacy copies of pictures.

Holds the command.
Add here: an option of it.
Keep out: making and proving copies (proofsheet/publish/).
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, cast

import click

from dagster_project.commands.bars import BarListener, progress_bars
from dagster_project.commands.common import FAILED, SOME_FAILED, json_option, out, print_json
from dagster_project.copy_source import copy_source, scan_source
from dagster_project.scrubbing import ScrubOptions, scrub_source
from proofsheet.publish.copy_run import CopyReport
from proofsheet.publish.privacy_copies import PrivacyRow
from schemas.settings.publish import PROFILES, PrivacyProfile


@click.command()
@click.argument("source", metavar="PROJECT|FOLDER")
@click.option("--out", "place", required=True, type=click.Path(path_type=Path), help="Folder for the copies.")
@click.option(
    "--profile",
    type=click.Choice(list(PROFILES)),
    default="people",
    show_default=True,
    help="people keeps copyright, creator, capture date, camera and lens; strict keeps no metadata.",
)
@click.option("--blur-faces", "blurring", is_flag=True, help="Blur faces; such pictures are coded again.")
@click.option("--dry-run", "only_plan", is_flag=True, help="Make and check the copies, and write none.")
@json_option
def scrub(source: str, place: Path, profile: str, blurring: bool, only_plan: bool, as_json: bool) -> None:
    """Write copies of the pictures of PROJECT or FOLDER without private data. Originals are only read.

    A copy is built from the visible picture and the fields of the profile: no place, serial number, owner,
    prompt, small picture, note of the camera maker or name in a region stays. It is read back, and
    proofsheet-proof.json and .txt in the folder list all that is in each copy, those of earlier runs into it
    too. Names of files and folders stay. The exit code is 3 if some pictures are refused, 1 if all are.

    The JSON has source, out, profile, files: [{source, target, state: written, there or planned, size_bytes,
    content_hash, fields, parts, left_out, blurred_faces, profile}] and refused: [{path, why}].
    """
    wanted = ScrubOptions(cast("PrivacyProfile", profile), blurring, only_plan)
    with copy_source(source, place) as originals:
        scanned = scan_source(originals)
        with progress_bars() as bars:
            report = scrub_source(originals, scanned, place, wanted, BarListener(bars, originals.name))
    told: dict[str, Any] = {"source": str(originals.folder), "out": str(place), "profile": profile}
    told["files"] = [row.as_dict() for row in report.rows]
    told["refused"] = [{"path": path, "why": why} for path, why in sorted(report.refused.items())]
    if as_json:
        print_json(told)
    else:
        _show(report, place, only_plan=only_plan)
    if report.refused:
        sys.exit(SOME_FAILED if report.rows else FAILED)


def _show(report: CopyReport[PrivacyRow], place: Path, *, only_plan: bool) -> None:
    for row in report.rows:
        kept = ", ".join(name.partition(":")[2] for name in row.fields) or "no metadata"
        faces = f"; {row.blurred_faces} faces blurred" if row.blurred_faces is not None else ""
        out().print(f"  {row.target}: {kept}{faces}")
    for path, why in sorted(report.refused.items()):
        out().print(f"  {path}: refused: {why}")
    states = [row.state for row in report.rows]
    counts = (
        f"{len(states)} would be written to {place}"
        if only_plan
        else f"{states.count('written')} written to {place}, {states.count('there')} there already"
    )
    out().print(f"{counts}, {len(report.refused)} refused")
