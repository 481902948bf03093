"""Progress in Dagster's log.

Holds `ProgressResource`.
Add here: another listener for runs.
Keep out: the terminal's progress bar (the command line brings its own).
"""

import dagster as dg

from proofsheet.core.progress import Lines, Progress


class ProgressResource(dg.ConfigurableResource["ProgressResource"]):
    """Writes counts, rate and time left to the run's log."""

    def listener(self, log: dg.DagsterLogManager) -> Progress:
        """A listener for one step."""
        return Lines(log.info)
