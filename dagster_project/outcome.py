"""The outcome of a run of a project.

Holds `RunOutcome` and `nothing_stale`.
Add here: another fact about a run that people ask for.
Keep out: running (running.py), and Dagster: most runs find nothing to do.
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, field

from proofsheet.storage.workspace import Project


@dataclass(frozen=True)
class RunOutcome:
    """The outcome of one run.

    Attributes:
        project: folder name of the project.
        run_id: the run in Dagster; empty if none was recorded.
        success: whether every step ended well and did its work.
        outcome: success, partial (a step could not do its work, such as describing with a model that does not
            see) or failed.
        unfinished: table to the reason why its step could not do its work.
        seconds: wall time.
        written: tables with changed rows.
        decoded: picture files opened.
        error: the message of the first failure, or None.
        interrupted: whether the user ended it.
    """

    project: str
    run_id: str
    success: bool
    seconds: float
    written: list[str] = field(default_factory=list)
    decoded: int = 0
    error: str | None = None
    interrupted: bool = False
    outcome: str = "failed"
    unfinished: dict[str, str] = field(default_factory=dict)

    def as_dict(self) -> dict[str, object]:
        """For JSON."""
        return asdict(self)


def nothing_stale(project: Project, began: float) -> RunOutcome:
    """The outcome for an up-to-date project, without a run; `began` is a time of `time.monotonic`."""
    return RunOutcome(project.name, "", True, round(time.monotonic() - began, 2), outcome="success")
