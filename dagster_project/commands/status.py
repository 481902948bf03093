"""`proofsheet status`.

Holds the command.
Add here: a column that people ask for.
Keep out: counting (proofsheet/status.py).
"""

from __future__ import annotations

import click
from rich.table import Table as RichTable

from dagster_project.commands.common import chosen, json_option, out, print_json, settings_and_workspace
from proofsheet.status import ProjectStatus, project_status
from schemas.library import Quarantine

_COLUMNS = ("files", "photos", "sets", "doubtful", "accepted", "blocked", "quarantined", "other_files", "generation")


@click.command()
@click.argument("projects", nargs=-1)
@json_option
def status(projects: tuple[str, ...], as_json: bool) -> None:
    """Show counts for PROJECTS (all by default), and each refused file with its reason.

    The JSON has projects.<name>.{key, files, photos, sets, doubtful, accepted, blocked, quarantined, other_files, generation,
    published_at, refused: [{path, kind, reason, next_step}]}, loose_files, library and home.
    """
    _settings, workspace = settings_and_workspace()
    found: dict[str, ProjectStatus] = {}
    refused: dict[str, list[dict[str, object]]] = {}
    for project in chosen(workspace, projects):
        found[project.name] = project_status(project)
        rows = project.store.read(Quarantine)
        refused[project.name] = rows.select(Quarantine.path, Quarantine.kind, Quarantine.reason, Quarantine.next_step).to_dicts()
    if as_json:
        print_json(
            {
                "library": str(workspace.library),
                "home": str(workspace.home),
                "loose_files": workspace.loose_files(),
                "projects": {name: s.as_dict() | {"refused": refused[name]} for name, s in found.items()},
            }
        )
        return
    _show(found, refused, workspace.loose_files())


def _show(found: dict[str, ProjectStatus], refused: dict[str, list[dict[str, object]]], loose: int) -> None:
    table = RichTable(box=None, pad_edge=False)
    table.add_column("project")
    for name in _COLUMNS:
        table.add_column(name.replace("_", " "), justify="right")
    for project, state in found.items():
        values = state.as_dict()
        table.add_row(project, *(str(values[name]) for name in _COLUMNS))
    console = out()
    console.print(table)
    for project, rows in refused.items():
        for row in rows:
            told = f"{row[Quarantine.reason]}; {row[Quarantine.next_step]}"
            console.print(f"refused: {project}/{row[Quarantine.path]}: {told}", markup=False)
    if loose:
        console.print(f"{loose} files lie in the library itself and belong to no project")
    if not found:
        console.print("no project: the library has no sub-folder")
