"""`proofsheet rename` and `organize`: names and folders of photos by templates.

Holds the commands.
Add here: an option of these.
Keep out: plans and moves (proofsheet/apply/), and what all commands with moves share (moves.py).
"""

from __future__ import annotations

from collections.abc import Callable

import click

from dagster_project.commands.common import Command, settings_and_workspace
from dagster_project.commands.moves import PlanAnswer, plan_options, show_or_do
from dagster_project.renaming import (
    LAYOUT,
    TEMPLATE,
    ClockRequest,
    OrganizeRequest,
    RenameRequest,
    organize_planner,
    rename_planner,
)


def clock_options(command: Command) -> Command:
    """`--shift`, `--sync` and `--file-time`."""
    options: list[Callable[[Command], Command]] = [
        click.option(
            "--shift", "shifts", multiple=True, metavar="CAMERA=+1h", help="Correct the clock of a camera."
        ),
        click.option(
            "--sync",
            "syncs",
            multiple=True,
            metavar="PHOTO=PHOTO",
            help="Correct the clock of the camera of the first photo: both were taken at the same moment.",
        ),
        click.option("--file-time", is_flag=True, help="Use the time of a file that has no other date."),
    ]
    for option in reversed(options):
        command = option(command)
    return command


@click.command()
@click.argument("project")
@click.option(
    "--template",
    default=TEMPLATE,
    show_default=True,
    help="Text and fields in braces. {name} is the first name, {n?} numbers names that are equal.",
)
@clock_options
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


@click.command()
@click.argument("project")
@click.option(
    "--layout",
    default=LAYOUT,
    show_default=True,
    help="Folders inside the project, with fields in braces; {event} is a day, a city and a number.",
)
@clock_options
@plan_options
def organize(
    project: str,
    layout: str,
    shifts: tuple[str, ...],
    syncs: tuple[str, ...],
    file_time: bool,
    execute: bool,
    yes: bool,
    plan_id: str,
    as_json: bool,
) -> None:
    """Move the photos of PROJECT, with all that belongs to them, into folders by a layout.

    The default shows the first moves and changes nothing. Pictures of one set go to one folder. An event ends
    after 6 hours without a picture, or where the next one is 50 km away; a day starts at 04:00. Files keep
    their names and never leave the project. `proofsheet undo` takes the latest plan back. The JSON is that of
    `apply`.
    """
    settings, workspace = settings_and_workspace()
    planner = organize_planner(OrganizeRequest(layout, ClockRequest(shifts, syncs, file_time)))
    show_or_do(workspace.project(project), settings, planner, PlanAnswer(execute, yes, plan_id), as_json)
