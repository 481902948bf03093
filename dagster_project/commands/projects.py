"""`proofsheet projects`: what a person says of a project as a whole.

Holds the group and its sub-commands.
Add here: another answer to a question about projects.
Keep out: how projects are found (proofsheet/library/renamed_folders.py).
"""

from __future__ import annotations

import click

from dagster_project.commands.common import json_option, out, print_json, settings_and_workspace
from proofsheet.core.clock import utc_now
from proofsheet.core.errors import UsageError
from proofsheet.library.renamed_folders import adopt, keep_apart
from proofsheet.storage.health import set_aside_damaged


@click.group()
def projects() -> None:
    """Say which folder is which project, and begin again where a ledger is lost. `proofsheet status` lists what is asked."""


@projects.command("adopt")
@click.argument("folder")
@click.argument("former", required=False)
@click.option("--none", "apart", is_flag=True, help="FOLDER is a project of its own.")
@json_option
def adopting(folder: str, former: str | None, apart: bool, as_json: bool) -> None:
    """Let FOLDER take over what is known of FORMER, a project with its folder gone: texts, choices, reviews, tables.

    A folder that was renamed takes over by itself if its contents say so clearly. The JSON has told.
    """
    if apart == (former is not None):
        raise UsageError(
            "Name the former project, or give --none (not both).",
            "Example: proofsheet projects adopt 'Trip to the lake' Trip",
        )
    _settings, workspace = settings_and_workspace()
    if former is not None:
        told = adopt(workspace, folder, former, "by a person", utc_now()) + "; run it next"
    else:
        told = (
            f"{folder} is kept apart from {', '.join(keep_apart(workspace, folder)) or 'every other project'}"
        )
    print_json({"told": told}) if as_json else out().print(told, markup=False)


@projects.command("set-aside")
@click.argument("project")
@json_option
def setting_aside(project: str, as_json: bool) -> None:
    """Keep the damaged ledger of PROJECT under another name, so that the next run begins a new one.

    A ledger that is whole is refused. What people wrote and decided is not shown any more until a copy of the ledger is put back.
    The JSON has kept.
    """
    found = settings_and_workspace()[1].project(project)
    kept = set_aside_damaged(found)
    told = f"The ledger of {found.name} is kept as {kept}." if kept else f"{found.name} has no ledger."
    print_json({"kept": str(kept) if kept else None}) if as_json else out().print(told, markup=False)


@projects.command("database")
@click.argument("project")
@json_option
def making_database(project: str, as_json: bool) -> None:
    """Make the DuckDB file with all tables of PROJECT now, if tables changed since the last one.

    A run makes it when it ends; edits in it are discarded then. The JSON has file and made.
    """
    store = settings_and_workspace()[1].project(project).store
    made = store.show()
    if not store.open_copy.exists():
        raise UsageError(f"{project} has no tables yet.", f"Run `proofsheet run {project}` first.")
    told = f"{store.open_copy} {'was made' if made else 'holds the current tables'}."
    print_json({"file": str(store.open_copy), "made": made}) if as_json else out().print(
        told, markup=False, soft_wrap=True
    )
