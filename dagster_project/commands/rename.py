"""`proofsheet rename`: names of photos by a template.

Holds the command.
Add here: an option of this command.
Keep out: plans and moves (proofsheet/apply/), and what all commands with moves share (moves.py).
"""

from __future__ import annotations

import click

from dagster_project.commands.common import settings_and_workspace
from dagster_project.commands.moves import PlanAnswer, plan_options, show_or_do
from dagster_project.renaming import TEMPLATE, ClockRequest, RenameRequest, rename_planner


@click.command()
@click.argument("project")
@click.option(
    "--template",
    default=TEMPLATE,
    show_default=True,
    help="Text and fields in braces. {name} is the first name, {n?} numbers names that are equal.",
)
@click.option("--shift", "shifts", multiple=True, metavar="CAMERA=+1h", help="Correct the clock of a camera.")
@click.option(
    "--sync",
    "syncs",
    multiple=True,
    metavar="PHOTO=PHOTO",
    help="Correct the clock of the camera of the first photo: both were taken at the same moment.",
)
@click.option("--file-time", is_flag=True, help="Use the time of a file that has no other date.")
@plan_options
def rename(
    project: str,
    template: str,
    shifts: tuple[str, ...],
    syncs: tuple[str, ...],
    file_time: bool,
    execute: bool,
    yes: bool,
    plan_id: str,
    as_json: bool,
) -> None:
    """Rename the photos of PROJECT by a template, with their companions, RAW files and sidecars.

    The default shows the first names and changes nothing. A shot keeps its name if the new one is taken, if
    it has no date, or if a file of it changed since the last run. Texts, decisions and sets stay with their
    photos. `proofsheet undo` takes the latest plan back. The JSON is that of `apply`.
    """
    settings, workspace = settings_and_workspace()
    planner = rename_planner(RenameRequest(template, ClockRequest(shifts, syncs, file_time)))
    show_or_do(workspace.project(project), settings, planner, PlanAnswer(execute, yes, plan_id), as_json)
