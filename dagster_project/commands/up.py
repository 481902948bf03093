"""`proofsheet up`.

Holds the command.
Add here: an option of what is served.
Keep out: processes (supervisor.py) and rules (guard.py).
"""

from __future__ import annotations

from pathlib import Path

import click

from dagster_project.commands.common import json_option, print_json, settings_and_workspace
from dagster_project.commands.review import PORT
from proofsheet.core.locks import acquire, home_lock


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", type=click.IntRange(1, 65535), default=3000, show_default=True, help="Port of the Dagster UI."
)
@click.option(
    "--review-port",
    type=click.IntRange(1, 65535),
    default=PORT,
    show_default=True,
    help="Port of the review app.",
)
@click.option(
    "--read-only",
    is_flag=True,
    help="Serve a read-only Dagster UI, without the review app.",
)
@click.option(
    "--allow-host",
    multiple=True,
    metavar="NAME[:PORT]",
    help="Additional host name of this server.",
)
@click.option(
    "--definitions",
    default="dagster_project.definitions",
    show_default=True,
    help="Python module with the Dagster definitions.",
)
@json_option
def up(
    host: str,
    port: int,
    review_port: int,
    read_only: bool,
    allow_host: tuple[str, ...],
    definitions: str,
    as_json: bool,
) -> None:
    """Start the code server, the daemon, the guarded Dagster UI and the review app.

    New and changed folders then run automatically. Ctrl-C or SIGTERM ends all processes. At start, runs
    without a live process are marked as failed. The JSON has ui, review and logs, once the UI answers.
    """
    _settings, workspace = settings_and_workspace()
    from dagster_project.instance import prepare_instance
    from dagster_project.supervisor import Supervisor, UpOptions

    options = UpOptions(host, port, read_only, allow_host, definitions, review_port)

    def ready(address: str, logs: Path) -> None:
        reviewing = "not served (--read-only)" if read_only else f"{address.rpartition(':')[0]}:{review_port}"
        if as_json:
            print_json({"ui": address, "review": reviewing, "logs": str(logs)})
        else:
            click.echo(f"Dagster UI: {address}\nReview: {reviewing}\nLogs: {logs}. Ctrl-C ends everything.")

    prepare_instance(workspace.home)
    with acquire(home_lock(workspace.home), "proofsheet up", wait_s=0, on_news=_tell):
        Supervisor(workspace, options, _tell, ready).run()


def _tell(line: str) -> None:
    click.echo(line, err=True)
