"""The process of the Dagster UI behind the guard; `proofsheet up` starts it.

Holds `main`.
Add here: an option of the UI.
Keep out: rules (guard.py).
"""

from pathlib import Path

import click
import dagster as dg
import uvicorn
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import WorkspaceFileTarget
from dagster_webserver.app import create_app_from_workspace_process_context

from dagster_project.cards_page import Cards
from dagster_project.guard import Guard, allowed_hosts


@click.command()
@click.option("--host", required=True)
@click.option("--port", type=int, required=True)
@click.option("--workspace", required=True)
@click.option("--read-only", is_flag=True)
@click.option("--allow-host", multiple=True)
def main(host: str, port: int, workspace: str, read_only: bool, allow_host: tuple[str, ...]) -> None:
    """Serve until SIGTERM."""
    with (
        dg.DagsterInstance.get() as instance,
        WorkspaceProcessContext(
            instance, WorkspaceFileTarget(paths=[workspace]), version=dg.__version__, read_only=read_only
        ) as context,
    ):
        pages = Cards(
            create_app_from_workspace_process_context(context),
            Path(instance.root_directory).parent / "models",
        )
        app = Guard(pages, allowed_hosts(host, port, allow_host))
        uvicorn.run(app, host=host, port=port, log_level="warning", server_header=False)


if __name__ == "__main__":
    main()
