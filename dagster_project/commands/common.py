"""What several commands share.

Holds the JSON option, the settings, texts in files, output, causes and exit codes.
Add here: an option that means the same everywhere.
Keep out: any one command.
"""

from __future__ import annotations

import codecs
import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click
from rich.console import Console

from dagster_project.commands.terminal import TerminalConsole
from proofsheet.core.config import Configuration, load
from proofsheet.core.errors import UsageError
from proofsheet.history.report import causes_of
from proofsheet.storage.health import Trouble, trouble_of
from proofsheet.storage.workspace import Project, Workspace

FAILED, SOME_FAILED = 1, 3
Command = TypeVar("Command", bound=Callable[..., Any])


def json_option(command: Command) -> Command:
    """`--json`: one JSON document on stdout instead of text."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")(command)


def settings_and_workspace() -> tuple[Configuration, Workspace]:
    """The current settings and their workspace."""
    settings = load()
    return settings, Workspace(settings.place)


def text_of(file: Path) -> str:
    """The text of a file named on the command line, in UTF-8, or in UTF-16 with a byte order mark.

    Raises:
        UsageError: if it is not text.
    """
    content = file.read_bytes()
    wide = content[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    try:
        return content.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{file} is not UTF-8 text: {error}.", "Save it as UTF-8.") from error


def chosen(workspace: Workspace, names: Sequence[str]) -> list[Project]:
    """The named projects, or all."""
    return [workspace.project(name) for name in names] if names else workspace.projects()


def sound(projects: Sequence[Project]) -> tuple[list[Project], list[Trouble]]:
    """The projects of which ledger and store can be read, and what is wrong with the others."""
    looked = [(project, trouble_of(project)) for project in projects]
    return [p for p, trouble in looked if trouble is None], [
        trouble for _p, trouble in looked if trouble is not None
    ]


def end_with(troubles: Sequence[Trouble], asked: int, console: Console | None = None) -> None:
    """Report the projects that were left out and end with the exit code for it; without any, do nothing."""
    for trouble in troubles:
        (console or err()).print(str(trouble))
    if troubles:
        sys.exit(FAILED if len(troubles) == asked else SOME_FAILED)


def print_json(document: object) -> None:
    """One JSON document on stdout."""
    click.echo(json.dumps(document, indent=2, ensure_ascii=False, default=str))


def print_causes(lines: Iterable[Mapping[str, object]]) -> None:
    """One line for each cause with its count, and below it the settings to paste."""
    for cause in causes_of(lines):
        out().print(f"  {cause.summary()}")
        if snippet := cause.paste():
            out().print("    in proofsheet.toml:")
            for line in snippet:
                out().print(f"      {line}")


def out() -> Console:
    """The console for data."""
    return TerminalConsole()


def err() -> Console:
    """The console for progress and remarks."""
    return TerminalConsole(stderr=True)
