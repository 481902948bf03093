"""`proofsheet prompts`: the current prompts, and a copy to edit.

Holds the group and its sub-commands.
Add here: another verb over prompts.
Keep out: the prompts (proofsheet/prompts/).
"""

from __future__ import annotations

import click

from dagster_project.commands.common import json_option, out, print_json, settings_and_workspace
from proofsheet.core.errors import UsageError
from proofsheet.core.files import write_atomic
from proofsheet.prompts.prompt import OURS, load_prompt, prompt_names


@click.group()
def prompts() -> None:
    """Show the current prompts, or copy one into the home to edit it."""


@prompts.command("list")
@json_option
def listing(as_json: bool) -> None:
    """List every prompt with its version. The JSON has prompts: [{name, version, digest, path}]."""
    folder = settings_and_workspace()[1].home / "prompts"
    told = []
    for name in prompt_names():
        found, own = load_prompt(name, folder), folder / f"{name}.md"
        path = str(own if own.is_file() else OURS / f"{name}.md")
        told.append({"name": name, "version": found.version, "digest": found.digest, "path": path})
    if as_json:
        print_json({"prompts": told})
        return
    for one in told:
        out().print(f"{one['name']} {one['version']} ({one['digest']}): {one['path']}")


@prompts.command()
@click.argument("name", type=click.Choice(prompt_names()))
def copy(name: str) -> None:
    """Copy the prompt NAME into the home. The copy replaces the built-in prompt.

    Raise its version when you edit it.
    """
    path = settings_and_workspace()[1].home / "prompts" / f"{name}.md"
    if path.exists():
        raise UsageError(f"{path} exists already.", "Edit it, or delete it to use the built-in prompt.")
    write_atomic(path, (OURS / f"{name}.md").read_bytes())
    out().print(str(path))
