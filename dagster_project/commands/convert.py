"""`proofsheet convert`: pictures as new files in another format.

Holds the command.
Add here: an option of it.
Keep out: converting (proofsheet/publish/conversion/).
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import click

from dagster_project.commands.bars import BarListener, progress_bars
from dagster_project.commands.common import FAILED, SOME_FAILED, json_option, out, print_json
from dagster_project.copy_source import CopySource, copy_source, scan_source
from proofsheet.core.errors import UsageError
from proofsheet.publish.conversion.conversion_run import (
    ConversionRow,
    convert_pictures,
    planned_conversion,
)
from proofsheet.publish.conversion.formats import FORMATS_OF, ConversionOptions
from proofsheet.publish.copy_run import CopyReport
from proofsheet.publish.new_files import NewFiles
from schemas.settings.convert import ProfileRule, TargetName

_SHOWN = 10


@click.command()
@click.argument("source", metavar="PROJECT|FOLDER")
@click.option("--to", "name", required=True, type=click.Choice(list(FORMATS_OF)), help="Format.")
@click.option(
    "--out", "place", required=True, type=click.Path(path_type=Path), help="Folder for the new files."
)
@click.option("--quality", type=click.IntRange(1, 100), help="Default: that of the format.")
@click.option("--side", type=click.IntRange(1, 65_535), help="Longest side in pixels; nothing is enlarged.")
@click.option(
    "--profile",
    type=click.Choice(["srgb", "keep"]),
    default="srgb",
    show_default=True,
    help="Convert colours to sRGB, or keep their numbers and embed their profile.",
)
@click.option(
    "--lossy", is_flag=True, help="Allow the loss of depth, transparency, further frames and gain maps."
)
@click.option("--dry-run", "only_plan", is_flag=True, help="Show what would be written, and write nothing.")
@json_option
def convert(
    source: str,
    name: str,
    place: Path,
    quality: int | None,
    side: int | None,
    profile: str,
    lossy: bool,
    only_plan: bool,
    as_json: bool,
) -> None:
    """Write the pictures of PROJECT or FOLDER as new files in another format. Originals are only read.

    Pixels are turned upright. EXIF, XMP and IPTC are carried, without small pictures; the output names what
    is not. A file that is there already is never replaced. The exit code is 3 if some pictures are refused,
    1 if all are.

    The JSON has source, out, to, files: [{source, target, state: written, there or planned, size_bytes,
    content_hash, width_px, height_px, profile, losses, not_carried}] and refused: [{path, why}].
    """
    target = cast("TargetName", name)
    if quality and not FORMATS_OF[target].quality:
        raise UsageError(f"{name} loses nothing and has no quality.", "Leave --quality out.")
    options = ConversionOptions(target, quality or 0, side or 0, cast("ProfileRule", profile), lossy)
    with copy_source(source, place) as originals:
        files = NewFiles(place)
        with files.lock(f"convert {originals.name}"):
            report = _converted(originals, files, options, only_plan=only_plan)
    told: dict[str, Any] = {"source": str(originals.folder), "out": str(place), "to": name}
    told["files"] = [row.as_dict() for row in report.rows]
    told["refused"] = [{"path": path, "why": why} for path, why in sorted(report.refused.items())]
    if as_json:
        print_json(told)
    else:
        _show(told, only_plan=only_plan)
    if report.refused:
        sys.exit(SOME_FAILED if report.rows else FAILED)


def _converted(
    originals: CopySource, files: NewFiles, options: ConversionOptions, *, only_plan: bool
) -> CopyReport[ConversionRow]:
    plan = planned_conversion(scan_source(originals), files.folder, options)
    with progress_bars() as bars:
        listener = BarListener(bars, originals.name)
        return convert_pictures(
            plan, files, options, originals.settings.photos, listener, only_plan=only_plan
        )


def _show(told: Mapping[str, Any], *, only_plan: bool) -> None:
    rows = told["files"]
    for new in rows[:_SHOWN] if only_plan else ():
        out().print(f"  {new['source']} -> {new['target']} ({new['width_px']} x {new['height_px']})")
    if only_plan and len(rows) > _SHOWN:
        out().print(f"  and {len(rows) - _SHOWN} more")
    for new in rows:
        for what, words in (("lost", new["losses"]), ("not carried", new["not_carried"])):
            if words:
                out().print(f"  {new['source']}: {what}: {'; '.join(words)}")
    for one in told["refused"]:
        out().print(f"  {one['path']}: refused: {one['why']}")
    states = [new["state"] for new in rows]
    counts = (
        f"{len(rows)} would be written to {told['out']}"
        if only_plan
        else f"{states.count('written')} written to {told['out']}, {states.count('there')} there already"
    )
    out().print(f"{counts}, {len(told['refused'])} refused")
