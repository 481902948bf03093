"""Observations of changed facts for Dagster, within two seconds while `proofsheet up` runs.

Holds `FactWatch`.
Add here: nothing; without `up`, the sensor reports the same facts.
Keep out: what an observation says (assets/factory/fact_observations.py).
"""

import dagster as dg
from sqlalchemy.exc import SQLAlchemyError

from assets.factory.fact_observations import observe
from dagster_project.instance import open_instance
from proofsheet.storage.health import each_alone, file_mark
from proofsheet.storage.workspace import Workspace

_MOST_AT_ONCE = 20  # ledgers opened by one scan


class FactWatch:
    """Watches the files of the ledgers and opens only those that changed since the last scan.

    Args:
        workspace: library and home.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._marks: dict[str, tuple[int, ...]] = {}

    def look(self) -> int:
        """Record changed facts in the instance.

        A ledger that cannot be read is skipped; the next run of its project reports the problem. A library or
        an instance that cannot be read is tried again later; the sensor reports the problem.

        Returns:
            Number of ledgers opened.
        """
        try:
            return self._look()
        except (OSError, SQLAlchemyError, dg.DagsterError):
            return 0

    def _look(self) -> int:
        marks = {
            p.key: (p, file_mark(p.ledger.path)) for p in self._workspace.projects() if p.ledger.is_there()
        }
        moved = [(p, mark) for key, (p, mark) in marks.items() if self._marks.get(key) != mark][
            :_MOST_AT_ONCE
        ]
        if moved:
            with open_instance(self._workspace.home) as instance:
                each_alone((p for p, _ in moved), lambda p: observe(instance, p))
            self._marks |= {p.key: mark for p, mark in moved}
        return len(moved)
