"""The command line: one group, one error line, one exit code.

Holds `main` and `COMMANDS`, the table of commands.
Add here: a line for a command of its own module.
Keep out: what commands do (commands/), and imports of them. A command is imported when it is typed; help,
version and completion therefore take a tenth of a second.
"""

from __future__ import annotations

import errno
import gc
import sys
import traceback
from importlib import import_module

import click
from click.shell_completion import CompletionItem

from proofsheet.core.collecting import made_to_stay
from proofsheet.core.errors import ProofsheetError, UsageError

INTERRUPTED = 130
# Allocations between two garbage collections; with Python's default of 700 they take a sixth of the start.
_ALLOCATIONS = 50_000
# Name to the module and the function in commands/, and the line of the help: the first sentence of that
# command's own help.
COMMANDS = {
    "init": ("init:init", "Write proofsheet.toml into the current folder."),
    "doctor": (
        "doctor:doctor",
        "Check the installation and the settings.",
    ),
    "up": (
        "up:up",
        "Start the code server, the daemon, the guarded Dagster UI and the review app.",
    ),
    "status": (
        "status:status",
        "Show counts, new files, stale tables, active runs and refused files of PROJECTS (default: all).",
    ),
    "run": (
        "run:run",
        "Run the full pipeline for PROJECTS through the Dagster instance; the Dagster UI shows these runs.",
    ),
    "sql": ("sql:sql", "Query the tables of each project in SQL (read-only)."),
    "analyze": (
        "analyze:analyze",
        "Measure every picture in FOLDER and write the results as JSON.",
    ),
    "history": ("history:history", "Import and export logs of earlier choices and crops."),
    "models": ("models:models", "List models, download weights, train, promote and export."),
    "decisions": ("decisions:decisions", "Export proposals and import review decisions."),
    "vectors": ("vectors:vectors", "Export and import embedding vectors as files."),
    "search": ("search:search", "Find photos of PROJECT: like a picture, by label or by words."),
    "words": ("words:words", "Show and edit texts, waive a rule for one text, approve or reject."),
    "sets": ("sets:sets", "Describe what the folders of a project show, and get subjects proposed."),
    "prompts": ("prompts:prompts", "Show the current prompts, or copy one into the home to edit it."),
    "rate": (
        "rate:rate",
        "Rate every picture in FOLDER by criteria, with keywords and an overall rating.",
    ),
    "photos": (
        "photos:photos",
        "Show photos that are gone, and say which photo a file is.",
    ),
    "projects": (
        "projects:projects",
        "Link renamed folders to projects, and replace a damaged ledger.",
    ),
    "quarantine": (
        "quarantine:quarantine",
        "List refused files and pictures that crash a model, or release them for the next run.",
    ),
    "review": ("review:review", "Serve the review app until Ctrl-C; `proofsheet up` starts it too."),
    "sandbox": (
        "apply:sandbox",
        "Copy sets of PROJECT with their companions into the home, as the project sandbox/PROJECT.",
    ),
    "apply": (
        "apply:apply",
        "Move the approved sets of PROJECT: winners to selected/, the others to review/, crops as new files.",
    ),
    "embed": (
        "embed:embed",
        "Write the accepted texts of PROJECT into copies of its chosen pictures, or into originals.",
    ),
    "undo": (
        "apply:undo",
        "Take the latest plan of PROJECT back: its files return, and crops that it wrote are removed.",
    ),
    "rename": (
        "rename:rename",
        "Rename the photos of PROJECT by a template, with their companions, RAW files and sidecars.",
    ),
    "organize": (
        "rename:organize",
        "Move the photos of PROJECT, with all that belongs to them, into folders by a layout.",
    ),
    "export": (
        "publish:exporting",
        "Write the accepted texts of PROJECT into FILE, in a FORM that other tools read.",
    ),
    "sidecars": (
        "publish:sidecars",
        "Merge approved texts, stars, labels and flags of PROJECT into XMP sidecars beside the pictures.",
    ),
    "convert": (
        "convert:convert",
        "Write the pictures of PROJECT or FOLDER as new files in another format.",
    ),
    "scrub": (
        "scrub:scrub",
        "Write copies of the pictures of PROJECT or FOLDER without private data.",
    ),
    "publish": (
        "publish:publishing",
        "Send copies of the chosen, accepted and approved pictures of PROJECT to the configured target.",
    ),
}


class Commands(click.Group):
    """Commands, each imported when it is typed. An error is one line on stderr and an exit code.

    `--debug` adds the traceback.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command; None for a name that is not in the table."""
        return self.load(cmd_name) if cmd_name in COMMANDS else None

    def load(self, name: str) -> click.Command:
        """Import the command of that name in the table."""
        module, _, function = COMMANDS[name][0].partition(":")
        with made_to_stay():
            command: click.Command = getattr(import_module(f"dagster_project.commands.{module}"), function)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, from the table."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_place, line) in COMMANDS.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Names from the table that begin with the typed text, then options."""
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
            _tell(f"{error.what} {error.next_step}")
            sys.exit(error.exit_code)
        except OSError as error:
            if error.errno == errno.EPIPE or ctx.params.get("debug"):
                raise
            _tell(f"{error}. Check permissions and free space there, then try again.")
            sys.exit(ProofsheetError.exit_code)
        except UnicodeEncodeError as error:  # an argument in another encoding
            click.echo(f"proofsheet: {error.object!r} is not text. Type it in UTF-8.", err=True)
            sys.exit(UsageError.exit_code)
        except KeyboardInterrupt:
            click.echo("proofsheet: interrupted. Finished tables are saved; run again to continue.", err=True)
            sys.exit(INTERRUPTED)


def _tell(problem: str) -> None:
    from dagster_project.commands.terminal import harmless

    click.echo(harmless(f"proofsheet: {problem}", keep="\n"), err=True)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.version_option(package_name="proofsheet")
def main(debug: bool) -> None:
    """Choose, describe, gate and export the pictures of many projects, on your own machine."""


if __name__ == "__main__":
    main(prog_name="proofsheet")
