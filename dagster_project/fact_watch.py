"""Facts that moved, told to Dagster within a second or two while `proofsheet up` runs.

Holds `FactWatch`.
Add here: nothing; the sensor tells the same where `up` does not run.
Keep out: what an observation says (assets/factory/fact_observations.py).
"""

import dagster as dg
from sqlalchemy.exc import SQLAlchemyError

from assets.factory.fact_observations import observe
from dagster_project.instance import open_instance
from proofsheet.storage.health import each_alone, file_mark
from proofsheet.storage.workspace import Workspace

_MOST_AT_ONCE = 20  # ledgers that one look opens


class FactWatch:
    """Looks at the files of the ledgers; one is opened only if its file is another than at the last look.

    Args:
        workspace: library and home.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._marks: dict[str, tuple[int, ...]] = {}

    def look(self) -> int:
        """Note in the instance what moved; a ledger that cannot be read is left to its next run, which says what is wrong.

        A library or an instance that cannot be read now is looked at again the next time; the sensor says what is wrong with it.

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
