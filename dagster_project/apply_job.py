"""Applying approved decisions as a confirmed Dagster job.

Holds `apply_job`.
Add here: what the config of this job has beside the hash.
Keep out: what all jobs with moves share (moves_job.py), plans and moves (applying.py).
"""

from collections.abc import Callable

import dagster as dg

from dagster_project.applying import planned
from dagster_project.moves_job import MovesConfig, moves_job
from proofsheet.core.config import Configuration
from schemas.apply import APPLY

_DESCRIPTION = (
    "Moves the files of approved sets. "
    "Without a plan it shows the operations and their hash, and changes nothing."
)


class ApplyConfig(MovesConfig):
    """The confirmation."""


def apply_job(settings: Callable[[], Configuration]) -> dg.JobDefinition:
    """The job `apply`.

    Args:
        settings: gives the present settings when it runs.
    """
    return moves_job(APPLY, "apply_decisions", ApplyConfig, _DESCRIPTION, settings, lambda _config: planned)
