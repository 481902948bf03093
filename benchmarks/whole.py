"""The whole pass over files, the share of orchestration, and the memory of it all.

Holds `whole_rows` and `partition_figures`.
Add here: a figure of a whole run.
Keep out: single stages.
"""

from __future__ import annotations

import functools
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import dagster as dg

from benchmarks.models import random_weights
from benchmarks.photos import photographs
from benchmarks.rows import Row
from benchmarks.timing import PeakMemory, cpu_seconds
from dagster_project.definitions import build_defs
from proofsheet.core.config import Configuration
from proofsheet.core.progress import Quiet
from proofsheet.imaging.measurement_pass import measure_files
from proofsheet.library.scan import scan
from proofsheet.storage.workspace import Project, Workspace
from resources.labels import LabellingResource
from resources.measurements import EncodingResource, MeasurementsResource, PreviewingResource
from schemas.settings.encoder import EncoderSettings
from schemas.settings.library import PlaceSettings
from schemas.settings.photos import PhotoSettings

_CORES = 2
_MEMORY_BYTES = 1.5e9


def whole_rows(folder: Path, count: int) -> Iterator[Row]:
    """Rows of the whole pass over 12 MP files: scan, hashes, facts, quality, embedded vector.

    With and without previews.
    """
    _files, note = photographs(12, count, folder / "library" / "twelve")
    place = PlaceSettings(library=str(folder / "library"), home=str(folder / "home"))
    (project,) = [p for p in Workspace(place).projects() if p.name == "twelve"]
    for preview_px, target in ((0, 2000.0), (1600, 1500.0)):
        settings = PhotoSettings(preview_px=preview_px)
        measurements = MeasurementsResource(
            encoding=EncodingResource(),
            labelling=LabellingResource(),
            previewing=PreviewingResource(),
            preview_px=preview_px,
        )
        shutil.rmtree(folder / "home", ignore_errors=True)
        began = time.perf_counter()
        spent = cpu_seconds(functools.partial(_pass, project, measurements, settings))
        wall = time.perf_counter() - began
        a_minute = 60.0 * _CORES * count / spent
        told = f"{note}; {60 * count / wall:,.0f} a minute by the clock on {_CORES} cores"
        name = "with previews" if preview_px else "without previews"
        stage = f"whole pass 12 MP {name} ÷ {target:,.0f}"
        yield Row(
            stage,
            f"images/min on {_CORES} cores' CPU time",
            None,
            None,
            None,
            a_minute,
            a_minute / target,
            1.0,
            count,
            told,
        )


def _pass(project: Project, measurements: MeasurementsResource, settings: PhotoSettings) -> None:
    found = scan(project.folder, project.cache, Quiet())
    measure_files(
        [p.file for p in found.pictures], measurements.of(project), settings, project.cache, Quiet()
    )


def partition_figures(folder: Path, count: int) -> tuple[list[Row], dict[str, float]]:
    """A first and an unchanged run of the whole project over 2 MP files with open_clip loaded.

    Orchestration and memory.
    """
    library = folder / "partition"
    _files, note = photographs(2, count, library / "two")
    weights = random_weights(folder)
    shutil.rmtree(folder / "home-partition", ignore_errors=True)
    settings = Configuration(
        place=PlaceSettings(library=str(library), home=str(folder / "home-partition")),
        encoder=EncoderSettings(encoder="open_clip", weights=str(weights)),
    )
    with PeakMemory() as memory:
        first = cpu_seconds(lambda: _run(settings))
    again = cpu_seconds(lambda: _run(settings))
    size = weights.stat().st_size
    beside = memory.peak - size
    told = (
        f"{note}; random weights; the second run finds all unchanged and so is orchestration and the "
        "look at the folder alone"
    )
    share = Row(
        "orchestration, 10 % ÷ unchanged run's share of the first",
        "cpu-s",
        0.1 * first,
        None,
        None,
        again,
        0.1 * first / again,
        1.0,
        count,
        told,
    )
    told = (
        f"process tree, proportional set size {memory.peak / 1e6:,.0f} MB less {size / 1e6:,.0f} MB of "
        "weights"
    )
    room = Row(
        "memory beside the weights, 1.5 GB ÷ peak",
        "MB",
        _MEMORY_BYTES / 1e6,
        None,
        None,
        beside / 1e6,
        _MEMORY_BYTES / beside,
        1.0,
        count,
        told,
    )
    return [share, room], {
        "first_cpu_s": first,
        "unchanged_cpu_s": again,
        "peak_mb": memory.peak / 1e6,
        "weights_mb": size / 1e6,
    }


def _run(settings: Configuration) -> None:
    (project,) = Workspace(settings.place).projects()
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions("project", [project.key])
        job = build_defs(settings).resolve_job_def("project")
        quiet = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
        job.execute_in_process(instance=instance, partition_key=project.key, run_config=quiet)
