"""What the parameters of asset functions may be annotated with, beside `Rows[Table]`.

Holds `RESOURCES`, `GIVEN` and `GIVEN_SHARED`.
Add here: a resource that is no section of the settings, or something else that every run has.
Keep out: how annotations are read (proofsheet/storage/injection.py).
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import dagster as dg

from proofsheet.core.config import SECTIONS
from proofsheet.core.progress import Progress
from proofsheet.core.run_log import RunLog
from proofsheet.storage.workspace import Project, Workspace
from resources.by_section import BY_SECTION
from resources.measurements import MeasurementsResource

# A resource is known by its class; the key of a section's resource is the name of the section.
RESOURCES: Mapping[type[Any], str] = {
    **{kind: name for kind, name in SECTIONS.items() if name in BY_SECTION},
    MeasurementsResource: "measurements",
}
GIVEN: tuple[type[Any], ...] = (Project, Progress, datetime, RunLog)
GIVEN_SHARED: tuple[type[Any], ...] = (Workspace, Progress, datetime)


def given_by(context: dg.AssetExecutionContext) -> dict[type[Any], Any]:
    """What every run has: a listener to progress, and the time it is now (UTC, no zone)."""
    listener = context.resources.progress.listener(context.log)
    return {Progress: listener, datetime: datetime.now(UTC).replace(tzinfo=None)}
