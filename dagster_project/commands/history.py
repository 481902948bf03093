"""`proofsheet history`: import and export of earlier decisions.

Holds the group and its sub-commands.
Add here: another verb over history.
Keep out: formats and matching (proofsheet/history/), opening finished folders (extracting.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from dagster_project.commands.bars import BarListener, progress_bars
from dagster_project.commands.common import (
    chosen,
    end_with,
    err,
    json_option,
    out,
    print_causes,
    print_json,
    settings_and_workspace,
    sound,
)
from dagster_project.extracting import extract
from proofsheet.core.clock import utc_now
from proofsheet.core.config import Configuration
from proofsheet.core.errors import UsageError
from proofsheet.core.row_errors import RowRefused
from proofsheet.history.exporter import export_history
from proofsheet.history.folder_extraction import write_extracted
from proofsheet.history.importer import import_history
from proofsheet.history.project_resolver import ProjectRegistry
from proofsheet.history.report import FileReport
from proofsheet.storage.workspace import Project, Workspace


@click.group()
def history() -> None:
    """Import and export logs of earlier choices and crops."""


@history.command("import")
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False)
)
@click.option("--project", help="Project for rows without one (default: the project is found by file names).")
@click.option("--dry-run", is_flag=True, help="Show what would happen; write nothing.")
@json_option
def importing(files: tuple[Path, ...], project: str | None, dry_run: bool, as_json: bool) -> None:
    """Import logs of choices and crops from FILES, as CSV.

    The formats are selection_only_log, select_crop_log (both forms), anomaly_cases and historical_crop_log.

    Each row is assigned to its project or refused. Refused rows are listed by cause, with settings that would
    help. Known rows do not change.

    The JSON has dry_run and files: [{file, format, rows, new, accepted, refused {reason: rows}, quarantined
    {reason: rows}, projects {name: {accepted, refused, quarantined}}, causes [{state, reason, rows, line,
    detail, next_step, paste}], lines [{line, state, reason, detail, next_step, setting, project}]}].
    """
    settings, workspace = settings_and_workspace()
    now = utc_now()
    for trouble in sound(workspace.projects())[1]:
        err().print(f"left out: {trouble}")
    reports = import_history(files, workspace, settings.history, now, dry_run=dry_run, project=project)
    if as_json:
        print_json({"dry_run": dry_run, "files": [r.as_dict() for r in reports]})
        return
    _print_reports(reports)
    if dry_run:
        out().print("Nothing was written.")


def _print_reports(reports: Sequence[FileReport]) -> None:
    for report in reports:
        counts = (
            f"{report.rows} rows, {report.accepted} accepted ({report.new} new), "
            f"{sum(report.refused.values())} refused"
        )
        out().print(
            f"{report.file}: {report.format or 'unknown format'}: {counts}, "
            f"{sum(report.quarantined.values())} in quarantine"
        )
        print_causes(report.lines)


@history.command("extract")
@click.option(
    "--raw",
    required=True,
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Folder with all stages.",
)
@click.option(
    "--final",
    required=True,
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Folder with the chosen pictures.",
)
@click.option("--project", help="Project of the pictures (default: found by the raw folder).")
@click.option("--execute", is_flag=True, help="Write the logs and import them. The default writes nothing.")
@json_option
def extracting(raw: Path, final: Path, project: str | None, execute: bool, as_json: bool) -> None:
    """Reconstruct choices and crops from the folders of a finished project that has no logs.

    Sets are found in the raw folder; the picture that is also in the final folder is the winner. A crop is
    reported only if it is found in the pixels. Both folders are only read. The logs are written into the
    home, in the formats of `import`, and imported.

    The JSON has executed, project, sets, crops, cropped_box_unknown, not_cropped, skipped {cause: number},
    examples {cause: path},
    and files: those of `import`.
    """
    settings, workspace = settings_and_workspace()
    owner = _owner(workspace, settings, raw, project)
    if owner is None and execute:
        raise UsageError(f"The folder {raw} belongs to no project.", "Give --project.")
    with progress_bars() as bars:
        outcome = extract(raw, final, settings.photos, BarListener(bars, raw.name))
    reports = []
    if execute and owner is not None:
        files = write_extracted(outcome, workspace.home / "extracted" / owner.key)
        reports = import_history(
            files, workspace, settings.history, utc_now(), dry_run=False, project=owner.name
        )
    counts = {
        "sets": len(outcome.selections),
        "crops": len(outcome.crops),
        "cropped_box_unknown": len(outcome.boxless),
    }
    counts["not_cropped"] = outcome.whole
    if as_json:
        told = {
            "executed": execute,
            "project": owner and owner.name,
            **counts,
            "skipped": dict(outcome.skipped),
        }
        print_json({**told, "examples": outcome.examples, "files": [r.as_dict() for r in reports]})
        return
    out().print(", ".join(f"{n.replace('_', ' ')}: {v}" for n, v in counts.items()))
    for cause, number in outcome.skipped.most_common():
        out().print(f"  {number} skipped: {cause} (first: {outcome.examples[cause]})")
    _print_reports(reports)
    if not execute:
        out().print("Nothing was written. --execute writes the logs and imports them.")


def _owner(workspace: Workspace, settings: Configuration, raw: Path, project: str | None) -> Project | None:
    """The named project, or that of the folder; None without one."""
    if project is not None:
        return workspace.project(project)
    projects = {p.name: p for p in workspace.projects() if not p.sandbox}
    try:
        found = ProjectRegistry(list(projects), settings.history).find(f"{raw.resolve()}/any")
    except RowRefused as refusal:
        raise UsageError(f"{refusal.detail}.", "Give --project.") from refusal
    return projects[found] if found else None


@history.command("export")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.argument("projects", nargs=-1)
@json_option
def exporting(folder: Path, projects: tuple[str, ...], as_json: bool) -> None:
    """Write the history of PROJECTS (default: all) into FOLDER, in the formats of `import`.

    The files are selection_only_log.csv, select_crop_log.csv, anomaly_cases.csv and anomaly_summary.json.
    Existing files are not overwritten. The JSON has files {name: rows}, and damaged: [{project, file,
    problem, next_step}] for projects that were left out.
    """
    _settings, workspace = settings_and_workspace()
    if folder.resolve().is_relative_to(workspace.library.resolve()):
        raise UsageError(
            (f"{folder} is inside the library, which is only read."), "Choose a folder outside the library."
        )
    wanted = chosen(workspace, projects)
    readable, troubles = sound(wanted)
    written = export_history(readable, folder)
    if as_json:
        print_json({"files": written, "damaged": [t.as_dict() for t in troubles]})
    else:
        for name, rows in written.items():
            out().print(f"{folder / name}: {rows} rows")
    end_with(troubles, len(wanted))
