"""What the store writes: a small table beside many vectors, and all tables of a first run.

Holds `store_rows`; `python -m benchmarks.stores` prints them alone.
Add here: another figure of publishing.
Keep out: making rows (made_tables.py).
"""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import polars as pl

from benchmarks.made_tables import made_rows, publications
from benchmarks.rows import Row
from benchmarks.timing import cpu_seconds
from proofsheet.core.config import Configuration
from proofsheet.storage.stamps import Stamp
from proofsheet.storage.store import RECENT, Store
from schemas.library import OtherFile
from schemas.settings.library import PlaceSettings
from schemas.vectors import Embedding

SMALL, ROUNDS, MOST_S, MOST_BYTES, MOST_TIMES = 100, 12, 0.05, 1_000_000, 3.0
SIZES = (1_000, 300_000)


def written() -> int:
    """Bytes that this process has handed to the disk."""
    lines = Path("/proc/self/io").read_text("ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("write_bytes:"))


def size_of(place: Path) -> int:
    """Bytes of all files below a folder."""
    return sum(path.stat().st_size for path in place.rglob("*") if path.is_file())


def store_rows(folder: Path, pictures: int = 77_304) -> Iterator[Row]:
    """Publishing 100 rows beside vectors, memory of publishing vectors, and bytes of a whole first run."""
    for count in SIZES:
        yield from _beside_vectors(_fresh(folder), count)
    yield _first_run(_fresh(folder), folder, pictures)


def _fresh(folder: Path) -> Store:
    RECENT.clear()
    shutil.rmtree(folder / "stores", ignore_errors=True)
    return Store(folder / "stores", "p")


def _beside_vectors(store: Store, count: int) -> Iterator[Row]:
    vectors = made_rows(Embedding, "p", count)
    size, base = vectors.estimated_size(), _memory("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins here
    spent = cpu_seconds(lambda: store.publish({Embedding: vectors}, Stamp("1")))
    beside = max(1, _memory("VmHWM") - base)
    told = f"{size / 1e6:,.0f} MB of rows; {spent:.2f} CPU s"
    yield Row((
        f"memory of publishing {count:,} vectors, 2 x rows ÷ "
        "peak"
    ), "MB", 2 * size / 1e6, None, None, beside / 1e6,
              2 * size / beside, 1.0, count, told)  # fmt: skip
    found = [_measured(lambda n=n: store.publish({OtherFile: _few(n)}, Stamp(str(n)))) for n in range(ROUNDS)]  # type: ignore[misc]
    seconds, most = min(s for s, _b in found), max(b for _s, b in found)
    told = f"the best of {ROUNDS} by the clock, the most bytes"
    for what, unit, limit, ours in (
        ("time", "s", MOST_S, seconds),
        ("bytes", "bytes", float(MOST_BYTES), float(most)),
    ):
        yield Row((
            f"{what} of publishing {SMALL} rows beside {count:,} vectors, limit ÷ "
            "ours"
        ), unit, limit, None, None, ours,
                  limit / ours, 1.0, count, told)  # fmt: skip


def _first_run(store: Store, folder: Path, pictures: int) -> Row:
    (folder / "library").mkdir(parents=True, exist_ok=True)
    steps = publications(
        Configuration(place=PlaceSettings(library=str(folder / "library"), home=str(folder / "stores-home")))
    )
    total, seconds, spent = 0, 0.0, 0.0
    for number, tables in enumerate(steps):
        frames = {table: made_rows(table, "p", pictures, number) for table in tables}
        found: list[tuple[float, int]] = []
        spent += cpu_seconds(
            lambda f=frames, n=number, to=found: to.append(_measured(lambda: store.publish(f, Stamp(str(n)))))
        )  # type: ignore[misc]
        seconds, total = seconds + found[0][0], total + found[0][1]
    of_tables = total
    shown = _measured(store.show)
    total, final = total + shown[1], size_of(store.folder.parent)
    told = (
        f"{len(steps)} publications of {sum(map(len, steps))} tables: {seconds:.1f} s, {spent:.1f} CPU s, "
        f"{of_tables / 1e6:,.0f} MB for {size_of(store.folder) / 1e6:,.0f} MB; "
        f"then the database for people: {shown[0]:.1f} s, {shown[1] / 1e6:,.0f} MB"
    )
    return Row((
        "bytes written by a first run, 3 x final size ÷ "
        "ours"
    ), "MB", MOST_TIMES * final / 1e6, None, None, total / 1e6,
               MOST_TIMES * final / total, 1.0, pictures, told)  # fmt: skip


def _measured(work: Callable[[], object]) -> tuple[float, int]:
    """Seconds by the clock and bytes written."""
    before, began = written(), time.perf_counter()
    work()
    return time.perf_counter() - began, written() - before


def _few(number: int) -> pl.DataFrame:
    return OtherFile.frame(
        {"project": "p", "path": f"{number} {k}", "role": "other", "extension": ".txt"} for k in range(SMALL)
    )


def _memory(what: str) -> int:
    """Bytes of memory of this process now (VmRSS), or at most (VmHWM)."""
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{what}:"))


@click.command()
@click.option(
    "--work", type=click.Path(path_type=Path), default=Path("build") / "bench", help="Folder for the stores."
)
@click.option("--pictures", default=77_304, help="Pictures of the first run.")
def main(work: Path, pictures: int) -> None:
    """Print the rows of the store alone."""
    for row in store_rows(work, pictures):
        sys.stdout.write(f"{row.stage}: {row.project:,.3f} {row.unit}, ratio {row.ratio:.2f}; {row.note}\n")


if __name__ == "__main__":
    main()
