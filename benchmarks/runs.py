"""A run over an unchanged project as a user starts it, with the instance of a home.

Holds `run_rows`.
Add here: another row about the cost of a run itself.
Keep out: stages.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import yaml

from benchmarks.photos import photographs
from benchmarks.rows import Row
from benchmarks.timing import cpu_seconds, wall_seconds
from dagster_project.instance import instance_folder, prepare_instance
from dagster_project.running import run_one
from proofsheet.core.config import Configuration
from proofsheet.storage.workspace import Workspace
from schemas.settings.library import PlaceSettings

PICTURES, ROUNDS, TARGET = 18, 3, 1.5


def run_rows(folder: Path) -> Iterator[Row]:
    """The same unchanged project with Dagster's stock storage and with ours, in turns.

    The best round of each.
    """
    library = folder / "unchanged" / "library"
    _files, note = photographs(2, PICTURES, library / "one")
    shutil.rmtree(folder / "unchanged" / "home", ignore_errors=True)
    place = PlaceSettings(library=str(library), home=str(folder / "unchanged" / "home"))
    settings = Configuration(place=place)
    (project,) = Workspace(settings.place).projects()
    config = prepare_instance(project.home)
    ours = config.read_text("utf-8")
    stock = yaml.safe_dump(
        yaml.safe_load(ours) | {"storage": {"sqlite": {"base_dir": str(instance_folder(project.home))}}}
    )

    def run() -> None:
        assert run_one(settings, project.key, None).success

    run()
    cpu: dict[str, list[float]] = {ours: [], stock: []}
    wall: dict[str, list[float]] = {ours: [], stock: []}
    for _round in range(ROUNDS):
        for kind in (stock, ours):
            config.write_text(kind, "utf-8")
            wall[kind].append(wall_seconds(lambda kind=kind: cpu[kind].append(cpu_seconds(run))))  # type: ignore[misc]
    config.write_text(ours, "utf-8")
    told = (
        f"{note}; by the clock {min(wall[stock]):.1f} s and {min(wall[ours]):.1f} s; without starting "
        "the program"
    )
    ratio = min(cpu[stock]) / min(cpu[ours])
    yield Row(
        "unchanged run, stock storage ÷ ours",
        "cpu-s",
        None,
        min(cpu[stock]),
        None,
        min(cpu[ours]),
        ratio,
        TARGET,
        PICTURES,
        told,
    )
