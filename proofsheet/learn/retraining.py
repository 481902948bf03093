"""When to train again.

Holds `new_overrides`.
Add here: another sign that the model has aged.
Keep out: training.
"""

from __future__ import annotations

import polars as pl

from proofsheet.files import short_hash
from proofsheet.health import each_alone
from proofsheet.workspace import Project, Workspace
from schemas.learning import Fit, Override


def new_overrides(workspace: Workspace) -> tuple[int, str]:
    """How many overrides by review came since the last ranker was trained, and a mark of which they are."""
    trained = workspace.shared.ledger.rows(Fit, kind="ranker")[Fit.trained_at].max()

    def since(project: Project) -> list[str]:
        rows = project.store.read(Override).filter(pl.col(Override.source) == "review")
        if trained is not None:
            rows = rows.filter(pl.col(Override.decided_at) > trained)
        return [f"{project.key} {key}" for key in rows[Override.set_key]]

    asked = each_alone((p for p in workspace.projects() if not p.sandbox), since)  # `status` tells of the damaged ones
    found = sorted(mark for _project, marks in asked.found for mark in marks)
    return len(found), short_hash(*found)
