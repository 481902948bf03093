"""The command line: one group, one error line, one exit code.

Holds `main`.
Add here: a command of its own module.
Keep out: what commands do (commands/).
"""

from __future__ import annotations

import errno
import sys
import traceback

import click

from dagster_project.commands.analyze import analyze
from dagster_project.commands.apply import apply, sandbox, undo
from dagster_project.commands.decisions import decisions
from dagster_project.commands.doctor import doctor
from dagster_project.commands.history import history
from dagster_project.commands.init import init
from dagster_project.commands.models import models
from dagster_project.commands.projects import projects
from dagster_project.commands.prompts import prompts
from dagster_project.commands.publish import exporting, publishing, sidecars
from dagster_project.commands.quarantine import quarantine
from dagster_project.commands.rate import rate
from dagster_project.commands.review import review
from dagster_project.commands.run import run
from dagster_project.commands.sets import sets
from dagster_project.commands.sql import sql
from dagster_project.commands.status import status
from dagster_project.commands.up import up
from dagster_project.commands.vectors import vectors
from dagster_project.commands.words import words
from proofsheet.errors import ProofsheetError

INTERRUPTED = 130


class OneLineErrors(click.Group):
    """Errors for the user are one line on stderr and an exit code; `--debug` adds the traceback."""

    def invoke(self, ctx: click.Context) -> object:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except ProofsheetError as error:
            if ctx.params.get("debug"):
                traceback.print_exc()
            click.echo(f"proofsheet: {error.what} {error.next_step}", err=True)
            sys.exit(error.exit_code)
        except OSError as error:
            if error.errno == errno.EPIPE or ctx.params.get("debug"):
                raise
            click.echo(f"proofsheet: {error}. Check the rights and the free space there, then try again.", err=True)
            sys.exit(ProofsheetError.exit_code)
        except KeyboardInterrupt:
            click.echo("proofsheet: interrupted; what was published stays, run again to go on.", err=True)
            sys.exit(INTERRUPTED)


@click.group(cls=OneLineErrors, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.version_option(package_name="proofsheet")
def main(debug: bool) -> None:
    """Choose, describe, gate and export the pictures of many projects, on your own machine."""


for command in (
    init,
    doctor,
    up,
    status,
    run,
    sql,
    analyze,
    history,
    models,
    decisions,
    vectors,
    words,
    sets,
    prompts,
    rate,
    projects,
    quarantine,
    review,
    sandbox,
    apply,
    undo,
    exporting,
    sidecars,
    publishing,
):
    main.add_command(command)


if __name__ == "__main__":
    main(prog_name="proofsheet")
