"""Renaming as a confirmed Dagster job.

Holds `rename_job`.
Add here: what the config of this job has beside the hash.
Keep out: what all jobs with moves share (moves_job.py), plans and moves (applying.py).
"""

from collections.abc import Callable

import dagster as dg
from pydantic import Field

from dagster_project.moves_job import MovesConfig, moves_job
from dagster_project.renaming import TEMPLATE, ClockRequest, RenameRequest, rename_planner
from proofsheet.core.config import Configuration
from schemas.apply import RENAME

_DESCRIPTION = (
    "Renames photos, with all that belongs to them, by a template. "
    "Without a plan it shows the new names and their hash, and changes nothing."
)


class RenameConfig(MovesConfig):
    """The confirmation, the template and the clocks."""

    template: str = Field(TEMPLATE, description="Text and fields in braces, as `proofsheet rename` takes it.")
    shift: list[str] = Field([], description="Corrections of clocks, each as CAMERA=+1h.")
    sync: list[str] = Field([], description="Photos of two cameras at one moment, each as PHOTO=PHOTO.")
    file_time: bool = Field(False, description="Take the time of a file that has no other.")


def rename_job(settings: Callable[[], Configuration]) -> dg.JobDefinition:
    """The job `rename`.

    Args:
        settings: gives the present settings when it runs.
    """
    return moves_job(
        RENAME,
        "rename_photos",
        RenameConfig,
        _DESCRIPTION,
        settings,
        lambda config: rename_planner(
            RenameRequest(config.template, ClockRequest(config.shift, config.sync, config.file_time))
        ),
    )
