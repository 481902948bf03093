"""Measure limits, peers and the project in one run.

`python -m benchmarks` writes results.json and docs/performance.md.

Holds the command.
Add here: another group of rows.
Keep out: measuring.
"""

from __future__ import annotations

import json
import platform
import sys
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from benchmarks.exiftool_batch import exiftool_rows
from benchmarks.learning import learning_rows
from benchmarks.models import model_rows
from benchmarks.page import write_page
from benchmarks.peers import Peers
from benchmarks.pictures import picture_rows
from benchmarks.review import review_rows
from benchmarks.rows import Row
from benchmarks.runs import run_rows
from benchmarks.search import search_rows
from benchmarks.starting import start_rows
from benchmarks.stores import store_rows
from benchmarks.ticks import tick_rows
from benchmarks.vectors import curve, vector_rows
from benchmarks.whole import partition_figures, whole_rows

HERE = Path(__file__).parent
RESULTS = HERE / "results.json"


@click.command()
@click.option(
    "--work",
    type=click.Path(path_type=Path),
    default=HERE.parent / "build" / "bench",
    help="Folder for photographs and peers.",
)
@click.option("--count", default=64, help="Photographs of 2 MP for single stages.")
@click.option("--partition", default=2000, help="Photographs of the run that is measured as a whole.")
@click.option(
    "--only",
    multiple=True,
    help=(
        "Pictures, exiftool, models, vectors, search, learning, review, runs, starting, ticks, stores, "
        "whole, partition, curve; all if none."
    ),
)
def main(work: Path, count: int, partition: int, only: tuple[str, ...]) -> None:
    """Measure; groups that are not named keep their former rows."""
    work.mkdir(parents=True, exist_ok=True)
    before: dict[str, Any] = (
        json.loads(RESULTS.read_text()) if RESULTS.exists() else {"groups": {}, "curve": []}
    )
    groups, peers = dict(before["groups"]), Peers(work / "peers")

    def measure(name: str, rows: Iterable[Row]) -> None:
        if only and name not in only:
            return
        found = []
        for row in rows:
            sys.stderr.write(
                f"{row.stage}: {row.project:,.2f} {row.unit}, ratio "
                f"{row.ratio or float('nan'):.2f} (target {row.target})\n"
            )
            found.append(asdict(row))
        groups[name] = found

    measure("pictures", picture_rows(work, peers, count))
    measure("exiftool", exiftool_rows(work, count))
    measure("models", model_rows(work, 4 * count))
    measure("vectors", vector_rows(work, peers))
    measure("search", search_rows(work, peers))
    measure("learning", learning_rows(work))
    measure("review", review_rows(work))
    measure("runs", run_rows(work))
    measure("starting", start_rows(work))
    measure("ticks", tick_rows(work))
    measure("stores", store_rows(work))
    measure("whole", whole_rows(work, 5 * count))
    measure("partition", _partition(work, partition) if not only or "partition" in only else [])
    found = curve() if not only or "curve" in only else before["curve"]
    machine = f"{platform.machine()}, {platform.system()}, Python {platform.python_version()}"
    results = {"machine": machine, "groups": groups, "curve": found, "missing_peers": peers.missing}
    RESULTS.write_text(json.dumps(results, indent=1) + "\n", "utf-8")
    write_page(results)


def _partition(work: Path, count: int) -> list[Row]:
    return partition_figures(work, count)[0]


if __name__ == "__main__":
    main()
