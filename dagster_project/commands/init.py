"""`proofsheet init`.

Holds the command.
Add here: what a new workspace needs.
Keep out: settings with a good default.
"""

from __future__ import annotations

from pathlib import Path

import click

from dagster_project.commands.common import json_option, print_json
from proofsheet.core.config import FILE, write_new
from proofsheet.core.errors import UsageError
from proofsheet.storage.workspace import Workspace
from schemas.settings.library import PlaceSettings


@click.command()
@click.argument("library", type=click.Path(path_type=Path))
@click.option(
    "--home",
    type=click.Path(path_type=Path),
    default=Path("proofsheet-home"),
    show_default=True,
    help="Folder for everything that Proofsheet writes.",
)
@json_option
def init(library: Path, home: Path, as_json: bool) -> None:
    """Write proofsheet.toml into the current folder.

    Each sub-folder of LIBRARY becomes a project. The library is only read; everything is written to the home.
    """
    from dagster_project.instance import prepare_instance

    library, home = _whole(library), _whole(home)
    if not library.is_dir():
        raise UsageError(
            (f"The library {library} is not a folder."),
            "Give the folder that has your projects as sub-folders.",
        )
    workspace = Workspace(PlaceSettings(library=str(library), home=str(home)))
    try:
        home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"The home {home} cannot be made: {error.strerror}.", "Choose another with --home."
        ) from error
    path = write_new(Path.cwd(), library, home)
    prepare_instance(home)
    projects = [p.name for p in workspace.projects()]
    if as_json:
        print_json({"file": str(path), "library": str(library), "home": str(home), "projects": projects})
        return
    click.echo(f"{FILE} written: {len(projects)} projects in {library}, results in {home}.")
    if workspace.shelf().loose:
        click.echo(
            f"{workspace.shelf().loose} files are directly in the library folder. They belong to "
            "no project; only its sub-folders do."
        )
    click.echo("Next: proofsheet run --all")
    click.echo("In the browser, with automatic runs: proofsheet up")


def _whole(path: Path) -> Path:
    """An absolute path without `..`; links in a path without one stay."""
    path = path.expanduser().absolute()
    return path.resolve() if ".." in path.parts else path
