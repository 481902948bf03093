"""The command line: one group, one error line, one exit code.

Holds `main` and `COMMANDS`, the table of commands.
Add here: a line for a command of its own module.
Keep out: what commands do (commands/), and imports of them: a command is imported when it is typed, so that help, version and
completion take a tenth of a second.
"""

from __future__ import annotations

import errno
import gc
import sys
import traceback
from importlib import import_module

import click
from click.shell_completion import CompletionItem

from proofsheet.core.errors import ProofsheetError, UsageError

INTERRUPTED = 130
_ALLOCATIONS = 50_000  # between two looks for garbage; by Python's own 700, a sixth of the time of starting goes into them
# Name to the module and the function in commands/, and the line of the help: the first sentence of that command's own help.
COMMANDS = {
    "init": ("init:init", "Write proofsheet.toml into the current folder."),
    "doctor": (
        "doctor:doctor",
        "Look whether everything is in place; each line is ok, warn or fail, with its mend.",
    ),
    "up": (
        "up:up",
        "Start the code server, the daemon, the guarded Dagster UI and the review app.",
    ),
    "status": (
        "status:status",
        "Show for PROJECTS (all by default) counts, what is new, stale and running, and each refused file with its reason.",
    ),
    "run": (
        "run:run",
        "Run PROJECTS the whole way, through the Dagster instance: the UI shows the same runs.",
    ),
    "sql": ("sql:sql", "Ask the tables of each project a question in SQL; the tables cannot be changed."),
    "analyze": (
        "analyze:analyze",
        "Measure every picture in FOLDER and write the results as JSON; nothing is changed or kept.",
    ),
    "history": ("history:history", "Take in and give out the logs of earlier choices and crops."),
    "models": ("models:models", "Show the models of this machine, fetch weights, train, promote and export."),
    "decisions": ("decisions:decisions", "Give out proposals, and take in what people decided on them."),
    "vectors": ("vectors:vectors", "Take vectors out as files of numbers, and bring such files in."),
    "search": (
        "search:search",
        "Find photos of PROJECT: like a picture, by a label, or by words; the best come first.",
    ),
    "words": ("words:words", "Look at texts, write them yourself, waive a rule for one text, decide."),
    "sets": ("sets:sets", "Say what the folders of a project hold, and have subjects proposed."),
    "prompts": ("prompts:prompts", "Show the prompts in force, or copy one into the home to edit it."),
    "rate": (
        "rate:rate",
        "Rate every picture of FOLDER by criteria, with keywords and an overall rating; originals are never changed.",
    ),
    "projects": (
        "projects:projects",
        "Say which folder is which project, and begin again where a ledger is lost.",
    ),
    "quarantine": (
        "quarantine:quarantine",
        "List refused files and pictures that crash a model, or release them so that the next run tries them again.",
    ),
    "review": ("review:review", "Serve the review app until Ctrl-C; `proofsheet up` starts it too."),
    "sandbox": (
        "apply:sandbox",
        "Copy sets of PROJECT with their companions into the home; the copy is a project named sandbox/PROJECT.",
    ),
    "apply": (
        "apply:apply",
        "Move the approved sets of PROJECT: winners to selected/, the others to review/, cuts as new files.",
    ),
    "undo": (
        "apply:undo",
        "Bring back every file that the latest apply in PROJECT moved, and remove the cuts that it wrote.",
    ),
    "export": (
        "publish:exporting",
        "Write the accepted texts of PROJECT into FILE, in a FORM that other tools take.",
    ),
    "sidecars": (
        "publish:sidecars",
        "Merge the approved texts of PROJECT into XMP sidecars beside the pictures; what others wrote there stays.",
    ),
    "publish": (
        "publish:publishing",
        "Send copies of what is chosen and passed gate, policy and a person in PROJECT to the target of the settings.",
    ),
}


class Commands(click.Group):
    """Commands, each imported when it is typed; an error is one line on stderr and an exit code, `--debug` adds the traceback."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command; None for a name that is not in the table."""
        return self.load(cmd_name) if cmd_name in COMMANDS else None

    def load(self, name: str) -> click.Command:
        """Import the command of that name in the table."""
        module, _, function = COMMANDS[name][0].partition(":")
        command: click.Command = getattr(import_module(f"dagster_project.commands.{module}"), function)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, from the table."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_place, line) in COMMANDS.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Names that begin with what was typed, from the table, then options."""
        names = [
            CompletionItem(name, help=line)
            for name, (_place, line) in COMMANDS.items()
            if name.startswith(incomplete)
        ]
        return [*names, *click.Command.shell_complete(self, ctx, incomplete)]

    def invoke(self, ctx: click.Context) -> object:
        """Run the command."""
        gc.set_threshold(_ALLOCATIONS)
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
            click.echo(
                f"proofsheet: {error}. Check the rights and the free space there, then try again.", err=True
            )
            sys.exit(ProofsheetError.exit_code)
        except (
            UnicodeEncodeError
        ) as error:  # a word of the command line in another encoding, or half a character
            click.echo(f"proofsheet: {error.object!r} is no text. Type it in UTF-8.", err=True)
            sys.exit(UsageError.exit_code)
        except KeyboardInterrupt:
            click.echo("proofsheet: interrupted; what was published stays, run again to go on.", err=True)
            sys.exit(INTERRUPTED)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.version_option(package_name="proofsheet")
def main(debug: bool) -> None:
    """Choose, describe, gate and export the pictures of many projects, on your own machine."""


if __name__ == "__main__":
    main(prog_name="proofsheet")
