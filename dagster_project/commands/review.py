"""`proofsheet review`: the review app without the Dagster UI.

Holds the command and `serve_review`.
Add here: an option of what is served.
Keep out: pages (dagster_project/review/) and rules (guard.py).
"""

from __future__ import annotations

import click

from dagster_project.commands.common import json_option, print_json, settings_and_workspace
from proofsheet.core.errors import UsageError

PORT = 8765


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", type=click.IntRange(1, 65535), default=PORT, show_default=True, help="Port of the review app."
)
@click.option(
    "--allow-host",
    multiple=True,
    metavar="NAME[:PORT]",
    help="Additional host name of this server.",
)
@json_option
def review(host: str, port: int, allow_host: tuple[str, ...], as_json: bool) -> None:
    """Serve the review app until Ctrl-C; `proofsheet up` starts it too. The JSON has review (the address)."""
    serve_review(host, port, allow_host, "", as_json=as_json)


def serve_review(host: str, port: int, allow_host: tuple[str, ...], page: str, *, as_json: bool) -> None:
    """Print the address of a page and serve until Ctrl-C."""
    settings, _workspace = settings_and_workspace()
    from dagster_project.review.server import serve
    from dagster_project.supervisor import port_in_use

    if port_in_use(host, port):
        raise UsageError(
            f"Port {port} is in use.",
            "Choose another with --port; `proofsheet up` serves the review app too.",
        )
    address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    if as_json:
        print_json({"review": address + page})
    else:
        click.echo(f"Review: {address}{page}. Ctrl-C ends it.")
    serve(settings, host, port, allow_host, "")
