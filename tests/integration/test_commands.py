"""What is told of commands before one runs: help, version, completion, documentation."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from dagster_project.cli import COMMANDS, main


def test_every_command_has_help_and_is_documented() -> None:
    page = (Path(__file__).parents[2] / "docs" / "cli.md").read_text("utf-8")
    for name, (_place, line) in COMMANDS.items():
        command = main.load(name)
        assert (command.name, command.get_short_help_str(400)) == (name, line)
        assert f"## `proofsheet {name}`" in page
        for inner in getattr(command, "commands", {}):
            assert f"### `proofsheet {name} {inner}`" in page
        for option in command.params:
            assert option.__class__.__name__ == "Argument" or getattr(option, "help", None), (
                f"{name} {option.name}"
            )


@pytest.mark.parametrize("words", [["--version"], ["--help"]])
def test_what_asks_no_command_imports_none(words: list[str]) -> None:
    asked = (
        f"import sys; from dagster_project.cli import main; main({words!r}, standalone_mode=False); "
        "print(*sys.modules)"
    )
    found = subprocess.run([sys.executable, "-c", asked], capture_output=True, check=True, text=True).stdout
    assert not {"dagster", "duckdb", "polars", "pydantic", "PIL"} & set(found.split())


def test_completion_names_commands_and_options() -> None:
    context = click.Context(main)
    assert [c.value for c in main.shell_complete(context, "pro")] == ["prompts", "projects"]
    assert [c.value for c in main.shell_complete(context, "--de")] == ["--debug"]


def test_an_unknown_command_is_told_with_the_way_to_the_list() -> None:
    told = CliRunner().invoke(main, ["publsh"], prog_name="proofsheet")
    assert told.exit_code == 2
    assert "No such command 'publsh'" in told.stderr
    assert "Try 'proofsheet --help' for help" in told.stderr
