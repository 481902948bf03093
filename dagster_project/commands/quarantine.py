"""`proofsheet quarantine`.

Holds the commands over refused files.
Add here: what a person may do with a refused file.
Keep out: the decision to refuse.
"""

from __future__ import annotations

from datetime import UTC, datetime

import click

from dagster_project.commands.common import chosen, json_option, out, print_json, settings_and_workspace
from proofsheet.library.quarantine import quarantine_rows, release
from schemas.library import Quarantine


@click.group()
def quarantine() -> None:
    """List refused files, or release them so that the next run tries them again."""


@quarantine.command("list")
@click.argument("projects", nargs=-1)
@json_option
def listing(projects: tuple[str, ...], as_json: bool) -> None:
    """List the refused files of PROJECTS (all by default).

    The JSON has projects.<name>: [{path, kind, reason, next_step, content_hash, first_seen_at}].
    """
    _settings, workspace = settings_and_workspace()
    shown = (
        Quarantine.path,
        Quarantine.kind,
        Quarantine.reason,
        Quarantine.next_step,
        Quarantine.content_hash,
        Quarantine.first_seen_at,
    )
    found = {p.name: quarantine_rows(p.ledger).select(shown).to_dicts() for p in chosen(workspace, projects)}
    if as_json:
        print_json({"projects": found})
        return
    for name, rows in found.items():
        for row in rows:
            told = f"{row[Quarantine.kind]}: {row[Quarantine.reason]}; {row[Quarantine.next_step]}"
            out().print(f"{name}/{row[Quarantine.path]}: {told}", markup=False)
    if not any(found.values()):
        out().print("nothing is in quarantine")


@quarantine.command("release")
@click.argument("project")
@click.argument("paths", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Every refused file of the project.")
@json_option
def releasing(project: str, paths: tuple[str, ...], everything: bool, as_json: bool) -> None:
    """Release refused files of PROJECT: the next run opens them again. The JSON has released: [path]."""
    if bool(paths) == everything:
        raise click.UsageError("Name paths, or give --all (not both).")
    _settings, workspace = settings_and_workspace()
    found = release(workspace.project(project).ledger, set(paths) or None, datetime.now(UTC).replace(tzinfo=None))
    if as_json:
        print_json({"released": found})
    else:
        out().print(f"{len(found)} released; `proofsheet run {project}` tries them again", markup=False)
