"""A tick of the folder sensor over many projects: how long it takes, and what Dagster keeps of it.

Holds `tick_rows`.
Add here: another figure of a tick.
Keep out: what a tick decides (proofsheet/library/watching.py).
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import dagster as dg

from benchmarks.rows import Row
from benchmarks.timing import wall_seconds
from dagster_project.automation import look_around
from proofsheet.storage.workspace import Workspace
from schemas.settings.library import PlaceSettings

FOLDERS, TICKS, MOST_S, MOST_BYTES = 2000, 5, 5.0, 20_000
_APART_S, _QUIET_S = 40.0, 30.0


def tick_rows(folder: Path) -> Iterator[Row]:
    """The slowest of some ticks over new folders, and the largest cursor.

    The ratio is the limit divided by it.
    """
    place = folder / "ticks"
    shutil.rmtree(place, ignore_errors=True)
    for number in range(FOLDERS):
        shoot = place / "library" / f"shoot {number:05d}"
        shoot.mkdir(parents=True)
        (shoot / "DSC_0001.jpg").write_bytes(b"picture %d" % number)
    workspace = Workspace(PlaceSettings(library=str(place / "library"), home=str(place / "home")))
    seconds, cursors, requests = list[float](), list[str](), 0
    with dg.DagsterInstance.ephemeral() as instance:
        for number in range(TICKS):
            context = dg.build_sensor_context(instance, cursor=cursors[-1] if cursors else None)
            found: list[dg.SensorResult] = []
            seconds.append(
                wall_seconds(
                    lambda: found.append(look_around(context, workspace, _QUIET_S, number * _APART_S))  # noqa: B023
                )
            )
            cursors.append(str(found[0].cursor))
            requests += len(found[0].run_requests or [])
    told = f"the slowest of {TICKS} ticks by the clock, the first over new folders; {requests} runs asked for"
    slowest, largest = max(seconds), max(len(c) for c in cursors)
    parts = (("tick", "s", MOST_S, slowest), ("cursor", "bytes", float(MOST_BYTES), float(largest)))
    for name, unit, limit, ours in parts:
        yield Row(
            f"{name} of the folder sensor, limit ÷ ours",
            unit,
            limit,
            None,
            None,
            ours,
            limit / ours,
            1.0,
            FOLDERS,
            told,
        )
