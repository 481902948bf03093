"""Renaming and filing as confirmed Dagster jobs.

Holds `rename_job` and `organize_job`.
Add here: what the config of these jobs has beside the hash.
Keep out: what all jobs with moves share (moves_job.py), plans and moves (applying.py).
"""

from collections.abc import Callable

import dagster as dg
from pydantic import Field

from dagster_project.moves_job import MovesConfig, moves_job
from dagster_project.renaming import (
    LAYOUT,
    TEMPLATE,
    ClockRequest,
    OrganizeRequest,
    RenameRequest,
    organize_planner,
    rename_planner,
)
from proofsheet.core.config import Configuration
from schemas.apply import ORGANIZE, RENAME

_RENAMES = (
    "Renames photos, with all that belongs to them, by a template. "
    "Without a plan it shows the new names and their hash, and changes nothing."
)
_FILES = (
    "Moves photos, with all that belongs to them, into folders of their project by a layout. "
    "Without a plan it shows the moves and their hash, and changes nothing."
)


class ClockConfig(MovesConfig):
    """The confirmation and the clocks."""

    shift: list[str] = Field([], description="Corrections of clocks, each as CAMERA=+1h.")
    sync: list[str] = Field([], description="Photos of two cameras at one moment, each as PHOTO=PHOTO.")
    file_time: bool = Field(False, description="Take the time of a file that has no other.")

    def clocks(self) -> ClockRequest:
        """The corrections of clocks."""
        return ClockRequest(self.shift, self.sync, self.file_time)


class RenameConfig(ClockConfig):
    """The confirmation, the clocks and the template."""

    template: str = Field(TEMPLATE, description="Text and fields in braces, as `proofsheet rename` takes it.")


class OrganizeConfig(ClockConfig):
    """The confirmation, the clocks and the layout."""

    layout: str = Field(LAYOUT, description="Folders with fields, as `proofsheet organize` takes them.")


def rename_job(settings: Callable[[], Configuration]) -> dg.JobDefinition:
    """The job `rename`.

    Args:
        settings: gives the present settings when it runs.
    """
    return moves_job(
        RENAME,
        "rename_photos",
        RenameConfig,
        _RENAMES,
        settings,
        lambda config: rename_planner(RenameRequest(config.template, config.clocks())),
    )


def organize_job(settings: Callable[[], Configuration]) -> dg.JobDefinition:
    """The job `organize`.

    Args:
        settings: gives the present settings when it runs.
    """
    return moves_job(
        ORGANIZE,
        "file_photos",
        OrganizeConfig,
        _FILES,
        settings,
        lambda config: organize_planner(OrganizeRequest(config.layout, config.clocks())),
    )
