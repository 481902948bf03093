"""The Dagster instance of a home.

Holds making and opening it.
Add here: what is true of every instance.
Keep out: runs.
"""

from importlib.resources import files
from pathlib import Path

import dagster as dg
import yaml
from dagster._core.instance.ref import InstanceRef

from proofsheet.core.files import write_atomic


def instance_folder(home: Path) -> Path:
    """DAGSTER_HOME of a Proofsheet home."""
    return home / "dagster"


def prepare_instance(home: Path) -> Path:
    """Write `dagster.yaml` if there is none; an edited one is not overwritten."""
    path = instance_folder(home) / "dagster.yaml"
    if not path.exists():
        write_atomic(path, _shipped())
    return path


def open_instance(home: Path) -> dg.DagsterInstance:
    """The instance that the UI shows; a configured storage is not changed."""
    config = yaml.safe_load(prepare_instance(home).read_text("utf-8")) or {}
    shipped = yaml.safe_load(_shipped())["storage"]
    if (
        not {"run_storage", "event_log_storage", "schedule_storage"}.isdisjoint(config)
        or config.get("storage", shipped) != shipped
    ):
        return dg.DagsterInstance.from_config(str(instance_folder(home)))
    shipped["custom"]["config"]["base_dir"] = str(
        instance_folder(home)
    )  # DAGSTER_HOME is set for the processes of the UI alone
    return dg.DagsterInstance.from_ref(
        InstanceRef.from_dir(str(instance_folder(home)), overrides={"storage": shipped})
    )


def _shipped() -> bytes:
    return files("dagster_project").joinpath("dagster.yaml").read_bytes()
