"""`proofsheet history`: what people decided before, in and out.

Holds the group and its sub-commands.
Add here: another verb over history.
Keep out: formats and matching (proofsheet/learn/).
"""

from __future__ import annotations

from pathlib import Path

import click

from dagster_project.commands.common import chosen, json_option, out, print_causes, print_json, settings_and_workspace
from proofsheet.clock import utc_now
from proofsheet.errors import UsageError
from proofsheet.learn.history_export import export_history
from proofsheet.learn.history_import import import_history


@click.group()
def history() -> None:
    """Take in and give out the logs of earlier choices and cuts."""


@history.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--project", help="Project of the rows that name none; otherwise they are found by their file names.")
@click.option("--dry-run", is_flag=True, help="Tell what would happen; write nothing.")
@json_option
def importing(files: tuple[Path, ...], project: str | None, dry_run: bool, as_json: bool) -> None:
    """Take in FILES: selection_only_log, select_crop_log (both forms), anomaly_cases and historical_crop_log, as CSV.

    Each row goes to its own project or is refused; rows of one cause are told in one line, with the settings that would help.
    Rows that are there already stay as they are.

    The JSON has dry_run and files: [{file, format, rows, new, accepted, refused {reason: rows}, quarantined {reason:
    rows}, projects {name: {accepted, refused, quarantined}}, causes [{state, reason, rows, line, detail, next_step,
    paste}], lines [{line, state, reason, detail, next_step, setting, project}]}].
    """
    settings, workspace = settings_and_workspace()
    now = utc_now()
    reports = import_history(files, workspace, settings.history, now, dry_run=dry_run, project=project)
    if as_json:
        print_json({"dry_run": dry_run, "files": [r.as_dict() for r in reports]})
        return
    for report in reports:
        counts = f"{report.rows} rows, {report.accepted} accepted ({report.new} new), {sum(report.refused.values())} refused"
        out().print(
            f"{report.file}: {report.format or 'unknown format'}: {counts}, {sum(report.quarantined.values())} in quarantine"
        )
        print_causes(report.lines)
    if dry_run:
        out().print("Nothing was written.")


@history.command("export")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.argument("projects", nargs=-1)
@json_option
def exporting(folder: Path, projects: tuple[str, ...], as_json: bool) -> None:
    """Write the history of PROJECTS (all, if none is named) into FOLDER, in the formats that `import` takes.

    The files are selection_only_log.csv, select_crop_log.csv, anomaly_cases.csv and anomaly_summary.json; those that are
    there already are not written over. The JSON has files {name: rows}.
    """
    _settings, workspace = settings_and_workspace()
    if folder.resolve().is_relative_to(workspace.library.resolve()):
        raise UsageError(f"{folder} lies inside the library, which is only read.", "Choose a folder outside.")
    written = export_history(chosen(workspace, projects), folder)
    if as_json:
        print_json({"files": written})
        return
    for name, rows in written.items():
        out().print(f"{folder / name}: {rows} rows", markup=False)
