"""`proofsheet apply`, `undo` and `sandbox`: decisions become moves, which can be taken back.

Holds the commands.
Add here: an option of these.
Keep out: plans and moves (proofsheet/apply/), and what all commands with moves share (moves.py).
"""

from __future__ import annotations

import sys
from dataclasses import asdict

import click

from dagster_project.applying import planned, sign_off, take_back
from dagster_project.commands.common import FAILED, json_option, out, print_json, settings_and_workspace
from dagster_project.commands.moves import PlanAnswer, plan_options, print_news, print_report, show_or_do
from proofsheet.apply.sandbox import make_sandbox
from proofsheet.core.errors import UsageError
from proofsheet.core.shell_words import as_word


@click.command()
@click.argument("project")
@click.option(
    "--sign-off",
    "signed",
    metavar="NAME",
    default="",
    help="Record that NAME allows the configured mode for this project.",
)
@click.option("--note", default="", help="Reason for the sign-off, with --sign-off.")
@plan_options
def apply(
    project: str, signed: str, note: str, execute: bool, yes: bool, plan_id: str, as_json: bool
) -> None:
    """Move the approved sets of PROJECT: winners to selected/, the others to review/, crops as new files.

    The default shows the plan and changes nothing. Only submitted decisions are applied. Companions
    (sidecars, RAW files) move with their picture. If one file of a set cannot move, the set stays and the
    plan gives the reason. The command waits for an active run, and first finishes an interrupted apply. The
    JSON has plan, operations, counts, refused, staying, and obstacle: why --execute is refused now; after
    --execute also done: {sets, files, refused, failed, uncut}.
    """
    settings, workspace = settings_and_workspace()
    found = workspace.project(project)
    if signed:
        if execute or yes or plan_id:
            step = "Sign off first, then run apply again without --sign-off."
            raise UsageError("--sign-off only records who allows the mode.", step)
        sign_off(found, settings.apply.mode, signed, note)
        out().print(f"{signed} allows {settings.apply.mode} for {found.name}")
        return
    show_or_do(found, settings, planned, PlanAnswer(execute, yes, plan_id), as_json)


@click.command()
@click.argument("project")
@click.option(
    "--plan",
    "plan_id",
    default=None,
    help="Undo the plan with a hash that begins with this text (default: the latest plan).",
)
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@json_option
def undo(project: str, plan_id: str | None, yes: bool, as_json: bool) -> None:
    """Take the latest plan of PROJECT back: its files return, and crops that it wrote are removed.

    Plans of apply, rename, organize and embed can be undone. Files that a later plan moved or wrote stay
    until that one is undone. Files that other programs have since written beside the pictures move back too.
    After embed, files get their former content, byte by byte. The JSON has plan_id, verb, sets, files,
    refused, failed, gone.
    """
    settings, workspace = settings_and_workspace()
    found = workspace.project(project)
    if not yes:
        click.confirm(f"Undo the latest plan in {found.name}?", abort=True, err=True)
    report = take_back(found, settings, print_news, plan_id)
    if as_json:
        print_json(asdict(report))
    else:
        print_report(report, "undone")
    if report.failed or report.refused:
        sys.exit(FAILED)


@click.command()
@click.argument("project")
@click.option("--groups", type=click.IntRange(1), default=100, show_default=True, help="Sets to copy.")
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the random choice of sets.")
@json_option
def sandbox(project: str, groups: int, seed: int, as_json: bool) -> None:
    """Copy sets of PROJECT with their companions into the home, as the project sandbox/PROJECT."""
    made = make_sandbox(settings_and_workspace()[1].project(project), groups, seed)
    if as_json:
        print_json(
            {
                "folder": str(made.folder),
                "sets": made.sets,
                "photos": made.photos,
                "companions": made.companions,
            }
        )
        return
    out().print(
        f"{made.sets} sets: {made.photos} pictures and {made.companions} companions in {made.folder}",
    )
    out().print(f"Next: proofsheet run {as_word('sandbox/' + made.folder.name)}")
