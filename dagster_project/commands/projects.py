"""`proofsheet projects`: commands on a project as a whole.

Holds the group and its sub-commands.
Add here: another answer to a question about projects.
Keep out: how projects are found (proofsheet/library/renamed_folders.py).
"""

from __future__ import annotations

import click

from dagster_project.commands.common import json_option, out, print_json, settings_and_workspace
from proofsheet.core.clock import utc_now
from proofsheet.core.errors import UsageError
from proofsheet.core.shell_words import as_word
from proofsheet.library.renamed_folders import adopt, keep_apart
from proofsheet.storage.health import set_aside_damaged


@click.group()
def projects() -> None:
    """Link renamed folders to projects, and replace a damaged ledger.

    `proofsheet status` lists open questions.
    """


@projects.command("adopt")
@click.argument("folder")
@click.argument("former", required=False)
@click.option("--none", "apart", is_flag=True, help="FOLDER is a project of its own.")
@json_option
def adopting(folder: str, former: str | None, apart: bool, as_json: bool) -> None:
    """Give FOLDER the texts, choices, reviews and tables of FORMER, a project without a folder.

    A renamed folder is recognised without this command if its contents are clearly the same. The JSON has
    `told`.
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
            f"{folder} is a project of its own, separate from "
            f"{', '.join(keep_apart(workspace, folder)) or 'every other project'}"
        )
    if as_json:
        print_json({"told": told})
    else:
        out().print(told)


@projects.command("set-aside")
@click.argument("project")
@json_option
def setting_aside(project: str, as_json: bool) -> None:
    """Rename the damaged ledger of PROJECT; the next run begins a new one.

    An intact ledger is refused. Texts and decisions of the project are missing until you restore a copy of
    the ledger. The JSON has `kept`.
    """
    found = settings_and_workspace()[1].project(project)
    kept = set_aside_damaged(found)
    told = f"The ledger of {found.name} is saved as {kept}." if kept else f"{found.name} has no ledger."
    if as_json:
        print_json({"kept": str(kept) if kept else None})
    else:
        out().print(told)


@projects.command("database")
@click.argument("project")
@json_option
def making_database(project: str, as_json: bool) -> None:
    """Write the DuckDB file with all tables of PROJECT now, if tables changed since the last one.

    Each run writes it at its end and discards edits in it. The JSON has file and made.
    """
    store = settings_and_workspace()[1].project(project).store
    made = store.show()
    if not store.open_copy.exists():
        raise UsageError(f"{project} has no tables yet.", f"Run `proofsheet run {as_word(project)}` first.")
    told = f"{store.open_copy} {'was made' if made else 'is up to date'}."
    if as_json:
        print_json({"file": str(store.open_copy), "made": made})
    else:
        out().print(told)
