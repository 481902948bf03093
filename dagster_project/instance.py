"""The Dagster instance of a home.

Holds making and opening it.
Add here: what is true of every instance.
Keep out: runs.
"""

from importlib.resources import files
from pathlib import Path

import dagster as dg

from proofsheet.files import write_atomic


def instance_folder(home: Path) -> Path:
    """DAGSTER_HOME of a Proofsheet home."""
    return home / "dagster"


def prepare_instance(home: Path) -> Path:
    """Write `dagster.yaml` if there is none; one that a person has edited stays."""
    path = instance_folder(home) / "dagster.yaml"
    if not path.exists():
        write_atomic(path, files("dagster_project").joinpath("dagster.yaml").read_bytes())
    return path


def open_instance(home: Path) -> dg.DagsterInstance:
    """The instance that the UI shows."""
    prepare_instance(home)
    return dg.DagsterInstance.from_config(str(instance_folder(home)))
